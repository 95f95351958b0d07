"""What holds of every patient: each property on two thousand patients, on the rules that bear on one therapy."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assistant.patient_knowledge import PatientKnowledge
from assistant.rules.book import RuleBook
from assistant.rules.engine import Engine, Evaluation
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact, choice, flag, number
from assistant.rules.truth import Truth, evaluate
from corpus.conditions import Compare, Undecided, atoms
from corpus.definitions import CHOICE, FLAG, NUMBER, SET, FactDefinition
from corpus.rules import Rule
from tests.conftest import REVIEW

EXAMPLES = settings(max_examples=80, deadline=None, derandomize=True, database=None)
RANDOM = st.randoms(use_true_random=True)
"""A generator that hypothesis seeds: drawing each fact by a strategy of its own takes fifty times as long."""
THERAPIES = (
    *("tace", "deb_tace", "tae", "tare", "tare_plus_prrt", "mwa", "ablation_plus_resection", "prrt"),
    *("surgical_resection", "liver_transplantation", "locoregional_therapy"),
)
IRRELEVANT = ("age_years", "sex", "mitotic_count", "hypervascular", "months_since_procedure", "nlr")
"""Facts that no rule, no derivation and no question reads."""
APART = frozenset({*IRRELEVANT, "has_nelm", "lesion_sizes_cm"})


def about(book: RuleBook, therapy: str) -> RuleBook:
    """Return the book with the rules on a therapy, on those above it, and of the tensions that touch it."""
    line = set(book.lineage(therapy))
    sides = {f"{t.document}/{rule}" for t in book.tensions_of(therapy) for rule in (*t.against, *t.supporting)}
    kept = {
        key: rule
        for key, rule in book.rules.items()
        if key in sides or any(line & {conclusion.therapy, *conclusion.over} for conclusion in rule.then)
    }
    return replace(book, rules=kept)


@pytest.fixture(scope="module")
def full(index_path: Path) -> Engine:
    return PatientKnowledge.load(index_path).engine


@pytest.fixture(scope="module")
def engines(full: Engine) -> dict[str, Engine]:
    return {therapy: Engine(about(full.book, therapy)) for therapy in THERAPIES}


class Drawn:
    """Facts drawn at random, of those that some rule reads or something follows from."""

    def __init__(self, book: RuleBook) -> None:
        self._facts = book.facts
        self._limits: dict[str, set[Fraction]] = {}
        for rule in book.rules.values():
            for atom in atoms(rule.when):
                if isinstance(atom, Compare):
                    self._limits.setdefault(atom.fact, set()).add(atom.value)
        self.names = [name for name in book.facts if name not in APART]
        self.numbers = [name for name in self.names if book.facts[name].kind == NUMBER]
        self._ends = {name: self._points(book.facts[name]) for name in (*self.numbers, *IRRELEVANT)}

    def _points(self, definition: FactDefinition) -> list[Fraction]:
        """The plausible range, every threshold of the rules and what lies close to them."""
        if definition.plausible is None:
            return []
        low, high = definition.plausible
        limits = self._limits.get(definition.id, {(low + high) / 2})
        near = {limit + step for limit in limits for step in (Fraction(-1, 10), Fraction(0), Fraction(1, 10))}
        return sorted({low, high, *(value for value in near if low <= value <= high)})

    def interval(self, random: Random, name: str) -> Interval:
        low, high = sorted(random.choices(self._ends[name], k=2))
        if low == high or random.random() < 0.3:
            return Interval.point(low)
        return Interval(low, high, random.random() < 0.5, random.random() < 0.5)

    def fact(self, random: Random, name: str, *, firm: bool = False) -> PatientFact:
        """Return what may be known of a fact; one in six is in doubt."""
        definition = self._facts[name]
        if not firm and random.random() < 1 / 6:
            return PatientFact(name, random.choice(("unknown", "conflicting", "implausible")))
        if definition.kind == FLAG:
            return flag(name, present=random.random() < 0.5)
        if definition.kind == CHOICE:
            return choice(name, *random.sample(definition.values, k=random.choice((1, 1, 2))))
        if definition.kind == SET:
            held = tuple(random.sample(definition.values, k=random.randrange(3)))
            return PatientFact(name, "value", held, complete=random.random() < 0.5)
        return number(name, self.interval(random, name))

    def facts(self, random: Random, most: int = 12) -> list[PatientFact]:
        return [self.fact(random, name) for name in random.sample(self.names, k=random.randint(1, most))]


@pytest.fixture(scope="module")
def drawn(full: Engine) -> Drawn:
    return Drawn(full.book)


# Monotone


def reading(book: RuleBook, fact: str) -> list[Rule]:
    """The rules that read a fact, but for those that read what is left open as such: they may turn either way."""
    return [
        rule
        for rule in book.rules.values()
        if fact in {atom.fact for atom in atoms(rule.when)}
        and not any(isinstance(atom, Undecided) for atom in atoms(rule.when))
    ]


def truths(book: RuleBook, rules: list[Rule], patient: Patient) -> list[tuple[str, Truth]]:
    return [(rule.id, evaluate(rule.when, patient, book.lineage).truth) for rule in rules]


def taken_back(before: list[tuple[str, Truth]], after: list[tuple[str, Truth]]) -> list[Any]:
    """What was decided and no longer is so."""
    return [
        (rule, truth, now)
        for (rule, truth), (_, now) in zip(before, after, strict=True)
        if truth is not None and now is not truth
    ]


@EXAMPLES
@given(random=RANDOM)
def test_learning_a_fact_takes_nothing_back(full: Engine, drawn: Drawn, random: Random) -> None:
    name = random.choice(drawn.names)
    patient = Patient.of(fact for fact in drawn.facts(random, 30) if fact.id != name)
    more = patient.with_facts(drawn.fact(random, name))
    rules = reading(full.book, name)
    assert taken_back(truths(full.book, rules, patient), truths(full.book, rules, more)) == []


@EXAMPLES
@given(random=RANDOM, therapy=st.sampled_from(THERAPIES))
def test_nor_does_what_follows_from_it(engines: dict[str, Engine], drawn: Drawn, random: Random, therapy: str) -> None:
    """Unless it contradicts what was stated: for that see test_derivation.py."""
    name = random.choice(drawn.names)
    patient = Patient.of(fact for fact in drawn.facts(random, 8) if fact.id != name)
    more = patient.with_facts(drawn.fact(random, name, firm=True))
    before, after = (engines[therapy].evaluate(facts) for facts in (patient, more))
    assume(conflicts(after.patient) == conflicts(more))
    spared = {
        key for key, rule in before.book.rules.items() if any(isinstance(atom, Undecided) for atom in atoms(rule.when))
    }
    one, other = ([(key, each.truth(key)) for key in each.traces if key not in spared] for each in (before, after))
    assert taken_back(one, other) == []


def conflicts(patient: Patient) -> set[str]:
    return {fact.id for fact in patient if fact.state == "conflicting"}


@EXAMPLES
@given(random=RANDOM)
def test_widening_an_interval_never_decides(full: Engine, drawn: Drawn, random: Random) -> None:
    name = random.choice(drawn.numbers)
    narrow, other = drawn.interval(random, name), drawn.interval(random, name)
    wide = hull(narrow, other)
    assert narrow.within(wide)
    assert other.within(wide)
    patient = Patient.of(drawn.facts(random, 30))
    rules = reading(full.book, name)
    before, after = (patient.with_facts(number(name, interval)) for interval in (wide, narrow))
    assert taken_back(truths(full.book, rules, before), truths(full.book, rules, after)) == []


def hull(one: Interval, other: Interval) -> Interval:
    """The numbers from the lowest to the highest of two bounded intervals."""
    low, low_open = min((interval.low or Fraction(0), interval.low_open) for interval in (one, other))
    high, closed = max((interval.high or Fraction(0), not interval.high_open) for interval in (one, other))
    return Interval(low, high, low_open, not closed)


@EXAMPLES
@given(random=RANDOM)
def test_a_further_candidate_never_decides(full: Engine, drawn: Drawn, random: Random) -> None:
    name = random.choice([name for name in drawn.names if full.book.facts[name].kind == CHOICE])
    values = full.book.facts[name].values
    some = random.sample(values, k=random.randint(1, len(values)))
    few = some[: random.randint(1, len(some))]
    patient = Patient.of(drawn.facts(random, 30))
    rules = reading(full.book, name)
    before, after = (patient.with_facts(choice(name, *candidates)) for candidates in (some, few))
    assert taken_back(truths(full.book, rules, before), truths(full.book, rules, after)) == []


# What must not matter


def conclusions(evaluation: Evaluation, therapy: str) -> list[Any]:
    return [
        [(key, trace.truth, trace.because(), trace.unknown()) for key, trace in evaluation.traces.items()],
        [fired.overruled_by for fired in evaluation.fired],
        evaluation.placed(therapy),
        evaluation.therapies,
        evaluation.questions,
        [item.rule.key for item in evaluation.undecided],
    ]


@EXAMPLES
@given(random=RANDOM, therapy=st.sampled_from(THERAPIES))
def test_fact_order_and_irrelevant_facts_change_nothing(
    engines: dict[str, Engine], drawn: Drawn, random: Random, therapy: str
) -> None:
    facts = drawn.facts(random)
    more = [*facts, *(drawn.fact(random, name) for name in random.sample(IRRELEVANT, k=random.randrange(4)))]
    random.shuffle(more)
    one, other = (engines[therapy].evaluate(Patient.of(each), [therapy]) for each in (facts, more))
    assert conclusions(one, therapy) == conclusions(other, therapy)


@EXAMPLES
@given(random=RANDOM, therapy=st.sampled_from(THERAPIES))
def test_the_same_facts_give_the_same_result(
    engines: dict[str, Engine], drawn: Drawn, random: Random, therapy: str
) -> None:
    """Also after another patient was seen: nothing of a patient is held."""
    facts = drawn.facts(random)
    one = engines[therapy].evaluate(Patient.of(facts), [therapy])
    first = conclusions(one, therapy)
    engines[therapy].evaluate(Patient.of(drawn.facts(random, 4)))
    other = engines[therapy].evaluate(Patient.of([replace(fact) for fact in facts]), [therapy])
    assert conclusions(other, therapy) == first
    assert list(one.patient) == list(other.patient)


@pytest.mark.parametrize("therapy", THERAPIES)
def test_a_therapy_stands_the_same_by_its_own_rules(
    full: Engine, engines: dict[str, Engine], drawn: Drawn, therapy: str
) -> None:
    """What the properties above see of the rules is all that bears on the therapy."""
    for seed in range(10):
        patient = Patient.of(nearly_clear(drawn, Random(seed)))
        one, other = (engine.evaluate(patient).placed(therapy) for engine in (full, engines[therapy]))
        assert one == other


# Safety


def nearly_clear(drawn: Drawn, random: Random) -> list[PatientFact]:
    """A patient whom nothing excludes and much supports, but for a few facts that are unknown or something else."""
    numbers = {
        "serum_creatinine_mg_dl": 1,
        "ldh_u_l": 200,
        "ast_u_l": 30,
        "platelets_10e9_l": 200,
        "bilirubin_mg_dl": 1,
        "liver_tumor_burden_percent": 20,
        "largest_lesion_cm": 2,
        "lesion_count": 2,
    }
    choices = {
        "portal_vein": "patent",
        "liver_function": "intact",
        "grade": "G1",
        "extrahepatic_disease": "none",
        "ssa_status": "progressed_on_ssa",
        "sstr_imaging": "positive",
        "treatment_intent": "debulking",
        "resectability": random.choice(("resectable", "unresectable")),
        "differentiation": "well",
        "lobar_involvement": random.choice(("bilobar_diffuse", "unilobar")),
    }
    absent = ("biliary_anastomosis", "whipple_history", "lvef_poor", "hormonal_symptoms")
    present = ("symptomatic", "surgical_candidate", "combined_with_resection", "oligometastatic", "bulky_disease")
    clear = {
        **{name: number(name, Interval.point(Fraction(value))) for name, value in numbers.items()},
        **{name: choice(name, value) for name, value in choices.items()},
        **{name: flag(name, present=False) for name in absent},
        **{name: flag(name, present=True) for name in present},
    }
    for name in random.sample(sorted(clear), k=random.randrange(4)):
        if random.random() < 0.5:
            del clear[name]
        else:
            clear[name] = drawn.fact(random, name)
    return list(clear.values())


def excluding(book: RuleBook, therapy: str) -> list[Rule]:
    """The rules that exclude a therapy or what is above it, read off the rules themselves."""
    line = book.lineage(therapy)
    effects = {"contraindicated", "ineligible"}
    return [
        rule
        for rule in book.rules.values()
        if not rule.display_only and any(c.therapy in line and c.effect in effects for c in rule.then)
    ]


@EXAMPLES
@given(random=RANDOM, therapy=st.sampled_from(THERAPIES))
def test_an_unknown_contraindication_never_yields_supported(
    engines: dict[str, Engine], drawn: Drawn, random: Random, therapy: str
) -> None:
    evaluation = engines[therapy].evaluate(Patient.of(nearly_clear(drawn, random)))
    found = {evaluation.truth(rule.key) for rule in excluding(evaluation.book, therapy)}
    placed = evaluation.placed(therapy)
    if found & {None, True}:
        assert placed.standing not in {"supported", "supported_with_caution"}
    if placed.standing in {"supported", "supported_with_caution"}:
        assert placed.open == placed.unstated == ()


def test_that_is_no_empty_promise(engines: dict[str, Engine], drawn: Drawn) -> None:
    """Among such patients some are supported, some only for want of one fact not."""
    to_be_seen: dict[tuple[str, ...], set[str]] = {
        ("tace",): {"supported", "undetermined", "contraindicated", "not_eligible"},
        ("prrt",): {"supported", "undetermined", "not_eligible"},
        ("tare", "deb_tace"): {"supported_with_caution", "undetermined", "conflicting"},
        ("surgical_resection",): {"supported", "supported_with_caution", "conflicting", "not_eligible"},
    }
    for therapies, standings in to_be_seen.items():
        for seed in range(400):
            patient = Patient.of(nearly_clear(drawn, Random(seed)))
            standings -= {engines[therapy].evaluate(patient).placed(therapy).standing for therapy in therapies}
            if not standings:
                break
        assert not standings, therapies


def test_facts_called_irrelevant_are_read_by_no_rule_and_no_step(full: Engine) -> None:
    conditions = [
        *(rule.when for rule in full.book.rules.values()),
        *(step.when for definition in full.book.facts.values() for step in definition.derived),
    ]
    read = {atom.fact for condition in conditions for atom in atoms(condition)}
    assert not read & set(IRRELEVANT)
    assert f"{REVIEW}/R-4-lrt-ehd-unspecified" in full.book.rules  # the rule that is spared reads what is left open
