"""What can go wrong between a question and its answer."""

from __future__ import annotations

from corpus.errors import NelmError


class AnswerError(NelmError):
    """Root of the answer family."""

    code = "answer_error"


class QuoteMismatchError(AnswerError):
    """A sentence about to be shown is not in the source at its offsets: it is withheld."""

    code = "quote_mismatch"
    hint = "Run `nelm check`, then `nelm build`; report it if it stays."


class BatchError(AnswerError):
    """A line of a batch cannot be read."""

    code = "batch_line_invalid"
    hint = 'A line is {"id": …, "question": "…"} or {"id": …, "turns": ["…", "…"]}.'


class SectionMissingError(AnswerError):
    """The documents have no such section, or there is no such document."""

    code = "section_missing"
    hint = "Sections go by their printed labels: 3.2, Abstract, Table 1, References …"


class ConversationError(AnswerError):
    """Root of what can go wrong with a kept conversation."""

    code = "conversation_error"


class ConversationMissingError(ConversationError):
    """There is no conversation of this id: never begun, deleted, or past its retention."""

    code = "conversation_missing"
    hint = "Begin a new conversation; deleted and outdated ones are not kept anywhere."


class TurnTakenError(ConversationError):
    """Somebody else has written the next turn of the conversation."""

    code = "turn_taken"
    hint = "Read the conversation again and send the message once more."


class KeyReusedError(ConversationError):
    """Another message was answered under this key."""

    code = "key_reused"
    hint = "Send each message under a key of its own; the same key is for sending the very same message again."
