"""Age and sex in the shorthand of notes: "62M", "47F", "63 y/o", "Sex: F"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from assistant.rules.interval import Interval
from assistant.rules.patient import PatientFact
from corpus.definitions import FactDefinition

AGE, SEX = "age_years", "sex"
_YEARS = r"(?:y(?:ea)?rs?[- ]?old|y/?o|y\.o\.?)"
_PERSON = re.compile(
    rf"(?<![\w.])(?P<age>\d{{1,3}})\s*-?\s*(?:{_YEARS}|yrs?|y)?\s*[-/, ]?\s*(?P<sex>[mf♂♀])(?![\w/])"
    r"|(?<![\w.])(?P<sex2>[mf])\s*[,/ ]?\s*(?P<age2>\d{2,3})(?!\w|[.,]\d|\s*(?:mg|g|u|mm|cm|%))"
    rf"|(?<![\w.])(?P<age3>\d{{1,3}})\s*-?\s*{_YEARS}\b"
    r"|\bsex\s*[:=]?\s*(?P<sex4>m(?:ale)?|f(?:emale)?)\b",
    re.IGNORECASE,
)
_MALE = frozenset({"m", "male", "♂"})


def person_in(text: str, age: FactDefinition) -> Iterator[PatientFact]:
    """Return age and sex where a text gives them in shorthand."""
    match = _PERSON.search(text)
    if match is None:
        return
    base = PatientFact(AGE, "value", span=(match.start(), match.end()), as_written=match.group())
    years = match["age"] or match["age2"] or match["age3"]
    sex = match["sex"] or match["sex2"] or match["sex4"]
    if years and age.plausible is not None and int(years) <= age.plausible[1]:
        yield replace(base, interval=Interval.point(Fraction(years)), unit=age.unit)
    if sex:
        yield replace(base, id=SEX, candidates=("male" if sex.lower() in _MALE else "female",))
