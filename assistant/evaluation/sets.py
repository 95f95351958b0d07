"""Sets of questions with known answers, read from a folder of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from corpus.errors import NelmError

Item = TypeVar("Item")


class EvaluationError(NelmError):
    """A set cannot be read."""

    code = "evaluation_invalid"
    hint = "Point at a folder with questions.jsonl; its fields are described in docs/evaluation.md."


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold quotes.

    Attributes:
        every: Whether every quote is needed; else each alone answers.
        must_include: Groups of alternatives the answer has to contain one of each.
    """

    id: str
    text: str
    kind: str
    sections: tuple[str, ...]
    quotes: tuple[str, ...]
    every: bool
    must_include: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class OwnQuestion:
    """A question written for units of the corpus; right is a passage with one of them, or one that says the same."""

    id: str
    text: str
    section: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutOfScope:
    """A question that should be met with silence or correction.

    Attributes:
        kind: ``near``, ``far``, ``injection`` or ``false_premise``.
        must_include: As of `Question`; what a correction has to contain.
        must_not_include: What no answer may state.
    """

    id: str
    text: str
    kind: str
    must_include: tuple[tuple[str, ...], ...]
    must_not_include: tuple[str, ...]


def load_questions(folder: Path) -> tuple[Question, ...]:
    """Read ``questions.jsonl`` of a folder.

    Raises:
        EvaluationError: If it is missing, no JSON lines, or a line lacks a field.
    """
    return _read(folder / "questions.jsonl", _question)


def load_out_of_scope(folder: Path) -> tuple[OutOfScope, ...]:
    """Read ``out_of_scope.jsonl`` of a folder; empty where there is none."""
    path = folder / "out_of_scope.jsonl"
    return _read(path, _out_of_scope) if path.is_file() else ()


def _out_of_scope(row: dict[str, Any]) -> OutOfScope:
    groups = tuple(tuple(group) for group in row.get("must_include", ()))
    return OutOfScope(row["id"], row["question"], row["kind"], groups, tuple(row.get("must_not_include", ())))


def load_own(path: Path) -> tuple[OwnQuestion, ...]:
    """Read a list of questions with the units they were written for.

    Raises:
        EvaluationError: If it is missing, no JSON lines, or a line lacks a field.
    """
    return _read(path, lambda row: OwnQuestion(row["id"], row["question"], row["section"], tuple(row["units"])))


def _question(row: dict[str, Any]) -> Question:
    return Question(
        row["id"],
        row["question"],
        row["kind"],
        tuple(row["gold_sections"]),
        tuple(row["gold_quotes"]),
        bool(row["all"]),
        tuple(tuple(group) for group in row.get("must_include", ())),
    )


def rows_of(path: Path) -> tuple[dict[str, Any], ...]:
    """Read a list of objects, one a line.

    Raises:
        EvaluationError: If it is missing, no JSON lines, or a line is no object.
    """
    return _read(path, dict)


def _read(path: Path, make: Callable[[dict[str, Any]], Item]) -> tuple[Item, ...]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as exc:
        raise EvaluationError(f"{path.name} is missing") from exc
    except UnicodeDecodeError as exc:
        raise EvaluationError(f"{path.name} is not JSON lines: it is not UTF-8") from exc
    items: list[Item] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            items.append(make(json.loads(line)))
        except ValueError as exc:
            raise EvaluationError(f"{path.name} is not JSON lines: line {number}") from exc
        except KeyError as exc:
            raise EvaluationError(f"{path.name}:{number}: the line has no {exc}") from exc
        except (TypeError, AttributeError) as exc:
            raise EvaluationError(f"{path.name}:{number}: the line is no object with the fields expected") from exc
    return tuple(items)
