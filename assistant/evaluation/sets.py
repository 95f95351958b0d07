"""Sets of questions with known answers, read from a folder of JSON lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import NelmError


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


def load_questions(folder: Path) -> tuple[Question, ...]:
    """Read ``questions.jsonl`` of a folder."""
    return tuple(
        Question(
            row["id"],
            row["question"],
            row["kind"],
            tuple(row["gold_sections"]),
            tuple(row["gold_quotes"]),
            bool(row["all"]),
            tuple(tuple(group) for group in row.get("must_include", ())),
        )
        for row in _rows(folder / "questions.jsonl")
    )


def load_own(path: Path) -> tuple[OwnQuestion, ...]:
    """Read a list of questions with the units they were written for."""
    return tuple(OwnQuestion(r["id"], r["question"], r["section"], tuple(r["units"])) for r in _rows(path))


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.strip()]
    except FileNotFoundError as exc:
        raise EvaluationError(f"{path.name} is missing") from exc
    except ValueError as exc:
        raise EvaluationError(f"{path.name} is not JSON lines") from exc
