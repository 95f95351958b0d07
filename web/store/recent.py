"""The turns of the conversations used last, held so that they need not be read again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from assistant.conversation.turns import Turn

_MOST_TURNS = 2_000


class Recent:
    """Turns by conversation; the one unused for the longest gives way. Turns never change, so none is out of date."""

    def __init__(self, most: int = _MOST_TURNS) -> None:
        self._most = most
        self._lock = Lock()
        self._held: OrderedDict[str, tuple[Turn, ...]] = OrderedDict()
        self._number = 0

    def get(self, conversation: str) -> tuple[Turn, ...]:
        """Return the turns held, from the first on; perhaps none."""
        with self._lock:
            if conversation in self._held:
                self._held.move_to_end(conversation)
            return self._held.get(conversation, ())

    def hold(self, conversation: str, turns: tuple[Turn, ...]) -> None:
        """Hold all turns of a conversation."""
        with self._lock:
            self._hold(conversation, turns)

    def extend(self, conversation: str, turn: Turn) -> None:
        """Hold a turn more, if those before it are held."""
        with self._lock:
            before = self._held.get(conversation, ())
            if len(before) == turn.number - 1:
                self._hold(conversation, (*before, turn))

    def drop(self, *conversations: str) -> None:
        """Forget conversations."""
        with self._lock:
            for conversation in conversations:
                self._number -= len(self._held.pop(conversation, ()))

    def _hold(self, conversation: str, turns: tuple[Turn, ...]) -> None:
        self._number += len(turns) - len(self._held.pop(conversation, ()))
        self._held[conversation] = turns
        while self._number > self._most and len(self._held) > 1:
            _, gone = self._held.popitem(last=False)
            self._number -= len(gone)
