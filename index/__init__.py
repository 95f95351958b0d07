"""Finding the passages: units and curated questions as vectors and terms, their fusion, and the index folder.

Nothing here knows a patient or speaks HTTP.
"""
