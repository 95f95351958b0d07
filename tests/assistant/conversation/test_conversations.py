"""Conversations of the project's own (tests/data/conversations.yaml), held turn by turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant import Answer, Assistant
from assistant.answer import Fact
from assistant.conversation.turns import Turn

FILE = Path(__file__).parent.parent.parent / "data" / "conversations.yaml"
CONVERSATIONS: list[dict[str, Any]] = yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
_NEAR = 0.02


def any_of(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def fact_is(fact: Fact | None, wanted: Any) -> bool:
    if wanted == "unstated":
        return fact is None or fact.state == "unknown"
    if fact is None:
        return False
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        exact = fact.low is not None and fact.low == fact.high
        return exact and abs(float(fact.low or 0) - wanted) <= _NEAR * abs(wanted)
    if isinstance(wanted, list):
        return set(wanted) <= {*fact.candidates, fact.value}
    return wanted in (fact.state, fact.value)


def failures(expected: Mapping[str, Any], answer: Answer, turn: Turn) -> Iterator[str]:
    text, resolved = answer.text.lower(), answer.resolved_question.lower()
    for name, where in (("has", text), ("resolved_has", resolved)):
        yield from (
            f"{name} {item}"
            for item in expected.get(name, [])
            if not any(word.lower() in where for word in any_of(item))
        )
    for name, is_now in (("status", answer.status), ("move", turn.move), ("patient", answer.patient)):
        if name in expected and is_now not in any_of(expected[name]):
            yield f"{name} {expected[name]}, is {is_now}"
    facts = {fact.id: fact for fact in answer.facts}
    yield from (
        f"fact {name} {wanted}"
        for name, wanted in expected.get("facts", {}).items()
        if not fact_is(facts.get(name), wanted)
    )
    standings = {placed.therapy: placed.standing for placed in answer.therapies}
    yield from (
        f"standing {name} {wanted}, is {standings.get(name)}"
        for name, wanted in expected.get("standing", {}).items()
        if standings.get(name, "not_addressed") not in any_of(wanted)
    )


def test_there_are_at_least_eighty() -> None:
    assert len(CONVERSATIONS) >= 80
    assert len({item["id"] for item in CONVERSATIONS}) == len(CONVERSATIONS)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(
            item,
            id=item["id"],
            marks=[pytest.mark.xfail(reason="known to be open, see docs/conversation.md", strict=True)]
            if item.get("open")
            else [],
        )
        for item in CONVERSATIONS
    ],
)
def test_a_conversation_is_followed(assistant: Assistant, item: dict[str, Any]) -> None:
    conversation = assistant.conversation()
    wrong: list[str] = []
    for expected in item["turns"]:
        answer = conversation.say(expected["say"])
        found = failures(expected, answer, conversation.turns[-1])
        wrong += [f"{expected['say']} ({answer.resolved_question}): {failure}" for failure in found]
    assert wrong == []
