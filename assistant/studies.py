"""The evidence behind a sentence, as far as the document lets one tell: kinds of study, and the works it cites."""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.answer import Work
from corpus.document import Reference
from index.library import Library, Place

_KINDS = (
    ("meta-analysis", r"meta[- ]?anal\w+"),
    ("systematic review", r"systematic (?:literature )?review"),
    ("randomized trial", r"randomi[sz]ed|RCT"),
    ("phase I trial", r"phase (?:1|I)[ab]?"),
    ("phase II trial", r"phase (?:2|II)[ab]?"),
    ("phase III trial", r"phase (?:3|III)[ab]?"),
    ("prospective study", r"prospective(?:ly)?"),
    ("retrospective study", r"retrospective(?:ly)?"),
    ("case series", r"case (?:series|reports?)"),
    ("guideline", r"(?:clinical practice |consensus |practice )?guidelines?|consensus (?:statement|conference)"),
)
_PATTERNS = tuple((kind, re.compile(rf"\b(?:{words})(?!\w)", re.IGNORECASE)) for kind, words in _KINDS)


@lru_cache(maxsize=4096)  # of sentences and titles of the documents: never of what somebody asks
def kinds_named(text: str) -> tuple[str, ...]:
    """Return the kinds of study a text names, in the order of their usual weight."""
    return tuple(kind for kind, pattern in _PATTERNS if pattern.search(text))


def design_of(place: Place, library: Library) -> str:
    """Return the kinds of study behind a sentence: of its figures as the pack has read them, and as it says itself."""
    read = dict.fromkeys(outcome.design for outcome in library.knowledge_of(place).outcomes if outcome.design)
    told = kinds_named(place.unit.display)
    return ", ".join([*read, *(kind for kind in told if not any(_same(kind, design) for design in read))])


def _same(kind: str, design: str) -> bool:
    """Whether two words for kinds of study begin alike, or one is the other's abbreviation."""
    return kind.split()[0].casefold() in design.casefold() or kind in kinds_named(design)


def works_of(place: Place) -> tuple[Work, ...]:
    """Return the works a sentence cites, in its order."""
    known = place.document.reference_by_number
    return tuple(work_of(known[number]) for number in place.unit.references if number in known)


def work_of(reference: Reference) -> Work:
    """Return what an entry of the reference list prints."""
    return Work(
        number=reference.number,
        authors=reference.authors,
        title=reference.title,
        journal=reference.journal,
        year=reference.year or None,
        design=", ".join(kinds_named(reference.title)),
    )
