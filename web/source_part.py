"""A part of a source as data: the sentences of a section, or those that a range of the source touches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.answer import SourceDocument
from assistant.composition import source_document
from assistant.sections import SourceSentence, sentence_at
from corpus.document import Document, Unit
from web.problems import RangeInvalidError

_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})")


@dataclass(frozen=True, slots=True)
class SourcePart:
    """Sentences of one document in order, with what has to be shown beside its text."""

    document: SourceDocument
    sentences: tuple[SourceSentence, ...]


def range_of(at: str, document: Document) -> tuple[int, int]:
    """Return a range as links carry it, such as ``30547-30766``.

    Raises:
        RangeInvalidError: If it is none of the document.
    """
    match = _RANGE.fullmatch(at)
    start, end = (int(match.group(1)), int(match.group(2))) if match else (0, 0)
    if not start < end <= len(document.source):
        raise RangeInvalidError(f"this is no range of a source of {len(document.source)} characters")
    return start, end


def units_at(document: Document, start: int, end: int) -> tuple[Unit, ...]:
    """Return the units that a range touches.

    Raises:
        RangeInvalidError: If no sentence stands there.
    """
    found = tuple(unit for unit in document.searchable if unit.start < end and start < unit.end)
    if not found:
        raise RangeInvalidError("no sentence stands there")
    return found


def source_part(document: Document, units: Iterable[Unit], public_url: str = "") -> SourcePart:
    """Return units as data, each compared with the source.

    Raises:
        QuoteMismatchError: If one is not in the source at its offsets.
    """
    return SourcePart(source_document(document), tuple(sentence_at(document, unit, public_url) for unit in units))
