"""Doing what is owed to Slack: answering a task and posting what comes of it, one message at a time."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from assistant.assistant import Assistant
from assistant.conversation.turns import Turn
from assistant.errors import ConversationMissingError
from corpus.errors import NelmError
from web.fact_form import fact_said
from web.problems import unexpected
from web.slack.blocks import HOW_TO_GO_ON, WARNING, Frame, as_text, turn_messages
from web.slack.controls import Controls
from web.slack.errors import SlackError, SlackRefusedError
from web.slack.home import home_view
from web.slack.mrkdwn import escaped
from web.slack.precedence import Precedence
from web.slack.sending import TOO_MUCH, Sender
from web.slack.splitting import Message
from web.slack.tasks import AnswerOf, FactGiven, Home, Place, Question, Rated, Shared, Task
from web.slack.threads import Threads, has_patient
from web.store.errors import StoreError
from web.store.outbox import Held

_Sent = TypeVar("_Sent")
_SPACE = uuid.UUID("6f1d0a52-5b0e-4a59-9a1e-0e8f3f6f4d6b")
_THANKS = "Thank you. What you think of answers is kept with them."
_GONE = "This answer is no longer kept; ask again."
_OUTSIDE = frozenset({"not_in_channel", "channel_not_found", "is_archived", "restricted_action"})


class Replies:
    """Carries out tasks; any number of threads may use it.

    Args:
        public_url: Put before links to the page; empty where there is none.
    """

    def __init__(
        self,
        assistant: Assistant,
        threads: Threads,
        sender: Sender,
        public_url: str = "",
        precedence: Precedence | None = None,
    ) -> None:
        self._assistant = assistant
        self._threads = threads
        self._sender = sender
        self._public_url = public_url.rstrip("/")
        self._precedence = precedence or Precedence()

    def carry_out(self, task: Task, held: Held) -> bool:
        """Take the next step of a task: post one message, the one after those posted before.

        Returns:
            Whether nothing is left to be done.

        Raises:
            SlackError: If Slack does not take it.
            StoreError: If the store fails.
        """
        match task:
            case Question(place, text):
                return self._answer(place, text, None, None, held)
            case FactGiven(place, answer, fact, value):
                definition = self._assistant.patients.book.facts.get(fact)
                said = fact_said(definition, value) if definition else f"{fact}: {value}"
                return self._answer(place, said, {fact: value}, answer, held)
            case Shared():
                return self._share(task, held)
            case Rated():
                return self._rate(task)
            case Home(user):
                self._sender.publish_home(user, home_view(self._assistant, self._public_url))
                return True

    def tell_failed(self, task: Task, held: Held) -> None:
        """Say, where its answer would have stood, that a task is given up for a reason of our own.

        Raises:
            SlackError: If Slack does not take it.
        """
        if isinstance(task, Question | FactGiven | Shared):
            self._send(task.place, _failed(unexpected()), _key(held, "failed"))

    def _answer(
        self,
        place: Place,
        text: str,
        facts: Mapping[str, Any] | None,
        to: AnswerOf | None,
        held: Held,
    ) -> bool:
        try:
            # A thread has its conversation; an answer to one person alone is in the one it was given in.
            alone = to is not None and place.response_url
            conversation = to.conversation if to is not None and alone else self._threads.conversation(place)
            with self._precedence.answer():
                turn = self._threads.turn(conversation, text, key=_name(held), facts=facts, to=to)
                messages = self._messages(place, AnswerOf(conversation, turn.number), turn)
        except StoreError:
            raise
        except NelmError as error:
            return self._post(place, (_failed(error),), held)
        return self._post(place, messages, held)

    def _messages(self, place: Place, answer: AnswerOf, turn: Turn, *, shared: bool = False) -> Sequence[Message]:
        alone = bool(place.response_url) and not shared
        before: list[str] = []
        if not place.direct and not alone:
            before += [HOW_TO_GO_ON] if turn.number == 1 and not shared else []
            before += [WARNING] if has_patient(turn) and (shared or self._threads.is_first_of_patient(answer)) else []
        page = f"{self._public_url}/c/{answer.conversation}#turn-{answer.turn}" if self._public_url else ""
        frame = Frame(page, tuple(before), Controls(answer, alone=alone and not place.direct))
        return turn_messages(turn, self._assistant.patients.book, frame)

    def _post(self, place: Place, messages: Sequence[Message], held: Held) -> bool:
        """Post the next message."""
        if held.posted < len(messages):
            _fitting(messages[held.posted], held, lambda message, key: self._send(place, message, key))
        return held.posted + 1 >= len(messages)

    def _send(self, place: Place, message: Message, key: str) -> str:
        if place.response_url:
            self._sender.respond(place.response_url, message)
            return ""
        return self._sender.post(place.channel, place.thread, message, key)

    def _share(self, task: Shared, held: Held) -> bool:
        """Show an answer to the channel; the thread below it goes on from there."""
        place = task.place
        try:
            turn = self._threads.read(task.answer)
        except ConversationMissingError:
            turn = None
        if turn is None:
            return self._post(place, (_said(_GONE),), held)
        # The channel gets a conversation of its own: whoever has the link or a button may read and continue it all.
        copy = self._threads.copied(turn, _name(held))
        messages = self._messages(place, copy, replace(turn, number=1), shared=True)
        message = messages[held.posted]
        try:
            ts = _fitting(message, held, lambda shown, key: self._sender.post(place.channel, "", shown, key))
        except SlackRefusedError as error:
            if error.reason not in _OUTSIDE:
                raise
            _fitting(message, held, lambda shown, _: self._sender.respond(place.response_url, shown, to_all=True))
            ts = None
        if ts and not held.posted:
            self._threads.belongs(copy.conversation, Place(place.team, place.channel, ts))
        return held.posted + 1 >= len(messages)

    def _rate(self, task: Rated) -> bool:
        try:
            self._threads.rate(task.answer, task.verdict)
        except ConversationMissingError:
            return True
        with suppress(SlackError):  # thanks are not worth a second try
            self._sender.respond(task.response_url, _said(_THANKS))
        return True


def _fitting(message: Message, held: Held, send: Callable[[Message, str], _Sent]) -> _Sent:
    """Send a message, or where Slack takes offence at its form its texts alone; return what the first one gives."""
    try:
        return send(message, _key(held))
    except SlackRefusedError as error:
        if error.reason not in TOO_MUCH:
            raise
    first, *_ = (send(piece, _key(held, f"{held.posted} {n}")) for n, piece in enumerate(as_text(message)))
    return first


def _name(held: Held) -> str:
    """What names a task, the same for each try, and never another's: numbers may come again."""
    return f"slack {held.id} {held.created.isoformat()}"


def _key(held: Held, what: object = None) -> str:
    """What names a message of a task, the same for each try; its next one, if not said."""
    return str(uuid.uuid5(_SPACE, f"{_name(held)} {held.posted if what is None else what}"))


def _failed(error: NelmError) -> Message:
    return _said(f"Not answered: {error}. {error.hint} ({error.code})")


def _said(text: str) -> Message:
    return Message(escaped(text), ())
