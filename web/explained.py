"""How the rules came to what they conclude for a patient, as values: a rule, a therapy, other facts, single changes.

Reads an evaluation and puts ids beside words; decides nothing. `web.case_report` sets the same in lines of text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.answer import Standing
from assistant.conclusions import standing_words
from assistant.rules.engine import Evaluation
from assistant.rules.sensitivity import Change
from assistant.rules.truth import Trace
from web.case_report import changes_text, condition_words, sensitivity_text, trace_text, why_not_text
from web.case_report import criteria as criteria_of


@dataclass(frozen=True, slots=True)
class Step:
    """A condition in words and whether it holds (null: not known), with its parts; ``fact`` where it reads one."""

    text: str
    truth: bool | None
    fact: str | None
    parts: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class RuleExplained:
    """How a rule was decided.

    Attributes:
        truth: Whether it fires; null: not decided with what is known.
        because: The facts that decide it.
        unknown: The facts that keep it open.
        overruled_by: For each therapy of its advice, the rule that excludes it.
        text: The same in lines.
    """

    rule: str
    summary: str
    quote: str
    section: str
    truth: bool | None
    because: tuple[str, ...]
    unknown: tuple[str, ...]
    overruled_by: dict[str, str]
    trace: Step | None
    text: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """A rule that speaks for or against a therapy."""

    rule: str
    summary: str
    section: str


@dataclass(frozen=True, slots=True)
class TherapyExplained:
    """Where a therapy stands, and every rule that keeps it from being supported, or supports it.

    Attributes:
        open: Facts not known that keep it from being supported.
    """

    therapy: str
    name: str
    standing: Standing
    standing_words: str
    excluded_by: tuple[Criterion, ...]
    cautions: tuple[Criterion, ...]
    supported_by: tuple[Criterion, ...]
    would_be_supported_if: tuple[Criterion, ...]
    said_of_something_wider: tuple[Criterion, ...]
    not_yet_excluded: tuple[Criterion, ...]
    open: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A therapy that stands otherwise with other facts."""

    therapy: str
    name: str
    before: Standing
    after: Standing


@dataclass(frozen=True, slots=True)
class FactsChanged:
    """What other facts would change."""

    changed: tuple[str, ...]
    moved: tuple[Moved, ...]
    text: str


@dataclass(frozen=True, slots=True)
class SingleChange:
    """A fact as it would have to be, and where the therapy would stand then."""

    fact: str
    name: str
    value: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class ChangesExplained:
    """Every fact that alone would move a therapy."""

    therapy: str
    name: str
    standing: Standing
    changes: tuple[SingleChange, ...]
    text: str


def rule_explained(rule: str, evaluation: Evaluation) -> RuleExplained:
    """Return how a rule was decided; out of the rules' scope nothing was read."""
    found = evaluation.book.rules[rule]
    trace = evaluation.traces.get(rule)
    fired = next((fired for fired in evaluation.fired if fired.rule.key == rule), None)
    return RuleExplained(
        rule=rule,
        summary=found.summary,
        quote=found.quote,
        section=found.section,
        truth=evaluation.truth(rule),
        because=() if trace is None or trace.truth is None else trace.because(),
        unknown=() if trace is None else trace.unknown(),
        overruled_by={} if fired is None else dict(fired.overruled_by),
        trace=None if trace is None else _step(trace, evaluation),
        text=trace_text(rule, evaluation),
    )


def _step(trace: Trace, evaluation: Evaluation) -> Step:
    return Step(
        condition_words(trace.condition, evaluation.book),
        trace.truth,
        getattr(trace.condition, "fact", None),
        tuple(_step(part, evaluation) for part in trace.parts),
    )


def therapy_explained(therapy: str, evaluation: Evaluation) -> TherapyExplained:
    """Return where a therapy stands and why."""
    placed, book = evaluation.placed(therapy), evaluation.book
    told = {
        name: tuple(Criterion(key, book.rules[key].summary, book.rules[key].section) for key in keys)
        for name, keys in criteria_of(therapy, evaluation).items()
    }
    return TherapyExplained(
        therapy=therapy,
        name=book.names[therapy],
        standing=placed.standing,
        standing_words=standing_words()[placed.standing],
        open=placed.open,
        text=why_not_text(therapy, evaluation),
        **told,
    )


def facts_changed(before: Evaluation, after: Evaluation, changed: Mapping[str, object]) -> FactsChanged:
    """Return which therapies stand otherwise after a change of facts."""
    moved = tuple(
        Moved(therapy, name, before.placed(therapy).standing, after.placed(therapy).standing)
        for therapy, name in before.book.names.items()
        if before.placed(therapy).standing != after.placed(therapy).standing
    )
    return FactsChanged(tuple(changed), moved, changes_text(before, after, changed))


def changes_explained(therapy: str, evaluation: Evaluation, changes: Sequence[Change]) -> ChangesExplained:
    """Return every single fact that would move a therapy."""
    book = evaluation.book
    found = tuple(SingleChange(c.fact, book.facts[c.fact].name, c.value, c.standing) for c in changes)
    standing = evaluation.placed(therapy).standing
    return ChangesExplained(
        therapy, book.names[therapy], standing, found, sensitivity_text(therapy, evaluation, changes)
    )
