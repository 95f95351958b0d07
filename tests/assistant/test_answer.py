from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from assistant import Answer, Assistant
from assistant.answer import (
    Citation,
    CitedCell,
    Fact,
    MissingFact,
    Note,
    Premise,
    RankedPassage,
    Recommendation,
    SourceDocument,
    Statement,
    TherapyStanding,
)

ADAPTER = TypeAdapter(Answer)
ORDER = [
    "schema",
    "question",
    "resolved_question",
    "status",
    "text",
    "statements",
    "citations",
    "passages",
    "documents",
    "knowledge",
    "index",
    "version",
    "confidence",
    "reason",
    "premise",
    "facts",
    "recommendations",
    "therapies",
    "ask",
    "notes",
    "patient",
    "comparison",
    "outline",
]
QUESTIONS = [
    "Who should not have TACE?",
    "What is the 5-year survival with liver metastases?",
    "Which bilirubin is too high for embolization?",
    "Lower risk of post-embolic syndrome than TACE?",
    "What does Figure 1 show?",
    "pizza",
    "",
    "肝转移",
    'He said "\\TACE\\" \N{PILE OF POO} \u2028 </script>',
]


def full(value: str | float | bool | None = 2.5, span: tuple[int, int] | None = (3, 9)) -> Answer:
    """An answer with every room filled."""
    url = "/source/d/12345678?at=0-4#cited"
    return Answer(
        question="q",
        resolved_question="q",
        status="partial",
        text="“Text” [1]",
        statements=(Statement("Text", "quote", "answer", (1,)),),
        citations=(
            Citation(1, "d", "1-01", "1", ("1. A",), CitedCell("r", "c", 1), "*Text*", "Text", 0, 6, (62, 70), url),
        ),
        passages=(RankedPassage(1, "d", "1", 0.25, 0, 6, "*Text*", url),),
        documents=(SourceDocument("d", "D", "2024-04-05", "ab", "CC BY 4.0", "A.", None),),
        knowledge="k",
        index="i",
        version="0",
        confidence=0.97,
        reason="not_stated",
        premise=Premise("c", "contradicted", (1,)),
        facts=(
            Fact(
                id="bilirubin_mg_dl",
                state="value",
                value=value,
                low=None,
                high=2.0,
                low_open=False,
                high_open=True,
                unit="mg/dL",
                as_written="45 µmol/L",
                span=span,
                turn=1,
                source="text",
                cue=None,
                reason=None,
                candidates=("2", "3"),
                as_of="2024-01",
            ),
        ),
        recommendations=(
            Recommendation("d/R-1", "tace", "caution", ("tae",), "s", ("f",), None, False, "weak", True, (1,)),
        ),
        therapies=(TherapyStanding("tace", "undetermined", ("d/R-1",)),),
        ask=(MissingFact("ki67_percent", "Which Ki-67?", ("d/R-1",), True),),
        notes=(Note("S-BURDEN", "high", "Two limits.", (1,)),),
        patient="A",
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_json_read_back_gives_the_same_answer_and_the_same_bytes(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    back = ADAPTER.validate_json(answer.to_json())
    assert back == answer
    assert back.to_json() == answer.to_json()


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    st.none() | st.booleans() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.tuples(st.integers(0, 2000), st.integers(0, 2000)),
)
def test_json_of_every_kind_of_fact_read_back_is_the_same(
    value: str | float | bool | None, span: tuple[int, int] | None
) -> None:
    answer = full(value, span)
    back = ADAPTER.validate_json(answer.to_json())
    assert back == answer
    assert type(back.facts[0].value) is type(value)
    assert back.to_json() == answer.to_json()


@pytest.mark.parametrize("make", [lambda a: a.ask("TACE"), lambda a: a.ask(""), lambda _: full()])
def test_fields_stand_in_one_fixed_order(assistant: Assistant, make: Callable[[Assistant], Answer]) -> None:
    assert list(json.loads(make(assistant).to_json())) == ORDER


def test_every_field_of_the_answer_is_sent() -> None:
    assert set(ORDER) == {field.name for field in dataclasses.fields(Answer)}


def test_rooms_nothing_fills_yet_are_empty_and_not_absent(assistant: Assistant) -> None:
    values = json.loads(assistant.ask("Is this paper a review article or an original trial?").to_json())
    assert values["citations"]
    rooms = {name: values[name] for name in ("facts", "recommendations", "therapies", "ask", "notes")}
    assert rooms == {name: [] for name in rooms}
    assert [values[name] for name in ("reason", "premise", "patient")] == [None] * 3


def test_notes_of_the_source_on_sentences_shown_are_attached_to_a_general_answer(assistant: Assistant) -> None:
    answer = assistant.ask("TACE")
    values = json.loads(answer.to_json())
    assert [values[name] for name in ("facts", "recommendations", "therapies", "ask")] == [[]] * 4
    assert "S-AST" in {note.id for note in answer.notes}
    units = {citation.n: citation.unit for citation in answer.citations}
    held = {note.id: note for note in assistant.patients.book.notes.values()}
    for note in answer.notes:
        assert note.citations, "a note on nothing that is shown"
        assert {units[n] for n in note.citations} == set(held[note.id].units) & set(units.values())
        assert note.text == held[note.id].text
    order = ["high", "medium", "low"]
    assert [note.severity for note in answer.notes] == sorted((n.severity for n in answer.notes), key=order.index)


def test_an_indent_changes_white_space_only(assistant: Assistant) -> None:
    answer = assistant.ask("What is TARE?")
    assert json.loads(answer.to_json(indent=1)) == json.loads(answer.to_json()) == json.loads(answer.to_json(indent=4))
    assert answer.to_json(indent=1).startswith('{\n "schema": "nelm.answer/1",\n "question": "What is TARE?",\n')


def test_letters_outside_ascii_are_sent_as_they_are(assistant: Assistant) -> None:
    assert '"question": "肝转移"' in assistant.ask("肝转移").to_json()
    assert "\\u20" not in assistant.ask("Who should not have TACE?").to_json()


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (lambda a: a, "text"),
        (lambda a: a.citations[0], "quote"),
        (lambda a: a.statements[0], "text"),
        (lambda a: a.passages[0], "score"),
        (lambda a: a.documents[0], "licence"),
    ],
)
def test_an_answer_cannot_be_changed(assistant: Assistant, part: Callable[[Answer], Any], field: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(part(assistant.ask("TACE")), field, "other")
