"""Keeping conversations: what a store does, the one in memory, and a message that becomes the next turn of one."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from assistant.conversation.turns import Turn
from assistant.errors import ConversationMissingError, TurnTakenError

if TYPE_CHECKING:
    from assistant.conversation.dialogue import Dialogue

_MOST_KEPT = 1_000
"""Conversations held in memory; the one unused for the longest gives way."""
_MOST_TRIES = 20
_TITLE = 80


@dataclass(frozen=True, slots=True)
class Kept:
    """What a store knows of a conversation besides its turns.

    Attributes:
        id: Not to be guessed: who knows it may read and continue.
        owner: Whose list it stands in; empty for nobody's.
        title: The first question's beginning, unless renamed.
        turns: How many.
    """

    id: str
    owner: str
    title: str
    created: datetime
    updated: datetime
    turns: int


class ConversationStore(Protocol):
    """Keeps conversations; any number of threads may use it at once."""

    def create(self, owner: str = "") -> str:
        """Begin a conversation and return its id."""

    def kept(self, conversation: str) -> Kept:
        """Return what is known of a conversation.

        Raises:
            ConversationMissingError: If there is none of this id.
        """

    def turns(self, conversation: str) -> tuple[Turn, ...]:
        """Return the turns in order.

        Raises:
            ConversationMissingError: If there is no such conversation.
        """

    def append(self, conversation: str, turn: Turn, *, inputs: Mapping[str, Any] | None = None) -> None:
        """Keep a turn; when this returns, it is kept.

        Args:
            inputs: What was given besides the words: structured ``facts`` and therapies ``confirmed``.

        Raises:
            ConversationMissingError: If there is no such conversation.
            TurnTakenError: If a turn of this number is there already, or one before it is not.
        """

    def listed(self, owner: str) -> Sequence[Kept]:
        """Return the conversations of an owner, the last used first."""

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation a title.

        Raises:
            ConversationMissingError: If there is no such conversation.
        """

    def delete(self, conversation: str) -> None:
        """Remove a conversation and everything said in it.

        Raises:
            ConversationMissingError: If there is no such conversation.
        """


def new_id() -> str:
    """Return an id that nobody guesses."""
    return secrets.token_urlsafe(18)


def title_of(turn: Turn) -> str:
    """Return the title a conversation gets from its first turn."""
    said = " ".join(turn.said.split())
    return said if len(said) <= _TITLE else said[: _TITLE - 1].rstrip() + "…"


def say(
    dialogue: Dialogue,
    store: ConversationStore,
    conversation: str,
    text: str,
    *,
    facts: Mapping[str, Any] | None = None,
    confirmed: Sequence[str] = (),
) -> Turn:
    """Answer a message as the next turn of a kept conversation; of two writers, the second answers after the first.

    Raises:
        ConversationMissingError: If there is no such conversation.
        FactError: If a structured fact cannot be read, or a therapy is unknown; nothing is kept then.
        TurnTakenError: If others write faster than this, again and again.
    """
    inputs = {"facts": dict(facts or {}), "confirmed": list(confirmed)} if facts or confirmed else None
    for _ in range(_MOST_TRIES):
        turn = dialogue.turn(text, store.turns(conversation), facts=facts, confirmed=confirmed)
        try:
            store.append(conversation, turn, inputs=inputs)
        except TurnTakenError:
            continue
        return turn
    raise TurnTakenError("others keep writing to this conversation")


class MemoryStore:
    """Conversations of this process; gone when it ends."""

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._lock = Lock()
        self._held: OrderedDict[str, tuple[Kept, tuple[Turn, ...]]] = OrderedDict()

    def create(self, owner: str = "") -> str:
        """Begin a conversation; see `ConversationStore`."""
        now = datetime.now(UTC)
        kept = Kept(new_id(), owner, "", now, now, 0)
        with self._lock:
            self._held[kept.id] = kept, ()
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return kept.id

    def kept(self, conversation: str) -> Kept:
        """Return what is known of a conversation."""
        with self._lock:
            return self._find(conversation)[0]

    def turns(self, conversation: str) -> tuple[Turn, ...]:
        """Return the turns in order."""
        with self._lock:
            return self._find(conversation)[1]

    def append(self, conversation: str, turn: Turn, *, inputs: Mapping[str, Any] | None = None) -> None:
        """Keep a turn; see `ConversationStore`. What else was given stands in the turn's facts."""
        with self._lock:
            kept, turns = self._find(conversation)
            if turn.number != len(turns) + 1:
                raise TurnTakenError(f"the next turn is number {len(turns) + 1}, not {turn.number}")
            title = kept.title or title_of(turn)
            kept = replace(kept, title=title, updated=datetime.now(UTC), turns=turn.number)
            self._held[conversation] = kept, (*turns, turn)
            self._held.move_to_end(conversation)

    def listed(self, owner: str) -> Sequence[Kept]:
        """Return the conversations of an owner, the last used first."""
        with self._lock:
            return [kept for kept, _ in reversed(self._held.values()) if owner and kept.owner == owner]

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation a title."""
        with self._lock:
            kept, turns = self._find(conversation)
            self._held[conversation] = replace(kept, title=" ".join(title.split())[:_TITLE]), turns

    def delete(self, conversation: str) -> None:
        """Remove a conversation."""
        with self._lock:
            self._find(conversation)
            del self._held[conversation]

    def _find(self, conversation: str) -> tuple[Kept, tuple[Turn, ...]]:
        if conversation not in self._held:
            raise ConversationMissingError("there is no such conversation")
        return self._held[conversation]
