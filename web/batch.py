"""Batches: a file of questions in, a file of answers out, line by line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TextIO

from assistant.assistant import Assistant
from assistant.errors import BatchError
from corpus.errors import NelmError


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of a batch: lines answered, and the errors with their 1-based line numbers."""

    answered: int
    errors: tuple[tuple[int, NelmError], ...]


def answer_batch(
    assistant: Assistant, source: Path, target: TextIO, *, tell: Callable[[int, int], None] | None = None
) -> BatchReport:
    """Answer every line of a file; a bad line is reported with its number and the rest is done.

    Args:
        source: JSON lines ``{"id": …, "question": "…"}`` or ``{"id": …, "turns": ["…", …]}``, which are one
            conversation.
        target: Receives ``{"id": …, "answer": {…}}`` or ``{"id": …, "answers": [{…}, …]}``.
        tell: Called with lines done and lines in all.
    """
    lines = list(_numbered(source))
    errors: list[tuple[int, NelmError]] = []
    for done, (number, line) in enumerate(lines, 1):
        try:
            target.write(_json(_answer_line(assistant, line)) + "\n")
        except NelmError as exc:
            errors.append((number, exc))
        if tell is not None:
            tell(done, len(lines))
    return BatchReport(len(lines) - len(errors), tuple(errors))


def _json(values: dict[str, Any]) -> str:
    text = json.dumps(values, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # an id with half a surrogate pair: escaped, it survives
        return json.dumps(values)
    return text


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _numbered(source: Path) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(source.read_bytes().split(b"\n"), 1):
        if line.strip():
            yield number, line


def _answer_line(assistant: Assistant, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise BatchError("the line is not JSON") from exc
    if not isinstance(row, dict) or "id" not in row:
        raise BatchError("the line is no object with an id")
    question, turns = row.get("question"), row.get("turns")
    if isinstance(question, str) and turns is None:
        return {"id": row["id"], "answer": assistant.ask(question).to_dict()}
    if question is None and isinstance(turns, list) and turns and all(isinstance(turn, str) for turn in turns):
        conversation = assistant.conversation()
        return {"id": row["id"], "answers": [conversation.say(turn).to_dict() for turn in turns]}
    raise BatchError("the line has neither a question nor turns, or both, or they are not text")
