"""The assistant as a process serves it to many: answers one after the other, and the status of each is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, cast

from assistant.answer import Answer
from assistant.assistant import Assistant
from assistant.conversation.dialogue import Dialogue
from assistant.conversation.turns import Turn
from index.opening import SearchIndex

Count = Callable[[str], None]


class ServedAssistant(Assistant):
    """Answers as `Assistant` does, in any thread.

    Answers in the making at once would only take turns on the process's one core and at its cache: each would be ready
    as late as the last of them.
    """

    def __init__(self, index: SearchIndex, *, public_url: str = "", count: Count) -> None:
        super().__init__(index, public_url=public_url)
        self._count = count
        self._in_line = threading.RLock()

    def ask(
        self,
        question: str,
        *,
        facts: Mapping[str, Any] | None = None,
        confirmed: Sequence[str] = (),
        history: Sequence[Turn] = (),
    ) -> Answer:
        """Answer a question; see `Assistant.ask`."""
        with self._in_line:
            answer = super().ask(question, facts=facts, confirmed=confirmed, history=history)
        if not history:  # else it was a turn, and told as one
            self._count(answer.status)
        return answer

    def recommend(
        self, case: str = "", *, facts: Mapping[str, Any] | None = None, confirmed: Sequence[str] = ()
    ) -> Answer:
        """Say what the rules conclude for a patient; see `Assistant.recommend`."""
        with self._in_line:
            answer = super().recommend(case, facts=facts, confirmed=confirmed)
        self._count(answer.status)
        return answer

    @cached_property
    def dialogue(self) -> Dialogue:
        """What answers turns of conversations."""
        return cast("Dialogue", _ServedDialogue(super().dialogue, self._count, self._in_line))


class _ServedDialogue:
    """Stands before a dialogue, whichever way that is made."""

    def __init__(self, dialogue: Dialogue, count: Count, in_line: threading.RLock) -> None:
        self._dialogue = dialogue
        self._count = count
        self._in_line = in_line

    def turns(self, said: Sequence[str]) -> tuple[Turn, ...]:
        with self._in_line:
            return self._dialogue.turns(said)  # held before: they were counted then

    def turn(self, said: str, history: Sequence[Turn] = (), **given: Any) -> Turn:
        with self._in_line:
            turn = self._dialogue.turn(said, history, **given)
        self._count(turn.answer.status)
        return turn
