"""The source as a page shows it: sections with paragraphs, table rows and references, and the cited range marked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from corpus.document import Document, Section, Unit, UnitKind
from corpus.markup import render

HASH_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """A unit's clean text in three parts; ``marked`` is cited, and the first marked one of the page is ``first``."""

    unit: Unit
    before: str
    marked: str
    after: str
    first: bool


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: its head, and the cells after it, each a list of pieces (list items, or one piece)."""

    head: tuple[Piece, ...]
    cells: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, line, caption or reference (``pieces``; ``number`` of the reference), or a table (the rest)."""

    kind: str
    pieces: tuple[Piece, ...] = ()
    number: int = 0
    columns: tuple[str, ...] = ()
    rows: tuple[TableRow, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section with its heading (empty for front matter and captions' sections) and blocks."""

    section: Section
    heading: str
    anchor: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ReaderPage:
    """What the source page is given.

    Attributes:
        other_version: The version a link named, where it is not the one shown.
    """

    document: Document
    sections: tuple[SectionView, ...]
    marked: bool
    other_version: str | None


def paragraph_around(document: Document, unit: Unit, start: int, end: int) -> tuple[tuple[str, str, str], ...]:
    """Return the sentences of a unit's paragraph or table cell, of each what is before, in and after a raw range."""
    around = [other for other in document.searchable if _place(other) == _place(unit)]
    return tuple(_cut(other, document, start, end) for other in around)


def reader_page(document: Document, at: tuple[int, int] | None, other_version: str | None = None) -> ReaderPage:
    """Lay a document out.

    Args:
        at: Raw range to mark; ``None`` marks nothing.
    """
    pieces = list(_pieces(document, at))
    numbers = {reference.unit: reference.number for reference in document.references}
    views: list[SectionView] = []
    for label, group in itertools.groupby(pieces, key=lambda piece: piece.unit.section):
        before = sum(view.section.label == label for view in views)  # front matter goes on behind the abstract
        views.append(_section_view(document.section_by_label[label], list(group), numbers, part=before + 1))
    return ReaderPage(document, tuple(views), any(piece.first for piece in pieces), other_version)


def _place(unit: Unit) -> tuple[object, ...]:
    """What the sentences of one paragraph, or of one cell of a table, have in common."""
    return unit.section, unit.paragraph, unit.locator


def _cut(unit: Unit, document: Document, start: int, end: int) -> tuple[str, str, str]:
    """A unit's text before, inside and after a range of the source."""
    if unit.start >= end or start >= unit.end:
        return unit.display, "", ""
    first, last = render(document.source, unit.start, unit.end).to_clean(start, end)
    return unit.display[:first], unit.display[first:last], unit.display[last:]


def anchor(label: str, part: int = 1) -> str:
    """Return the fragment identifier of a section, or of its further parts."""
    name = "section-" + label.lower().replace(" ", "-")
    return name if part == 1 else f"{name}-{part}"


def _pieces(document: Document, at: tuple[int, int] | None) -> Iterator[Piece]:
    first = True
    for unit in document.units:
        if unit.kind is UnitKind.FURNITURE:
            continue
        if at is None or unit.start >= at[1] or unit.end <= at[0] or unit.kind is UnitKind.HEADING:
            yield Piece(unit, unit.display, "", "", first=False)
            continue
        before, marked, after = _cut(unit, document, *at)
        yield Piece(unit, before, marked, after, first=first and bool(marked))
        first = first and not marked


def _section_view(section: Section, pieces: list[Piece], numbers: Mapping[str, int], *, part: int) -> SectionView:
    heading = next((p.unit.display for p in pieces if p.unit.kind is UnitKind.HEADING), "")
    body = [piece for piece in pieces if piece.unit.kind is not UnitKind.HEADING]
    groups = [list(group) for _, group in itertools.groupby(body, key=lambda piece: piece.unit.paragraph)]
    return SectionView(section, heading, anchor(section.label, part), tuple(_block(group, numbers) for group in groups))


def _block(pieces: list[Piece], numbers: Mapping[str, int]) -> Block:
    if pieces[0].unit.locator is None:
        return Block(str(pieces[0].unit.kind), tuple(pieces), numbers.get(pieces[0].unit.id, 0))
    rows = [list(group) for _, group in itertools.groupby(pieces, key=_row)]
    columns = tuple(dict.fromkeys(_column(piece) for piece in pieces))
    return Block("table", columns=columns, rows=tuple(_table_row(row) for row in rows))


def _table_row(pieces: list[Piece]) -> TableRow:
    cells = [tuple(group) for _, group in itertools.groupby(pieces, key=_column)]
    return TableRow(cells[0], tuple(cells[1:]))


def _row(piece: Piece) -> str:
    return piece.unit.locator.row if piece.unit.locator else ""


def _column(piece: Piece) -> str:
    return piece.unit.locator.column if piece.unit.locator else ""
