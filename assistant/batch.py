"""Many questions after one another: lazily, in order, an error as the value of the item it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.answer import Answer
from assistant.conversation.earlier import MOST_CHARACTERS, MOST_MESSAGES, fitting
from assistant.errors import BatchError
from corpus.errors import NelmError

if TYPE_CHECKING:
    from assistant.assistant import Assistant

Item = str | Mapping[str, Any]
"""A question; or ``{"question": …}`` or ``{"turns": […]}``, perhaps with ``facts`` and ``confirmed``."""
_TOO_MUCH = f"its turns are more than {MOST_MESSAGES}, or have more than {MOST_CHARACTERS} characters together"
_NEITHER = "it has neither a question nor turns, or both, or they are not text"


@dataclass(frozen=True, slots=True)
class Batched:
    """What became of an item.

    Attributes:
        number: From 1.
        answers: One; of a conversation one a turn; none where there is an error.
        error: What kept it from being answered.
    """

    number: int
    answers: tuple[Answer, ...] = ()
    error: NelmError | None = None

    @property
    def answer(self) -> Answer:
        """The answer, of a conversation the last.

        Raises:
            NelmError: The error, where there is none.
        """
        if self.error is not None:
            raise self.error
        return self.answers[-1]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        error = None if self.error is None else {"code": self.error.code, "detail": str(self.error)}
        return {"number": self.number, "answers": [answer.to_dict() for answer in self.answers], "error": error}


def batched(assistant: Assistant, items: Iterable[Item]) -> Iterator[Batched]:
    """Answer items as they are asked for."""
    for number, item in enumerate(items, 1):
        yield answered_item(assistant, number, item)


def answered_item(assistant: Assistant, number: int, item: Any) -> Batched:
    """Answer one item; what keeps it from being answered is told of it alone."""
    try:
        return Batched(number, _answers(assistant, item))
    except NelmError as error:
        return Batched(number, error=error)


def _answers(assistant: Assistant, item: Any) -> tuple[Answer, ...]:
    """Answer one item; turns are a conversation, the facts given with its first.

    Raises:
        BatchError: If it is none, or its turns are more than are read of a conversation that comes whole.
        FactError: If a structured fact cannot be read, or a therapy is unknown.
    """
    if isinstance(item, str):
        return (assistant.ask(item),)
    if not isinstance(item, Mapping):
        raise BatchError("it is neither a text nor an object")
    question, turns = item.get("question"), item.get("turns")
    facts, confirmed = _given(item)
    if isinstance(question, str) and turns is None:
        return (assistant.ask(question, facts=facts, confirmed=confirmed),)
    if question is None and isinstance(turns, list | tuple) and turns and all(isinstance(turn, str) for turn in turns):
        if len(fitting(turns)) < len(turns):
            raise BatchError(_TOO_MUCH)
        conversation = assistant.conversation()
        first, *others = turns
        answers = [conversation.say(first, facts=facts, confirmed=confirmed)]
        return (*answers, *(conversation.say(turn) for turn in others))
    raise BatchError(_NEITHER)


def _given(item: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, Sequence[str]]:
    facts, confirmed = item.get("facts"), item.get("confirmed", [])
    if facts is not None and not isinstance(facts, Mapping):
        raise BatchError("its facts are no object")
    if not isinstance(confirmed, list | tuple) or not all(isinstance(therapy, str) for therapy in confirmed):
        raise BatchError("what it confirms is no list of therapies")
    return facts, confirmed
