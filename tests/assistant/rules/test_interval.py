from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from itertools import product

import pytest

from assistant.rules.cases import interval_of
from assistant.rules.interval import Interval, shown

FAR = Fraction(1000)
GRID = [-FAR, *(Fraction(quarter, 4) for quarter in range(-4, 21)), FAR]
"""Points to look at: between any two ends of INTERVALS lie three, and beyond them one on either side."""
ENDS = (None, *(Fraction(end) for end in range(4)))
VALUES = [Fraction(half, 2) for half in range(-1, 8)]
OPERATORS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


def inside(low: Fraction | None, high: Fraction | None, low_open: bool, high_open: bool) -> frozenset[Fraction]:
    """The points of the grid that lie between two ends, by the definition of open and closed."""
    return frozenset(
        point
        for point in GRID
        if (low is None or (point > low if low_open else point >= low))
        and (high is None or (point < high if high_open else point <= high))
    )


# An end that is not there is not open.
SHAPES = [
    shape
    for shape in product(ENDS, ENDS, (False, True), (False, True))
    if not (shape[0] is None and shape[2]) and not (shape[1] is None and shape[3])
]
INTERVALS = [(Interval(*shape), inside(*shape)) for shape in SHAPES if inside(*shape)]


def test_what_holds_no_number_is_refused() -> None:
    empty = [shape for shape in SHAPES if not inside(*shape)]
    assert len(INTERVALS) == 45
    assert len(empty) == 36
    for shape in empty:
        with pytest.raises(ValueError, match="no number lies between"):
            Interval(*shape)


def test_it_holds_the_numbers_between_its_ends() -> None:
    for interval, points in INTERVALS:
        assert {point for point in GRID if interval.holds(point)} == points


@pytest.mark.parametrize("op", OPERATORS)
def test_a_comparison_is_true_for_all_numbers_false_for_none_or_open(op: str) -> None:
    found = set()
    for (interval, points), value in product(INTERVALS, VALUES):
        each = {OPERATORS[op](point, value) for point in points}
        expected = each.pop() if len(each) == 1 else None
        assert interval.compare(op, value) is expected, (str(interval), op, value)
        found.add(expected)
    assert found == {True, False, None}


# The cases of rules write `[50, inf)`.
def test_an_end_that_is_not_there_is_neither_open_nor_closed() -> None:
    unbounded = interval_of("[50, inf)")
    assert unbounded.within(unbounded)
    assert unbounded == Interval(Fraction(50), None)


def test_what_two_intervals_have_in_common() -> None:
    for (one, points), (other, others) in product(INTERVALS, INTERVALS):
        common = one.meet(other)
        expected = points & others
        assert (common is None) == (not expected), (str(one), str(other))
        if common is not None:
            assert {point for point in GRID if common.holds(point)} == expected
            assert common == other.meet(one)


def test_one_interval_within_another() -> None:
    for (one, points), (other, others) in product(INTERVALS, INTERVALS):
        assert one.within(other) is (points <= others), (str(one), str(other))


@pytest.mark.parametrize("factor", [Fraction(1, 10), Fraction(1), Fraction(10), Fraction("17.1"), 1 / Fraction("88.4")])
def test_another_unit_moves_every_number_exactly(factor: Fraction) -> None:
    for interval, points in INTERVALS:
        scaled = interval.scaled(factor)
        assert {point for point in GRID if scaled.holds(point * factor)} == points
        assert scaled.scaled(1 / factor) == interval
        for op, value in product(OPERATORS, VALUES):
            assert scaled.compare(op, value * factor) is interval.compare(op, value)


def test_a_value_at_a_limit_in_another_unit_is_the_limit() -> None:
    bilirubin = Interval.point(Fraction("34.2")).scaled(1 / Fraction("17.1"))
    assert bilirubin == Interval.point(Fraction(2))
    assert bilirubin.compare("<", Fraction(2)) is False
    creatinine = Interval.point(Fraction("176.8")).scaled(1 / Fraction("88.4"))
    assert creatinine.compare(">=", Fraction(2)) is True
    assert Interval.point(Fraction("34.1")).scaled(1 / Fraction("17.1")).compare("<", Fraction(2)) is True


@pytest.mark.parametrize(
    ("interval", "op", "value", "expected"),
    [
        (Interval(Fraction(0), Fraction(3), True, True), "<", 3, True),  # Ki-67 "<3 %"
        (Interval(Fraction(0), Fraction(3), True, False), "<", 3, None),
        (Interval(Fraction(3), Fraction(5)), ">=", 3, True),
        (Interval(Fraction(2), Fraction(5)), ">=", 3, None),  # straddles the limit: neither side
        (Interval(Fraction(2), Fraction(5)), "<", 3, None),
        (Interval(Fraction(3), None, True), ">", 3, True),
        (Interval(Fraction(3), None), ">", 3, None),
        (Interval(None, Fraction(3), False, True), ">=", 3, False),
        (Interval(None, None), "==", 3, None),
        (Interval(Fraction(3), Fraction(5), True), "==", 3, False),
        (Interval(Fraction(3), Fraction(5)), "==", 3, None),
        (Interval.point(Fraction(3)), "==", 3, True),
    ],
)
def test_published_limits(interval: Interval, op: str, value: int, expected: bool | None) -> None:
    assert interval.compare(op, Fraction(value)) is expected


def test_only_one_number_is_single() -> None:
    for interval, points in INTERVALS:
        assert interval.single == (next(iter(points)) if len(points) == 1 else None)


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval.point(Fraction(3)), "3"),
        (Interval.point(Fraction(45) / Fraction("17.1")), "2.632"),
        (Interval(Fraction(3), Fraction(5)), "3–5"),
        (Interval(Fraction(0), Fraction(3), True, True), "> 0, < 3"),
        (Interval(Fraction(0), Fraction(3), False, True), "≥ 0, < 3"),
        (Interval(Fraction(0), Fraction(3), True, False), "> 0, ≤ 3"),
        (Interval(None, Fraction(3)), "≤ 3"),
        (Interval(None, Fraction(3), False, True), "< 3"),
        (Interval(Fraction(3), None), "≥ 3"),
        (Interval(Fraction(3), None, True), "> 3"),
        (Interval(None, None), "any number"),
    ],
)
def test_as_it_is_written(interval: Interval, text: str) -> None:
    assert str(interval) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("2", "2"), ("1.25", "1.25"), ("0.05", "0.05"), ("1.23456", "1.235"), ("45000", "45000"), ("123456", "123456")],
)
def test_a_number_for_the_eye(value: str, text: str) -> None:
    assert shown(Fraction(value)) == text
