"""The rules as formulas: what no patient can meet, what says nothing of its own, what says opposite things at once."""

from __future__ import annotations

import importlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.patient_knowledge import PatientKnowledge
from assistant.rules.book import EXCLUDING, SUPPORTING, RuleBook
from assistant.rules.cases import patient_of
from assistant.rules.engine import Engine
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact, choice, flag, number
from assistant.rules.truth import evaluate
from corpus.conditions import All, Always, AnyOf, Atom, Compare, Condition, Has, In, Is, Not, Undecided, atoms
from corpus.definitions import FLAG, PRESENT, FactDefinition
from corpus.fact_files import load_facts
from corpus.integrity import GUIDELINES
from corpus.pack import load_pack
from corpus.rule_files import Case, load_rules
from corpus.rules import Rule
from corpus.vocabulary import Vocabulary
from tests.conftest import REVIEW

pytestmark = pytest.mark.proof

z3: Any = importlib.import_module("z3")  # without types

ACCEPTED = Path(__file__).parent / "accepted.yaml"
WHOLE = frozenset({"count", "ECOG 0-5"})
"""Units in which there are only whole numbers."""

UNBOUNDED = Fraction(10**9)
"""Stands for an end that is not there; no threshold is near it."""


class Known:
    """One fact: whether it is known, and what of it. Unknown is neither true nor false."""

    def __init__(self, definition: FactDefinition) -> None:
        self.definition = definition
        self.known = z3.Bool(f"{definition.id} known")
        self.possible = {value: z3.Bool(f"{definition.id} may be {value}") for value in definition.values}
        self.excluded = {value: z3.Bool(f"{definition.id} is without {value}") for value in definition.values}
        self.only = z3.Bool(f"{definition.id} is complete")
        self.present = z3.Bool(f"{definition.id} present")
        sort = z3.Int if definition.unit in WHOLE else z3.Real
        self.low, self.high = sort(f"{definition.id} from"), sort(f"{definition.id} to")
        self.low_open, self.high_open = z3.Bool(f"{definition.id} above"), z3.Bool(f"{definition.id} below")

    def sense(self, lineage: Mapping[str, tuple[str, ...]]) -> Any:
        """What any patient's fact keeps to."""
        match self.definition.kind:
            case "choice":
                return z3.Implies(self.known, z3.Or(*self.possible.values()))
            case "set":
                return z3.And(
                    *(
                        z3.Not(z3.And(self.possible[held], self.excluded[without]))
                        for held in self.possible
                        for without in self.excluded
                        if without in lineage[held]
                    )
                )
            case "number":
                assert self.definition.plausible is not None
                least, most = (literal(end) for end in self.definition.plausible)
                holds = z3.And(self.low == self.high, z3.Not(self.low_open), z3.Not(self.high_open))
                return z3.And(least <= self.low, self.high <= most, z3.Or(self.low < self.high, holds))
        return z3.BoolVal(val=True)

    def given(self, fact: PatientFact | None) -> Any:
        """That it is known as a patient's fact says, or not known."""
        if fact is None:
            return z3.Not(self.known)
        stated = [self.known]
        if self.definition.kind == FLAG:
            stated.append(self.present == (fact.state == PRESENT))
        elif fact.interval is None:
            stated += [may == (value in fact.candidates) for value, may in self.possible.items()]
            stated += [without == (value in fact.excluded) for value, without in self.excluded.items()]
            stated.append(self.only == fact.complete)
        else:
            low, high = (UNBOUNDED if end is None else end for end in (fact.interval.low, fact.interval.high))
            assert fact.interval.low is not None
            stated += [self.low == literal(low), self.high == literal(high)]
            stated += [self.low_open == fact.interval.low_open, self.high_open == fact.interval.high_open]
        return z3.And(*stated)

    def said(self, says: str | tuple[str, ...]) -> Any:
        """That it is known to be what a derivation says."""
        if self.definition.kind == FLAG:
            return z3.And(self.known, self.present == (says == PRESENT))
        allowed = (says,) if isinstance(says, str) else says
        return z3.And(self.known, *(z3.Not(may) for value, may in self.possible.items() if value not in allowed))


def literal(value: Fraction) -> Any:
    return z3.Q(value.numerator, value.denominator) if value.denominator != 1 else z3.IntVal(value.numerator)


def exact(value: Any) -> Fraction:
    return Fraction(value.as_fraction() if z3.is_rational_value(value) else value.as_long())


@dataclass(frozen=True)
class Formulas:
    """A rule book as formulas."""

    book: RuleBook

    @cached_property
    def facts(self) -> dict[str, Known]:
        return {key: Known(definition) for key, definition in self.book.facts.items()}

    @cached_property
    def lineage(self) -> dict[str, tuple[str, ...]]:
        return {therapy: self.book.lineage(therapy) for therapy in self.book.parents}

    def both(self, condition: Condition) -> tuple[Any, Any]:
        """When a condition is surely true, and when surely false."""
        match condition:
            case Always():
                return z3.BoolVal(val=True), z3.BoolVal(val=False)
            case All(parts):
                pairs = [self.both(part) for part in parts]
                return z3.And(*(yes for yes, _ in pairs)), z3.Or(*(no for _, no in pairs))
            case AnyOf(parts):
                pairs = [self.both(part) for part in parts]
                return z3.Or(*(yes for yes, _ in pairs)), z3.And(*(no for _, no in pairs))
            case Not(part):
                yes, no = self.both(part)
                return no, yes
            case _:
                fact = self.facts[condition.fact]
                yes, no = self._atom(condition, fact)
                return z3.And(fact.known, yes), z3.And(fact.known, no)

    def _atom(self, atom: Atom, fact: Known) -> tuple[Any, Any]:
        match atom:
            case Is(_, present):
                return fact.present == present, fact.present != present
            case In(_, values):
                inside, outside = (
                    z3.And(*(z3.Not(may) for value, may in fact.possible.items() if (value in values) is not within))
                    for within in (True, False)
                )
                return inside, outside
            case Undecided(_, values):
                same = z3.And(*(may == (value in values) for value, may in fact.possible.items()))
                return same, z3.Not(same)
            case Has(_, therapy):
                held = z3.Or(*(may for value, may in fact.possible.items() if therapy in self.lineage[value]))
                above = [value for value in fact.possible if value in self.lineage[therapy]]
                wider = z3.Or(*(fact.possible[value] for value in above))
                without = z3.Or(*(fact.excluded[value] for value in above))
                return held, z3.And(z3.Not(held), z3.Or(without, z3.And(fact.only, z3.Not(wider))))
            case Compare(_, op, value, _):
                return self._compare(fact, op, literal(value))

    @staticmethod
    def _compare(fact: Known, op: str, value: Any) -> tuple[Any, Any]:
        below = z3.Or(fact.high < value, z3.And(fact.high == value, fact.high_open))
        above = z3.Or(fact.low > value, z3.And(fact.low == value, fact.low_open))
        at_most, at_least = fact.high <= value, fact.low >= value
        point = z3.And(fact.low == value, fact.high == value)
        return {
            "<": (below, at_least),
            "<=": (at_most, above),
            ">": (above, at_most),
            ">=": (at_least, below),
            "==": (point, z3.Or(below, above)),
        }[op]

    @cached_property
    def sense(self) -> Any:
        return z3.And(*(fact.sense(self.lineage) for fact in self.facts.values()))

    @cached_property
    def consistent(self) -> Any:
        """What holds of every patient no two statements of whom disagree: everything that follows is known."""
        steps = [
            z3.Implies(self.both(step.when)[0], self.facts[key].said(step.says))
            for key, definition in self.book.facts.items()
            for step in definition.derived
        ]
        return z3.And(self.sense, *steps)

    def example(self, *wanted: Any, read: Iterable[str] = ()) -> Patient | None:
        """Return a patient that meets formulas, with the facts ``read``; ``None`` where there is none."""
        solver = z3.Solver()
        solver.add(*wanted)
        if solver.check() != z3.sat:
            return None
        model = solver.model()
        return Patient.of(
            self._value(self.facts[name], model)
            for name in sorted(set(read))
            if z3.is_true(model.eval(self.facts[name].known, model_completion=True))
        )

    @staticmethod
    def _value(fact: Known, model: Any) -> PatientFact:
        def true(variable: Any) -> bool:
            return bool(z3.is_true(model.eval(variable, model_completion=True)))

        definition = fact.definition
        held = tuple(value for value, may in fact.possible.items() if true(may))
        match definition.kind:
            case "flag":
                return flag(definition.id, present=true(fact.present))
            case "choice":
                return choice(definition.id, *held)
            case "set":
                excluded = tuple(value for value, without in fact.excluded.items() if true(without))
                return PatientFact(definition.id, "value", held, complete=true(fact.only), excluded=excluded)
        low, high = (exact(model.eval(end, model_completion=True)) for end in (fact.low, fact.high))
        return number(definition.id, Interval(low, high, true(fact.low_open), true(fact.high_open)))


@pytest.fixture(scope="module")
def formulas(index_path: Path) -> Formulas:
    return Formulas(PatientKnowledge.load(index_path).book)


@pytest.fixture(scope="module")
def accepted() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(ACCEPTED.read_text(encoding="utf-8"))
    assert set(loaded) == {"opposite", "subsumed", "unread"}
    return loaded


@pytest.fixture(scope="module")
def cases(vocabulary: Vocabulary) -> tuple[Case, ...]:
    pack = load_pack(GUIDELINES / REVIEW, vocabulary)
    return load_rules(pack.folder, pack.document, vocabulary, load_facts().facts).cases


def facts_of(*rules: Rule) -> tuple[str, ...]:
    return tuple(dict.fromkeys(atom.fact for rule in rules for atom in atoms(rule.when)))


def effects_on(rule: Rule, effects: frozenset[str]) -> set[str]:
    return {conclusion.therapy for conclusion in rule.then if conclusion.effect in effects and not rule.display_only}


def test_every_rule_can_fire_fail_and_stay_open(formulas: Formulas) -> None:
    """And the formulas say of each of these patients what the rule engine says."""
    started = time.perf_counter()
    unreachable = []
    for rule in formulas.book.rules.values():
        yes, no = formulas.both(rule.when)
        wanted = {True: yes, False: no, None: z3.Not(z3.Or(yes, no))}
        for truth, formula in wanted.items():
            patient = formulas.example(formulas.consistent, formula, read=facts_of(rule))
            if patient is not None:
                assert evaluate(rule.when, patient, formulas.book.lineage).truth is truth, (rule.id, patient)
            elif not (rule.when == Always() and truth is not True):
                unreachable.append((rule.id, truth))
    print(f"\nz3: {len(formulas.book.rules)} rules, {time.perf_counter() - started:.1f} s")
    assert unreachable == []


def test_the_formulas_agree_with_every_case(formulas: Formulas, cases: tuple[Case, ...]) -> None:
    solver = z3.Solver()
    checked = 0
    for case in cases:
        rule = formulas.book.rules.get(f"{REVIEW}/{case.rule}")
        if rule is None:
            continue
        patient = patient_of(case.facts, formulas.book.facts)
        solver.push()
        solver.add(*(formulas.facts[name].given(patient.get(name)) for name in facts_of(rule)))
        for truth, formula in zip(("fires", "does_not_fire"), formulas.both(rule.when), strict=True):
            solver.push()
            solver.add(formula)
            assert (solver.check() == z3.sat) is (case.expect == truth), (case.rule, case.facts)
            solver.pop()
        solver.pop()
        checked += 1
    assert checked > 1000


def test_no_new_pair_of_rules_says_opposite_things_of_one_therapy(formulas: Formulas, accepted: dict[str, Any]) -> None:
    found = {pair for pair, _ in opposites(formulas)}
    reviewed = [
        (exclusion, support)
        for entry in accepted["opposite"]
        for exclusion in entry["exclusions"]
        for support in entry["supporting"]
    ]
    print(f"\nz3: {len(found)} pairs of rules support and exclude the same therapy in one patient")
    assert sorted(found - set(reviewed)) == []
    assert sorted(set(reviewed) - found) == []  # reviewed, and no longer so
    assert len(reviewed) == len(set(reviewed))
    assert all(entry["why"] for entry in accepted["opposite"])


def test_the_accepted_tensions_are_those_of_the_pack(formulas: Formulas, accepted: dict[str, Any]) -> None:
    """A pair is listed under the tension that holds it, and under none where there is none."""
    for entry in accepted["opposite"]:
        for exclusion in entry["exclusions"]:
            for support in entry["supporting"]:
                holding = {
                    tension.id
                    for tension in formulas.book.tensions
                    if tension.standing and exclusion in tension.against and support in tension.supporting
                }
                assert holding == ({entry["tension"]} if "tension" in entry else set()), (exclusion, support)


def test_where_two_rules_disagree_the_therapy_is_never_supported(formulas: Formulas) -> None:
    engine = Engine(formulas.book)
    seen: Counter[str] = Counter()
    for (exclusion, support), (patient, therapies) in opposites(formulas):
        evaluation = engine.evaluate(patient)
        assert evaluation.truth(f"{REVIEW}/{exclusion}") is True, (exclusion, patient)
        assert evaluation.truth(f"{REVIEW}/{support}") is True, (support, patient)
        for therapy in therapies:
            placed = evaluation.placed(therapy)
            seen[placed.standing] += 1
            assert placed.standing in {"contraindicated", "not_eligible", "conflicting"}, (exclusion, support, therapy)
            assert {f"{REVIEW}/{exclusion}", f"{REVIEW}/{support}"} <= set(placed.rules)  # the losing side is shown
            listed = effects_on(formulas.book.rules[f"{REVIEW}/{exclusion}"], frozenset({"contraindicated"}))
            if listed & set(formulas.book.lineage(therapy)):
                assert placed.standing == "contraindicated"
    assert seen.keys() == {"contraindicated", "not_eligible", "conflicting"}


def test_no_new_rule_is_subsumed_by_another(formulas: Formulas, accepted: dict[str, Any]) -> None:
    rules = [rule for rule in formulas.book.rules.values() if not rule.display_only]
    solver = z3.Solver()
    solver.add(formulas.consistent)
    found = set()
    for narrow in rules:
        for wide in rules:
            if narrow is not wide and set(narrow.then) <= set(wide.then):
                solver.push()
                solver.add(formulas.both(narrow.when)[0], z3.Not(formulas.both(wide.when)[0]))
                if solver.check() == z3.unsat:
                    found.add((narrow.id, wide.id))
                solver.pop()
    reviewed = [(entry["rule"], wide) for entry in accepted["subsumed"] for wide in entry["by"]]
    print(f"\nz3: {len(found)} pairs of rules, one of which fires wherever the other does, with its conclusions")
    assert sorted(found - set(reviewed)) == []
    assert sorted(set(reviewed) - found) == []
    assert len(reviewed) == len(set(reviewed))
    assert all(entry["why"] for entry in accepted["subsumed"])


def test_every_fact_that_no_rule_reads_is_reviewed(formulas: Formulas, accepted: dict[str, Any]) -> None:
    """A fact counts as read only where it can change a rule: known or not, some patient's outcome depends on it."""
    read = {name for rule in formulas.book.rules.values() for name in facts_of(rule) if matters(formulas, rule, name)}
    unread = set(formulas.book.facts) - read
    print(f"\nz3: {len(unread)} of {len(formulas.book.facts)} facts are read by no rule")
    assert sorted(unread) == sorted(accepted["unread"])
    assert all(accepted["unread"].values())


def matters(formulas: Formulas, rule: Rule, name: str) -> bool:
    """Whether a rule that fires for some patient would not, were one fact unknown."""
    yes, _ = formulas.both(rule.when)
    without = z3.substitute(yes, (formulas.facts[name].known, z3.BoolVal(val=False)))
    return formulas.example(formulas.sense, yes, z3.Not(without)) is not None


Pair = tuple[str, str]


def opposites(formulas: Formulas) -> Iterator[tuple[Pair, tuple[Patient, tuple[str, ...]]]]:
    """Return an excluding and a supporting rule that fire for one patient, with such a patient and the therapies."""
    rules = list(formulas.book.rules.values())
    for exclusion in rules:
        excluded = effects_on(exclusion, EXCLUDING)
        for support in rules if excluded else ():
            therapies = tuple(
                therapy
                for therapy in sorted(effects_on(support, SUPPORTING))
                if excluded & set(formulas.lineage[therapy])
            )
            if therapies:
                wanted = [formulas.both(rule.when)[0] for rule in (exclusion, support)]
                patient = formulas.example(formulas.consistent, *wanted, read=facts_of(exclusion, support))
                if patient is not None:
                    yield (exclusion.id, support.id), (patient, therapies)
