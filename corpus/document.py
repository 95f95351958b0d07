"""A guideline as immutable values: document, sections, units and references, with offsets into the untouched source.

Offsets are code points into the source decoded as UTF-8 without newline translation; ends are exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class UnitKind(StrEnum):
    """What a unit of the source is."""

    SENTENCE = "sentence"
    LINE = "line"
    """A line of front or back matter."""
    CAPTION = "caption"
    ROW_HEAD = "row_head"
    CELL = "cell"
    ITEM = "item"
    """A list item within a table cell."""
    HEADING = "heading"
    REFERENCE = "reference"
    FURNITURE = "furniture"
    """Markup and repeated heads: never searched, never cited."""


@dataclass(frozen=True, slots=True)
class Locator:
    """Where in a table a unit stands: printed row and column heads, and the 1-based list item (0: not a list item)."""

    row: str
    column: str
    item: int = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest thing that can be found and cited.

    Attributes:
        id: Section label in lower case and the 1-based position in it, such as ``3.2-07``; furniture has its own.
        section: Innermost printed label: ``1``, ``2.1``, ``Abstract``, ``Table 1``, ``References`` …
        paragraph: 0-based number of the paragraph (or table, line, list) in the document.
        display: Clean rendering.
        references: Reference numbers cited in the unit, ranges expanded, ascending.
    """

    id: str
    kind: UnitKind
    section: str
    paragraph: int
    start: int
    end: int
    display: str
    references: tuple[int, ...] = ()
    locator: Locator | None = None

    @property
    def searchable(self) -> bool:
        """Whether search may return the unit and an answer may cite it."""
        return self.kind not in {UnitKind.FURNITURE, UnitKind.HEADING}


@dataclass(frozen=True, slots=True)
class Section:
    """A section with the headings above it, outermost first, its own last."""

    label: str
    path: tuple[str, ...]
    level: int
    start: int


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of the reference list; an attribute the entry does not print is empty (year: 0)."""

    number: int
    authors: tuple[str, ...]
    title: str
    journal: str
    year: int
    unit: str


@dataclass(frozen=True, slots=True)
class Citation:
    """How the document itself is cited.

    Attributes:
        published: ISO date of publication.
        licence: Short name of the licence.
        attribution: The line shown wherever the text is shown.
        sha256: Of the source's bytes.
    """

    id: str
    title: str
    authors: tuple[str, ...]
    journal: str
    year: int
    volume: str
    pages: str
    doi: str
    doi_as_printed: str
    received: str
    accepted: str
    published: str
    licence: str
    licence_url: str
    attribution: str
    sha256: str
    superseded_by: str | None = None


@dataclass(frozen=True)
class Document:
    """A read source."""

    citation: Citation
    source: str
    sections: tuple[Section, ...]
    units: tuple[Unit, ...]
    references: tuple[Reference, ...]

    @cached_property
    def unit_by_id(self) -> dict[str, Unit]:
        """Units by id."""
        return {unit.id: unit for unit in self.units}

    @cached_property
    def section_by_label(self) -> dict[str, Section]:
        """Sections by label."""
        return {section.label: section for section in self.sections}

    @cached_property
    def reference_by_number(self) -> dict[int, Reference]:
        """References by number."""
        return {reference.number: reference for reference in self.references}

    @cached_property
    def searchable(self) -> tuple[Unit, ...]:
        """Units that search may return, in order of appearance."""
        return tuple(unit for unit in self.units if unit.searchable)

    def quote(self, unit: Unit) -> str:
        """Return the unit's raw text."""
        return self.source[unit.start : unit.end]

    def path(self, unit: Unit) -> tuple[str, ...]:
        """Return the headings above the unit, outermost first."""
        return self.section_by_label[unit.section].path
