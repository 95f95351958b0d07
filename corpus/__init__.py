"""The guideline itself: documents read into sections, paragraphs and units, and the knowledge beside them.

Nothing here searches, knows a patient or speaks HTTP.
"""
