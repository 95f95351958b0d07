"""One fact of all its mentions: what is firm wins, firm ones must agree, corrections and later values replace."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from assistant.patient_text.interventions import narrowest
from assistant.patient_text.states import UNDECIDED
from assistant.rules.book import RuleBook
from assistant.rules.interval import Interval
from assistant.rules.patient import PatientFact
from corpus.definitions import NUMBERS, SET

_TOLERANCE = Fraction(3, 200)
"""Share by which two mentions of one value may differ: the rounding of laboratories that print two units."""
_LATER = re.compile(
    r"\b(?:now|today|currently|latest|most recent(?:ly)?|repeat|this (?:week|morning|month))\b", re.IGNORECASE
)
_CORRECTS = re.compile(
    r"\b(?:sorry|correction|corrected|i mean|rather|make that|not \d|should read|erratum)\b", re.IGNORECASE
)
_CHANGES = re.compile(r"(?:→|->|=>|\bto\b|\bdown to\b|\bup to\b|\bnow\b)", re.IGNORECASE)


def merged(facts: Sequence[PatientFact], book: RuleBook, text: str) -> PatientFact | None:
    """Return the one fact of its mentions in a text, ``None`` where they only touch it."""
    definition = book.facts[facts[0].id]
    firm = [fact for fact in facts if fact.firm]
    if not firm:
        implausible = [fact for fact in facts if fact.state == "implausible"]
        touched = [fact for fact in facts if fact.reason != UNDECIDED]
        return next(iter([*implausible, *touched]), None)
    if definition.kind == SET:
        return _merged_sets(firm, book)
    if definition.kind == NUMBERS:
        return max(firm, key=lambda fact: len(fact.sizes))
    if definition.numeric:
        return _merged_numbers(firm, text)
    agreed = firm[0]
    for fact in firm[1:]:
        agreed = _agreed(agreed, fact, text)
    doubtful = [fact for fact in facts if fact.reason == "uncertain"]
    if doubtful and agreed.state == "absent":
        return replace(agreed, state="unknown", reason="uncertain", cue=doubtful[0].cue)
    return agreed


def _merged_sets(firm: Sequence[PatientFact], book: RuleBook) -> PatientFact:
    held = tuple(dict.fromkeys(item for fact in firm for item in fact.candidates))
    excluded = tuple(dict.fromkeys(item for fact in firm for item in fact.excluded if item not in held))
    shown = next((fact for fact in firm if fact.candidates), firm[0])
    return replace(shown, candidates=narrowest(held, book), excluded=excluded)


def _agreed(one: PatientFact, other: PatientFact, text: str) -> PatientFact:
    if one.state == other.state and set(one.candidates) == set(other.candidates):
        return one
    common = tuple(value for value in one.candidates if value in other.candidates)
    if common:
        return replace(one, candidates=common, as_written=f"{one.as_written} … {other.as_written}")
    if one.span and other.span:
        if _CORRECTS.search(text[one.span[1] : other.span[0]]):
            return replace(other, source="correction")
        if (later := _by_year(one, other, text)) is not None:
            return later
        if _LATER.search(text[max(one.span[1], other.span[0] - 24) : other.span[1] + 12]):
            return other
    return replace(
        one, state="conflicting", reason="two statements disagree", candidates=(*one.candidates, *other.candidates)
    )


def _by_year(one: PatientFact, other: PatientFact, text: str) -> PatientFact | None:
    """The later of two mentions that both have a year beside them."""
    first, second = (_year(text, fact.span) if fact.span else 0 for fact in (one, other))
    if not first or not second or first == second:
        return None
    return one if first > second else other


def _year(text: str, span: tuple[int, int]) -> int:
    """The year in the words right around a mention, 0 where there is none."""
    after = re.match(r"[^,;.\n]{0,40}?\b((?:19|20)\d\d)\b", text[span[1] :])
    before = re.search(r"\b((?:19|20)\d\d)\b[^,;.\n]{0,30}$", text[max(0, span[0] - 40) : span[0]])
    found = after or before
    return int(found.group(1)) if found else 0


def _merged_numbers(firm: Sequence[PatientFact], text: str) -> PatientFact:
    """Mentions that agree are one value; in an order or a correction the latest counts; else they conflict."""
    latest = firm[0]
    for fact in firm[1:]:
        if latest.interval is None or fact.interval is None or _same(latest.interval, fact.interval):
            continue
        between = text[latest.span[1] : fact.span[0]] if latest.span and fact.span else ""
        around = text[latest.span[1] : fact.span[1]] if latest.span and fact.span else ""
        if _CORRECTS.search(between):
            latest = replace(fact, source="correction")
        elif (later := _by_year(latest, fact, text)) is not None:
            latest = later
        elif _CHANGES.search(between) or _LATER.search(around):
            latest = fact
        else:
            return replace(latest, state="conflicting", reason="two values disagree")
    return latest


def _same(one: Interval, other: Interval) -> bool:
    if one == other:
        return True
    a, b = one.single, other.single
    if a is not None and b is not None:
        return abs(a - b) <= _TOLERANCE * max(abs(a), abs(b))
    return one.meet(other) is not None and (one.within(other) or other.within(one))
