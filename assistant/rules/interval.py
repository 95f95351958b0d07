"""Numbers as intervals with open or closed ends, compared in three values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers between two ends; an end that is ``None`` is unbounded.

    Raises:
        ValueError: If it holds no number.
    """

    low: Fraction | None
    high: Fraction | None
    low_open: bool = False
    high_open: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "low_open", self.low_open and self.low is not None)
        object.__setattr__(self, "high_open", self.high_open and self.high is not None)
        if self.low is not None and self.high is not None:
            empty = self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))
            if empty:
                raise ValueError(f"no number lies between {self.low} and {self.high}")

    @classmethod
    def point(cls, value: Fraction) -> Interval:
        """Return the interval of one number."""
        return cls(value, value)

    @property
    def single(self) -> Fraction | None:
        """The number, where there is only one."""
        return self.low if self.low is not None and self.low == self.high else None

    def compare(self, op: str, value: Fraction) -> bool | None:
        """Return whether every number stands so to a value; ``False`` where none does, ``None`` where some do."""
        if op == "==":
            if self.single == value:
                return True
            return None if self.holds(value) else False
        if self._all(op, value):
            return True
        return False if self._all(_OPPOSITE[op], value) else None

    def holds(self, value: Fraction) -> bool:
        """Whether a number lies in the interval."""
        above = self.low is None or value > self.low or (value == self.low and not self.low_open)
        return above and (self.high is None or value < self.high or (value == self.high and not self.high_open))

    def within(self, other: Interval) -> bool:
        """Whether every number lies in another interval."""
        return self.meet(other) == self

    def meet(self, other: Interval) -> Interval | None:
        """Return the numbers common to both, ``None`` where there are none."""
        lows = [
            (end, is_open)
            for end, is_open in ((self.low, self.low_open), (other.low, other.low_open))
            if end is not None
        ]
        highs = [
            (end, not is_open)
            for end, is_open in ((self.high, self.high_open), (other.high, other.high_open))
            if end is not None
        ]
        low, low_open = max(lows, default=(None, False))  # of equal ends the open one is the tighter
        high, closed = min(highs, default=(None, True))
        try:
            return Interval(low, high, low_open, not closed)
        except ValueError:
            return None

    def scaled(self, factor: Fraction) -> Interval:
        """Return the interval in another unit; the factor is positive."""
        low = None if self.low is None else self.low * factor
        high = None if self.high is None else self.high * factor
        return Interval(low, high, self.low_open, self.high_open)

    def _all(self, op: str, value: Fraction) -> bool:
        match op:
            case "<":
                return self.high is not None and (self.high < value or (self.high == value and self.high_open))
            case "<=":
                return self.high is not None and self.high <= value
            case ">":
                return self.low is not None and (self.low > value or (self.low == value and self.low_open))
            case _:
                return self.low is not None and self.low >= value

    def __str__(self) -> str:
        if self.single is not None:
            return shown(self.single)
        if self.low is None or self.high is None:
            if self.low is None and self.high is None:
                return "any number"
            end, is_open = (self.high, self.high_open) if self.low is None else (self.low, self.low_open)
            sign = ("<" if is_open else "≤") if self.low is None else (">" if is_open else "≥")
            return f"{sign} {shown(end)}"  # type: ignore[arg-type]
        if not self.low_open and not self.high_open:
            return f"{shown(self.low)}–{shown(self.high)}"
        return f"{'>' if self.low_open else '≥'} {shown(self.low)}, {'<' if self.high_open else '≤'} {shown(self.high)}"


def shown(value: Fraction) -> str:
    """Return a number for the eye: at most four significant digits; comparisons use the exact value."""
    return f"{float(value):.4g}" if abs(value) < 10**4 else f"{float(value):g}"


def largest_first(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return intervals by their upper ends, those without one first."""
    return tuple(sorted(intervals, key=lambda i: (i.high is None, i.high or 0, i.low or 0), reverse=True))
