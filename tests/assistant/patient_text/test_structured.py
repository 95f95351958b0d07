from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from assistant.patient_text.quantities import UnitBook
from assistant.patient_text.structured import FactProblem, facts_from_mapping
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact
from corpus.definitions import CHOICE, FLAG, NUMBER, NUMBERS, SET
from tests.assistant.patient_text import book

KEPT = {"ascites": False, "grade": "G2"}
UNITS = UnitBook(book().units)


def fact(name: str, value: Any) -> PatientFact:
    patient, problems = facts_from_mapping({name: value}, book(), UNITS)
    assert problems == ()
    (read,) = patient
    assert (read.id, read.source) == (name, "structured")
    return read


def problem(name: str, value: Any) -> str:
    """The message of a value that is refused, by name, while what stands beside it is kept."""
    patient, problems = facts_from_mapping({"ascites": False, name: value, "grade": "G2"}, book(), UNITS)
    assert [refused.fact for refused in problems] == [name]
    assert {read.id for read in patient} == set(KEPT)
    assert patient.facts["ascites"].state == "absent"
    assert patient.facts["grade"].candidates == ("G2",)
    return problems[0].message


def test_the_facts_have_every_kind() -> None:
    assert {definition.kind for definition in book().facts.values()} == {FLAG, CHOICE, NUMBER, NUMBERS, SET}


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (True, "present"),
        (False, "absent"),
        ("present", "present"),
        ("absent", "absent"),
        ("yes", "present"),
        (" No ", "absent"),
    ],
)
def test_flags(value: Any, state: str) -> None:
    assert fact("ascites", value).state == state


@pytest.mark.parametrize("name", ["ascites", "grade", "bilirubin_mg_dl", "lesion_sizes_cm", "planned_interventions"])
def test_none_says_nothing_and_unknown_takes_back_and_is_never_absent(name: str) -> None:
    assert facts_from_mapping({name: None}, book(), UNITS) == (Patient(), ())
    patient, problems = facts_from_mapping({name: "unknown"}, book(), UNITS)
    assert problems == ()
    assert [(fact.id, fact.state, fact.reason) for fact in patient] == [(name, "unknown", "taken back")]
    assert patient.get(name) is None


@pytest.mark.parametrize(
    ("name", "value", "candidates"),
    [
        ("grade", "G2", ("G2",)),
        ("grade", ["G1", "G2"], ("G1", "G2")),
        ("grade", ("NEC",), ("NEC",)),
        ("planned_interventions", "tace", ("tace",)),
        ("planned_interventions", ["tace", "surgical_resection"], ("tace", "surgical_resection")),
    ],
)
def test_choices_and_sets(name: str, value: Any, candidates: tuple[str, ...]) -> None:
    read = fact(name, value)
    assert (read.state, read.candidates) == ("value", candidates)


@pytest.mark.parametrize("name", [d.id for d in book().facts.values() if d.kind in {CHOICE, SET}])
def test_every_value_of_every_choice_and_set_is_read(name: str) -> None:
    for value in book().facts[name].values:
        assert fact(name, value).candidates == (value,)


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        (3, Interval.point(Fraction(3))),
        (0.7, Interval.point(Fraction(7, 10))),
        ("3", Interval.point(Fraction(3))),
        ("0.7 mg/dL", Interval.point(Fraction(7, 10))),
        ("34.2 µmol/L", Interval.point(Fraction(2))),
        ("45 umol/l", Interval.point(Fraction(450, 171))),
        ("< 3 mg/dL", Interval(Fraction(0), Fraction(3), low_open=True, high_open=True)),
        ("≥2 mg/dL", Interval(Fraction(2), None)),
        ("3–5 mg/dL", Interval(Fraction(3), Fraction(5))),
        (50, Interval.point(Fraction(50))),
        (0.1, Interval.point(Fraction(1, 10))),
    ],
)
def test_numbers(value: Any, interval: Interval) -> None:
    assert fact("bilirubin_mg_dl", value).interval == interval


def test_a_number_alone_is_in_the_canonical_unit_for_every_fact() -> None:
    for definition in book().facts.values():
        if definition.kind == NUMBER and definition.plausible is not None:
            for end in definition.plausible:
                assert fact(definition.id, float(end)).interval == Interval.point(end)
            below = float(definition.plausible[0]) - 1
            above = float(definition.plausible[1]) + 1
            for value in (below, above):
                assert "outside the plausible range" in problem(definition.id, value)


def test_sizes_are_held_largest_first_in_the_canonical_unit() -> None:
    read = fact("lesion_sizes_cm", [1.2, "31 mm", "1.8 cm"])
    assert read.sizes == tuple(Interval.point(Fraction(n)) for n in ("3.1", "1.8", "1.2"))
    assert (read.complete, read.unit) == (True, "cm")
    assert fact("lesion_sizes_cm", 3).sizes == (Interval.point(Fraction(3)),)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("bilirubine", 3, "no such fact"),
        ("", 3, "no such fact"),
        ("Ascites", True, "no such fact"),
        ("gep_net", "maybe", "the value is neither present nor absent"),
        ("gep_net", 0, "the value is neither present nor absent"),
        ("gep_net", 1, "the value is neither present nor absent"),
        ("gep_net", "", "the value is neither present nor absent"),
        ("gep_net", [True], "the value is neither present nor absent"),
        ("portal_vein", "G2", "no such value; expected of "),
        ("portal_vein", [], "no such value"),
        ("portal_vein", {"a": 1}, "no such value"),
        ("portal_vein", True, "no such value"),
        ("planned_interventions", ["tace", "leeches"], "no such value"),
        ("bilirubin_mg_dl", "3 mmol/L", "mmol/L is no unit of this"),
        ("bilirubin_mg_dl", "3 kg", "is no number with a unit of mg/dL, umol/L, mg/L"),
        ("bilirubin_mg_dl", "3 cm", "cm is no unit of this"),
        ("bilirubin_mg_dl", "high", "is no number with a unit of"),
        ("bilirubin_mg_dl", "", "is no number with a unit of"),
        ("bilirubin_mg_dl", "2 mg/dL and 3 mg/dL", "is no number with a unit of"),
        ("bilirubin_mg_dl", "3 mg/dL please", "is no number with a unit of"),
        ("bilirubin_mg_dl", 500, "outside the plausible range"),
        ("bilirubin_mg_dl", -1, "outside the plausible range"),
        ("bilirubin_mg_dl", "500 mg/dL", "outside the plausible range"),
        ("bilirubin_mg_dl", True, "the value is no number"),
        ("bilirubin_mg_dl", {"value": 3}, "is no number"),
        ("bilirubin_mg_dl", [3], "the value is no number"),
        ("lesion_sizes_cm", [1.2, "31 kg"], "the value is no number with a unit of cm, mm, inch"),
        ("lesion_sizes_cm", [1.2, 31], "outside the plausible range"),
        ("lesion_sizes_cm", ["1.2", None], "the value is no number"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name_and_the_rest_kept(name: str, value: Any, said: str) -> None:
    assert said in problem(name, value)


# all of them raise ValueError, so that the rest is lost too
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), "1" * 5000])
def test_a_number_that_is_none_is_refused(value: Any) -> None:
    problem("bilirubin_mg_dl", value)


def test_a_sign_is_not_dropped() -> None:
    problem("bilirubin_mg_dl", "-1 mg/dL")


@pytest.mark.parametrize("value", ["600–700", "> 500"])
def test_a_range_without_unit_lies_in_the_plausible_range_too(value: str) -> None:
    problem("bilirubin_mg_dl", value)


def test_a_size_without_an_upper_end_is_the_largest() -> None:
    assert fact("lesion_sizes_cm", ["> 5 cm", 3]).sizes[0] == Interval(Fraction(5), None, low_open=True)


def test_every_mistake_is_named_and_everything_else_is_read() -> None:
    patient, problems = facts_from_mapping(
        {"ascites": "maybe", "grade": "G2", "nope": 1, "bilirubin_mg_dl": "45 µmol/L", "age_years": 400}, book(), UNITS
    )
    assert [read.id for read in patient] == ["grade", "bilirubin_mg_dl"]
    assert problems[1] == FactProblem("nope", "no such fact")
    assert [refused.fact for refused in problems] == ["ascites", "nope", "age_years"]


def test_no_facts_are_no_problem() -> None:
    patient, problems = facts_from_mapping({}, book(), UNITS)
    assert list(patient) == []
    assert problems == ()
