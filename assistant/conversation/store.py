"""Keeping conversations: what a store does, the one in memory, and a message that becomes the next turn of one."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from assistant.conversation.turns import Turn
from assistant.errors import ConversationMissingError, KeyReusedError, TurnTakenError

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


@dataclass(frozen=True, slots=True)
class Once:
    """A key under which a message of a conversation is answered once, and what was sent under it: digests, no text."""

    key: str
    request: str

    @classmethod
    def of(cls, conversation: str, key: str, *sent: Any) -> Once:
        """Return the digests; the same key is another one in another conversation."""
        return cls(_digest(conversation, key), _digest(conversation, *sent))


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

    def append(
        self, conversation: str, turn: Turn, *, inputs: Mapping[str, Any] | None = None, once: Once | None = None
    ) -> None:
        """Keep a turn; when this returns, it is kept.

        Args:
            inputs: What was given besides the words: structured ``facts`` and therapies ``confirmed``.
            once: The key it was sent under, kept in the same step; not there yet.

        Raises:
            ConversationMissingError: If there is no such conversation.
            TurnTakenError: If a turn of this number is there already, or one before it is not.
        """

    def answered(self, key: str) -> tuple[str, int] | None:
        """Return what was sent under the digest of a key, as its digest, and the turn that answered it."""

    def listed(self, owner: str) -> Sequence[Kept]:
        """Return the conversations of an owner, the last used first."""

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation a title.

        Raises:
            ConversationMissingError: If there is no such conversation.
        """

    def give(self, conversation: str, owner: str) -> None:
        """Let a conversation stand in the list of another owner.

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
    key: str = "",
) -> Turn:
    """Answer a message as the next turn of a kept conversation; of two writers, the second answers after the first.

    Args:
        key: Given by the sender: the same message sent again under it gets the turn that answered it.

    Raises:
        ConversationMissingError: If there is no such conversation.
        FactError: If a structured fact cannot be read, or a therapy is unknown; nothing is kept then.
        KeyReusedError: If another message was answered under the key.
        TurnTakenError: If others write faster than this, again and again.
    """
    inputs = {"facts": dict(facts or {}), "confirmed": list(confirmed)} if facts or confirmed else None
    once = Once.of(conversation, key, text, facts, list(confirmed)) if key else None
    for _ in range(_MOST_TRIES):
        if once is not None and (number := _answered(store, once)):
            return store.turns(conversation)[number - 1]
        turn = dialogue.turn(text, store.turns(conversation), facts=facts, confirmed=confirmed)
        try:
            store.append(conversation, turn, inputs=inputs, once=once)
        except TurnTakenError:
            continue  # perhaps by the same message sent twice at once: then it is found under its key
        return turn
    raise TurnTakenError("others keep writing to this conversation")


def _answered(store: ConversationStore, once: Once) -> int:
    """The turn that answered a message already; 0 for none."""
    found = store.answered(once.key)
    if found is None:
        return 0
    if found[0] != once.request:
        raise KeyReusedError("another message was answered under this key")
    return found[1]


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("ascii")).hexdigest()


class MemoryStore:
    """Conversations of this process; gone when it ends."""

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._lock = Lock()
        self._held: OrderedDict[str, tuple[Kept, tuple[Turn, ...]]] = OrderedDict()
        self._once: dict[str, tuple[str, str, int]] = {}

    def create(self, owner: str = "") -> str:
        """Begin a conversation; see `ConversationStore`."""
        now = datetime.now(UTC)
        kept = Kept(new_id(), owner, "", now, now, 0)
        with self._lock:
            self._held[kept.id] = kept, ()
            while len(self._held) > self._most:
                self._forget(self._held.popitem(last=False)[0])
        return kept.id

    def kept(self, conversation: str) -> Kept:
        """Return what is known of a conversation."""
        with self._lock:
            return self._find(conversation)[0]

    def turns(self, conversation: str) -> tuple[Turn, ...]:
        """Return the turns in order."""
        with self._lock:
            return self._find(conversation)[1]

    def append(
        self, conversation: str, turn: Turn, *, inputs: Mapping[str, Any] | None = None, once: Once | None = None
    ) -> None:
        """Keep a turn; see `ConversationStore`. What else was given stands in the turn's facts."""
        with self._lock:
            kept, turns = self._find(conversation)
            if turn.number != len(turns) + 1:
                raise TurnTakenError(f"the next turn is number {len(turns) + 1}, not {turn.number}")
            title = kept.title or title_of(turn)
            kept = replace(kept, title=title, updated=datetime.now(UTC), turns=turn.number)
            self._held[conversation] = kept, (*turns, turn)
            self._held.move_to_end(conversation)
            if once is not None:
                self._once[once.key] = conversation, once.request, turn.number

    def answered(self, key: str) -> tuple[str, int] | None:
        """Return what was sent under a key, and the turn that answered it."""
        with self._lock:
            return self._once[key][1:] if key in self._once else None

    def listed(self, owner: str) -> Sequence[Kept]:
        """Return the conversations of an owner, the last used first."""
        with self._lock:
            return [kept for kept, _ in reversed(self._held.values()) if owner and kept.owner == owner]

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation a title."""
        with self._lock:
            kept, turns = self._find(conversation)
            self._held[conversation] = replace(kept, title=" ".join(title.split())[:_TITLE]), turns

    def give(self, conversation: str, owner: str) -> None:
        """Let a conversation stand in the list of another owner."""
        with self._lock:
            kept, turns = self._find(conversation)
            self._held[conversation] = replace(kept, owner=owner), turns

    def delete(self, conversation: str) -> None:
        """Remove a conversation."""
        with self._lock:
            self._find(conversation)
            del self._held[conversation]
            self._forget(conversation)

    def _forget(self, conversation: str) -> None:
        self._once = {key: held for key, held in self._once.items() if held[0] != conversation}

    def _find(self, conversation: str) -> tuple[Kept, tuple[Turn, ...]]:
        if conversation not in self._held:
            raise ConversationMissingError("there is no such conversation")
        return self._held[conversation]
