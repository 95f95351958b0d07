"""What would change where a therapy stands: each fact its rules read, moved to every value and over every threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from assistant.answer import Standing
from assistant.rules.book import RuleBook
from assistant.rules.engine import SCOPE, Engine, Evaluation
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact, choice, flag, number
from corpus.conditions import Compare, atoms
from corpus.definitions import CHOICE, FLAG, NUMBERS, SET, FactDefinition


@dataclass(frozen=True, slots=True)
class Change:
    """A fact as it would have to be, and where the therapy would stand then."""

    fact: str
    value: str
    standing: Standing


def changes(engine: Engine, evaluation: Evaluation, therapy: str, confirmed: Sequence[str]) -> tuple[Change, ...]:
    """Return every single fact that alone would move a therapy to another standing, in the order of the facts.

    Args:
        confirmed: Therapies confirmed in the evaluation; they stay confirmed.
    """
    patient = Patient.of(fact for fact in evaluation.patient if fact.source != "derived")
    now = evaluation.placed(therapy).standing
    found: list[Change] = []
    for definition in _read(engine.book, therapy):
        for value, fact in _moved(definition, engine.book):
            then = engine.evaluate(patient.with_facts(fact), evaluation.asked, confirmed).placed(therapy).standing
            if then != now:
                found.append(Change(definition.id, value, then))
    return tuple(found)


def _read(book: RuleBook, therapy: str) -> Iterator[FactDefinition]:
    """The facts that the rules of a therapy read; sets of therapies and lists of sizes are not moved."""
    read = {atom.fact for key in book.spoken_of[therapy].rules for atom in atoms(book.rules[key].when)}
    for definition in book.facts.values():
        if definition.id in read and definition.id != SCOPE and definition.kind not in {SET, NUMBERS}:
            yield definition


def _moved(definition: FactDefinition, book: RuleBook) -> Iterator[tuple[str, PatientFact]]:
    if definition.kind == FLAG:
        for state in ("present", "absent"):
            yield state, flag(definition.id, present=state == "present")
    elif definition.kind == CHOICE:
        for value in definition.values:
            yield value, choice(definition.id, value)
    else:
        for interval in _between(_thresholds(definition, book)):
            yield f"{interval} {definition.unit}", number(definition.id, interval)


def _thresholds(definition: FactDefinition, book: RuleBook) -> list[Fraction]:
    """Every value at which a rule on a number turns, in its canonical unit."""
    return sorted(
        {
            atom.value
            for rule in book.rules.values()
            for atom in atoms(rule.when)
            if isinstance(atom, Compare) and atom.fact == definition.id
        }
    )


def _between(thresholds: list[Fraction]) -> Iterator[Interval]:
    """Each threshold, and the numbers below, between and above them."""
    below: Fraction | None = None
    for threshold in thresholds:
        yield Interval(below, threshold, low_open=True, high_open=True)
        yield Interval.point(threshold)
        below = threshold
    yield Interval(below, None, low_open=True)
