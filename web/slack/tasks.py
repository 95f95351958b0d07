"""What is owed to Slack after a delivery was acknowledged, as values that can be written down and read again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes.

    Attributes:
        thread: The message that the thread hangs on; of an answer to one person alone, what makes it unique.
        direct: Whether it is a direct conversation.
        response_url: Where an answer to one person alone goes; empty elsewhere.
    """

    team: str
    channel: str
    thread: str
    direct: bool = False
    response_url: str = field(default="", repr=False)

    @property
    def owner(self) -> str:
        """The name under which the store holds the conversation of this thread; no id of Slack's can be read off it."""
        return f"slack-{digest('thread', self.team, self.channel, self.thread)}"


@dataclass(frozen=True, slots=True)
class AnswerOf:
    """An answer given: its conversation and turn."""

    conversation: str
    turn: int


@dataclass(frozen=True, slots=True)
class Question:
    """Somebody asked."""

    place: Place
    text: str = field(repr=False)
    kind: Literal["question"] = "question"


@dataclass(frozen=True, slots=True)
class FactGiven:
    """Somebody gave a fact of the patient an answer is about."""

    place: Place
    answer: AnswerOf
    fact: str
    value: str = field(repr=False)
    kind: Literal["fact"] = "fact"


@dataclass(frozen=True, slots=True)
class Shared:
    """Somebody wants the channel to see an answer that only they saw.

    Attributes:
        place: The channel; its ``response_url`` serves where the bot is not in it.
    """

    place: Place
    answer: AnswerOf
    kind: Literal["share"] = "share"


@dataclass(frozen=True, slots=True)
class Rated:
    """Somebody said what they think of an answer; they are thanked where only they see it."""

    answer: AnswerOf
    verdict: Literal["helpful", "wrong"]
    response_url: str = field(repr=False)
    kind: Literal["rated"] = "rated"


@dataclass(frozen=True, slots=True)
class Home:
    """Somebody looks at the bot's home."""

    user: str
    kind: Literal["home"] = "home"


Task = Question | FactGiven | Shared | Rated | Home
_TASK: TypeAdapter[Task] = TypeAdapter(Annotated[Task, Field(discriminator="kind")])


def written(task: Task) -> str:
    """Return a task as it is kept."""
    return _TASK.dump_json(task).decode()


def task_of(text: str) -> Task:
    """Return the task that was written down.

    Raises:
        ValueError: If it was written by a release that this one cannot read.
    """
    return _TASK.validate_json(text)


def digest(*parts: str) -> str:
    """Return what stands for ids of Slack's in the database: of the same parts the same, none to be read off it."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:48]
