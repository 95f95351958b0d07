from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.patient_knowledge import PatientKnowledge
from assistant.rules.cases import patient_of
from assistant.rules.engine import Engine, Evaluation
from assistant.rules.patient import Patient, PatientFact, flag
from tests.conftest import REVIEW, ROOT

CONTRAINDICATIONS: dict[str, Any] = {
    "portal_vein": "patent",
    "biliary_anastomosis": "absent",
    "whipple_history": "absent",
    "liver_function": "intact",
    "lvef_poor": "absent",
}
LABORATORY: dict[str, Any] = {
    "serum_creatinine_mg_dl": 1,
    "ldh_u_l": 200,
    "ast_u_l": 30,
    "platelets_10e9_l": 200,
    "bilirubin_mg_dl": 1,
    "liver_tumor_burden_percent": 20,
}
CLEAR: dict[str, Any] = {**CONTRAINDICATIONS, **LABORATORY, "grade": "G1", "extrahepatic_disease": "none"}
"""Nothing excludes TAE or TACE; nothing supports either."""
SYMPTOMS: dict[str, Any] = {"symptomatic": "present"}
"""Supports TACE (3.2)."""


@pytest.fixture(scope="module")
def engine(index_path: Path) -> Engine:
    return PatientKnowledge.load(index_path).engine


def keys(*rules: str) -> tuple[str, ...]:
    return tuple(f"{REVIEW}/{rule}" for rule in rules)


def evaluated(
    engine: Engine,
    facts: dict[str, Any],
    *more: PatientFact,
    asked: Iterable[str] = (),
    confirmed: Iterable[str] = (),
) -> Evaluation:
    patient = replace(patient_of(facts, engine.book.facts).with_facts(*more), confirmed=frozenset(confirmed))
    return engine.evaluate(patient, asked)


def overruled(evaluation: Evaluation) -> dict[str, dict[str, str]]:
    return {fired.rule.id: dict(fired.overruled_by) for fired in evaluation.fired if fired.overruled_by}


# Standings, from the top of the table


@pytest.mark.parametrize(
    ("finding", "rule"),
    [
        ({"portal_vein": "occluded"}, "R-3.3-ci-portal-vein"),
        ({"biliary_anastomosis": "present"}, "R-3.3-ci-biliary-anastomosis"),
        ({"whipple_history": "present"}, "R-3.3-ci-whipple"),
        ({"liver_function": "poor_reserve"}, "R-3.3-ci-poor-reserve"),
        ({"lvef_poor": "present", "tace_agent": "doxorubicin"}, "R-3.3-ci-lvef-doxorubicin"),
    ],
)
def test_each_listed_contraindication_wins_over_everything(engine: Engine, finding: dict[str, Any], rule: str) -> None:
    for background in ({}, CLEAR, {**CLEAR, **SYMPTOMS}, {**CLEAR, "bilirubin_mg_dl": 3}, {**CLEAR, "grade": "G3"}):
        evaluation = evaluated(engine, {**background, **finding})
        for therapy in ("tace", "ctace", "deb_tace"):
            placed = evaluation.placed(therapy)
            assert placed.standing == "contraindicated", (background, therapy)
            assert placed.rules[0] == keys(rule)[0]
        bland = evaluation.placed("tae").standing
        assert (bland == "contraindicated") is (rule != "R-3.3-ci-lvef-doxorubicin")
        assert evaluation.placed("tare").standing != "contraindicated"  # limits of TAE/TACE are not transferred
        assert evaluation.placed("ablation").standing != "contraindicated"


def test_the_losing_arguments_stay_visible(engine: Engine) -> None:
    evaluation = evaluated(engine, {**CLEAR, **SYMPTOMS, "whipple_history": "present", "bilirubin_mg_dl": 3})
    placed = evaluation.placed("tace")
    assert set(keys("R-3.3-ci-whipple", "R-3.3-lab-bilirubin", "R-3.2-tace-symptom-control")) <= set(placed.rules)
    assert placed.rules.index(keys("R-3.3-lab-bilirubin")[0]) < placed.rules.index(
        keys("R-3.2-tace-symptom-control")[0]
    )
    assert overruled(evaluation)["R-3.2-tace-symptom-control"] == {"tace": keys("R-3.3-ci-whipple")[0]}


def test_a_contraindication_beats_a_tension(engine: Engine) -> None:
    poor = evaluated(engine, {**CLEAR, "liver_function": "poor_reserve"})
    placed = poor.placed("deb_tace")
    assert placed.standing == "contraindicated"
    assert placed.rules[0] == keys("R-3.3-ci-poor-reserve")[0]
    assert set(keys("R-3.2-deb-poor-liver")) <= set(placed.rules)  # shown, as overruled
    assert overruled(poor)["R-3.2-deb-poor-liver"] == {"deb_tace": keys("R-3.3-ci-poor-reserve")[0]}
    third = evaluated(engine, {**CLEAR, "grade": "G3", "portal_vein": "occluded"})
    assert third.placed("tace").standing == "contraindicated"
    assert third.placed("locoregional_therapy").standing == "conflicting"


TENSIONS = [
    ({"grade": "G3"}, "locoregional_therapy", "g3", ("R-4-lrt-not-g3", "R-3-g3-nanets-lrt")),
    ({"grade": "G3"}, "tace", "g3", ("R-4-lrt-not-g3", "R-3-g3-nanets-lrt")),  # also by an umbrella statement
    ({"grade": "G3"}, "rfa", "g3", ("R-4-lrt-not-g3", "R-3-g3-nanets-lrt")),
    ({"liver_tumor_burden_percent": 60}, "tace", "liver-burden", ("R-3.3-lab-burden", "R-3-salvage-10-90")),
    ({"liver_tumor_burden_percent": 50}, "tae", "liver-burden", ("R-3.3-lab-burden", "R-3-salvage-10-90")),
    (
        {"largest_lesion_cm": 5, "lesion_count": 2, "oligometastatic": "absent", "combined_with_resection": "absent"},
        "mwa",
        "ablation-size",
        ("R-4-ablation-over-size", "R-4-mwa-4-6cm"),
    ),
    (
        {
            "multifocal": "present",
            "resectability": "unresectable",
            "systemic_therapy_warranted": "present",
            "oligometastatic": "absent",
            "lesion_count": 5,
            "combined_with_resection": "absent",
        },
        "ablation",
        "ablation-interim",
        ("R-4-ablation-not-limited", "R-4-ablation-interim"),
    ),
    (
        {"extrahepatic_disease": "progressive", "prior_systemic_lines": 1},
        "tare",
        "tare-extrahepatic",
        ("R-4-lrt-not-ehd-progressive", "R-3.5-ehd-tare-neutral"),
    ),
    (
        {"lobar_involvement": "bilobar_limited", "surgical_candidate": "present"},
        "surgical_resection",
        "limited-bilobar-resection",
        ("R-2.2-type23-resection-constrained", "R-2.2-resection-unilobar"),
    ),
    (
        {"liver_function": "impaired"},
        "deb_tace",
        "poor-liver-function",
        ("R-3.3-reserve-impaired", "R-3.2-deb-poor-liver"),
    ),
]


@pytest.mark.parametrize(("finding", "therapy", "tension", "sides"), TENSIONS)
def test_where_the_review_is_not_of_one_mind_both_sides_are_shown(
    engine: Engine, finding: dict[str, Any], therapy: str, tension: str, sides: tuple[str, str]
) -> None:
    placed = evaluated(engine, {**CLEAR, **finding}).placed(therapy)
    assert placed.standing == "conflicting"
    assert placed.tensions == keys(tension)
    assert set(keys(*sides)) <= set(placed.rules)


@pytest.mark.parametrize(
    ("facts", "therapy"),
    [
        ({"grade": "G3", "bilirubin_mg_dl": 3}, "tace"),
        ({"liver_tumor_burden_percent": 60, "platelets_10e9_l": 90}, "tae"),
        ({"grade": "G3", "extrahepatic_disease": "progressive"}, "locoregional_therapy"),
        ({"grade": "NEC"}, "locoregional_therapy"),  # NEC is on no supporting side
        ({"liver_tumor_burden_percent": 95}, "tace"),  # outside the salvage window, nothing supports
        ({"extrahepatic_disease": "progressive", "prior_systemic_lines": 0}, "tare"),
        ({"extrahepatic_disease": "progressive", "prior_systemic_lines": 1}, "tace"),  # the tension is TARE's
    ],
)
def test_one_further_exclusion_or_no_support_makes_it_not_eligible(
    engine: Engine, facts: dict[str, Any], therapy: str
) -> None:
    assert evaluated(engine, {**CLEAR, **facts}).placed(therapy).standing == "not_eligible"


@pytest.mark.parametrize(
    ("finding", "rule"),
    [
        ({"serum_creatinine_mg_dl": 2}, "R-3.3-lab-creatinine"),
        ({"ldh_u_l": 425}, "R-3.3-lab-ldh"),
        ({"ast_u_l": 100}, "R-3.3-lab-ast"),
        ({"platelets_10e9_l": 100}, "R-3.3-lab-platelets"),
        ({"bilirubin_mg_dl": 2}, "R-3.3-lab-bilirubin"),
        ({"bilirubin_mg_dl": "[2, 5]"}, "R-3.3-lab-bilirubin"),
        ({"extrahepatic_disease": "progressive"}, "R-4-lrt-not-ehd-progressive"),
        ({"liver_dominant": "absent", "extrahepatic_disease": "stable"}, "R-4-lrt-not-liver-dominant"),
    ],
)
def test_a_criterion_surely_unmet_makes_it_not_eligible(engine: Engine, finding: dict[str, Any], rule: str) -> None:
    placed = evaluated(engine, {**CLEAR, **SYMPTOMS, **finding}).placed("tace")
    assert placed.standing == "not_eligible"
    assert placed.rules[0] == keys(rule)[0]


def test_supported_where_every_exclusion_is_surely_false(engine: Engine) -> None:
    placed = evaluated(engine, {**CLEAR, **SYMPTOMS}).placed("tace")
    assert placed.standing == "supported"
    assert placed.rules[0] == keys("R-3.2-tace-symptom-control")[0]
    assert (placed.open, placed.unstated, placed.critical) == ((), (), False)


@pytest.mark.parametrize(
    ("facts", "therapy", "caution"),
    [
        ({**SYMPTOMS, "portal_vein": "partial_thrombosis"}, "tace", "R-3.3-portal-vein-partial"),
        ({**SYMPTOMS, "hormonal_symptoms": "present"}, "tace", "R-3.3-crisis-functional"),  # said of what is above
        ({**SYMPTOMS, "liver_function": "impaired"}, "tace", "R-3.3-reserve-impaired"),
        ({"lobar_involvement": "bilobar_diffuse"}, "tare", "R-3.3-tare-hepatotox"),
        (
            {"resectability": "resectable", "surgical_candidate": "present", "multifocal": "present"},
            "surgical_resection",
            "R-A-many-not-surgical",
        ),
    ],
)
def test_supported_with_caution_where_a_caution_fires(
    engine: Engine, facts: dict[str, Any], therapy: str, caution: str
) -> None:
    placed = evaluated(engine, {**CLEAR, **facts}).placed(therapy)
    assert placed.standing == "supported_with_caution"
    assert keys(caution)[0] in placed.rules


@pytest.mark.parametrize("fact", [*CONTRAINDICATIONS, *LABORATORY, "grade", "extrahepatic_disease"])
def test_with_one_exclusion_unknown_it_is_not_supported(engine: Engine, fact: str) -> None:
    facts = {name: value for name, value in {**CLEAR, **SYMPTOMS}.items() if name != fact}
    placed = evaluated(engine, facts).placed("tace")
    assert placed.standing == "undetermined"
    assert fact in placed.open
    assert not placed.critical  # not stated, not in doubt
    assert placed.rules[0] == keys("R-3.2-tace-symptom-control")[0]
    assert placed.unstated


@pytest.mark.parametrize(
    "doubtful",
    [
        PatientFact("portal_vein", "value", ("partial_thrombosis", "occluded")),
        PatientFact("whipple_history", "unknown", reason="uncertain"),
        PatientFact("whipple_history", "conflicting"),
        PatientFact("bilirubin_mg_dl", "implausible"),
        PatientFact("liver_function", "value", ("impaired", "poor_reserve")),
    ],
)
def test_an_exclusion_in_doubt_is_critical_and_comes_first(engine: Engine, doubtful: PatientFact) -> None:
    facts = {**CLEAR, **SYMPTOMS}
    del facts["grade"]
    evaluation = evaluated(engine, facts, doubtful, asked=["tace"])
    placed = evaluation.placed("tace")
    assert placed.standing == "undetermined"
    assert placed.critical
    assert placed.open[0] == doubtful.id
    assert "grade" in placed.open
    assert (evaluation.questions[0].fact, evaluation.questions[0].critical) == (doubtful.id, True)


def test_an_interval_across_a_limit_decides_neither_side(engine: Engine) -> None:
    placed = evaluated(engine, {**CLEAR, **SYMPTOMS, "bilirubin_mg_dl": "[1.5, 2.5]"}).placed("tace")
    assert placed.standing == "undetermined"
    assert placed.open == ("bilirubin_mg_dl",)
    assert evaluated(engine, {**CLEAR, **SYMPTOMS, "bilirubin_mg_dl": "(0, 2)"}).placed("tace").standing == "supported"


@pytest.mark.parametrize("therapy", ["everolimus", "tare_holmium", "pei", "sstr_scintigraphy"])
def test_what_no_rule_supports_is_not_addressed(engine: Engine, therapy: str) -> None:
    placed = evaluated(engine, {**CLEAR, "resectability": "unresectable"}).placed(therapy)
    assert placed.standing == "not_addressed"


def test_a_met_criterion_or_a_preference_does_not_support(engine: Engine) -> None:
    facts = {**CLEAR, "symptomatic": "absent", "lobar_involvement": "unilobar", "ki67_percent": 1}
    evaluation = evaluated(engine, facts)
    placed = evaluation.placed("tace")
    assert evaluation.truth(keys("R-3.3-labs-all-met")[0]) is True
    assert evaluation.truth(keys("R-3.5-ki67-lt3-tace")[0]) is True
    assert placed.standing == "not_addressed"
    assert set(keys("R-3.3-labs-all-met", "R-3.5-ki67-lt3-tace")) <= set(placed.rules)


def test_a_prognostic_factor_is_not_an_exclusion(engine: Engine) -> None:
    facts = {**CLEAR, **SYMPTOMS, "ascites": "present", "primary_site": "pancreas", "prior_systemic_lines": 4}
    evaluation = evaluated(engine, facts)
    assert evaluation.truth(keys("R-3.2-tace-neg-ascites")[0]) is True
    assert evaluation.placed("tace").standing == "supported"


# The therapy tree


def test_exclusions_are_inherited_by_what_is_narrower_and_by_nothing_wider(engine: Engine) -> None:
    for therapy, parents in engine.book.parents.items():
        evaluation = evaluated(engine, {"grade": "NEC", "whipple_history": "present"})
        line = engine.book.lineage(therapy)
        standing = evaluation.placed(therapy).standing
        assert (standing == "contraindicated") is bool({"tae", "tace"} & set(line)), therapy
        if "locoregional_therapy" in line:
            assert standing in {"contraindicated", "not_eligible"}
        assert all(parent in line for parent in parents)
    assert evaluated(engine, {"whipple_history": "present"}).placed("transarterial").standing != "contraindicated"


def test_support_for_an_umbrella_is_not_support(engine: Engine) -> None:
    evaluation = evaluated(engine, {**CLEAR, "resectability": "unresectable", "symptomatic": "absent",
                                    "lobar_involvement": "unilobar"})  # fmt: skip
    assert evaluation.placed("locoregional_therapy").standing == "supported"
    general = keys("R-6-lrt-continuum")[0]
    for therapy, line in ((item, engine.book.lineage(item)) for item in engine.book.parents):
        placed = evaluation.placed(therapy)
        if "locoregional_therapy" in line and therapy != "locoregional_therapy":
            assert general in placed.umbrella  # "said of locoregional therapy in general"
            assert general not in placed.rules
            own = [
                fired.rule.id
                for fired in evaluation.fired
                for conclusion in fired.rule.then
                if conclusion.therapy == therapy and conclusion.effect in {"recommend", "consider"}
            ]
            assert own or placed.standing not in {"supported", "supported_with_caution"}, therapy
    assert evaluation.placed("tare_holmium").standing == "not_addressed"


def test_an_open_exclusion_of_what_is_above_keeps_what_is_narrower_from_support(engine: Engine) -> None:
    facts = {**CLEAR, **SYMPTOMS}
    del facts["grade"]
    assert keys("R-4-lrt-not-g3")[0] in evaluated(engine, facts).placed("tace").unstated


# Preferences


def test_two_opposed_preferences_are_both_shown_and_neither_wins(engine: Engine) -> None:
    evaluation = evaluated(engine, {**CLEAR, "ki67_percent": 2, "rapid_progression": "present"})
    fired = {item.rule.id: item for item in evaluation.fired}
    assert fired["R-3.5-ki67-lt3-tace"].overruled_by == {}
    assert fired["R-3.5-tare-rapid"].overruled_by == {}
    for therapy in ("tace", "tare"):
        assert set(keys("R-3.5-ki67-lt3-tace", "R-3.5-tare-rapid")) <= set(evaluation.placed(therapy).rules)


def test_a_preference_for_what_is_excluded_or_in_conflict_is_overruled(engine: Engine) -> None:
    excluded = evaluated(engine, {**CLEAR, "ki67_percent": 2, "whipple_history": "present"})
    assert overruled(excluded)["R-3.5-ki67-lt3-tace"] == {"tace": keys("R-3.3-ci-whipple")[0]}
    assert "R-3.5-tare-whipple" not in overruled(excluded)
    unfit = evaluated(engine, {**CLEAR, "ki67_percent": 2, "bilirubin_mg_dl": 3})
    assert overruled(unfit)["R-3.5-ki67-lt3-tace"] == {"tace": keys("R-3.3-lab-bilirubin")[0]}
    conflict = evaluated(engine, {**CLEAR, "ki67_percent": 30, "grade": "G3"})
    assert set(overruled(conflict)["R-3.5-ki67-ge3-tare"]) == {"tare"}


def test_cautions_and_prognosis_are_never_overruled(engine: Engine) -> None:
    evaluation = evaluated(engine, {"whipple_history": "present", "ascites": "present", "bilirubin_mg_dl": 3})
    found = overruled(evaluation)
    assert not {"R-3.5-tace-biliary-infection", "R-3.2-tace-neg-ascites", "R-3.3-lab-bilirubin"} & set(found)


# The checklist


def test_confirmed_exclusions_are_taken_as_not_met(engine: Engine) -> None:
    before = evaluated(engine, SYMPTOMS).placed("tace")
    assert before.standing == "undetermined"
    assert set(keys("R-3.3-ci-whipple", "R-3.3-lab-bilirubin", "R-4-lrt-not-g3")) <= set(before.unstated)
    after = evaluated(engine, SYMPTOMS, confirmed=before.unstated)
    assert after.placed("tace").standing == "supported"
    assert after.placed("tace").unstated == ()
    assert {question for q in after.questions for question in q.rules}.isdisjoint(before.unstated)
    for missing in before.unstated:
        some = evaluated(engine, SYMPTOMS, confirmed=[key for key in before.unstated if key != missing])
        assert some.placed("tace").standing == "undetermined", missing
        assert some.placed("tace").unstated == (missing,)


def test_a_confirmed_exclusion_does_not_hide_one_that_is_met(engine: Engine) -> None:
    every = evaluated(engine, SYMPTOMS).placed("tace").unstated
    met = evaluated(engine, {**SYMPTOMS, "whipple_history": "present"}, confirmed=every)
    assert met.placed("tace").standing == "contraindicated"
    # and says nothing of a rule that was not confirmed, though it reads the same fact
    assert met.truth(keys("R-3.3-portal-vein-partial")[0]) is None


# Questions


def test_questions_name_the_undecided_rules_that_the_fact_keeps_open(engine: Engine) -> None:
    evaluation = evaluated(engine, {**SYMPTOMS, "portal_vein": ["partial_thrombosis", "occluded"]}, asked=["tace"])
    undecided = {key: trace for key, trace in evaluation.traces.items() if trace.truth is None}
    opened: dict[str, set[str]] = {}
    for key, trace in undecided.items():
        for fact in trace.unknown():
            opened.setdefault(fact, set()).add(key)
    found = {question.fact: set(question.rules) for question in evaluation.questions}
    assert {fact: rules for fact, rules in found.items() if rules} == {
        fact: rules for fact, rules in opened.items() if fact != "has_nelm"
    }
    unruled = {fact for fact, rules in found.items() if not rules}
    assert all(engine.book.facts[fact].always_ask for fact in unruled)


def test_questions_are_ranked_with_what_is_in_doubt_first(engine: Engine) -> None:
    facts = {**SYMPTOMS, "portal_vein": ["partial_thrombosis", "occluded"], "lvef_percent": 30}
    questions = evaluated(engine, facts, asked=["tace"]).questions
    assert [question.fact for question in questions if question.critical] == ["portal_vein", "lvef_poor"]
    assert [question.critical for question in questions[:3]] == [True, True, False]
    for group in (questions[:2], questions[2:]):
        assert list(group) == sorted(group, key=lambda question: (-question.weight, question.fact))
    assert questions[2].weight > questions[1].weight  # what is in doubt comes first whatever its weight


def test_more_is_at_stake_in_a_contraindication_than_in_prognosis(engine: Engine) -> None:
    weights = {q.fact: q.weight for q in evaluated(engine, {}).questions}
    assert weights["whipple_history"] > weights["albumin_g_dl"]
    assert weights["bilirubin_mg_dl"] > weights["ascites"]
    near = {q.fact: q.weight for q in evaluated(engine, {}, asked=["tace"]).questions}
    assert near["whipple_history"] > weights["whipple_history"]  # asked about TACE
    assert near["clinical_task"] == weights["clinical_task"]  # imaging is no nearer
    other = {q.fact: q.weight for q in evaluated(engine, {}, asked=["prrt"]).questions}
    assert other["whipple_history"] == weights["whipple_history"]
    assert other["sstr_imaging"] > weights["sstr_imaging"]


def test_what_the_review_prints_as_required_is_always_asked_until_known(engine: Engine) -> None:
    always = {fact for fact, definition in engine.book.facts.items() if definition.always_ask}
    assert {"grade", "ki67_percent", "liver_tumor_burden_percent", "primary_site", "symptomatic"} <= always
    assert always <= {question.fact for question in evaluated(engine, {}).questions}
    stated = evaluated(engine, {"ki67_percent": 2, "liver_tumor_burden_percent": 20, "grade": "G1"}).questions
    assert not {"ki67_percent", "liver_tumor_burden_percent", "grade"} & {question.fact for question in stated}


def test_nobody_is_asked_what_follows_or_what_guards(engine: Engine) -> None:
    asked = {question.fact for question in evaluated(engine, {"carcinoid_syndrome": "present"}).questions}
    assert not {"symptomatic", "functional_tumor", "hormonal_symptoms", "carcinoid_syndrome", "has_nelm"} & asked


# Scope


def test_another_disease_leaves_nothing_to_conclude(engine: Engine) -> None:
    facts = {**CLEAR, **SYMPTOMS, "whipple_history": "present", "has_nelm": "absent"}
    evaluation = evaluated(engine, facts, asked=["tace"])
    assert not evaluation.in_scope
    assert (evaluation.fired, evaluation.therapies, evaluation.questions, evaluation.undecided) == ((), (), (), ())
    assert all(evaluation.placed(therapy).standing == "not_addressed" for therapy in engine.book.parents)


def test_an_unstated_or_doubtful_disease_counts_as_assumed(engine: Engine) -> None:
    facts = {"bilirubin_mg_dl": 3, "whipple_history": "present"}
    expected = evaluated(engine, facts, flag("has_nelm", present=True), asked=["tace"])
    assert expected.placed("tace").standing == "contraindicated"
    for more in (
        (),
        (PatientFact("has_nelm", "unknown", reason="uncertain"),),
        (PatientFact("has_nelm", "conflicting"),),
    ):
        found = evaluated(engine, facts, *more, asked=["tace"])
        assert found.in_scope
        assert found.therapies == expected.therapies
        assert found.questions == expected.questions


# Undecided exclusions


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, {}),  # nothing brings one near
        ({"portal_vein": ["partial_thrombosis", "occluded"]}, {"R-3.3-ci-portal-vein": ("portal_vein",)}),
        ({"lvef_poor": "present"}, {"R-3.3-ci-lvef-doxorubicin": ("tace_agent",)}),
        ({"lvef_poor": "present", "tace_agent": "cisplatin"}, {}),
        ({"liver_function": ["impaired", "poor_reserve"]}, {"R-3.3-ci-poor-reserve": ("liver_function",)}),
        (
            {"extrahepatic_disease": ["stable", "progressive"]},
            {"R-4-lrt-not-ehd-progressive": ("extrahepatic_disease",)},
        ),
    ],
)
def test_exclusions_brought_near_are_shown_as_undecided(
    engine: Engine, facts: dict[str, Any], expected: dict[str, tuple[str, ...]]
) -> None:
    assert {item.rule.id: item.facts for item in evaluated(engine, facts).undecided} == expected


def test_a_confirmed_exclusion_is_not_undecided(engine: Engine) -> None:
    facts = {"portal_vein": ["partial_thrombosis", "occluded"]}
    assert evaluated(engine, facts, confirmed=keys("R-3.3-ci-portal-vein")).undecided == ()


# What is shown


def test_therapies_asked_about_come_first_and_once(engine: Engine) -> None:
    evaluation = evaluated(engine, {**CLEAR, **SYMPTOMS}, asked=["everolimus", "tace", "everolimus", "unicorn"])
    shown = [placed.therapy for placed in evaluation.therapies]
    assert shown[:2] == ["everolimus", "tace"]
    assert len(shown) == len(set(shown))
    assert "unicorn" not in shown
    assert "locoregional_therapy" in shown


def test_what_is_only_quoted_is_no_advice(engine: Engine) -> None:
    evaluation = evaluated(engine, {**CLEAR, **SYMPTOMS})
    quoted = [fired for fired in evaluation.fired if fired.rule.display_only]
    assert quoted
    for fired in quoted:
        assert {evaluation.effect_shown(fired.rule, conclusion) for conclusion in fired.rule.then} == {"info"}
        for therapy in engine.book.parents:
            spoken = engine.book.spoken_of[therapy]
            assert fired.rule.key not in {*spoken.exclusions, *spoken.cautions, *spoken.supports, *spoken.umbrella}


def test_rules_are_shown_with_those_they_name_that_fire(engine: Engine) -> None:
    evaluation = engine.evaluate(Patient())
    for rule in engine.book.rules.values():
        named = keys(*rule.show_with)
        assert set(named) <= set(engine.book.rules)
        assert evaluation.shown_with(rule) == tuple(key for key in named if evaluation.truth(key))


# Same facts, same bytes

PRINTED = """
import sys
from pathlib import Path
from assistant.patient_knowledge import PatientKnowledge
from assistant.rules.cases import patient_of

engine = PatientKnowledge.load(Path(sys.argv[1])).engine
for facts in (
    {"grade": "G3", "symptomatic": "present", "ki67_percent": 30},
    {"liver_tumor_burden_percent": 60, "lobar_involvement": "bilobar_diffuse", "resectability": "unresectable",
     "ki67_percent": 2},
    {"whipple_history": "present", "ki67_percent": 2, "liver_function": ["impaired", "poor_reserve"]},
):
    evaluation = engine.evaluate(patient_of(facts, engine.book.facts), ["tace", "tare"])
    STANDINGS
    print([evaluation.questions, evaluation.undecided, sorted(evaluation.patient.facts.items())])
"""


def printed(index_path: Path, standings: str) -> list[str]:
    """What processes that hash text differently print."""
    return [
        subprocess.run(
            [sys.executable, "-c", PRINTED.replace("STANDINGS", standings), str(index_path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    ]


def test_the_same_facts_give_the_same_bytes_in_every_process(index_path: Path) -> None:
    assert len(set(printed(index_path, "print([evaluation.fired, evaluation.therapies])"))) == 1


def test_what_overrules_excludes_in_every_process(engine: Engine, index_path: Path) -> None:
    excluding = {key for spoken in engine.book.spoken_of.values() for key in spoken.exclusions}
    for lines in printed(index_path, "print(sorted({k for f in evaluation.fired for k in f.overruled_by.values()}))"):
        found = {key for line in lines.splitlines()[::2] for key in ast.literal_eval(line)}
        assert found
        assert found <= excluding
