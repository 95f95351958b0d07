"""A message as it may be read: control characters gone, cut to length; and whether it can be a question at all."""

from __future__ import annotations

import re
import unicodedata

from assistant.answer import Reason
from index.analysis import content_terms
from index.search import Query

_CLAIMS = re.compile(
    r"""^\s*(?:why|since|given|as|because|if|now\s+that|how\s+come|what\s+explains|seeing\s+that)\b
      | \b(?:given\s+that|seeing\s+that|because|by\s+how\s+(?:much|many))\b
      | \bhow\s+much\s+(?:more|less|better|longer|shorter|worse|higher|lower)\b
      | ,\s*(?:right|correct|no|is\s+it\s+not
          |(?:is|are|was|were|does|do|did|has|have|can|should|would)n['’]t\s+(?:it|they|there))\s*\?
      | \b(?:the\s+(?:review|authors?|paper)|guidelines?)
          \s+(?:recommends?|states?|says?|shows?|proves?|claims?|advises?)\b""",
    re.IGNORECASE | re.VERBOSE,
)
LONGEST_MESSAGE = 20_000
"""Code points of a message that are read: a discharge letter."""
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def readable(message: str) -> str:
    """Return the message without control characters and lone surrogates, cut to `LONGEST_MESSAGE` code points.

    Line breaks stay: they divide a pasted note. A search reads `index.search.LONGEST_QUESTION` code points of it.
    """
    cut = message[:LONGEST_MESSAGE].replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_character(c) for c in cut).strip()


def _character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return _REPLACEMENT
    return " " if category == "Cc" and character != "\n" else character


def claims_something(text: str) -> bool:
    """Whether a question takes something for granted, by its words ("why", "since", "given that", "…, right?")."""
    return _CLAIMS.search(text) is not None


def not_a_question(query: Query) -> Reason | None:
    """Return why a message cannot be answered from any document, ``None`` where it may be."""
    if not any(character.isalnum() for character in query.text):
        return "unreadable"
    if not content_terms(query.mended):
        return "too_vague" if query.text.isascii() else "unreadable"
    return None if query.known else "outside_subject"
