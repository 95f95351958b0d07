from __future__ import annotations

import itertools
import json
from collections.abc import Mapping

import numpy as np
import pytest

from assistant import Answer, Assistant
from assistant.evidence import choose_evidence, obligatory_neighbours
from corpus.document import UnitKind
from index.library import Library, Place
from index.opening import SearchIndex
from index.search import Ranking
from tests.conftest import REVIEW, ROOT

TURNS = ("However", "Yet", "Albeit", "Of note", "Although")


@pytest.fixture(scope="module")
def library(search_index: SearchIndex) -> Library:
    return search_index.library


@pytest.fixture(scope="module")
def answers(assistant: Assistant) -> list[Answer]:
    lines = (ROOT / "tests" / "evaluation" / "own.jsonl").read_text(encoding="utf-8").splitlines()
    return [assistant.ask(json.loads(line)["question"]) for line in lines[::8]]


def ranking(search_index: SearchIndex, scores: Mapping[str, float]) -> Ranking:
    """A ranking in which the units named have these scores and every other unit -9."""
    places = search_index.library.places
    values = np.array([scores.get(place.unit.id, -9.0) for place in places])
    order = np.lexsort((np.arange(len(values)), -values))
    return Ranking(search_index.search.read("TACE"), places, tuple(order.tolist()), values, {})


def chosen(search_index: SearchIndex, scores: Mapping[str, float]) -> list[tuple[str, str]]:
    evidence = choose_evidence(ranking(search_index, scores), search_index.library)
    return [(item.place.unit.id, item.role) for item in evidence]


def turning(library: Library) -> list[tuple[Place, Place]]:
    return [
        (one, other)
        for one, other in itertools.pairwise(library.places)
        if one.unit.paragraph == other.unit.paragraph
        and one.unit.kind == other.unit.kind == UnitKind.SENTENCE
        and any(other.unit.display.startswith((f"{word} ", f"{word},")) for word in TURNS)
    ]


def ids(places: tuple[Place, ...]) -> set[str]:
    return {place.unit.id for place in places}


def test_the_review_has_sentences_that_turn_against_the_one_before(library: Library) -> None:
    pairs = {(one.unit.id, other.unit.id) for one, other in turning(library)}
    assert len(pairs) >= 20
    assert {("3.2-07", "3.2-08"), ("3.2-12", "3.2-13"), ("3.2-19", "3.2-20"), ("3.5-03", "3.5-04")} <= pairs


def test_a_sentence_that_turns_stands_beside_the_one_before(library: Library) -> None:
    missing = [one.unit.id for one, other in turning(library) if other not in obligatory_neighbours(one, library)]
    assert missing == []


def test_what_the_pack_keeps_together_stands_together(library: Library) -> None:
    kept = {p.unit.id: set(library.knowledge_of(p).keep_with) for p in library.places}
    assert sum(map(bool, kept.values())) > 50
    missing = [p.unit.id for p in library.places if not kept[p.unit.id] <= ids(obligatory_neighbours(p, library))]
    assert missing == []


def test_nothing_else_is_an_obligatory_neighbour(library: Library) -> None:
    turned = {one.unit.id: {other.unit.id} for one, other in turning(library)}
    for place in library.places:
        allowed = {*library.knowledge_of(place).keep_with, *turned.get(place.unit.id, ())}
        neighbours = obligatory_neighbours(place, library)
        assert ids(neighbours) == allowed
        assert len(neighbours) == len(ids(neighbours))


def test_a_turning_sentence_of_the_next_paragraph_is_no_neighbour(library: Library) -> None:
    before, after = library.place(REVIEW, "3.2-15"), library.place(REVIEW, "3.2-16")
    assert after.unit.display.startswith("Although ")
    assert before.unit.paragraph != after.unit.paragraph
    assert after not in obligatory_neighbours(before, library)


def test_answers_show_the_obligatory_neighbours_of_what_they_answer_with(
    answers: list[Answer], library: Library
) -> None:
    turned = {one.unit.id: other.unit.id for one, other in turning(library)}
    seen = 0
    for answer in answers:
        shown = {citation.unit for citation in answer.citations}
        for statement in answer.statements:
            if statement.role == "answer":
                unit = answer.citations[statement.citations[0] - 1].unit
                needed = {*library.knowledge_of(library.place(REVIEW, unit)).keep_with}
                needed |= {turned[unit]} if unit in turned else set()
                seen += len(needed)
                assert needed <= shown, answer.question
    assert seen > 50


def test_no_sentence_shown_lacks_those_the_pack_never_shows_it_without(answers: list[Answer], library: Library) -> None:
    lacking = {
        (citation.unit, missing)
        for answer in answers
        for citation in answer.citations
        for missing in set(library.knowledge_of(library.place(REVIEW, citation.unit)).keep_with)
        - {other.unit for other in answer.citations}
    }
    assert lacking == set()


def test_row_heads_are_never_evidence_even_where_they_rank_first(search_index: SearchIndex) -> None:
    heads = [p.unit.id for p in search_index.library.places if p.unit.kind is UnitKind.ROW_HEAD]
    assert len(heads) == 4  # the review's table has four therapies
    scores = dict.fromkeys(heads, 9.0) | {"3.1-03": 2.0}
    assert chosen(search_index, scores)[0] == ("3.1-03", "answer")
    assert not {unit for unit, _ in chosen(search_index, scores)} & set(heads)


def test_asking_with_the_words_of_a_row_head_shows_no_row_head(assistant: Assistant) -> None:
    kinds = {p.unit.id: p.unit.kind for p in assistant.library.places}
    heads = [p.unit.display for p in assistant.library.places if p.unit.kind is UnitKind.ROW_HEAD]
    shown = [kinds[citation.unit] for head in heads for citation in assistant.ask(head).citations]
    assert shown
    assert UnitKind.ROW_HEAD not in shown


@pytest.mark.parametrize(
    ("second", "expected"), [(0.86, ["6-01", "6-03"]), (0.85, ["6-01", "6-03"]), (0.849, ["6-01"]), (0.0, ["6-01"])]
)
def test_a_further_sentence_is_shown_when_nearly_as_good(
    search_index: SearchIndex, second: float, expected: list[str]
) -> None:
    shown = chosen(search_index, {"6-01": 1.0, "6-03": second})
    assert [unit for unit, role in shown if role == "answer"] == expected


def test_at_most_three_sentences_answer(search_index: SearchIndex) -> None:
    scores = {"6-01": 1.0, "6-03": 0.99, "6-04": 0.98, "6-02": 0.97}
    assert [unit for unit, role in chosen(search_index, scores) if role == "answer"] == ["6-01", "6-03", "6-04"]


def test_neighbours_follow_the_sentence_they_belong_to(search_index: SearchIndex) -> None:
    assert chosen(search_index, {"3.2-07": 1.0, "6-01": 0.9})[:2] == [("3.2-07", "answer"), ("3.2-08", "caveat")]


def test_a_neighbour_that_answers_itself_is_shown_once_and_as_an_answer(search_index: SearchIndex) -> None:
    for scores in ({"3.2-07": 1.0, "3.2-08": 0.9}, {"3.2-07": 0.9, "3.2-08": 1.0}):
        assert sorted(chosen(search_index, scores)) == [("3.2-07", "answer"), ("3.2-08", "answer")]
