"""Batches: lines of questions in, lines of answers out, from a file or over the wire; a bad line stops nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TextIO

from assistant.assistant import Assistant
from assistant.batch import Batched, answered_item
from assistant.errors import BatchError
from corpus.errors import NelmError


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of a batch: lines answered, and the errors with their 1-based line numbers."""

    answered: int
    errors: tuple[tuple[int, NelmError], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What became of a line.

    Attributes:
        number: Of the line, from 1; blank lines count.
        row: ``id`` with ``answer`` or ``answers``; where there is an error the ``id`` alone, nothing if it has none.
    """

    number: int
    row: dict[str, Any]
    error: NelmError | None = None


def answer_batch(
    assistant: Assistant, source: Path, target: TextIO, *, tell: Callable[[int, int], None] | None = None
) -> BatchReport:
    """Answer every line of a file; a bad line is reported with its number and the rest is done.

    Args:
        source: JSON lines ``{"id": …, "question": "…"}`` or ``{"id": …, "turns": ["…", …]}``, which are one
            conversation; either may have ``facts`` and ``confirmed``.
        target: Receives ``{"id": …, "answer": {…}}`` or ``{"id": …, "answers": [{…}, …]}``.
        tell: Called with lines done and lines in all.
    """
    lines = list(numbered(source.read_bytes()))
    errors: list[tuple[int, NelmError]] = []
    for done, line in enumerate(answered(assistant, lines), 1):
        if line.error is None:
            target.write(line_json(line.row) + "\n")
        else:
            errors.append((line.number, line.error))
        if tell is not None:
            tell(done, len(lines))
    return BatchReport(len(lines) - len(errors), tuple(errors))


def numbered(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Return the lines that are not blank, with their numbers."""
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            yield number, line


def answered(assistant: Assistant, lines: Iterable[tuple[int, bytes]]) -> Iterator[Line]:
    """Answer lines as they are asked for, in order."""
    for number, content in lines:
        try:
            row = _row(content)
        except BatchError as error:
            yield Line(number, {}, error)
        else:
            yield _line(row, answered_item(assistant, number, row))


def _line(row: dict[str, Any], done: Batched) -> Line:
    if done.error is not None:
        return Line(done.number, {"id": row["id"]}, done.error)
    answers = [answer.to_dict() for answer in done.answers]
    held = {"answer": answers[0]} if row.get("turns") is None else {"answers": answers}
    return Line(done.number, {"id": row["id"], **held})


def line_json(values: dict[str, Any]) -> str:
    """Return a row as a line of JSON that can be encoded whatever its id is."""
    text = json.dumps(values, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # an id with half a surrogate pair: escaped, it survives
        return json.dumps(values)
    return text


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _row(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise BatchError("the line is not JSON") from exc
    if not isinstance(row, dict) or "id" not in row:
        raise BatchError("the line is no object with an id")
    return row
