from __future__ import annotations

import itertools
from collections.abc import Iterator

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from corpus.document import Document, UnitKind
from corpus.markup import render
from web.reader import Block, Piece, ReaderPage, anchor, reader_page

CHECKED = settings(deadline=None, derandomize=True, max_examples=60)


def pieces(page: ReaderPage) -> Iterator[Piece]:
    for view in page.sections:
        for block in view.blocks:
            yield from block.pieces
            for row in block.rows:
                yield from row.head
                for cell in row.cells:
                    yield from cell


def blocks(page: ReaderPage, kind: str) -> list[Block]:
    return [block for view in page.sections for block in view.blocks if block.kind == kind]


def test_every_citable_unit_stands_on_the_page_once_and_in_order(review: Document) -> None:
    shown = [piece.unit.id for piece in pieces(reader_page(review, None))]
    assert shown == [unit.id for unit in review.searchable]


def test_every_printed_heading_heads_its_section(review: Document) -> None:
    printed = {unit.section: unit.display for unit in review.units if unit.kind is UnitKind.HEADING}
    shown = {view.section.label: view.heading for view in reader_page(review, None).sections if view.heading}
    assert shown == printed
    assert shown["3.2"] == "3.2. Transarterial Chemoembolization"


def test_sections_stand_in_the_order_of_the_source(review: Document) -> None:
    labels = [view.section.label for view in reader_page(review, None).sections]
    assert list(dict.fromkeys(labels))[:3] == ["Front matter", "Abstract", "1"]
    assert set(labels) == {section.label for section in review.sections}
    assert labels[-1] == "References"


def test_a_section_has_one_anchor(review: Document) -> None:
    anchors = [view.anchor for view in reader_page(review, None).sections]
    assert len(set(anchors)) == len(anchors)
    assert {"section-3.2", "section-table-1", "section-front-matter"} <= set(anchors)
    assert anchor("Table 1") == "section-table-1"


def test_a_page_without_a_range_marks_nothing(review: Document) -> None:
    page = reader_page(review, None)
    assert not page.marked
    assert all(piece.marked == "" and not piece.first for piece in pieces(page))


def test_the_range_of_any_unit_marks_exactly_its_words(review: Document) -> None:
    for unit in review.searchable[::4]:
        page = reader_page(review, (unit.start, unit.end))
        marked = [piece for piece in pieces(page) if piece.marked]
        assert [(piece.unit.id, piece.marked) for piece in marked] == [(unit.id, unit.display)]
        assert (marked[0].before, marked[0].after) == ("", "")
        assert marked[0].first
        assert page.marked


@CHECKED
@given(start=st.integers(0, 79_264), length=st.integers(1, 900))
def test_any_range_leaves_the_words_of_the_page_as_they_are(review: Document, start: int, length: int) -> None:
    end = min(start + length, len(review.source))
    headings = [unit for unit in review.units if unit.kind is UnitKind.HEADING]
    assume(not any(unit.start < end and unit.end > start for unit in headings))
    page = reader_page(review, (start, end))
    shown = list(pieces(page))
    assert [p.before + p.marked + p.after for p in shown] == [unit.display for unit in review.searchable]
    assert sum(piece.first for piece in shown) == (1 if any(piece.marked for piece in shown) else 0)
    assert page.marked == any(piece.marked for piece in shown)
    for piece in shown:
        inside = piece.unit.start < end and piece.unit.end > start
        assert inside or not piece.marked
        if piece.unit.start >= start and piece.unit.end <= end:
            assert piece.marked == piece.unit.display


def test_a_range_that_begins_in_a_heading_has_one_place_to_jump_to(review: Document) -> None:
    for heading, following in itertools.pairwise(review.units):
        if heading.kind is UnitKind.HEADING and following.searchable:
            shown = list(pieces(reader_page(review, (heading.start, following.end))))
            assert [p.unit.id for p in shown if p.marked] == [following.id]
            assert [p.unit.id for p in shown if p.first] == [following.id]


@CHECKED
@given(data=st.data())
def test_part_of_a_sentence_marks_that_part(review: Document, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(review.searchable))
    rendering = render(review.source, unit.start, unit.end)
    cuts = st.lists(st.integers(0, len(unit.display)), min_size=2, max_size=2, unique=True).map(sorted)
    first, last = data.draw(cuts)
    page = reader_page(review, rendering.to_raw(first, last))
    (piece,) = [piece for piece in pieces(page) if piece.marked]
    assert unit.display[first:last] in piece.marked
    assert len(piece.before) <= first
    assert len(piece.after) <= len(unit.display) - last


def test_the_first_of_several_marked_units_is_the_one_to_jump_to(review: Document) -> None:
    one, other = review.unit_by_id["3.2-07"], review.unit_by_id["3.2-08"]
    marked = [p for p in pieces(reader_page(review, (one.start, other.end))) if p.marked]
    assert [(p.unit.id, p.first) for p in marked] == [("3.2-07", True), ("3.2-08", False)]


def test_the_table_has_its_printed_rows_and_columns(review: Document) -> None:
    tables = blocks(reader_page(review, None), "table")
    heads = [" ".join(piece.unit.display for piece in row.head) for table in tables for row in table.rows]
    assert heads == [
        "Transarterial “bland” Embolization (TAE)",
        "Transarterial Chemoembolization (TACE)",
        "Transarterial Radioembolization (TARE)",
        "Ablation (e.g., microwave or radiofrequency)",
    ]
    for table in tables:
        assert table.columns == ("Locoregional Therapy", "Approach", "Highlights and Outcomes")
        for row in table.rows:
            assert len(row.cells) == 2
            assert {p.unit.locator.column for p in row.cells[0] if p.unit.locator} == {"Approach"}


def test_references_carry_their_printed_numbers(review: Document) -> None:
    numbered = blocks(reader_page(review, None), "reference")
    assert [block.number for block in numbered] == list(range(1, len(review.references) + 1))
    assert all(block.pieces[0].unit.display.startswith(f"{block.number}.") for block in numbered)


def test_another_version_is_said_and_nothing_is_marked(review: Document) -> None:
    page = reader_page(review, None, other_version="deadbeef")
    assert (page.other_version, page.marked) == ("deadbeef", False)
