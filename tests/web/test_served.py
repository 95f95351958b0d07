from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from assistant.answer import Answer
from assistant.assistant import Assistant
from web.served import ServedAssistant


def test_answers_are_counted_once_whichever_way_they_are_asked(assistant: Assistant) -> None:
    told: list[str] = []
    served = ServedAssistant(assistant._index, count=told.append)
    assert served.ask("pizza").status == told.pop() == "not_covered"
    assert told == []
    served.recommend("62M, prior Whipple. TACE?")
    assert len(told) == 1
    conversation = served.conversation()
    conversation.say("What is TACE?")
    conversation.say("why?")
    assert len(told) == 3
    served.ask("And its complications?", history=conversation.turns)
    assert len(told) == 4
    assert served.dialogue.turns(["What is TACE?", "why?"]) == conversation.turns
    assert len(told) == 4


def test_answers_of_a_process_are_made_one_after_the_other(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = ServedAssistant(assistant._index, count=lambda status: None)
    respond, at_work, most = Assistant.respond, 0, 0

    def slow(self: Assistant, *given: Any, **more: Any) -> Any:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        time.sleep(0.02)
        at_work -= 1
        return respond(self, *given, **more)

    monkeypatch.setattr(Assistant, "respond", slow)
    ways = [served.ask, served.recommend, served.dialogue.turn, lambda text: served.dialogue.turns([text])]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: ways[number % 4]("What is TACE?"), range(16)))
    assert most == 1
    assert isinstance(answers[0], Answer)
    assert answers[0].to_json() == assistant.ask("What is TACE?").to_json()
