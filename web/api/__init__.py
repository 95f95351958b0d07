"""The REST API under ``/api/v1``: a module for each noun, all giving what the page and the command line give."""
