from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from assistant import Assistant
from assistant.conversation.dialogue import Conversation
from assistant.conversation.earlier import MOST_CHARACTERS, MOST_MESSAGES
from assistant.errors import BatchError
from assistant.patient_text.structured import FactError


def test_questions_are_answered_in_order_each_as_if_asked_alone(assistant: Assistant) -> None:
    questions = ["What is TARE?", "pizza", ""]
    assert [item.answer for item in assistant.batch(questions)] == [assistant.ask(q) for q in questions]


def test_nothing_is_asked_for_before_it_is_wanted(assistant: Assistant) -> None:
    taken: list[int] = []

    def endless() -> Iterator[str]:
        while True:
            taken.append(len(taken))
            yield "What is TARE?"

    answers = assistant.batch(endless())
    assert taken == []
    assert [next(answers).number, next(answers).number] == [1, 2]
    assert taken == [0, 1]


def test_turns_are_one_conversation_and_what_is_given_beside_counts(assistant: Assistant) -> None:
    items: list[Any] = [
        {"turns": ("What is TARE?", "And its risks?")},
        {"question": "62M, NELM G2. TACE?", "facts": {"whipple_history": True}},
        {"turns": ["62M, NELM G2. TACE?", "why?"], "facts": {"whipple_history": True}},
    ]
    talk, case, told = assistant.batch(items)
    assert "TARE" in talk.answer.resolved_question
    assert len(talk.answers) == 2
    assert case.answer == assistant.ask("62M, NELM G2. TACE?", facts={"whipple_history": True})
    assert {t.therapy: t.standing for t in told.answers[0].therapies}["tace"] == "contraindicated"


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"question": None},
        {"question": 5},
        {"question": "x", "turns": ["x"]},
        {"turns": []},
        {"turns": "x"},
        {"turns": ["x", 5]},
        {"question": "x", "facts": ["ascites"]},
        {"question": "x", "confirmed": "tace"},
        {"question": "x", "confirmed": [5]},
        5,
        None,
        ["x"],
    ],
)
def test_an_error_is_the_value_of_its_item_alone(assistant: Assistant, item: Any) -> None:
    before, wrong, after = assistant.batch(["TACE", item, "TAE"])
    assert before.error is None is after.error
    assert (wrong.number, wrong.answers) == (2, ())
    with pytest.raises(BatchError):
        _ = wrong.answer


@pytest.mark.parametrize("turns", [["hi"] * (MOST_MESSAGES + 1), ["x" * (MOST_CHARACTERS // 2)] * 3])
def test_a_conversation_longer_than_is_read_is_refused_before_any_of_it_is_answered(
    assistant: Assistant, turns: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Conversation, "say", None)
    (item,) = assistant.batch([{"turns": turns}])
    assert isinstance(item.error, BatchError)
    assert f"more than {MOST_MESSAGES}" in str(item.error)


def test_a_fact_that_cannot_be_read_is_told_without_its_words(assistant: Assistant) -> None:
    (item,) = assistant.batch([{"question": "TACE?", "facts": {"ascites": "Mrs Smith"}}])
    assert isinstance(item.error, FactError)
    values = json.loads(json.dumps(item.to_dict()))
    assert (values["error"]["code"], values["answers"]) == ("fact_invalid", [])
    assert "Smith" not in json.dumps(values)
