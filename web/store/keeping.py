"""What the ways in need of a store besides the turns: feedback, and an audit that holds no content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from assistant.conversation.store import ConversationStore, MemoryStore
from web.store.records import Action, Audited, Feedback, Verdict


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
        self._audits: list[Audited] = []

    def feedback(self, conversation: str, turn: int, verdict: Verdict, reason: str) -> None:
        """Keep what somebody thinks of an answer, for as long as this process runs."""
        number = len(self._feedbacks) + 1
        self._feedbacks.append(Feedback(number, conversation, turn, verdict, reason, datetime.now(UTC)))

    def delete(self, conversation: str) -> None:
        """Remove a conversation with what was thought of its answers."""
        super().delete(conversation)
        self._feedbacks = [item for item in self._feedbacks if item.conversation != conversation]

    def feedbacks(self, conversation: str = "") -> Sequence[Feedback]:
        """Return the feedback on a conversation, or all of it, oldest first."""
        return tuple(item for item in self._feedbacks if conversation in {"", item.conversation})

    def audit(self, action: Action, interface: str, conversation: str) -> None:
        """Note that something was done."""
        self._audits.append(Audited(len(self._audits) + 1, datetime.now(UTC), action, interface, conversation))

    def audits(self) -> Sequence[Audited]:
        """Return the audit, oldest first."""
        return tuple(self._audits)
