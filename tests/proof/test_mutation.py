"""Every threshold, operator, value and branch of a rule is changed, one at a time: one of its cases must notice."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest

from assistant.rules.book import RuleBook
from assistant.rules.cases import OUTCOMES, patient_of
from assistant.rules.patient import Patient
from assistant.rules.truth import evaluate
from corpus.conditions import (
    OPERATORS,
    All,
    Always,
    AnyOf,
    Atom,
    Compare,
    Condition,
    Has,
    In,
    Is,
    Not,
    Undecided,
    condition_from,
)
from corpus.definitions import FactDefinition
from corpus.fact_files import load_facts
from corpus.integrity import GUIDELINES
from corpus.pack import load_pack
from corpus.rule_files import load_rules
from corpus.rules import Rule
from corpus.vocabulary import Vocabulary
from tests.conftest import REVIEW

pytestmark = pytest.mark.proof

NEVER = Not(Always())
TENTHS = frozenset({"mg/dL", "g/dL", "cm"})
"""Units in which values are written with one decimal; in the others a step is one."""

SORTS = frozenset(
    {
        *("all <-> any", "always: never", "branch dropped", "not dropped", "operator", "present <-> absent", "therapy"),
        *("threshold", "value added", "value dropped"),
    }
)

Mutant = tuple[str, Condition]


@dataclass(frozen=True)
class Knowledge:
    """The active rules with the patients of their cases."""

    facts: Mapping[str, FactDefinition]
    rules: tuple[Rule, ...]
    cases: Mapping[str, tuple[tuple[Patient, str], ...]]
    book: RuleBook


@pytest.fixture(scope="module")
def knowledge(vocabulary: Vocabulary) -> Knowledge:
    facts = load_facts()
    pack = load_pack(GUIDELINES / REVIEW, vocabulary)
    loaded = load_rules(pack.folder, pack.document, vocabulary, facts.facts)
    therapies = {
        entry.id: {"name": entry.name, "parents": list(entry.parents)}
        for entry in vocabulary.entries
        if entry.kind == "therapy"
    }
    active = tuple(rule for rule in loaded.rules if rule.status == "active")
    return Knowledge(
        facts.facts,
        active,
        {
            rule.id: tuple(
                (patient_of(case.facts, facts.facts), case.expect) for case in loaded.cases if case.rule == rule.id
            )
            for rule in active
        },
        RuleBook.from_values({**facts.values, "therapies": therapies, "packs": [loaded.values]}),
    )


def killed(condition: Condition, cases: tuple[tuple[Patient, str], ...], book: RuleBook) -> bool:
    """Whether some case has another outcome than the rule's own."""
    return any(OUTCOMES[evaluate(condition, patient, book.lineage).truth] != expect for patient, expect in cases)


def mutants(condition: Condition, knowledge: Knowledge) -> Iterator[Mutant]:
    """Return every condition that differs from one in one place, with what was done."""
    match condition:
        case Always():
            yield "always: never", NEVER
        case All(parts) | AnyOf(parts):
            other = AnyOf if isinstance(condition, All) else All
            if len(parts) > 1:
                yield "all <-> any", other(parts)
            for number, part in enumerate(parts):
                rest = (*parts[:number], *parts[number + 1 :])
                yield "branch dropped", type(condition)(rest)
                for what, changed in mutants(part, knowledge):
                    yield what, type(condition)((*parts[:number], changed, *parts[number + 1 :]))
        case Not(part):
            yield "not dropped", part
            for what, changed in mutants(part, knowledge):
                yield what, Not(changed)
        case _:
            yield from of_atom(condition, knowledge)


def of_atom(atom: Atom, knowledge: Knowledge) -> Iterator[Mutant]:
    match atom:
        case Is(fact, present):
            yield "present <-> absent", Is(fact, not present)
        case In() | Undecided():
            yield from of_values(atom, knowledge.facts[atom.fact].values)
        case Compare(_, op, value, unit):
            yield from (("operator", replace(atom, op=other)) for other in OPERATORS if other != op)
            yield from (("threshold", replace(atom, value=value + sign * step(unit))) for sign in (-1, 1))
        case Has(fact, therapy):
            parents = knowledge.book.parents
            near = [*parents[therapy], *(key for key, above in parents.items() if therapy in above)]
            yield from (("therapy", Has(fact, other)) for other in near)


def of_values(atom: In | Undecided, known: Iterable[str]) -> Iterator[Mutant]:
    for value in atom.values:
        rest = tuple(item for item in atom.values if item != value)
        yield "value dropped", replace(atom, values=rest) if rest else NEVER
    for value in known:
        if value not in atom.values:
            yield "value added", replace(atom, values=(*atom.values, value))


def step(unit: str) -> Fraction:
    return Fraction(1, 10) if unit in TENTHS else Fraction(1)


def survivors(knowledge: Knowledge, rules: Iterable[Rule]) -> tuple[list[str], Counter[str], Counter[str]]:
    """Return the mutants no case kills, and how many of each sort were made and killed."""
    alive: list[str] = []
    made: Counter[str] = Counter()
    dead: Counter[str] = Counter()
    for rule in rules:
        cases = knowledge.cases[rule.id]
        for what, mutant in mutants(rule.when, knowledge):
            made[what] += 1
            if killed(mutant, cases, knowledge.book):
                dead[what] += 1
            else:
                alive.append(f"{rule.id}: {what}: {mutant}")
    return alive, made, dead


def test_every_rule_passes_its_own_cases(knowledge: Knowledge) -> None:
    assert [rule.id for rule in knowledge.rules if killed(rule.when, knowledge.cases[rule.id], knowledge.book)] == []
    assert len(knowledge.rules) >= 150


def test_every_mutant_of_every_rule_is_killed_by_a_case_of_the_rule(knowledge: Knowledge) -> None:
    started = time.perf_counter()
    rules = knowledge.rules
    alive, made, dead = survivors(knowledge, rules)
    seconds = time.perf_counter() - started
    print(f"\nmutation: {dead.total()} of {made.total()} killed, {len(rules)} rules, {seconds:.1f} s")
    for what, count in sorted(made.items()):
        print(f"  {what:<20} {dead[what]:>5} of {count}")
    assert alive == []
    assert made.keys() == SORTS
    assert made.total() >= 900


def test_each_place_of_a_condition_is_mutated(knowledge: Knowledge) -> None:
    condition = condition_from(
        {
            "any": [
                {"all": [{"fact": "ascites", "is": "present"}, {"fact": "grade", "in": ["G1", "G2"]}]},
                {"not": {"fact": "lesion_count", "op": ">=", "value": 3, "unit": "count"}},
            ]
        }
    )
    ascites, grade, count = (
        Is("ascites", True),
        In("grade", ("G1", "G2")),
        Compare("lesion_count", ">=", Fraction(3), "count"),
    )
    both, few = All((ascites, grade)), Not(count)
    found = [mutant for _, mutant in mutants(condition, knowledge)]
    expected = [
        All((both, few)),
        AnyOf((few,)),
        AnyOf((both,)),
        AnyOf((AnyOf((ascites, grade)), few)),
        AnyOf((All((grade,)), few)),
        AnyOf((All((ascites,)), few)),
        AnyOf((All((Is("ascites", False), grade)), few)),
        *(AnyOf((All((ascites, In("grade", values))), few)) for values in (("G2",), ("G1",))),
        *(AnyOf((All((ascites, In("grade", ("G1", "G2", more)))), few)) for more in ("G3", "NEC")),
        AnyOf((both, count)),
        *(AnyOf((both, Not(replace(count, op=op)))) for op in ("<", "<=", ">", "==")),
        *(AnyOf((both, Not(replace(count, value=Fraction(value))))) for value in (2, 4)),
    ]
    assert len(found) == len(expected) == len(set(found))
    assert set(found) == set(expected)
    assert condition not in found
