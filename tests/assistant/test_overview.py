from __future__ import annotations

import pytest

from assistant import Answer, Assistant
from assistant.evidence import company
from assistant.overview import FACETS, HARM, members, overview
from index.library import Library
from tests.conftest import REVIEW


def asked(assistant: Assistant, question: str) -> Answer:
    answer = assistant.ask(question)
    by_number = {citation.n: citation for citation in answer.citations}
    for statement in answer.statements:
        if statement.kind == "quote":
            assert statement.text == by_number[statement.citations[0]].display
    return answer


def units(answer: Answer, heading: str) -> list[str]:
    by_number = {citation.n: citation.unit for citation in answer.citations}
    return [by_number[n] for part in answer.outline if part.heading == heading for n in part.citations]


@pytest.mark.parametrize(
    "question", ["Give me an overview of TACE", "Tell me everything about RFA", "summary of radioembolization"]
)
def test_an_overview_stands_under_every_heading_that_has_a_sentence(assistant: Assistant, question: str) -> None:
    answer = asked(assistant, question)
    headings = [part.heading for part in answer.outline]
    assert headings == [facet.heading for facet in FACETS if facet.heading in headings]
    assert len(headings) >= 5
    derived = [s.text.rstrip(":") for s in answer.statements if s.kind == "derived"]
    assert set(headings) <= set(derived)
    assert answer.status == "answered"


def test_pros_and_cons_tell_both(assistant: Assistant) -> None:
    answer = asked(assistant, "Pros and cons of radioembolization?")
    assert [part.heading for part in answer.outline][:1] == ["For it"]
    assert any(part.heading.startswith("Against it") for part in answer.outline)


@pytest.mark.parametrize(
    ("question", "heading", "expected"),
    [
        ("What are the complications of TAE?", "Complications", {"3.3-03", "3.3-01", "3.3-07"}),
        ("contraindications of chemoembolization", "Against it", {"3.3-06"}),
        ("How is bland embolization performed?", "How it is done", {"3.1-05", "3.1-06", "3.1-07"}),
        ("Follow-up after TAE?", "Follow-up", {"3.1-08"}),
    ],
)
def test_a_bare_question_is_answered_by_every_sentence_under_its_heading(
    assistant: Assistant, question: str, heading: str, expected: set[str]
) -> None:
    answer = asked(assistant, question)
    found = units(answer, heading)
    assert expected <= set(found)
    quoted = {n for s in answer.statements if s.kind == "quote" for n in s.citations}
    assert {n for part in answer.outline for n in part.citations} <= quoted


@pytest.mark.parametrize(
    "question",
    [
        "What complications of TAE should I warn a diabetic about?",
        "How often do complications of TACE occur after a Whipple?",
        "What is TACE?",
        "Is TACE better than TAE?",
        "complications of TACE and of TARE",
    ],
)
def test_a_question_for_more_than_a_heading_gets_no_list(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).outline == ()


def test_every_danger_of_a_treatment_and_of_what_is_above_it_is_a_member(library: Library) -> None:
    """Compared with a plain reading of what the pack knows."""
    for therapy in ("tae", "tace", "tare", "rfa", "mwa"):
        line = set(library.lexicon.lineage(therapy))
        found = {place.unit.id for place in members(therapy, HARM, library)}
        for place in library.places:
            known = library.knowledge_of(place)
            named = {entry for entry in known.about if library.lexicon.kinds.get(entry) == "therapy"}
            apart = place.unit.section in {"Front matter", "Back matter", "Abstract", "References"}
            below = any(therapy in library.lexicon.lineage(entry) for entry in named)
            if "harm" in known.asks and not apart and place.unit.kind in {"sentence", "item", "cell"}:
                assert (place.unit.id in found) == bool(below or named & line), (therapy, place.unit.id)


def test_what_must_stand_beside_a_sentence_stands_there(assistant: Assistant, library: Library) -> None:
    answer = asked(assistant, "What are the complications of TACE?")
    shown = {c.unit for c in answer.citations}
    for unit in units(answer, "Complications"):
        assert {place.unit.id for place in company(library.place(REVIEW, unit), library)} <= shown


def test_nothing_is_gathered_for_several_treatments(assistant: Assistant, library: Library) -> None:
    decided = assistant.explain("overview of TACE and TAE")
    assert decided is not None
    assert overview(decided.query, library) is None
