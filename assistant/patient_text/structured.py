"""Patient facts given as a mapping: ids to states, values with units, candidates or therapies.

A refusal says what was expected, never what was given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite
from typing import Any

from assistant.errors import AnswerError
from assistant.patient_text.quantities import Quantity, UnitBook, as_value, quantities
from assistant.rules.book import RuleBook
from assistant.rules.interval import Interval, largest_first
from assistant.rules.patient import Patient, PatientFact, choice, flag, number, therapies
from corpus.definitions import CHOICE, FLAG, NUMBERS, SET, FactDefinition

UNKNOWN = "unknown"
_ID = re.compile(r"[a-z][a-z_]{1,39}")
_STATES = {True: "present", False: "absent", "present": "present", "absent": "absent", "yes": "present", "no": "absent"}


class FactError(AnswerError):
    """A structured fact cannot be read."""

    code = "fact_invalid"
    hint = 'Facts, units and values are listed by `nelm facts`; a value with a unit is a text such as "45 µmol/L".'


@dataclass(frozen=True, slots=True)
class FactProblem:
    """A fact that was refused, and why; the others are kept."""

    fact: str
    message: str


def facts_from_mapping(
    values: Mapping[str, Any], book: RuleBook, units: UnitBook
) -> tuple[Patient, tuple[FactProblem, ...]]:
    """Read facts, each by itself; what is unknown by name, unit or value is refused by name and the rest kept.

    ``{"bilirubin_mg_dl": "45 µmol/L", "ascites": False, "grade": ["G1", "G2"], "planned_interventions": ["tace"]}``.
    ``None`` says nothing, ``"unknown"`` takes back what a text says. A number without unit is in the canonical unit.
    """
    facts: list[PatientFact] = []
    problems: list[FactProblem] = []
    for name, value in values.items():
        definition = book.facts.get(name)
        if definition is None:
            problems.append(FactProblem(name, "no such fact"))
        elif value == UNKNOWN:
            facts.append(PatientFact(name, "unknown", source="correction", reason="taken back"))
        elif value is not None:
            try:
                facts.append(_fact(definition, value, units))
            except FactError as exc:
                problems.append(FactProblem(name, str(exc)))
    return Patient.of(facts), tuple(problems)


def shown_id(name: str) -> str:
    """Return a name that is none of ours as a message may show it: only if it looks like one of an id."""
    return name if _ID.fullmatch(name) else "(no id)"


def _fact(definition: FactDefinition, value: Any, units: UnitBook) -> PatientFact:
    if definition.kind == FLAG:
        key = value.strip().lower() if isinstance(value, str) else value
        if not isinstance(key, str | bool) or key not in _STATES:
            raise FactError("the value is neither present nor absent")
        return flag(definition.id, present=_STATES[key] == "present")
    if definition.kind in {CHOICE, SET}:
        listed = value if isinstance(value, list | tuple) else [value]
        unknown = [item for item in listed if item not in definition.values]
        if unknown or not listed:
            raise FactError(f"no such value; expected of {', '.join(definition.values)}")
        make = choice if definition.kind == CHOICE else therapies
        return make(definition.id, *listed)
    if definition.kind == NUMBERS:
        listed = value if isinstance(value, list | tuple) else [value]
        if not listed:
            raise FactError("an empty list says nothing")
        sizes = largest_first(_interval(definition, item, units) for item in listed)
        return PatientFact(
            definition.id, "value", sizes=sizes, complete=True, unit=definition.unit, source="structured"
        )
    written = value if isinstance(value, str) else ""
    return replace(number(definition.id, _interval(definition, value, units)), as_written=written)


def _interval(definition: FactDefinition, value: Any, units: UnitBook) -> Interval:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FactError("the value is no number")
    if isinstance(value, float) and not isfinite(value):
        raise FactError("the value is no number")
    if isinstance(value, int | float):
        quantity = Quantity((Interval.point(Fraction(str(value))),), definition.unit, 0, 0)
    else:
        found = list(quantities(value, units))
        if len(found) != 1 or value[: found[0].start].strip() or value[found[0].end :].strip():
            raise FactError(f"the value is no number with a unit of {', '.join(definition.units)}")
        quantity = found[0] if found[0].unit else replace(found[0], unit=definition.unit)
    read = as_value(quantity, definition)
    if read.state != "value" or read.interval is None:
        raise FactError(read.reason)
    return read.interval
