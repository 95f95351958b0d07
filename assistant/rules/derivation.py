"""Facts that follow from stated ones in one printed or logical step, applied until nothing more follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from assistant.rules.interval import Interval
from assistant.rules.patient import Lineage, Patient, PatientFact, number, stated_value
from assistant.rules.truth import evaluate
from corpus.conditions import atoms
from corpus.definitions import CHOICE, Derivation, FactDefinition

_SIZES = "lesion_sizes_cm"
_MOST_ROUNDS = 8


def derived(patient: Patient, definitions: Mapping[str, FactDefinition], lineage: Lineage) -> Patient:
    """Return the patient with every fact that follows.

    A stated fact that a derivation contradicts becomes conflicting: neither is read. Derivations only ever add or
    narrow, so the order does not matter.
    """
    patient = _from_sizes(patient)
    for _ in range(_MOST_ROUNDS):
        before = patient
        for definition in definitions.values():
            for step in definition.derived:
                if evaluate(step.when, patient, lineage).truth:
                    patient = _with(patient, definition, step)
        if patient.facts == before.facts:
            break
    return patient


def _with(patient: Patient, definition: FactDefinition, step: Derivation) -> Patient:
    follows = replace(
        stated_value(definition, step.says, "derived"),
        derived_from=tuple(dict.fromkeys(atom.fact for atom in atoms(step.when))),
        reason=step.inference,
    )
    known = patient.facts.get(definition.id)
    if known is None or known.state == "unknown":
        return patient.with_facts(follows)
    if not known.firm:
        return patient
    if definition.kind == CHOICE:
        common = tuple(value for value in known.candidates if value in follows.candidates)
        if common == known.candidates:
            return patient
        if common:
            return patient.with_facts(replace(known, candidates=common))
    elif known.state == follows.state:
        return patient
    return patient.with_facts(replace(known, state="conflicting", reason=f"against {', '.join(follows.derived_from)}"))


def _from_sizes(patient: Patient) -> Patient:
    """The largest lesion and the number of lesions, where all sizes are listed."""
    listed = patient.get(_SIZES)
    if listed is None or not listed.sizes:
        return patient
    follows: list[PatientFact] = []
    if "largest_lesion_cm" not in patient.facts:
        follows.append(number("largest_lesion_cm", listed.sizes[0], "derived"))
    if listed.complete and "lesion_count" not in patient.facts:
        follows.append(number("lesion_count", Interval.point(Fraction(len(listed.sizes))), "derived"))
    return patient.with_facts(*(replace(fact, derived_from=(_SIZES,)) for fact in follows))
