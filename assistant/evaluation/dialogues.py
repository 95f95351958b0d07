"""Metrics of conversations: each turn's answer, citation and facts, whole conversations, and the price of context."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.answer import Answer
from assistant.assistant import Assistant
from assistant.evaluation.cases import Names, same_value
from assistant.evaluation.matching import answer_correct, holds
from assistant.evaluation.sets import rows_of
from index.measures import first_rank, hit_at

DIALOGUES = "dialogues.jsonl"
_SILENT = frozenset({"not_covered", "declined"})
_FIVE = 5


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What one turn scored.

    Attributes:
        needs: What it leaves to the context: pronoun, ellipsis, correction, facts, topic_switch.
        answered: Whether its content is right, or it is met with silence where it should be.
        cited: Whether a section cited is one expected.
        facts: Whether every fact it adds or replaces is read as expected.
        rank: Of the first passage with a gold quote; ``alone`` the same for the stand-alone question; 0 for none.
    """

    needs: tuple[str, ...]
    abstain: bool
    answered: bool
    silent: bool
    cited: bool
    facts: bool
    rank: int
    alone: int

    @property
    def right(self) -> bool:
        """Whether answer, citation and facts are right."""
        return self.answered and self.cited and self.facts


def score_dialogues(assistant: Assistant, folder: Path) -> tuple[tuple[TurnResult, ...], ...]:
    """Hold every conversation of a folder, turn by turn.

    Raises:
        EvaluationError: If the list cannot be read.
    """
    names = Names.load(folder)
    return tuple(tuple(_turns(assistant, row["turns"], names)) for row in rows_of(folder / DIALOGUES))


def _turns(assistant: Assistant, turns: Sequence[Mapping[str, Any]], names: Names) -> Iterator[TurnResult]:
    conversation = assistant.conversation()
    for turn in turns:
        answer = conversation.say(turn["user"])
        silent = answer.status in _SILENT
        abstain = turn["expect"] == "abstain"
        cited = bool({citation.section for citation in answer.citations} & set(turn["gold_sections"]))
        yield TurnResult(
            tuple(turn["needs"]),
            abstain,
            silent if abstain else not silent and answer_correct(answer.text, turn["must_include"]),
            silent,
            abstain or cited,
            _has_facts(answer, turn.get("facts") or {}, names),
            _rank(answer, turn["gold_quotes"]),
            _rank(assistant.ask(turn["standalone"]), turn["gold_quotes"]),
        )


def _has_facts(answer: Answer, expected: Mapping[str, Any], names: Names) -> bool:
    read = [item for fact in answer.facts for item in names.of_fact(fact)]
    return all(
        any(name == wanted and firm and same_value(value, fact["value"]) for name, value, firm in read)
        for wanted, fact in expected.items()
    )


def _rank(answer: Answer, quotes: Sequence[str]) -> int:
    return first_rank([any(holds(passage.text, quote) for quote in quotes) for passage in answer.passages])


def dialogue_lines(results: Sequence[Sequence[TurnResult]]) -> Iterator[str]:
    """Return the figures of conversations, a line each."""
    turns = [turn for dialogue in results for turn in dialogue]
    leaning = [turn for turn in turns if turn.needs]
    whole = sum(all(turn.right for turn in dialogue) for dialogue in results)
    yield f"dialogues: {len(results)}, turns {len(turns)}"
    yield f"turns right (answer, citation, facts): {_of([t.right for t in turns])}"
    yield f"turns with the right answer: {_of([t.answered for t in turns])}"
    yield f"turns that need context, right: {_of([t.right for t in leaning])}"
    for need in dict.fromkeys(need for turn in leaning for need in turn.needs):
        yield f"  {need}: {_of([t.right for t in leaning if need in t.needs])}"
    yield f"whole dialogues right: {whole} of {len(results)} ({whole / max(1, len(results)):.3f})"
    answerable = [turn for turn in turns if not turn.abstain]
    said, alone = (hit_at([getattr(t, name) for t in answerable], _FIVE) for name in ("rank", "alone"))
    yield f"hit@5 of turns {said:.3f}, of their stand-alone questions {alone:.3f}: price of context {alone - said:.3f}"
    yield (
        f"turns to be met with silence: {_of([t.silent for t in turns if t.abstain])}; answerable "
        f"turns refused: {sum(t.silent for t in answerable)}"
    )


def _of(values: Sequence[bool]) -> str:
    return f"{sum(values)} of {len(values)} ({statistics.mean(values) if values else 1:.3f})"
