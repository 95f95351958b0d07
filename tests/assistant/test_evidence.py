from __future__ import annotations

import itertools
import json

import pytest

from assistant import Answer, Assistant
from assistant.evidence import MOST_SENTENCES, company, obligatory_neighbours
from corpus.document import UnitKind
from index.library import Library, Place
from index.opening import SearchIndex
from tests.conftest import REVIEW, ROOT

TURNS = ("However", "Yet", "Albeit", "Of note", "Although")


@pytest.fixture(scope="module")
def library(search_index: SearchIndex) -> Library:
    return search_index.library


@pytest.fixture(scope="module")
def answers(assistant: Assistant) -> list[Answer]:
    """Answers to general questions; what is quoted of a patient is chosen by the rules."""
    lines = (ROOT / "tests" / "evaluation" / "own.jsonl").read_text(encoding="utf-8").splitlines()
    found = [assistant.ask(json.loads(line)["question"]) for line in lines[::8]]
    general = [answer for answer in found if not answer.facts]
    assert len(general) > 0.9 * len(found) > 250
    return general


def quoted(answer: Answer) -> list[tuple[str, str]]:
    """Role and unit of every sentence that an answer shows."""
    return [
        (statement.role, answer.citations[statement.citations[0] - 1].unit)
        for statement in answer.statements
        if statement.kind == "quote"
    ]


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
        shown = {unit for _, unit in quoted(answer)}
        for role, unit in quoted(answer):
            if role == "answer":
                needed = {*library.knowledge_of(library.place(REVIEW, unit)).keep_with}
                needed |= {turned[unit]} if unit in turned else set()
                seen += len(needed)
                assert needed <= shown, answer.question
    assert seen > 50


def test_no_sentence_shown_lacks_those_the_pack_never_shows_it_without(answers: list[Answer], library: Library) -> None:
    lacking = {
        (unit, missing)
        for answer in answers
        if answer.status == "answered"  # the nearest sentences of an abstention answer nothing
        for _, unit in quoted(answer)
        for missing in set(library.knowledge_of(library.place(REVIEW, unit)).keep_with)
        - {other for _, other in quoted(answer)}
    }
    assert lacking == set()


def test_asking_with_the_words_of_a_row_head_shows_no_row_head(assistant: Assistant) -> None:
    kinds = {p.unit.id: p.unit.kind for p in assistant.library.places}
    heads = [p.unit.display for p in assistant.library.places if p.unit.kind is UnitKind.ROW_HEAD]
    shown = [kinds[citation.unit] for head in heads for citation in assistant.ask(head).citations]
    assert shown
    assert UnitKind.ROW_HEAD not in shown


def test_no_more_than_five_sentences_are_chosen_and_only_their_company_is_added(
    answers: list[Answer], library: Library
) -> None:
    assert MOST_SENTENCES == 5
    for answer in answers:
        chosen = [unit for role, unit in quoted(answer) if role in {"answer", "contradiction"}]
        assert len([unit for role, unit in quoted(answer) if role == "answer"]) <= MOST_SENTENCES or answer.outline
        beside = {other.unit.id for unit in chosen for other in company(library.place(REVIEW, unit), library)}
        assert {unit for role, unit in quoted(answer) if role == "caveat"} <= beside, answer.question


def test_each_side_of_a_comparison_has_its_sentence(assistant: Assistant) -> None:
    shown = {c.unit for c in assistant.ask("Activity per particle: resin, glass microspheres?").citations}
    assert {"3.4-05", "3.4-06"} <= shown
