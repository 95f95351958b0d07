"""Age and sex in the shorthand of notes ("62M", "63 y/o", "Sex: F", "Mr K, 70"), and sex by pronouns."""

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
_ISOTOPE = r"(?:fdg|dopa|fluoro|pet\b)"
_PERSON = re.compile(
    rf"(?<![\w.-])(?P<age>\d{{1,3}})\s*-?\s*(?:{_YEARS}|yrs?|y)?\s*[-/, ]?\s*(?P<sex>[mf♂♀])(?![\w/-]|\s*{_ISOTOPE})"
    r"|(?<![\w.'’])(?P<sex2>[mf])\s*[,/ ]?\s*(?P<age2>\d{2,3})(?!\w|[.,]\d|\s*(?:mg|g|u|mm|cm|%))"
    rf"|(?<![\w.])(?P<age3>\d{{1,3}})\s*-?\s*{_YEARS}\b"
    r"|\b(?P<title>mr|mrs|ms|miss)\.?\s+\w{1,20},?\s+(?:aged?\s+)?(?P<age4>\d{2,3})(?=\s*(?:[,;.)]|$))"
    r"|(?:^|(?<=\n))\W{0,3}(?:(?:this|here) is )?(?:an? )?(?P<sex6>(?:wo)?man"
    r"|lady|gentleman|(?:fe)?male),?\s+(?:of\s+|aged?\s+)?(?P<age6>\d{2})(?=\s*(?:[,;.:)]"
    r"|$|years?\b|with\b|who\b))"
    r"|\bi['’]?m\s+(?P<age5>\d{2})(?![\w.%]|\s*(?:mg|g|kg|cm|mm|days?|weeks?|months?)\b)"
    r"|\bsex\s*[:=]?\s*(?P<sex4>m(?:ale)?|f(?:emale)?)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:(?P<male>[Hh]e|[Hh]is|[Hh]im|[Hh]imself)|[Ss]he|[Hh]ers?|[Hh]erself)\b")
_MALE = frozenset({"m", "male", "♂", "mr", "man", "gentleman"})


def person_in(text: str, age: FactDefinition) -> Iterator[PatientFact]:
    """Return age and sex where a text gives them in shorthand, or else the sex of its pronouns."""
    match = _PERSON.search(text)
    if match is None:
        yield from _sex_of_pronouns(text)
        return
    base = PatientFact(AGE, "value", span=(match.start(), match.end()), as_written=match.group())
    years = match["age"] or match["age2"] or match["age3"] or match["age4"] or match["age5"] or match["age6"]
    sex = match["sex"] or match["sex2"] or match["sex4"] or match["sex6"] or match["title"]
    if years and age.plausible is not None and int(years) <= age.plausible[1]:
        yield replace(base, interval=Interval.point(Fraction(years)), unit=age.unit)
    if sex:
        yield replace(base, id=SEX, candidates=("male" if sex.lower() in _MALE else "female",))
    else:
        yield from _sex_of_pronouns(text)


def _sex_of_pronouns(text: str) -> Iterator[PatientFact]:
    """The sex of the pronouns of a text, where they are of one sex only."""
    found = list(_PRONOUN.finditer(text))
    if len({match["male"] is None for match in found}) == 1:
        sex = "female" if found[0]["male"] is None else "male"
        yield PatientFact(SEX, "value", (sex,), span=found[0].span(), as_written=found[0].group())
