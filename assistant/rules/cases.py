"""The cases that every rule ships: patients on which its outcome is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from assistant.rules.book import RuleBook
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact, choice, flag, number, therapies
from assistant.rules.truth import evaluate
from corpus.definitions import CHOICE, FLAG, FactDefinition
from corpus.rule_files import Case

OUTCOMES = {True: "fires", False: "does_not_fire", None: "undetermined"}
_INTERVAL = re.compile(r"(?P<left>[\[(])\s*(?P<low>[\d.]+)\s*,\s*(?P<high>[\d.]+|inf)\s*(?P<right>[\])])")


def check_cases(cases: Iterable[Case], book: RuleBook) -> None:
    """Evaluate each rule's condition on its cases, without derivations.

    Raises:
        KnowledgeError: At the first case with another outcome than it expects.
    """
    by_id = {rule.id: rule for rule in book.rules.values()}
    for case in cases:
        rule = by_id.get(case.rule)
        if rule is None:  # not active
            continue
        found = OUTCOMES[evaluate(rule.when, patient_of(case.facts, book.facts), book.lineage).truth]
        if found != case.expect:
            case.node.refuse(f"{case.rule}: expected {case.expect}, found {found}")


def patient_of(values: Mapping[str, Any], definitions: Mapping[str, FactDefinition]) -> Patient:
    """Return the patient of a case: values, lists of candidates, intervals such as ``[3, 5)``, sets."""
    return Patient.of(_fact(definitions[name], value) for name, value in values.items())


def _fact(definition: FactDefinition, value: Any) -> PatientFact:
    if definition.kind == FLAG:
        return flag(definition.id, present=value == "present")
    if definition.kind == CHOICE:
        return choice(definition.id, *(value if isinstance(value, list) else [value]))
    if definition.numeric:
        return number(definition.id, interval_of(value))
    complete = isinstance(value, dict)
    return therapies(definition.id, *(value["only"] if complete else value), complete=complete)


def interval_of(value: Any) -> Interval:
    """Return the interval that a number or a text such as ``(0, 3]`` or ``[50, inf)`` describes.

    Raises:
        ValueError: If it describes none.
    """
    match = _INTERVAL.fullmatch(str(value))
    if match is None:
        return Interval.point(Fraction(str(value)))
    high = None if match["high"] == "inf" else Fraction(match["high"])
    return Interval(Fraction(match["low"]), high, match["left"] == "(", match["right"] == ")")
