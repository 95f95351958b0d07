from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import Citation, Document, Section, Unit, UnitKind
from index.analysis import Lexicon
from index.library import Library
from index.opening import SearchIndex
from index.passage import LONGEST_CHARACTERS, Passage, PassageBuilder

Piece = tuple[str, int, UnitKind]
"""Section, length in characters, kind."""
S = UnitKind.SENTENCE
OWN = Path(__file__).parent.parent / "evaluation" / "own.jsonl"


def document(pieces: Sequence[Piece], name: str = "toy") -> Document:
    texts = ["µ" * (length - 1) + "." for _, length, _ in pieces]
    source = " ".join(texts)
    ends = np.cumsum([len(text) + 1 for text in texts]) - 1
    units = tuple(
        Unit(f"{name}-{n}", kind, section, n, int(end) - length, int(end), texts[n])
        for n, ((section, length, kind), end) in enumerate(zip(pieces, ends, strict=True))
    )
    labels = dict.fromkeys(section for section, _, _ in pieces)
    blank: dict[str, Any] = dict.fromkeys((field.name for field in fields(Citation)), "")
    citation = Citation(**{**blank, "id": name, "sha256": hashlib.sha256(source.encode()).hexdigest()})
    return Document(citation, source, tuple(Section(label, (label,), 1, 0) for label in labels), units, ())


def library(*documents: Document) -> Library:
    return Library(documents, {d.citation.id: {} for d in documents}, (), Lexicon({}, {}, {}, {}), "")


def build(held: Library, thousandths: Sequence[int], count: int = 10) -> tuple[Passage, ...]:
    scores = np.array(thousandths) / 1000
    order = sorted(range(len(scores)), key=lambda row: (-thousandths[row], row))
    return PassageBuilder(held).passages(order, scores, count)


def all_windows(held: Library, row: int) -> list[tuple[int, int]]:
    """Every stretch of places that may be a passage around a row."""
    places = held.places

    def may_stand(first: int, last: int) -> bool:
        within = places[first:last]
        one = {(p.document.citation.id, p.unit.section) for p in within}
        references = any(p.unit.kind is UnitKind.REFERENCE for p in within)
        short = within[-1].unit.end - within[0].unit.start <= LONGEST_CHARACTERS
        return last - first == 1 or (len(one) == 1 and short and not references)

    size = len(places)
    return [(f, t) for f in range(row + 1) for t in range(row + 1, size + 1) if may_stand(f, t)]


def check_passages(held: Library, passages: Sequence[Passage]) -> None:
    for rank, passage in enumerate(passages, 1):
        first, last = passage.places[0], passage.places[-1]
        assert passage.rank == rank
        assert 0 < passage.end - passage.start <= LONGEST_CHARACTERS
        assert passage.start == first.unit.start
        assert passage.text == first.document.source[passage.start : passage.end]
        assert passage.places == held.places[first.row : last.row + 1]
        assert len({(place.document.citation.id, place.unit.section) for place in passage.places}) == 1
        if len(passage.places) > 1:
            assert all(place.unit.kind is not UnitKind.REFERENCE for place in passage.places)
        if last.unit.end - first.unit.start <= LONGEST_CHARACTERS:
            assert passage.end == last.unit.end
            assert passage.text.endswith(first.document.quote(last.unit))
    assert all(better.score >= worse.score for better, worse in pairwise(passages))


def check_disjoint(passages: Sequence[Passage]) -> None:
    rows = [place.row for passage in passages for place in passage.places]
    twice = {row for row in rows if rows.count(row) > 1}
    assert twice == set()


PIECES = st.lists(
    st.tuples(
        st.sampled_from(["1", "1", "1", "2"]),
        st.integers(20, 400),
        st.sampled_from([S, S, S, UnitKind.ITEM, UnitKind.REFERENCE]),
    ),
    min_size=1,
    max_size=14,
)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(PIECES, st.data())
def test_the_first_passage_is_the_best_of_all_stretches(pieces: list[Piece], data: st.DataObject) -> None:
    size = len(pieces)
    scores = data.draw(st.lists(st.integers(-2000, 3000), min_size=size, max_size=size))
    held = library(document(pieces))
    (passage,) = build(held, scores, 1)
    best = max(range(size), key=lambda row: (scores[row], -row))
    median = float(np.median(scores))

    def worth(window: tuple[int, int]) -> float:
        return sum(max(score - median, 0.0) for score in scores[window[0] : window[1]])

    windows = all_windows(held, best)
    chosen = (passage.places[0].row, passage.places[-1].row + 1)
    assert chosen in windows
    assert passage.score == scores[best] / 1000
    highest = max(map(worth, windows))
    assert worth(chosen) == pytest.approx(highest, abs=0.6)
    # among stretches worth the same none is longer and holds the chosen one
    wider = [w for w in windows if w[0] <= chosen[0] and w[1] >= chosen[1] and w != chosen]
    assert all(worth(w) < worth(chosen) - 0.4 for w in wider)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(PIECES, PIECES, st.data())
def test_passages_keep_to_one_section_and_to_the_length_and_quote_the_source(
    one: list[Piece], other: list[Piece], data: st.DataObject
) -> None:
    held = library(document(one, "one"), document(other, "other"))
    size = len(held.places)
    scores = data.draw(st.lists(st.integers(-2000, 3000), min_size=size, max_size=size))
    passages = build(held, scores, 10)
    check_passages(held, passages)
    # every unit is opened by one passage or held by one opened before it, until there are ten
    held_rows: set[int] = set()
    for passage in passages:
        best = min((row for row in range(size) if row not in held_rows), key=lambda row: (-scores[row], row))
        assert best in {place.row for place in passage.places}
        assert passage.score == scores[best] / 1000
        held_rows |= {place.row for place in passage.places}
    assert len(passages) == 10 or held_rows == set(range(size))


@settings(deadline=None, derandomize=True, max_examples=100)
@given(PIECES, st.data())
def test_no_unit_stands_in_two_passages(pieces: list[Piece], data: st.DataObject) -> None:
    size = len(pieces)
    scores = data.draw(st.lists(st.integers(-2000, 3000), min_size=size, max_size=size))
    check_disjoint(build(library(document(pieces)), scores, size))


@pytest.mark.parametrize(("gap", "together"), [(0, True), (1, False)])
def test_seven_hundred_characters_fit_and_one_more_does_not(gap: int, together: bool) -> None:
    (passage, *_) = build(library(document([("1", 349, S), ("1", 350 + gap, S)])), [2, 1])
    assert len(passage.places) == (2 if together else 1)
    assert len(passage.text) == (700 if together else 349)


@pytest.mark.parametrize(("length", "kept"), [(699, 699), (700, 700), (701, 700), (3000, 700)])
def test_a_unit_longer_than_a_passage_is_cut_and_stands_alone(length: int, kept: int) -> None:
    held = library(document([("1", 50, S), ("1", length, S), ("1", 50, S)]))
    passages = build(held, [0, 5, 0])
    check_passages(held, passages)
    assert [place.row for place in passages[0].places] == [1]
    assert len(passages[0].text) == kept
    assert held.documents[0].quote(held.places[1].unit).startswith(passages[0].text)


def test_references_stand_alone_even_side_by_side() -> None:
    held = library(document([("References", 80, UnitKind.REFERENCE)] * 4 + [("References", 30, UnitKind.LINE)] * 2))
    passages = build(held, [1, 4, 3, 2, 0, 0])
    assert [[place.row for place in passage.places] for passage in passages] == [[1], [2], [3], [0], [4, 5]]


def test_neighbours_that_score_higher_are_taken_first() -> None:
    held = library(document([("1", 300, S)] * 5))
    (passage,) = build(held, [0, 900, 1000, 800, 0], 1)
    assert [place.row for place in passage.places] == [1, 2]
    (passage,) = build(held, [0, 800, 1000, 900, 0], 1)
    assert [place.row for place in passage.places] == [2, 3]


def test_neighbours_count_by_what_they_score_above_the_median() -> None:
    held = library(document([("1", 230, S)] * 7 + [("2", 230, S)] * 8))
    scores = [0, -500, 150, 10_000, 100, 100, 0] + [0] * 8
    (passage,) = build(held, scores, 1)
    assert [place.row for place in passage.places] == [2, 3, 4]
    # below the median a neighbour counts nothing, however far below: the longest stretch, not the least bad
    (passage,) = build(held, [0, -500, -400, 10_000, -10, -9000, 0] + [0] * 8, 1)
    assert len(passage.places) == 3


def test_raising_all_scores_alike_changes_no_passage() -> None:
    draw = np.random.default_rng(0)
    held = library(document([("1", int(n), S) for n in draw.integers(40, 300, size=20)]))
    scores = draw.integers(-500, 3000, size=20).tolist()
    spans = [(p.start, p.end) for p in build(held, scores)]
    assert [(p.start, p.end) for p in build(held, [score + 700 for score in scores])] == spans


def test_fewer_units_give_fewer_passages_and_no_unit_none() -> None:
    assert len(build(library(document([("1", 500, S)] * 3)), [1, 2, 3])) == 3
    assert len(build(library(document([("1", 500, S)] * 3)), [1, 2, 3], 2)) == 2
    assert PassageBuilder(library()).passages([], np.array([0.0]), 10) == ()


@pytest.fixture(scope="module")
def asked(search_index: SearchIndex) -> list[tuple[Passage, ...]]:
    lines = OWN.read_text(encoding="utf-8").splitlines()[7::40]
    search = search_index.search
    return [search.passages(search_index.rank(search.read(json.loads(line)["question"]))) for line in lines]


def test_ten_passages_of_the_review_are_exact_and_short(
    search_index: SearchIndex, asked: list[tuple[Passage, ...]]
) -> None:
    for passages in asked:
        assert len(passages) == 10
        check_passages(search_index.library, passages)
        for passage in passages:
            held = {place.row for place in passage.places}
            assert held, "a passage holds the unit it was found by"
            for place in passage.places:
                assert search_index.library.documents[0].quote(place.unit) in passage.text


def test_no_unit_of_the_review_stands_in_two_passages(asked: list[tuple[Passage, ...]]) -> None:
    for passages in asked:
        check_disjoint(passages)
