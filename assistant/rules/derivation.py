"""Facts that follow from stated ones in one printed or logical step, applied until nothing more follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from assistant.rules.interval import Interval
from assistant.rules.patient import Lineage, Patient, PatientFact, number, stated_value
from assistant.rules.truth import evaluate
from corpus.conditions import atoms
from corpus.definitions import FactDefinition

_SIZES, _LARGEST, _COUNT = "lesion_sizes_cm", "largest_lesion_cm", "lesion_count"


def derived(patient: Patient, definitions: Mapping[str, FactDefinition], lineage: Lineage) -> Patient:
    """Return the patient with every fact that follows.

    Statements that contradict each other, directly or by what follows from them, become conflicting: none is read.
    """
    while True:
        known, contradicted = _closure(patient, definitions, lineage)
        if not contradicted:
            return known
        conflicting = (
            replace(patient.facts[fact], state="conflicting", reason=f"against {', '.join(against)}")
            for fact, against in contradicted.items()
        )
        patient = patient.with_facts(*conflicting)


def _closure(
    patient: Patient, definitions: Mapping[str, FactDefinition], lineage: Lineage
) -> tuple[Patient, Mapping[str, tuple[str, ...]]]:
    """Return the patient with what follows, and each statement that is contradicted with those against it."""
    contradicted: dict[str, tuple[str, ...]] = {}
    while True:
        before = patient
        for follows in [*_of_sizes(before), *_steps(before, definitions, lineage)]:
            joined = _joined(patient.facts.get(follows.id), follows)
            if joined is not None:
                patient = patient.with_facts(joined)
            else:
                roots = _roots([follows.id, *follows.derived_from], patient)
                contradicted |= {root: tuple(other for other in roots if other != root) for root in roots}
        if patient.facts == before.facts:
            return patient, contradicted


def _steps(patient: Patient, definitions: Mapping[str, FactDefinition], lineage: Lineage) -> Iterator[PatientFact]:
    for definition in definitions.values():
        for step in definition.derived:
            if evaluate(step.when, patient, lineage).truth:
                sources = tuple(dict.fromkeys(atom.fact for atom in atoms(step.when)))
                follows = stated_value(definition, step.says, "derived")
                yield replace(follows, derived_from=sources, reason=step.inference)


def _joined(known: PatientFact | None, follows: PatientFact) -> PatientFact | None:
    """What is known and what follows as one fact; ``None`` where they contradict each other."""
    if known is None or known.state == "unknown":
        return follows
    if not known.firm:
        return known
    if follows.interval is not None:
        agree = known.interval is None or known.interval.meet(follows.interval) is not None
        return known if agree else None
    if not follows.candidates:
        return known if known.state == follows.state else None
    common = tuple(value for value in known.candidates if value in follows.candidates)
    if common == known.candidates:
        return known
    sources = tuple(dict.fromkeys([*known.derived_from, *follows.derived_from]))
    return replace(known, candidates=common, derived_from=sources) if common else None


def _roots(facts: Iterable[str], patient: Patient) -> tuple[str, ...]:
    """The statements that facts rest on."""
    met: dict[str, None] = {}
    waiting = list(facts)
    while waiting:
        fact = waiting.pop()
        if fact not in met:
            met[fact] = None
            waiting += patient.facts[fact].derived_from
    return tuple(sorted(fact for fact in met if patient.facts[fact].source != "derived"))


def _of_sizes(patient: Patient) -> Iterator[PatientFact]:
    """The largest lesion and the number of lesions; lower bounds where not all sizes are listed."""
    listed = patient.get(_SIZES)
    if listed is None or not listed.sizes:
        return
    count = Fraction(len(listed.sizes))
    lowest = max(size.low or Fraction(0) for size in listed.sizes)
    highest = listed.sizes[0].high if listed.complete else None
    for name, low, high in ((_LARGEST, lowest, highest), (_COUNT, count, count if listed.complete else None)):
        yield replace(number(name, Interval(low, high), "derived"), derived_from=(_SIZES,))
