from __future__ import annotations

import json

import pytest

from assistant import Assistant
from assistant.conversation.store import say
from assistant.conversation.turns import Turn
from tests.web.store.made import made_turn
from web.store.database import DatabaseStore
from web.store.errors import StoreVersionError
from web.store.records import state_values, turn_of

CONVERSATIONS = [
    ["62M, NELM, bilirubin 1.4 mg/dL, previous Whipple. TACE?", "sorry, bilirubin is 3.1", "why?", "What about RFA?"],
    ["Next case: 55F, tumours 2.5 and < 3 cm, ECOG 1. RFA or MWA?", "Next case: 70M, ascites possible", "TACE?"],
    ["Compare TACE with TARE", "Which has more complications?", "compare them", "pizza", "thanks"],
    ["What is bland embolization?", "What are its complications?", "source 1", "And the survival in numbers?"],
]


def again(turn: Turn) -> Turn:
    """The turn after its state went through JSON."""
    state = json.loads(json.dumps(state_values(turn)))
    return turn_of(turn.number, turn.said, state, turn.answer.to_json())


@pytest.mark.parametrize("said", CONVERSATIONS, ids=lambda said: said[0][:20])
def test_the_turns_of_a_conversation_are_the_same_after_reopening(
    assistant: Assistant, store: DatabaseStore, url: str, said: list[str]
) -> None:
    conversation = store.create()
    turns = tuple(say(assistant.dialogue, store, conversation, text) for text in said)
    reopened = DatabaseStore.open(url)
    try:
        read = reopened.turns(conversation)
        assert read == turns == store.turns(conversation)
        assert repr(read) == repr(turns)  # tuples stay tuples, fractions fractions
        for turn in turns:
            assert reopened.answer_json(conversation, turn.number) == turn.answer.to_json()
            assert read[turn.number - 1].answer.to_json() == turn.answer.to_json()
    finally:
        reopened.close()


def test_a_made_turn_is_the_same_again() -> None:
    turn = made_turn(3)
    assert again(turn) == turn
    assert again(turn).answer.to_json() == turn.answer.to_json()


def test_the_same_turn_is_written_the_same() -> None:
    assert state_values(made_turn(1))["facts"]["confirmed"] == ["rfa.c", "tace.a", "tace.b"]
    assert not {"said", "answer", "number"} & state_values(made_turn(1)).keys()


@pytest.mark.parametrize("answer", ["", "{}", '{"text": "jaundice"}', "[]"])
def test_a_turn_that_cannot_be_read_is_told_without_its_words(answer: str) -> None:
    turn = made_turn(1, "jaundice")
    with pytest.raises(StoreVersionError) as caught:
        turn_of(1, turn.said, state_values(turn), answer)
    assert "jaundice" not in str(caught.value)
    assert caught.value.__suppress_context__
