from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product
from typing import get_args

import pytest

from assistant.answer import FactState
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact, choice, flag, number, therapies
from assistant.rules.truth import Truth, conjunction, disjunction, evaluate, negation
from corpus.conditions import All, Always, AnyOf, Compare, Condition, Has, In, Is, Not, Undecided

TRUTHS: tuple[Truth, ...] = (True, False, None)
TREE = {
    "wide": (),
    "middle": ("wide",),
    "narrow": ("middle",),
    "sibling": ("middle",),
    "both": ("narrow", "other"),
    "other": (),
}
"""Therapy to those directly above it."""


def lineage(therapy: str) -> tuple[str, ...]:
    found = [therapy]
    for item in found:
        found += [above for above in TREE.get(item, ()) if above not in found]
    return tuple(found)


def truth(condition: Condition, *facts: PatientFact) -> Truth:
    return evaluate(condition, Patient.of(facts), lineage).truth


def known(name: str, value: Truth) -> tuple[PatientFact, ...]:
    return () if value is None else (flag(name, present=value),)


# Connectives


def completions(truths: tuple[Truth, ...]) -> Iterator[tuple[bool, ...]]:
    """Every way in which what is not known may turn out."""
    return product(*((True, False) if value is None else (value,) for value in truths))


@pytest.mark.parametrize("length", range(5))
def test_and_and_or_say_what_every_completion_says(length: int) -> None:
    for truths in product(TRUTHS, repeat=length):
        every = {all(completion) for completion in completions(truths)}
        some = {any(completion) for completion in completions(truths)}
        assert conjunction(truths) is (every.pop() if len(every) == 1 else None), truths
        assert disjunction(truths) is (some.pop() if len(some) == 1 else None), truths


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [
        (True, True, True, True),
        (True, False, False, True),
        (True, None, None, True),
        (False, True, False, True),
        (False, False, False, False),
        (False, None, False, None),
        (None, True, None, True),
        (None, False, False, None),
        (None, None, None, None),
    ],
)
def test_the_truth_table_of_strong_kleene_logic(one: Truth, other: Truth, both: Truth, either: Truth) -> None:
    facts = (*known("a", one), *known("b", other))
    parts = (Is("a", True), Is("b", True))
    assert conjunction([one, other]) is both
    assert disjunction([one, other]) is either
    assert truth(All(parts), *facts) is both
    assert truth(AnyOf(parts), *facts) is either
    assert truth(Not(All(parts)), *facts) is negation(both)
    assert truth(AnyOf(tuple(Not(part) for part in parts)), *facts) is negation(both)


def test_not_turns_what_is_known_and_leaves_what_is_not() -> None:
    assert [negation(value) for value in TRUTHS] == [False, True, None]
    assert [truth(Not(Is("a", True)), *known("a", value)) for value in TRUTHS] == [False, True, None]


def test_always_holds_and_never_does_not() -> None:
    assert truth(Always()) is True
    assert truth(Not(Always())) is False
    assert list(evaluate(All((Always(), Is("a", True))), Patient(), lineage).atoms()) == [
        evaluate(Is("a", True), Patient(), lineage)
    ]


def test_every_part_is_evaluated_also_where_one_decides() -> None:
    condition = All((Is("a", True), AnyOf((Is("b", True), Is("c", True))), Is("d", False)))
    trace = evaluate(condition, Patient.of([flag("a", present=False), flag("c", present=True)]), lineage)
    assert trace.truth is False
    assert [(atom.condition, atom.truth) for atom in trace.atoms()] == [
        (Is("a", True), False),
        (Is("b", True), None),
        (Is("c", True), True),
        (Is("d", False), None),
    ]


# Atoms


@pytest.mark.parametrize("state", get_args(FactState))
def test_what_is_not_firm_is_unknown_to_every_atom(state: FactState) -> None:
    fact = PatientFact("x", state, ("a",), Interval.point(Fraction(1)), complete=True)
    conditions: list[Condition] = [
        Is("x", True),
        Is("x", False),
        In("x", ("a", "b")),
        In("x", ("b",)),
        Undecided("x", ("a", "b")),
        Compare("x", "<", Fraction(2), "mg/dL"),
        Compare("x", ">", Fraction(2), "mg/dL"),
        Has("x", "narrow"),
    ]
    firm = state in {"value", "present", "absent"}
    for condition in conditions:
        assert (truth(condition, fact) is not None) is firm, condition
        assert truth(condition) is None  # not mentioned at all
        assert truth(condition, PatientFact("y", "value", ("a",))) is None


def test_a_flag_is_present_or_absent() -> None:
    for value, present in product((True, False), repeat=2):
        assert truth(Is("x", present), flag("x", present=value)) is (value == present)


def subsets(values: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [chosen for size in range(1, len(values) + 1) for chosen in combinations(values, size)]


def test_a_choice_is_decided_where_every_candidate_agrees() -> None:
    values = ("patent", "partial_thrombosis", "occluded")
    for candidates, wanted in product(subsets(values), repeat=2):
        each = {candidate in wanted for candidate in candidates}
        expected = each.pop() if len(each) == 1 else None
        assert truth(In("x", wanted), choice("x", *candidates)) is expected, (candidates, wanted)


def test_undecided_is_true_of_exactly_its_candidates_in_any_order() -> None:
    values = ("none", "stable", "progressive")
    for candidates, wanted in product(subsets(values), repeat=2):
        expected = frozenset(candidates) == frozenset(wanted)
        assert truth(Undecided("x", wanted), choice("x", *reversed(candidates))) is expected


def test_portal_vein_thrombosis_alone_is_never_a_no() -> None:
    thrombosis = choice("portal_vein", "partial_thrombosis", "occluded")
    assert truth(In("portal_vein", ("occluded",)), thrombosis) is None
    assert truth(In("portal_vein", ("patent",)), thrombosis) is False
    assert truth(Not(In("portal_vein", ("occluded",))), thrombosis) is None


@pytest.mark.parametrize(
    ("interval", "below", "at_least"),
    [
        (Interval(Fraction(0), Fraction(3), True, True), True, False),
        (Interval(Fraction(0), Fraction(3)), None, None),
        (Interval(Fraction(2), Fraction(5)), None, None),
        (Interval(Fraction(3), None), False, True),
        (None, None, None),
    ],
)
def test_a_number_is_compared_as_an_interval(interval: Interval | None, below: Truth, at_least: Truth) -> None:
    fact = PatientFact("ki67_percent", "value", interval=interval)
    assert truth(Compare("ki67_percent", "<", Fraction(3), "%"), fact) is below
    assert truth(Compare("ki67_percent", ">=", Fraction(3), "%"), fact) is at_least
    assert truth(Compare("ki67_percent", "<", Fraction(3), "%"), number("other", Interval.point(Fraction(1)))) is None


def test_lists_of_sizes_are_not_compared() -> None:
    sizes = PatientFact("lesion_sizes_cm", "value", sizes=(Interval.point(Fraction(2)),), complete=True)
    assert truth(Compare("lesion_sizes_cm", "<=", Fraction(3), "cm"), sizes) is None


@pytest.mark.parametrize(
    ("held", "excluded", "complete", "expected"),
    [
        (("middle",), (), False, True),
        (("narrow",), (), False, True),  # a narrower one is one of its kind
        (("both",), (), False, True),  # also two levels down, by one of its two parents
        (("other", "sibling"), (), False, True),
        (("wide",), (), False, None),  # may be this one
        (("wide",), (), True, None),  # also where nothing else was done
        (("other",), (), False, None),  # what is not listed is unknown
        (("other",), (), True, False),  # unless nothing else was done
        ((), (), False, None),
        ((), (), True, False),
        ((), ("middle",), False, False),  # or it was denied
        ((), ("wide",), False, False),  # or what is above it was
        ((), ("narrow",), False, None),  # a narrower one denied leaves its sibling
        (("other",), ("wide",), False, False),
        (("sibling",), ("narrow",), False, True),
    ],
)
def test_a_set_holds_a_therapy_by_the_tree(
    held: tuple[str, ...], excluded: tuple[str, ...], complete: bool, expected: Truth
) -> None:
    fact = PatientFact("planned", "value", held, complete=complete, excluded=excluded)
    assert truth(Has("planned", "middle"), fact) is expected
    assert truth(Not(Has("planned", "middle")), fact) is negation(expected)


def test_sets_against_everything_that_may_have_been_done() -> None:
    """A world is what was done: each therapy held stands for itself or a narrower one, combinations set aside."""
    named = tuple(item for item in TREE if item != "both")
    under = {item: [other for other in named if item in lineage(other)] for item in named}
    for size in range(3):
        for held in combinations(named, size):
            worlds = [set(world) for world in product(*(under[item] for item in held))]
            for asked, complete in product(named, (True, False)):
                done = {any(asked in lineage(item) for item in world) for world in worlds}
                if not complete:
                    done.add(True)
                certain = any(asked in lineage(item) for item in held)
                expected = True if certain else (None if True in done else False)
                found = truth(Has("x", asked), therapies("x", *held, complete=complete))
                assert found is expected, (held, asked, complete)


# What decides


def trees(depth: int) -> list[Condition]:
    """Every condition of a depth over three flags, with at most two parts."""
    flags: list[Condition] = [Is("a", True), Is("b", False), Is("c", True)]
    if depth == 0:
        return flags
    below = trees(depth - 1)
    pairs = list(combinations(below, 2))
    return [*flags, *(Not(part) for part in below), *(All(pair) for pair in pairs), *(AnyOf(pair) for pair in pairs)]


PATIENTS = [
    Patient.of(fact for name, value in zip("abc", values, strict=True) for fact in known(name, value))
    for values in product(TRUTHS, repeat=3)
]


@pytest.mark.parametrize("condition", trees(2)[::3], ids=repr)
def test_what_decides_is_enough_and_what_is_open_decides(condition: Condition) -> None:
    for patient in PATIENTS:
        trace = evaluate(condition, patient, lineage)
        if trace.truth is not None:
            assert trace.unknown() == ()
            alone = Patient.of(fact for fact in patient if fact.id in trace.because())
            assert evaluate(condition, alone, lineage).truth is trace.truth
        else:
            opened = trace.unknown()
            assert opened
            assert all(patient.get(name) is None for name in opened)
            for values in product((True, False), repeat=len(opened)):
                more = patient.with_facts(
                    *(flag(name, present=value) for name, value in zip(opened, values, strict=True))
                )
                assert evaluate(condition, more, lineage).truth is not None


def test_because_names_the_parts_that_agree_in_order_each_once() -> None:
    condition = AnyOf((Is("a", True), All((Is("b", True), Is("c", True))), Not(Is("b", False)), Is("d", True)))
    patient = Patient.of([flag("b", present=True), flag("c", present=True), flag("d", present=False)])
    trace = evaluate(condition, patient, lineage)
    assert trace.truth is True
    assert trace.because() == ("b", "c")
    assert evaluate(All((Is("d", True), Is("b", False), Is("a", True))), patient, lineage).because() == ("d", "b")
    assert evaluate(Always(), patient, lineage).because() == ()


def test_unknown_names_only_what_could_still_decide() -> None:
    condition = AnyOf((All((Is("a", True), Is("b", True))), All((Is("c", True), Is("d", True), Is("c", True)))))
    trace = evaluate(condition, Patient.of([flag("a", present=False), flag("d", present=True)]), lineage)
    assert trace.truth is None
    assert trace.unknown() == ("c",)  # b is unknown too, but its branch is lost
    both = evaluate(condition, Patient(), lineage)
    assert both.unknown() == ("a", "b", "c", "d")
