"""The root of every error this project raises on purpose, and the corpus family.

An error says what was found, what was expected, where, and what to do; it never carries a patient's words.
"""

from __future__ import annotations


class NelmError(Exception):
    """Root of all expected failures.

    Attributes:
        code: Stable identifier, the same in exceptions, on the command line and on the wire.
        hint: One sentence saying what to do next.
    """

    code = "nelm_error"
    hint = "See docs/errors.md."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class CorpusError(NelmError):
    """Something in a guideline pack or the vocabulary is not as it must be."""

    code = "corpus_invalid"
    hint = "Correct the file named in the message and run `nelm build` again."


class SourceMissingError(CorpusError):
    """A pack has no source file."""

    code = "source_missing"
    hint = "Restore source.md in the pack from version control."


class SourceChangedError(CorpusError):
    """The source's bytes are not those the pack was written for."""

    code = "source_changed"
    hint = "Restore source.md, or review the pack against the new text and enter its sha256 in document.toml."


class KnowledgeError(CorpusError):
    """A knowledge file has an error at a known line and column."""

    code = "knowledge_invalid"

    def __init__(self, message: str, *, file: str, line: int, column: int) -> None:
        super().__init__(f"{file}:{line}:{column}: {message}")
        self.file = file
        self.line = line
        self.column = column
