from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from assistant.patient_knowledge import PatientKnowledge
from assistant.rules.book import RuleBook
from assistant.rules.derivation import derived
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact, choice, flag, number, therapies


@pytest.fixture(scope="module")
def book(index_path: Path) -> RuleBook:
    return PatientKnowledge.load(index_path).book


def after(book: RuleBook, *facts: PatientFact) -> Patient:
    return derived(Patient.of(facts), book.facts, book.lineage)


def known(patient: Patient, fact: str) -> str | tuple[str, ...] | None:
    """What rules read of a fact: a state, or the candidates."""
    found = patient.get(fact)
    if found is None:
        return None
    return found.state if found.state != "value" else found.candidates


def point(value: str) -> Interval:
    return Interval.point(Fraction(value))


@pytest.mark.parametrize(
    ("stated", "fact", "follows"),
    [
        (choice("primary_site", "pancreas"), "gep_net", "present"),
        (choice("primary_site", "small_bowel", "stomach"), "gep_net", "present"),
        (choice("primary_site", "pancreas", "lung_bronchus"), "gep_net", None),
        (choice("primary_site", "lung_bronchus"), "gep_net", "absent"),
        (choice("primary_site", "unknown_primary"), "gep_net", None),
        (choice("grade", "G3"), "differentiation", ("well",)),
        (choice("grade", "NEC"), "differentiation", ("poor",)),
        (choice("grade", "G3", "NEC"), "differentiation", None),
        (choice("differentiation", "poor"), "grade", ("NEC",)),
        (choice("differentiation", "well"), "grade", ("G1", "G2", "G3")),
        (flag("carcinoid_syndrome", present=True), "functional_tumor", "present"),
        (flag("carcinoid_syndrome", present=True), "hormonal_symptoms", "present"),
        (flag("carcinoid_syndrome", present=True), "symptomatic", "present"),
        (flag("carcinoid_syndrome", present=False), "symptomatic", None),
        (flag("functional_tumor", present=True), "carcinoid_syndrome", None),  # functional without the syndrome
        (flag("functional_tumor", present=False), "carcinoid_syndrome", "absent"),
        (flag("symptomatic", present=False), "hormonal_symptoms", "absent"),
        (choice("lobar_involvement", "bilobar_diffuse"), "multifocal", "present"),
        (choice("lobar_involvement", "bilobar_diffuse"), "oligometastatic", "absent"),
        (choice("lobar_involvement", "bilobar_limited", "bilobar_diffuse"), "oligometastatic", None),
        (choice("distribution_type", "type2", "type3"), "multifocal", "present"),
        (choice("distribution_type", "type1"), "lobar_involvement", ("unilobar",)),
        (choice("extrahepatic_disease", "none"), "liver_dominant", "present"),
        (choice("extrahepatic_disease", "stable"), "liver_dominant", None),
        (number("lesion_count", point("1")), "multifocal", "absent"),
        (number("lesion_count", point("2")), "multifocal", "present"),
        (number("lesion_count", Interval(Fraction(1), Fraction(4))), "multifocal", None),
        (number("performance_status_ecog", point("1")), "performance_status_compromised", "absent"),
        (number("performance_status_ecog", point("2")), "performance_status_compromised", None),
        (number("performance_status_ecog", point("3")), "performance_status_compromised", "present"),
        (therapies("performed_interventions", "prrt"), "prior_prrt", "present"),
        (therapies("performed_interventions", "intra_arterial_prrt"), "prior_prrt", "present"),
        (therapies("performed_interventions", "tace"), "prior_prrt", None),
        (therapies("performed_interventions", "tace", complete=True), "prior_prrt", "absent"),
        (therapies("performed_interventions", "systemic_therapy", complete=True), "prior_prrt", None),
    ],
)
def test_one_step(book: RuleBook, stated: PatientFact, fact: str, follows: str | tuple[str, ...] | None) -> None:
    assert known(after(book, stated), fact) == follows


@pytest.mark.parametrize(
    ("stated", "facts"),
    [
        (number("ki67_percent", point("1")), {"ki67_percent"}),  # no grade from Ki-67
        (number("ki67_percent", point("60")), {"ki67_percent"}),
        (number("mitotic_count", point("1")), {"mitotic_count"}),
        (number("lvef_percent", point("20")), {"lvef_percent"}),  # no limit of a poor ejection fraction
        (number("nlr", point("9")), {"nlr"}),
        (number("performance_status_ecog", point("2")), {"performance_status_ecog"}),
        (number("largest_lesion_cm", point("12")), {"largest_lesion_cm"}),  # not bulky by a size
        (number("bilirubin_mg_dl", point("9")), {"bilirubin_mg_dl"}),  # no poor reserve by a value
        (flag("ascites", present=True), {"ascites"}),
    ],
)
def test_no_step_where_the_review_prints_none(book: RuleBook, stated: PatientFact, facts: set[str]) -> None:
    assert set(after(book, stated).facts) == facts


def test_what_follows_says_from_what_and_why(book: RuleBook) -> None:
    patient = after(book, choice("lobar_involvement", "bilobar_diffuse"))
    found = patient.facts["oligometastatic"]
    assert (found.state, found.source, found.derived_from) == ("absent", "derived", ("lobar_involvement",))
    assert "read as not oligometastatic" in found.reason
    assert patient.facts["multifocal"].reason == ""  # pure logic needs no sentence
    assert patient.facts["lobar_involvement"] == choice("lobar_involvement", "bilobar_diffuse")


def test_steps_follow_each_other(book: RuleBook) -> None:
    patient = after(book, choice("distribution_type", "type3"))
    assert known(patient, "lobar_involvement") == ("bilobar_diffuse",)
    assert known(patient, "multifocal") == "present"
    assert known(patient, "oligometastatic") == "absent"
    assert patient.facts["oligometastatic"].derived_from == ("lobar_involvement",)


def test_deriving_again_adds_nothing(book: RuleBook) -> None:
    once = after(book, choice("distribution_type", "type3"), flag("carcinoid_syndrome", present=True))
    assert derived(once, book.facts, book.lineage).facts == once.facts


def test_a_stated_fact_is_narrowed_and_never_widened(book: RuleBook) -> None:
    well = choice("differentiation", "well")
    assert known(after(book, well, choice("grade", "G3", "NEC")), "grade") == ("G3",)
    assert known(after(book, well, choice("grade", "G2")), "grade") == ("G2",)
    assert after(book, well, choice("grade", "G2")).facts["grade"] == choice("grade", "G2")  # as it was stated


def test_what_follows_replaces_what_is_uncertain_but_not_a_conflict(
    book: RuleBook,
) -> None:
    syndrome = flag("carcinoid_syndrome", present=True)
    uncertain = PatientFact("symptomatic", "unknown", reason="uncertain")
    assert known(after(book, uncertain, syndrome), "symptomatic") == "present"
    conflicting = PatientFact("symptomatic", "conflicting")
    assert after(book, conflicting, syndrome).facts["symptomatic"] == conflicting


@pytest.mark.parametrize(
    ("facts", "conflicting"),
    [
        ((flag("gep_net", present=False), choice("primary_site", "pancreas")), "gep_net"),
        ((flag("multifocal", present=False), number("lesion_count", point("5"))), "multifocal"),
        ((flag("oligometastatic", present=True), choice("lobar_involvement", "bilobar_diffuse")), "oligometastatic"),
        ((choice("distribution_type", "type1"), choice("lobar_involvement", "bilobar_diffuse")), "distribution_type"),
        ((flag("symptomatic", present=False), flag("hormonal_symptoms", present=True)), "hormonal_symptoms"),
    ],
)
def test_a_stated_fact_that_is_contradicted_is_not_read(
    book: RuleBook, facts: tuple[PatientFact, ...], conflicting: str
) -> None:
    for order in (facts, tuple(reversed(facts))):
        patient = after(book, *order)
        assert patient.facts[conflicting].state == "conflicting"
        assert patient.get(conflicting) is None
        assert conflicting in patient.doubtful
        assert patient.facts[conflicting].reason.startswith("against ")


# "Carcinoid syndrome" makes a patient symptomatic: stated to have no symptoms as well, neither is read.
@pytest.mark.parametrize("stated", ["carcinoid_syndrome", "hormonal_symptoms"])
def test_neither_of_two_statements_that_contradict_each_other_is_read(book: RuleBook, stated: str) -> None:
    first = flag(stated, present=True)
    assert known(after(book, first), "symptomatic") == "present"
    both = after(book, first, flag("symptomatic", present=False))
    assert both.get(stated) is None
    assert both.get("symptomatic") is None


# Sizes


def sizes(*values: str, complete: bool = True) -> PatientFact:
    return PatientFact(
        "lesion_sizes_cm", "value", sizes=tuple(point(value) for value in values), complete=complete, unit="cm"
    )


@pytest.mark.parametrize(
    ("values", "largest", "count", "multifocal"),
    [(("3.1", "1.8", "1.2"), "3.1", "3", "present"), (("4",), "4", "1", "absent")],
)
def test_the_largest_lesion_and_their_number_follow_from_all_sizes(
    book: RuleBook, values: tuple[str, ...], largest: str, count: str, multifocal: str
) -> None:
    patient = after(book, sizes(*values))
    assert patient.facts["largest_lesion_cm"].interval == point(largest)
    assert patient.facts["lesion_count"].interval == point(count)
    assert patient.facts["lesion_count"].derived_from == ("lesion_sizes_cm",)
    assert patient.facts["largest_lesion_cm"].source == "derived"
    assert known(patient, "multifocal") == multifocal


def test_a_list_that_is_not_complete_gives_only_a_least_number(book: RuleBook) -> None:
    patient = after(book, sizes("2", "1", complete=False))
    assert patient.facts["lesion_count"].interval == Interval(Fraction(2), None)
    assert known(patient, "multifocal") == "present"
    assert known(after(book, sizes("2", complete=False)), "multifocal") is None


# Lesions of 2 and 1 cm among others: the largest is 2 cm or more, and "≤ 3 cm" is open (the note of lesion_sizes_cm
# says that the largest follows "where the list is complete").
def test_a_list_that_is_not_complete_gives_no_upper_limit_of_the_largest(book: RuleBook) -> None:
    largest = after(book, sizes("2", "1", complete=False)).get("largest_lesion_cm")
    assert largest is None or largest.interval is None or largest.interval.compare("<=", Fraction(3)) is None


def test_what_was_stated_of_the_lesions_stays(book: RuleBook) -> None:
    patient = after(book, sizes("3", "1"), number("largest_lesion_cm", point("3")), number("lesion_count", point("2")))
    assert patient.facts["largest_lesion_cm"] == number("largest_lesion_cm", point("3"))
    assert patient.facts["lesion_count"] == number("lesion_count", point("2"))


# "One lesion" beside two listed sizes: two mentions that disagree are conflicting and asked about.
@pytest.mark.parametrize("stated", [number("lesion_count", point("1")), number("largest_lesion_cm", point("2"))])
def test_sizes_that_contradict_what_was_stated_are_a_conflict(book: RuleBook, stated: PatientFact) -> None:
    assert after(book, sizes("3", "1"), stated).get(stated.id) is None


@pytest.mark.parametrize("fact", ["lesion_count", "largest_lesion_cm"])
def test_what_follows_from_sizes_replaces_what_is_in_doubt(book: RuleBook, fact: str) -> None:
    assert after(book, sizes("3", "1"), PatientFact(fact, "unknown", reason="uncertain")).get(fact) is not None


def test_nothing_follows_from_nothing(book: RuleBook) -> None:
    assert after(book).facts == {}
    assert after(book, PatientFact("lesion_sizes_cm", "unknown")).facts.keys() == {"lesion_sizes_cm"}
