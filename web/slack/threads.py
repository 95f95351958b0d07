"""Slack's threads as conversations of the store: each thread one, found again by a digest of where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assistant.assistant import Assistant
from assistant.conversation.store import Once, say
from assistant.conversation.turns import Turn, state_after
from assistant.errors import ConversationMissingError
from web.slack.tasks import AnswerOf, Place, digest
from web.store.keeping import Keeping


class Threads:
    """Turns of threads, each said once however often its task is tried."""

    def __init__(self, assistant: Assistant, store: Keeping) -> None:
        self._assistant = assistant
        self._store = store

    def conversation(self, place: Place) -> str:
        """Return the conversation of a thread, a new one where it has none (any more)."""
        kept = self._store.listed(place.owner)
        return kept[-1].id if kept else self._store.create(place.owner)

    def turn(
        self,
        conversation: str,
        text: str,
        *,
        key: str,
        facts: Mapping[str, Any] | None = None,
        to: AnswerOf | None = None,
    ) -> Turn:
        """Answer a message as the next turn, or return the turn it already is under its key.

        Args:
            to: The answer of whose patient the facts are, whoever is spoken of meanwhile.

        Raises:
            ConversationMissingError: If there is no such conversation, or the answer is no longer in it.
            FactError: If a fact cannot be read.
        """
        if to is not None:
            found = self._store.answered(Once.of(conversation, key).key)
            if found is not None:  # by now its own patient is spoken of, and the words would be others
                return self._store.turns(conversation)[found[1] - 1]
            text = self._addressed(conversation, to, text)
        return say(self._assistant.dialogue, self._store, conversation, text, facts=facts, key=key)

    def _addressed(self, conversation: str, to: AnswerOf, text: str) -> str:
        pressed = self.read(to)
        if pressed is None or to.conversation != conversation:
            raise ConversationMissingError("the answer is no longer kept")
        current = state_after(self._store.turns(conversation)).patient
        return text if pressed.patient in {"", current} else f"{pressed.patient}: {text}"

    def read(self, answer: AnswerOf) -> Turn | None:
        """Return the turn of an answer given; ``None`` where it has none of this number.

        Raises:
            ConversationMissingError: If the conversation is no longer kept.
        """
        turns = self._store.turns(answer.conversation)
        return turns[answer.turn - 1] if 0 < answer.turn <= len(turns) else None

    def is_first_of_patient(self, answer: AnswerOf) -> bool:
        """Whether a turn is the first of its thread that holds a patient's details."""
        turns = self._store.turns(answer.conversation)[: answer.turn]
        return bool(turns) and has_patient(turns[-1]) and not any(map(has_patient, turns[:-1]))

    def copied(self, turn: Turn, key: str) -> AnswerOf:
        """Begin a conversation with a turn of another one, nobody's yet; under the same key it is the same one."""
        once = digest("copied", key)
        found = self._store.answered(once)
        if found is not None:
            return AnswerOf(*found)
        conversation = self._store.create()
        self._store.append(conversation, replace(turn, number=1), once=Once(once, conversation))
        return AnswerOf(conversation, 1)

    def belongs(self, conversation: str, place: Place) -> None:
        """Let a conversation go on in a thread.

        Raises:
            ConversationMissingError: If it is no longer kept.
        """
        self._store.give(conversation, place.owner)

    def rate(self, answer: AnswerOf, verdict: str) -> None:
        """Keep what somebody thinks of an answer.

        Raises:
            ConversationMissingError: If it is no longer kept.
        """
        self._store.feedback(answer.conversation, answer.turn, "helpful" if verdict == "helpful" else "wrong", "")


def has_patient(turn: Turn) -> bool:
    """Whether a turn holds a patient's details."""
    return bool(turn.answer.facts or turn.patient)
