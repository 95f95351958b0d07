"""Numbers with comparators, ranges and units in a text, and their value in a fact's canonical unit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from assistant.answer import FactState
from assistant.patient_text.tokens import flat
from assistant.rules.interval import Interval
from corpus.definitions import FactDefinition, UnitOfMeasure

_NUMBER = (
    r"(?<![\w-])\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?![\d.,]|\s*%)"
    r"|\d+(?:[.,]\d{3}(?!\d))*(?:[.,]\d+)?"
)
_LONGEST_NUMBER = 20
"""Characters of a number; a longer row of digits measures nothing."""
_LESS = r"<|&lt;|less than|lower than|under|below|smaller than|fewer than|shorter than"
_LESS_EQUAL = (
    r"≤|<=|</=|=<|⩽|up to|at most|no more than|not more than|not above|not over|max(?:imum)?\.?|not exceeding"
    r"|no larger than|not larger than"
)
_MORE = r">|&gt;|more than|over|above|greater than|larger than|higher than|exceeding|exceeds|in excess of"
_MORE_EQUAL = r"≥|>=|>/=|=>|⩾|at least|no less than|not less than|not below|not under|min(?:imum)?\.?"
_ABOUT = r"~|≈|about|approx(?:imately)?\.?|around|roughly|circa|ca\.?|c\.|some|estimated(?: at)?|est\.?|nearly|almost"
_QUANTITY = re.compile(
    rf"(?:(?<![^\W\d_])(?:{_ABOUT})\s{{0,3}})?(?:(?<![^\W\d_])(?:(?P<less_equal>{_LESS_EQUAL})|(?P<more_equal>{_MORE_EQUAL})"
    rf"|(?P<less>{_LESS})|(?P<more>{_MORE})))?\s{{0,3}}(?:(?<![^\W\d_])(?:{_ABOUT})\s{{0,3}})?"
    rf"(?P<low>{_NUMBER})(?P<kilo>\s?k(?![a-z]))?(?P<percent>\s?%)?"
    rf"(?:\s{{0,3}}(?P<join>-|–|—|−|to|bis|à|x|×|by|and)\s{{0,3}}(?P<high>{_NUMBER})(?P<kilo_high>\s?k(?![a-z]))?)?",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    rf"""\b(?:(?:19|20)\d\d(?P<iso>[-/.])\d{{1,2}}(?P=iso)\d{{1,2}}
      | \d{{1,2}}(?P<sep>[-/.])\d{{1,2}}(?P=sep)(?:(?:19|20)?\d\d)
      | \d{{1,2}}/(?:19|20)\d\d
      | {_MONTH}\s+(?:\d{{1,2}},?\s+)?(?:19|20)\d\d
      | \d{{1,2}}\s+{_MONTH}(?:\s+(?:19|20)\d\d)?
      | (?<![\d.,])(?:19[5-9]|20[0-4])\d(?![\d.,]|\s*(?:/|x|×|u|g|m|c|k|%)))""",
    re.IGNORECASE | re.VERBOSE,
)
_BLANKS = frozenset(" \t\u00a0\u2009\u202f")
_MOST_BLANKS = 3
_POWER = "10^"


def dates_in(text: str) -> tuple[tuple[int, int], ...]:
    """Return the places of dates and years: their numbers measure nothing."""
    return tuple((match.start(), match.end()) for match in _DATE.finditer(text))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as written.

    Attributes:
        readings: Its possible values; two where a mark may divide thousands or decimals.
        unit: Unit id, empty where none is written.
    """

    readings: tuple[Interval, ...]
    unit: str
    start: int
    end: int


class UnitBook:
    """How units are written."""

    def __init__(self, units: Mapping[str, UnitOfMeasure]) -> None:
        self._written: dict[str, str] = {}
        self._exact: dict[str, str] = {}
        for unit in units.values():
            for spelling in unit.written:
                self._written[_squeezed(spelling)] = unit.id
                self._written[_squeezed(spelling.replace(_POWER, "10e"))] = unit.id
            for spelling in unit.exact:
                self._exact[spelling] = unit.id
        self._prefixes = frozenset(key[:end] for key in self._written for end in range(len(key) + 1))

    def at(self, text: str, position: int) -> tuple[str, int]:
        """Return the unit written at a place and where it ends; an empty id where there is none."""
        start = position
        while start < len(text) and text[start] in _BLANKS:
            start += 1
        written = [
            (unit, start + len(spelling))
            for spelling, unit in self._exact.items()
            if text.startswith(spelling, start) and _ends_word(text, start + len(spelling))
        ]
        return max([("", position), *written, *self._spelled(text, start)], key=lambda found: found[1])

    def _spelled(self, text: str, start: int) -> Iterator[tuple[str, int]]:
        """The units written at a place in any case and spacing, and where each ends."""
        squeezed, blanks = "", 0
        for end in range(start, len(text)):
            if text[end] in _BLANKS:
                blanks += 1
                if blanks > _MOST_BLANKS:
                    break
                continue
            blanks = 0
            squeezed += _squeezed(text[end])
            if squeezed not in self._prefixes:
                break
            if squeezed in self._written and _ends_word(text, end + 1):
                yield self._written[squeezed], end + 1


def _ends_word(text: str, end: int) -> bool:
    if text[end - 1].isdigit() and text[end : end + 1] in {".", ","} and text[end + 1 : end + 2].isdigit():
        return False  # "to 1" ends inside "from 4.1 to 1.2"
    return end >= len(text) or not text[end].isalnum() or not text[end - 1].isalnum()


@lru_cache(maxsize=4096)
def _squeezed(text: str) -> str:
    """A spelling without spaces, case and the signs of a power."""
    return "".join(c for c in flat(text) if c not in _BLANKS and c not in "^*·")


def quantities(text: str, units: UnitBook, start: int = 0, end: int | None = None) -> Iterator[Quantity]:
    """Return the quantities written in a stretch of text, in order, without dates."""
    end = len(text) if end is None else end
    dates = iter(dates_in(text))
    date = next(dates, None)
    position = start
    while (match := _QUANTITY.search(text, position, end)) is not None:
        inside_word = match.start("low") > 0 and text[match.start("low") - 1].isalpha()
        inside_word = inside_word and match.start("low") == match.start()
        while date is not None and date[1] <= match.start("low"):
            date = next(dates, None)
        of_date = date is not None and date[0] < match.end()
        if inside_word or of_date or any(len(match[end] or "") > _LONGEST_NUMBER for end in ("low", "high")):
            position = match.end("low")
            continue
        quantity = _quantity(match, text, units)
        yield quantity
        position = max(quantity.end, match.end("low"))


def _quantity(match: re.Match[str], text: str, units: UnitBook) -> Quantity:
    first_end = match.end("kilo") if match["kilo"] else match.end("low")
    unit, unit_end = units.at(text, first_end)
    if match["high"] and unit and unit_end > match.start("join"):  # "4.1 x10^9/L": the sign belongs to the unit
        return Quantity(_single(match, kilo=bool(match["kilo"])), unit, match.start(), unit_end)
    end = match.end()
    unit, unit_end = units.at(text, end)
    kilo = bool(match["kilo"] or (match["kilo_high"] and match["join"] != "and"))
    lows = _values(match["low"], kilo=kilo)
    readings: list[Interval] = []
    if match["high"] and text[: match.start()].rstrip().lower().endswith("from"):  # "from 4.1 to 1.2": the latter
        readings = [Interval.point(high) for high in _values(match["high"], kilo=bool(match["kilo_high"]))]
    elif match["high"]:
        highs = _values(match["high"], kilo=bool(match["kilo_high"]))
        readings = _joined(match, text, lows, highs)
        if not readings:  # "3 - 2": no range; the first number alone
            end = match.end("percent") if match["percent"] else match.end("low")
            unit, unit_end = units.at(text, end)
    if not readings:
        readings = list(_single(match, kilo=kilo))
    if not unit and match["percent"]:
        unit, unit_end = "%", max(end, match.end("percent"))
    return Quantity(tuple(readings), unit, match.start(), max(unit_end, end))


def _single(match: re.Match[str], *, kilo: bool) -> tuple[Interval, ...]:
    return tuple(_bounded(match, low) for low in _values(match["low"], kilo=kilo))


def _joined(match: re.Match[str], text: str, lows: list[Fraction], highs: list[Fraction]) -> list[Interval]:
    """The readings of two numbers: a range, the larger of a product of diameters, or nothing ("12 and 18" are two)."""
    join = match["join"].lower()
    pairs = list(zip(lows, highs, strict=False))
    if join in {"x", "×", "*", "by"}:
        return [Interval.point(max(low, high)) for low, high in pairs]
    if join == "and" and not text[: match.start()].rstrip().lower().endswith("between"):
        return []
    return [Interval(low, high) for low, high in pairs if low <= high]


def _bounded(match: re.Match[str], value: Fraction) -> Interval:
    if match["less"]:
        return Interval(Fraction(0), value, low_open=value > 0, high_open=True) if value > 0 else Interval.point(value)
    if match["less_equal"]:
        return Interval(Fraction(0), value)
    if match["more"]:
        return Interval(value, None, low_open=True)
    if match["more_equal"]:
        return Interval(value, None)
    return Interval.point(value)


def _values(written: str, *, kilo: bool) -> list[Fraction]:
    """The values a written number may have: "1,250" is a thousand and more, or one and a quarter."""
    plain = "".join(c for c in written if c.isdigit() or c in ".,")
    found: list[Fraction] = []
    separators = [c for c in plain if c in ".,"]
    if not separators:
        found = [Fraction(plain)]
    elif len(set(separators)) == 2:  # noqa: PLR2004 - thousands and decimals
        decimal = separators[-1]
        thousand = "," if decimal == "." else "."
        found = [Fraction(plain.replace(thousand, "").replace(decimal, "."))]
    elif len(separators) > 1:
        found = [Fraction(plain.replace(separators[0], ""))]
    else:
        whole, _, rest = plain.partition(separators[0])
        found = [Fraction(f"{whole}.{rest}")]
        if len(rest) == 3 and whole != "0":  # noqa: PLR2004 - a group of thousands
            thousands = Fraction(whole + rest)
            found = [thousands, *found] if separators[0] == "," else [*found, thousands]
    return [value * 1000 for value in found] if kilo else found


@dataclass(frozen=True, slots=True)
class Read:
    """A quantity as a fact's value: the interval in the canonical unit, or why it is none.

    Attributes:
        state: ``value``, ``implausible`` or ``unknown``.
    """

    state: FactState
    interval: Interval | None
    reason: str


def as_value(quantity: Quantity, definition: FactDefinition) -> Read:
    """Convert a quantity to a fact's canonical unit; what cannot be read without doubt is not read."""
    if quantity.unit and quantity.unit not in definition.units:
        return Read("unknown", None, f"{quantity.unit} is no unit of this")
    candidates = [
        (interval.scaled(definition.units[unit]), unit)
        for interval in quantity.readings
        for unit in ([quantity.unit] if quantity.unit else _bare_units(interval, definition))
    ]
    plausible = [interval for interval, _ in candidates if _plausible(interval, definition)]
    if plausible:
        return Read("value", plausible[0], "")
    if not quantity.unit and not candidates:
        if definition.unit and all(not _plausible(interval, definition) for interval in quantity.readings):
            return Read("implausible" if len(definition.units) == 1 else "unknown", None, "no unit")
        return Read("unknown", None, "no unit")
    return Read("implausible", candidates[0][0] if candidates else None, "outside the plausible range")


def _bare_units(interval: Interval, definition: FactDefinition) -> list[str]:
    """The unit in which a bare number is read: its ends must lie in one declared range."""
    ends = [end for end in (interval.low, interval.high) if end is not None]
    if interval.low == 0 and len(ends) > 1:
        ends = ends[1:]
    return [bare.unit for bare in definition.without_unit if all(bare.low <= end < bare.high for end in ends)][:1]


def _plausible(interval: Interval, definition: FactDefinition) -> bool:
    if definition.plausible is None:
        return True
    low, high = definition.plausible
    return (
        interval.meet(Interval(low, high)) is not None
        and all(end is None or end <= high for end in (interval.low, interval.high))
        and (interval.single is None or interval.single >= low)
    )
