"""Sentences as clinicians write them, with every fact that a careful reader takes from them.

Every list of `tests/data/reading` stands in two files: what is read right, item by item, and what is not yet (`-open`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
import yaml

from assistant.rules.derivation import derived
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact
from corpus.definitions import NUMBERS, SET, FactDefinition
from tests.assistant.patient_text import book, reader
from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "data" / "reading"
LISTS = ("cues", "choices", "values", "sizes", "notes")
DOUBT = frozenset({"unknown", "conflicting", "implausible"})
PRECISION = Fraction(6, 10_000)
"""Expected numbers are written with four significant digits."""
FOLLOWING = frozenset({"lesion_count", "largest_lesion_cm", "sex"})
"""Facts that a list of sizes or a pronoun says with it: an item need not repeat them, but may not contradict them."""


@cache
def items(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return loaded


def listed(suffix: str) -> list[Any]:
    return [
        pytest.param(item, id=f"{name}{suffix}-{number}")
        for name in LISTS
        for number, item in enumerate(items(name + suffix), 1)
    ]


def interval_of(written: str) -> Interval:
    """The interval that an expectation writes: ``8``, ``[3, 5]``, ``(0, 3)``, ``(10, inf)``."""
    range_ = re.fullmatch(r"([\[(])([\d.]+), ([\d.]+|inf)([\])])", written)
    if range_ is None:
        return Interval.point(Fraction(written))
    opening, low, high, closing = range_.groups()
    end = None if high == "inf" else Fraction(high)
    return Interval(Fraction(low), end, opening == "(", closing == ")" and end is not None)


def close(expected: Fraction | None, read: Fraction | None) -> bool:
    if expected is None or read is None:
        return expected is read
    return abs(expected - read) <= PRECISION * max(abs(expected), abs(read))


def same_interval(expected: Interval, read: Interval) -> bool:
    at_zero = expected.low == 0 and read.low in {0, None}  # nothing measured here is negative
    return (
        (at_zero or (close(expected.low, read.low) and expected.low_open == read.low_open))
        and close(expected.high, read.high)
        and expected.high_open == read.high_open
    )


def same(expected: Any, fact: PatientFact | None, definition: FactDefinition) -> bool:
    """Whether a fact was read as expected; ``unknown`` is met by silence too."""
    if expected == "unknown":
        return fact is None or not fact.firm
    if fact is None or (isinstance(expected, str) and expected in DOUBT):
        return fact is not None and fact.state == expected
    return fact.firm and same_value(expected, fact, definition)


def same_value(expected: Any, fact: PatientFact, definition: FactDefinition) -> bool:
    if definition.kind == NUMBERS:
        sizes = sorted((Fraction(str(size)) for size in expected), reverse=True)
        return len(fact.sizes) == len(sizes) and all(
            same_interval(Interval.point(size), read) for size, read in zip(sizes, fact.sizes, strict=True)
        )
    if definition.kind == SET:
        return all(any(related(one, other) for other in fact.candidates) for one in expected) and all(
            any(related(one, other) for one in expected) for other in fact.candidates
        )
    if definition.numeric:
        return fact.interval is not None and same_interval(interval_of(str(expected)), fact.interval)
    return set(str(expected).split("|")) == set(fact.candidates or (fact.state,))


def related(one: str, other: str) -> bool:
    return one in book().lineage(other) or other in book().lineage(one)


def faults(item: Mapping[str, Any]) -> list[str]:
    """What is read otherwise than expected, and what is read firmly without being expected."""
    stated = reader().read(item["text"])
    following = derived(stated, book().facts, book().lineage)
    found = []
    for name, expected in item["facts"].items():
        definition = book().facts[name]
        read = stated.facts.get(name)
        if not same(expected, read, definition) and not same(expected, following.facts.get(name), definition):
            found.append(f"{name}: expected {expected}, read {read}")
    for fact in stated:
        says_nothing = fact.state == "value" and not (fact.candidates or fact.interval or fact.sizes)
        if fact.firm and not says_nothing and fact.id not in item["facts"] and fact.id not in FOLLOWING:
            found.append(f"{fact.id}: not expected, read {fact}")
    return found


def wrongly_absent(item: Mapping[str, Any], stated: Patient) -> list[str]:
    return [fact.id for fact in stated if fact.state == "absent" and item["facts"].get(fact.id) != "absent"]


@pytest.mark.parametrize("item", listed(""))
def test_an_item_is_read_as_a_careful_clinician_would(item: dict[str, Any]) -> None:
    assert faults(item) == [], item["text"]
    assert wrongly_absent(item, reader().read(item["text"])) == [], item["text"]


@pytest.mark.parametrize("item", listed("-open"))
def test_what_is_not_read_right_is_never_a_wrong_no(item: dict[str, Any]) -> None:
    assert wrongly_absent(item, reader().read(item["text"])) == [], item["text"]
    assert faults(item) != [], f"read right by now, move it to the other list: {item['text']}"


def test_enough_is_read_right() -> None:
    right = {name: len(items(name)) for name in LISTS}
    total = {name: right[name] + len(items(f"{name}-open")) for name in LISTS}
    for name in LISTS:
        print(f"{name}: {right[name]} of {total[name]} read right ({right[name] / total[name]:.1%})")
    print(f"all: {sum(right.values())} of {sum(total.values())} ({sum(right.values()) / sum(total.values()):.1%})")
    assert sum(right[name] for name in LISTS if name != "values") >= 400
    assert right["values"] >= 250


def test_the_lists_are_sound() -> None:
    for name in LISTS:
        texts = [item["text"] for part in ("", "-open") for item in items(name + part)]
        assert len(texts) == len(set(texts))
        for item in [*items(name), *items(f"{name}-open")]:
            assert set(item) - {"about"} == {"text", "facts"}
            for fact, expected in item["facts"].items():
                assert fact in book().facts, item["text"]
                check_expectation(book().facts[fact], expected)


def check_expectation(definition: FactDefinition, expected: Any) -> None:
    if isinstance(expected, list):
        assert definition.kind in {NUMBERS, SET}
        assert definition.kind == NUMBERS or set(expected) <= set(definition.values)
    elif expected not in DOUBT:
        if definition.numeric:
            interval_of(str(expected))
        else:
            assert set(str(expected).split("|")) <= set(definition.values or ("present", "absent")), expected


# The comparison itself


@pytest.mark.parametrize(
    ("expected", "read", "agrees"),
    [
        ("8", Interval.point(Fraction(8)), True),
        ("0.7018", Interval.point(Fraction(12 * 10, 171)), True),
        ("0.7018", Interval.point(Fraction(703, 1000)), False),
        ("(0, 3)", Interval(Fraction(0), Fraction(3), low_open=True, high_open=True), True),
        ("(0, 3)", Interval(Fraction(0), Fraction(3), high_open=True), True),
        ("(0, 3)", Interval(Fraction(0), Fraction(3), low_open=True), False),
        ("[3, 5]", Interval(Fraction(3), Fraction(5)), True),
        ("[3, 5]", Interval(Fraction(3), Fraction(5), low_open=True), False),
        ("(10, inf)", Interval(Fraction(10), None, low_open=True), True),
        ("(10, inf)", Interval(Fraction(10), None), False),
        ("(10, inf)", Interval(Fraction(10), Fraction(99), low_open=True), False),
        ("1", Interval(Fraction(1), None), False),
    ],
)
def test_numbers_are_compared_with_their_ends(expected: str, read: Interval, agrees: bool) -> None:
    assert same_interval(interval_of(expected), read) == agrees


def test_a_difference_is_noticed() -> None:
    good = {"text": "No ascites. Bilirubin 1.2 mg/dL.", "facts": {"ascites": "absent", "bilirubin_mg_dl": "1.2"}}
    assert faults(good) == []
    for changed in ({"ascites": "present"}, {"ascites": "unknown"}, {"bilirubin_mg_dl": "1.3"}, {"grade": "G1"}):
        assert len(faults({**good, "facts": {**good["facts"], **changed}})) == 1  # type: ignore[dict-item]
    assert len(faults({**good, "facts": {"ascites": "absent"}})) == 1
    assert wrongly_absent({**good, "facts": {}}, reader().read(str(good["text"]))) == ["ascites"]
