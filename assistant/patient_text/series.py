"""Values in an order: "4.1 → 1.2", "3.1, now 1.4", or each with its date; the latest counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.patient_text.quantities import Quantity

_DATE = (
    r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2}[./]\d{1,2}\.?|\d{1,2}\s+[A-Za-z]{3,9}"
    r"|(?:19|20)\d\d"
)
_DAY_AFTER = re.compile(rf"\s*(?:\(|on|in|at)?\s*(?P<day>{_DATE})(?!\d|[.,]\d)")
_DAY_BEFORE = re.compile(rf"(?P<day>{_DATE})\s*[:=]?\s*$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ORDER = re.compile(r"→|->|=>|>>|\b(?:now|then|to|today|currently|later)\b", re.IGNORECASE)
_NEXT = re.compile(
    rf"\s*(?:\(?(?:on|in|at)?\s*(?:{_DATE})\)?)?\s*[,;]?\s*"
    r"(?:→|->|=>|>>|,|then|now|to|today|currently|and now|down to|up to|falling to|rising to|back to|and later)?\s*"
    rf"(?:(?:{_DATE})\s*[:=]?)?\s*",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"→|->|=>|\b(?:now|today|tonight|this (?:morning|week|month)|currently|latest|most recent(?:ly)?|down to|up to"
    r"|sorry|wait|correction|i mean|make that|but it(?: is|['’]s))\b",
    re.IGNORECASE,
)
_WIDEST = 48
_BEHIND = 14
_LOOK_BACK = 24
_PARTS_OF_DATE = 3
_MOST = 40


def latest(first: Quantity, following: Sequence[Quantity], text: str) -> Quantity:
    """Return the latest of a series that begins with a quantity; the quantity itself where there is none.

    Args:
        following: The quantities after it, in order.
    """
    if (later := _told_later(first, following, text)) is not None:
        return later
    series = [first]
    for other in following[:_MOST]:
        between = text[series[-1].end : other.start]
        if len(between) > _MOST or not _NEXT.fullmatch(between):
            break
        series.append(other if other.unit or not first.unit else replace(other, unit=first.unit))
    if len(series) == 1:
        return first
    days = [_day(quantity, text) for quantity in series]
    if all(days):
        return series[max(range(len(series)), key=lambda n: days[n] or ())]
    return series[-1] if _ORDER.search(text[series[-2].end : series[-1].start]) else first


def _told_later(first: Quantity, following: Sequence[Quantity], text: str) -> Quantity | None:
    """The value that is said to be the later one: "was 0.9 last month and is 3.1 mg/dL now"."""
    if not following or (following[0].unit and first.unit and following[0].unit != first.unit):
        return None
    other = following[0]
    between = text[first.end : other.start]
    behind = re.split(r"[,;.\n]", text[other.end : other.end + _BEHIND], maxsplit=1)[0]
    if (
        len(between) > _WIDEST
        or re.search(r"\bnot\s*$", between)
        or not (_LATER.search(between) or _LATER.search(behind))
    ):
        return None
    return other if other.unit or not first.unit else replace(other, unit=first.unit)


def _day(quantity: Quantity, text: str) -> tuple[int, ...] | None:
    """The date right after a quantity, or right before it, as year, month, day."""
    after = _DAY_AFTER.match(text, quantity.end)
    before = _DAY_BEFORE.search(text[max(0, quantity.start - _LOOK_BACK) : quantity.start])
    found = after or before
    return _as_day(found.group("day")) if found else None


def _as_day(written: str) -> tuple[int, ...] | None:
    numbers = [int(n) for n in re.findall(r"\d+", written)]
    letters = re.search(r"[A-Za-z]{3}", written)
    if letters:
        month = letters.group().lower()
        return (0, _MONTHS.index(month) + 1, numbers[0]) if month in _MONTHS else None
    if re.match(r"\d{4}", written):
        return (*numbers, 0, 0)[:_PARTS_OF_DATE]
    return (numbers[2] % 100 + 2000 if len(numbers) == _PARTS_OF_DATE else 0, numbers[1], numbers[0])
