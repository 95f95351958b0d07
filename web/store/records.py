"""A turn as it is written down and read again: an equal turn, its answer the very same JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from assistant.answer import Answer
from assistant.conversation.turns import Turn
from web.store.errors import StoreVersionError

Verdict = Literal["helpful", "wrong"]
Action = Literal["read", "export", "delete", "purge"]


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A turn as it stands in the database, for export and for answering it again.

    Attributes:
        inputs: What came with the message besides its text: ``facts`` and ``confirmed``.
        answer: The answer's JSON, byte for byte as it was given.
    """

    number: int
    said: str
    inputs: Mapping[str, Any] | None
    answer: str
    knowledge: str
    index_sha: str
    version: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody thought of an answer."""

    id: int
    conversation: str
    turn: int
    verdict: Verdict
    reason: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Audited:
    """That something was done with a conversation, never what stands in it."""

    id: int
    at: datetime
    action: Action
    interface: str
    conversation: str


_TURN = TypeAdapter(Turn)
_ANSWER = TypeAdapter(Answer)
_COLUMNS = {"number", "said", "answer"}
"""Fields of a turn with a column of their own; the others stand in ``state``."""


def state_values(turn: Turn) -> dict[str, Any]:
    """Return what a turn holds besides number, message and answer, as plain values."""
    values: dict[str, Any] = _TURN.dump_python(turn, mode="json", exclude=_COLUMNS)
    values["facts"]["confirmed"].sort()  # a set has no order, what is written has
    return values


def turn_of(number: int, said: str, state: Mapping[str, Any], answer: str) -> Turn:
    """Return the turn that was written down.

    Raises:
        StoreVersionError: If it has not the fields that this release knows.
    """
    try:
        read = _ANSWER.validate_json(answer)
        return _TURN.validate_python({**state, "number": number, "said": said, "answer": read})
    except ValidationError:  # it would print what was said
        raise StoreVersionError("a turn was written by a release that this one cannot read") from None
