"""A message as it may be read: control characters gone, cut to length; and whether it can be a question at all."""

from __future__ import annotations

import unicodedata

from assistant.answer import Reason
from index.analysis import content_terms
from index.search import LONGEST_QUESTION, Query

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def readable(message: str) -> str:
    """Return the message without control characters and lone surrogates, cut to `LONGEST_QUESTION` code points."""
    characters = (_character(c) for c in message[:LONGEST_QUESTION])
    return "".join(characters).strip()


def _character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return _REPLACEMENT
    return " " if category == "Cc" else character


def not_a_question(query: Query) -> Reason | None:
    """Return why a message cannot be answered from any document, ``None`` where it may be."""
    if not any(character.isalnum() for character in query.text):
        return "unreadable"
    if not content_terms(query.mended):
        return "too_vague" if query.text.isascii() else "unreadable"
    return None if query.known else "outside_subject"
