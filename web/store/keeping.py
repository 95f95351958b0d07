"""What the ways in need of a store besides the turns: feedback, and an audit that holds no content."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Protocol

from assistant.conversation.store import ConversationStore, MemoryStore
from web.store.records import Action, Audited, Feedback, Verdict

_MOST_AUDITED = 10_000
"""Notes held in memory; the oldest give way."""


class Keeping(ConversationStore, Protocol):
    """A store of conversations, of feedback on answers, and of who read, exported or deleted what, without content."""

    def feedback(self, conversation: str, turn: int, verdict: Verdict, reason: str) -> None:
        """Keep what somebody thinks of an answer."""

    def feedbacks(self, conversation: str = "") -> Sequence[Feedback]:
        """Return the feedback on a conversation, or all of it, oldest first."""

    def audit(self, action: Action, interface: str, conversation: str) -> None:
        """Note that a conversation was read, exported, deleted or purged; nothing of what it holds."""

    def audits(self) -> Sequence[Audited]:
        """Return the audit, oldest first."""


class MemoryKeeping(MemoryStore):
    """Everything in this process and gone when it ends: where nothing may be kept."""

    def __init__(self) -> None:
        super().__init__()
        self._feedbacks: list[Feedback] = []
        self._audits: deque[Audited] = deque(maxlen=_MOST_AUDITED)
        self._counted = count(1)

    def feedback(self, conversation: str, turn: int, verdict: Verdict, reason: str) -> None:
        """Keep what somebody thinks of an answer, for as long as this process runs."""
        with self._lock:
            self._find(conversation)
            told = Feedback(next(self._counted), conversation, turn, verdict, reason, datetime.now(UTC))
            self._feedbacks.append(told)

    def _forget(self, conversation: str) -> None:
        """Forget also what was thought of its answers."""
        super()._forget(conversation)
        self._feedbacks = [item for item in self._feedbacks if item.conversation != conversation]

    def feedbacks(self, conversation: str = "") -> Sequence[Feedback]:
        """Return the feedback on a conversation, or all of it, oldest first."""
        with self._lock:
            return tuple(item for item in self._feedbacks if conversation in {"", item.conversation})

    def audit(self, action: Action, interface: str, conversation: str) -> None:
        """Note that something was done."""
        self._audits.append(Audited(next(self._counted), datetime.now(UTC), action, interface, conversation))

    def audits(self) -> Sequence[Audited]:
        """Return the audit, oldest first."""
        return tuple(self._audits)
