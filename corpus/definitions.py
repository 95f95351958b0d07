"""What a patient fact is: its kind, units, words and derivations. Plain values, as `facts.yaml` and `units.yaml` say.

The same values are read from YAML at the build and from JSON when serving.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from corpus.conditions import Atom, Compare, Condition, Has, In, Is, Undecided, condition_from

FLAG, CHOICE, NUMBER, NUMBERS, SET = "flag", "choice", "number", "numbers", "set"
KINDS = (FLAG, CHOICE, NUMBER, NUMBERS, SET)
MEASURE, ASK, PRESENT, ABSENT = "measure", "ask", "present", "absent"


@dataclass(frozen=True, slots=True)
class UnitOfMeasure:
    """A unit and how it is written: compared without case, and (``exact``) with it."""

    id: str
    ucum: str
    written: tuple[str, ...]
    exact: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Words that say the same of a fact.

    Attributes:
        says: ``present`` or ``absent`` (flags), values (choices), ``measure`` or a bound such as ``>=2`` (numbers), or
            ``ask``: touches the fact without deciding it.
        words: Compared without case; ``exact`` with it.
        denied: What a negation leaves: values, or nothing said (empty). ``None``: the other values.
        past: What the words leave when they tell of the past ("had lanreotide": not naive); empty: nothing.
    """

    says: str | tuple[str, ...]
    words: tuple[str, ...]
    exact: tuple[str, ...]
    denied: tuple[str, ...] | None
    past: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfElse:
    """What has such values of its own: where it stands beside words of a fact, they are not this fact's.

    Attributes:
        before: Before the words ("ALBI grade 2").
        beside: Before or behind them ("grade 3 fatigue").
        spelled: The same, but behind no words of one token: "G2 ascites" may be two findings in a row.
        unless: Words in them or before them that make them this fact's all the same ("grade 2 NET ascites").
    """

    before: tuple[str, ...]
    beside: tuple[str, ...]
    spelled: tuple[str, ...]
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derivation:
    """One step from other facts to this one, printed by the review or pure logic; ``inferred`` with its sentence."""

    when: Condition
    says: str | tuple[str, ...]
    inferred: bool
    inference: str


@dataclass(frozen=True, slots=True)
class BareNumber:
    """A range, ``low`` included and ``high`` not, in which a number without unit is read in a unit."""

    low: Fraction
    high: Fraction
    unit: str


@dataclass(frozen=True, slots=True)
class Code:
    """A LOINC code of a fact, with its display and unit."""

    loinc: str
    display: str
    unit: str


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """A patient fact; the fields are described at the head of ``facts.yaml``.

    Attributes:
        units: Unit id to the exact factor that makes a canonical value of a written one.
        plausible: Ends, included, in the canonical unit; ``None`` for facts without a number.
        no_step: What the review prints no step for, shown to the user.
        critical_with: Facts that make this one critical to ask about.
        inside: Whether its words count also inside longer words of another fact.
        intended: Whether what is planned states it, as an agent chosen for a procedure.
        of_else: What has such values of its own; ``None`` where nothing has.
    """

    id: str
    name: str
    kind: str
    lasting: bool
    values: tuple[str, ...]
    unit: str
    units: Mapping[str, Fraction]
    plausible: tuple[Fraction, Fraction] | None
    without_unit: tuple[BareNumber, ...]
    refuse_units: tuple[str, ...]
    terms: tuple[Words, ...]
    derived: tuple[Derivation, ...]
    question: str
    codes: tuple[Code, ...]
    note: str
    no_step: str
    always_ask: bool
    critical_with: tuple[str, ...]
    inside: bool = False
    intended: bool = False
    of_else: OfElse | None = None

    @property
    def numeric(self) -> bool:
        """Whether it is a number or a list of numbers."""
        return self.kind in {NUMBER, NUMBERS}


def goes_with(atom: Atom, fact: FactDefinition) -> bool:
    """Whether a fact can be what an atom asks of it: of that kind, with those values, in that unit."""
    match atom:
        case Is():
            return fact.kind == FLAG
        case In(_, values) | Undecided(_, values):
            return fact.kind == CHOICE and set(values) <= set(fact.values)
        case Compare(_, _, _, unit):
            return fact.numeric and unit == fact.unit
        case Has(_, therapy):
            return fact.kind == SET and therapy in fact.values


def unit_from(key: str, values: Mapping[str, Any]) -> UnitOfMeasure:
    """Return a unit of plain values."""
    return UnitOfMeasure(key, values["ucum"], tuple(values.get("written", ())), tuple(values.get("exact", ())))


def definition_from(key: str, values: Mapping[str, Any]) -> FactDefinition:
    """Return a fact of plain values."""
    plausible = values.get("plausible")
    return FactDefinition(
        id=key,
        name=values["name"],
        kind=values["kind"],
        lasting=values["lasting"],
        values=tuple(values.get("values", ())),
        unit=values.get("unit", ""),
        units={unit: Fraction(factor) for unit, factor in values.get("units", {}).items()},
        plausible=None if plausible is None else (_exact(plausible[0]), _exact(plausible[1])),
        without_unit=tuple(
            BareNumber(_exact(item["from"]), _exact(item["below"]), item["unit"])
            for item in values.get("without_unit", ())
        ),
        refuse_units=tuple(values.get("refuse_units", ())),
        terms=tuple(_words(item) for item in values["terms"]),
        derived=tuple(_derivation(item) for item in values.get("derived", ())),
        question=values["question"],
        codes=tuple(Code(item["loinc"], item["display"], item["unit"]) for item in values.get("codes", ())),
        note=values.get("note", ""),
        no_step=values.get("no_step", ""),
        always_ask=values.get("always_ask", False),
        critical_with=tuple(values.get("critical_with", ())),
        inside=values.get("inside", False),
        intended=values.get("intended", False),
        of_else=_of_else(values["of_else"]) if "of_else" in values else None,
    )


def _of_else(values: Mapping[str, Any]) -> OfElse:
    return OfElse(tuple(values["before"]), tuple(values["beside"]), tuple(values["spelled"]), tuple(values["unless"]))


def _exact(number: float | str) -> Fraction:
    return Fraction(str(number))


def _words(values: Mapping[str, Any]) -> Words:
    denied = values.get("denied")
    return Words(
        _says(values["says"]),
        tuple(values.get("words", ())),
        tuple(values.get("exact", ())),
        None if denied is None else tuple(denied),
        tuple(values.get("past", ())),
    )


def _derivation(values: Mapping[str, Any]) -> Derivation:
    return Derivation(
        condition_from(values["when"]), _says(values["says"]), values["inferred"], values.get("inference", "")
    )


def _says(value: Any) -> str | tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else str(value)
