"""Finding the passages: units and curated questions as vectors and terms, their fusion, and the index folder.

Nothing here knows a patient or speaks HTTP.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
"""Else onnxruntime sends its maker reports on sessions and models and keeps an id of the machine. Read at its start."""
