from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from assistant.patient_knowledge import PatientKnowledge
from assistant.rules.engine import Engine
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact, choice, flag, number, therapies
from assistant.rules.sensitivity import changes
from corpus.definitions import CHOICE, FLAG

PATIENTS = [
    [flag("whipple_history", present=True), number("bilirubin_mg_dl", Interval.point(Fraction("1.0")))],
    [number("liver_tumor_burden_percent", Interval.point(Fraction(60))), choice("grade", "G2")],
    [choice("grade", "G3"), flag("liver_dominant", present=True), therapies("planned_interventions", "rfa")],
]
THERAPIES = ("tace", "tare", "ablation", "surgical_resection")


@pytest.fixture(scope="module")
def engine(index_path: Path) -> Engine:
    return PatientKnowledge.load(index_path).engine


def standing(engine: Engine, therapy: str, facts: list[PatientFact]) -> str:
    return engine.evaluate(Patient.of(facts)).placed(therapy).standing


@pytest.mark.parametrize("facts", PATIENTS)
@pytest.mark.parametrize("therapy", THERAPIES)
def test_of_flags_and_choices_all_that_move_a_therapy_are_told_and_no_other(
    engine: Engine, facts: list[PatientFact], therapy: str
) -> None:
    before = standing(engine, therapy, facts)
    told = {(c.fact, c.value): c.standing for c in changes(engine, engine.evaluate(Patient.of(facts)), therapy, ())}
    for definition in engine.book.facts.values():
        if definition.id == "has_nelm" or definition.kind not in {FLAG, CHOICE}:
            continue
        for value in definition.values or ("present", "absent"):
            is_flag = definition.kind == FLAG
            moved = flag(definition.id, present=value == "present") if is_flag else choice(definition.id, value)
            after = standing(engine, therapy, [*facts, moved])
            assert told.get((definition.id, value), before) == after, (definition.id, value)


@pytest.mark.parametrize("facts", PATIENTS)
def test_a_number_moves_a_therapy_exactly_in_the_stretches_told(engine: Engine, facts: list[PatientFact]) -> None:
    before = standing(engine, "tace", facts)
    found = [c for c in changes(engine, engine.evaluate(Patient.of(facts)), "tace", ()) if c.fact == "bilirubin_mg_dl"]
    for tenths in range(1, 60):
        value = Interval.point(Fraction(tenths, 10))
        after = standing(engine, "tace", [*facts, number("bilirubin_mg_dl", value)])
        told: list[str] = [c.standing for c in found if value.within(stretch(c.value))]
        assert (told or [before]) == [after], tenths


def stretch(written: str) -> Interval:
    """The interval that a change writes: ``2 mg/dL``, ``> 2 mg/dL``, ``> 1.2, < 2 mg/dL``."""
    found = Interval(None, None)
    for part in written.removesuffix(" mg/dL").split(", "):
        sign, _, end = part.rpartition(" ")
        value = Fraction(end)
        bound = {
            "": Interval.point(value),
            ">": Interval(value, None, low_open=True),
            "<": Interval(None, value, high_open=True),
        }[sign]
        met = found.meet(bound)
        assert met is not None
        found = met
    return found


def test_what_moves_nothing_is_not_told(engine: Engine) -> None:
    scope = [flag("has_nelm", present=False)]
    assert changes(engine, engine.evaluate(Patient.of(scope)), "tace", ()) == ()
