"""Conditions evaluated on a patient in strong three-valued logic, with a full trace.

True, false, or ``None``: not known. Every part is evaluated and kept, so that a conclusion shows what it read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.rules.patient import Lineage, Patient
from corpus.conditions import All, Always, AnyOf, Atom, Compare, Condition, Has, In, Is, Not, Undecided

Truth = bool | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A condition with its truth and that of its parts."""

    condition: Condition
    truth: Truth
    parts: tuple[Trace, ...] = ()

    def atoms(self) -> Iterator[Trace]:
        """Return the traces of the atoms, in order."""
        if not self.parts:
            if not isinstance(self.condition, Always):
                yield self
            return
        for part in self.parts:
            yield from part.atoms()

    def because(self) -> tuple[str, ...]:
        """Return the facts that decide the truth, in order, each once: those of the parts that agree with it."""
        return tuple(dict.fromkeys(_deciding(self)))

    def unknown(self) -> tuple[str, ...]:
        """Return the facts whose being unknown keeps the truth open, in order, each once."""
        return tuple(dict.fromkeys(_open(self)))


def conjunction(truths: Sequence[Truth]) -> Truth:
    """Strong Kleene "and"."""
    if False in truths:
        return False
    return None if None in truths else True


def disjunction(truths: Sequence[Truth]) -> Truth:
    """Strong Kleene "or"."""
    if True in truths:
        return True
    return None if None in truths else False


def negation(truth: Truth) -> Truth:
    """Strong Kleene "not"."""
    return None if truth is None else not truth


def evaluate(condition: Condition, patient: Patient, lineage: Lineage) -> Trace:
    """Evaluate a condition on a patient.

    Args:
        lineage: A therapy and everything above it, for sets of therapies.
    """
    match condition:
        case Always():
            return Trace(condition, truth=True)
        case All(conditions):
            parts = tuple(evaluate(part, patient, lineage) for part in conditions)
            return Trace(condition, conjunction([part.truth for part in parts]), parts)
        case AnyOf(conditions):
            parts = tuple(evaluate(part, patient, lineage) for part in conditions)
            return Trace(condition, disjunction([part.truth for part in parts]), parts)
        case Not(negated):
            part = evaluate(negated, patient, lineage)
            return Trace(condition, negation(part.truth), (part,))
        case _:
            return Trace(condition, _atom(condition, patient, lineage))


def _atom(atom: Atom, patient: Patient, lineage: Lineage) -> Truth:
    fact = patient.get(atom.fact)
    if fact is None:
        return None
    match atom:
        case Is(_, present):
            return (fact.state == "present") == present
        case In(_, values):
            found = [candidate in values for candidate in fact.candidates]
            return True if all(found) else (None if any(found) else False)
        case Undecided(_, values):
            return set(fact.candidates) == set(values)
        case Compare(_, op, value, _):
            return None if fact.interval is None else fact.interval.compare(op, value)
        case Has(_, therapy):
            return _has(fact.candidates, fact.excluded, therapy, lineage, complete=fact.complete)


def _has(held: Sequence[str], excluded: Sequence[str], therapy: str, lineage: Lineage, *, complete: bool) -> Truth:
    """Whether a set holds a therapy or a narrower one.

    A wider one held leaves it open, also in a set said to be complete: "locoregional therapy" may be this therapy.
    """
    if any(therapy in lineage(item) for item in held):
        return True
    above = lineage(therapy)
    if any(item in above for item in excluded):
        return False
    if complete and not any(item in above for item in held):
        return False
    return None


def _deciding(trace: Trace) -> Iterator[str]:
    match trace.condition:
        case Always():
            return
        case All() | AnyOf():
            for part in trace.parts:
                if part.truth is trace.truth:
                    yield from _deciding(part)
        case Not():
            yield from _deciding(trace.parts[0])
        case atom:
            yield atom.fact


def _open(trace: Trace) -> Iterator[str]:
    if trace.truth is not None:
        return
    if not trace.parts:
        yield trace.condition.fact  # type: ignore[union-attr]
    for part in trace.parts:
        yield from _open(part)
