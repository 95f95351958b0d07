"""A part of a source as data: the sentences of a section, or those that a range of the source touches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.answer import SourceDocument
from assistant.composition import check_quote, source_document, source_url
from corpus.document import Document, Unit
from index.library import Library
from web.problems import NotFoundError, RangeInvalidError

_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})")


@dataclass(frozen=True, slots=True)
class SourceSentence:
    """A sentence, table item, caption or reference at its place.

    Attributes:
        text: The clean rendering.
        quote: ``source[start:end]``, untouched.
        start: Code point in the source; ``end`` is exclusive.
    """

    unit: str
    section: str
    path: tuple[str, ...]
    text: str
    quote: str
    start: int
    end: int
    references: tuple[int, ...]
    url: str


@dataclass(frozen=True, slots=True)
class SourcePart:
    """Sentences of one document in order, with what has to be shown beside its text."""

    document: SourceDocument
    sentences: tuple[SourceSentence, ...]


def document_named(library: Library, name: str) -> Document:
    """Return a document by its id, the first one where no name is given.

    Raises:
        NotFoundError: If there is no such document.
    """
    documents = library.document_by_id
    if name and name not in documents:
        raise NotFoundError("no such document", hint=f"Documents: {', '.join(documents)}.")
    return documents[name] if name else library.documents[0]


def label_of(document: Document, section: str) -> str:
    """Return a section's label as printed; capitals do not matter.

    Raises:
        NotFoundError: If the document has no such section.
    """
    labels = {label.casefold(): label for label in document.section_by_label}
    label = labels.get(section.strip().casefold())
    if label is None:
        raise NotFoundError("no such section", hint=f"Sections: {', '.join(labels.values())}.")
    return label


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
    return SourcePart(source_document(document), tuple(_sentence(document, unit, public_url) for unit in units))


def _sentence(document: Document, unit: Unit, public_url: str) -> SourceSentence:
    quote = document.quote(unit)
    check_quote(document, unit.start, unit.end, quote, unit.display)
    return SourceSentence(
        unit=unit.id,
        section=unit.section,
        path=document.path(unit),
        text=unit.display,
        quote=quote,
        start=unit.start,
        end=unit.end,
        references=unit.references,
        url=public_url + source_url(document, unit.start, unit.end),
    )
