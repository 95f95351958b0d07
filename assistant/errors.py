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
