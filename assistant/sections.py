"""A section of a source as values: its sentences, cells and references, each with its place in the untouched file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.answer import CitedCell, SourceDocument, Work, plain
from assistant.composition import check_quote, source_document, source_url
from assistant.errors import SectionMissingError
from assistant.studies import work_of
from corpus.document import Document, Unit, UnitKind


@dataclass(frozen=True, slots=True)
class SourceSentence:
    """A sentence, table item, caption, line or reference at its place.

    Attributes:
        paragraph: Number of the paragraph, line or table within the document.
        text: The clean rendering; ``quote`` is ``source[start:end]``, untouched.
        start: Code point in the source; ``end`` is exclusive.
        references: Numbers of the works it cites.
    """

    unit: str
    kind: str
    section: str
    path: tuple[str, ...]
    paragraph: int
    locator: CitedCell | None
    text: str
    quote: str
    start: int
    end: int
    references: tuple[int, ...]
    url: str


@dataclass(frozen=True, slots=True)
class SourceSection:
    """A section.

    Attributes:
        path: The headings above it, outermost first, its own last.
        text: The clean text of its sentences, a paragraph or cell on each line.
        references: The works that its sentences cite, or that the reference list holds.
    """

    document: SourceDocument
    section: str
    path: tuple[str, ...]
    text: str
    sentences: tuple[SourceSentence, ...]
    references: tuple[Work, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        values: dict[str, Any] = plain(self)
        return values


def source_section(
    documents: Sequence[Document], label: str, document: str = "", public_url: str = ""
) -> SourceSection:
    """Return a section by its printed label, in whatever case.

    Args:
        document: Id of the document; the first one if empty.

    Raises:
        SectionMissingError: If there is no such document, or it has no such section.
        QuoteMismatchError: If a sentence is not in the source at its offsets.
    """
    found = document_of(documents, document)
    name = label_of(found, label)
    units = [unit for unit in found.searchable if unit.section == name]
    own = {reference.unit: reference.number for reference in found.references}
    numbers = dict.fromkeys(n for unit in units for n in (*unit.references, *_number(own, unit)))
    known = found.reference_by_number
    return SourceSection(
        document=source_document(found),
        section=name,
        path=found.section_by_label[name].path,
        text="\n".join(_lines(units)),
        sentences=tuple(sentence_at(found, unit, public_url) for unit in units),
        references=tuple(work_of(known[number]) for number in sorted(numbers) if number in known),
    )


def document_of(documents: Sequence[Document], name: str) -> Document:
    """Return a document by its id, the first one where no name is given.

    Raises:
        SectionMissingError: If there is no such document.
    """
    by_id = {found.citation.id: found for found in documents}
    if name and name not in by_id:
        raise SectionMissingError("there is no such document", hint=f"One of: {', '.join(by_id)}.")
    return by_id[name] if name else documents[0]


def label_of(document: Document, section: str) -> str:
    """Return a section's label as printed; capitals do not matter.

    Raises:
        SectionMissingError: If the document has no such section.
    """
    labels: Mapping[str, str] = {label.casefold(): label for label in document.section_by_label}
    label = labels.get(" ".join(section.split()).casefold())
    if label is None:
        raise SectionMissingError("there is no such section", hint=f"One of: {', '.join(labels.values())}.")
    return label


def _number(own: Mapping[str, int], unit: Unit) -> tuple[int, ...]:
    return (own[unit.id],) if unit.kind is UnitKind.REFERENCE and unit.id in own else ()


def _lines(units: Sequence[Unit]) -> list[str]:
    lines: list[str] = []
    before: object = None
    for unit in units:
        place = (unit.paragraph, unit.locator and (unit.locator.row, unit.locator.column))
        if place == before:
            lines[-1] += f" {unit.display}"
        else:
            lines.append(unit.display)
        before = place
    return lines


def sentence_at(document: Document, unit: Unit, public_url: str = "") -> SourceSentence:
    """Return a unit as data, compared with the source.

    Raises:
        QuoteMismatchError: If it is not in the source at its offsets.
    """
    quote, cell = document.quote(unit), unit.locator
    check_quote(document, unit.start, unit.end, quote, unit.display)
    return SourceSentence(
        unit=unit.id,
        kind=str(unit.kind),
        section=unit.section,
        path=document.path(unit),
        paragraph=unit.paragraph,
        locator=None if cell is None else CitedCell(cell.row, cell.column, cell.item),
        text=unit.display,
        quote=quote,
        start=unit.start,
        end=unit.end,
        references=unit.references,
        url=public_url + source_url(document, unit.start, unit.end),
    )
