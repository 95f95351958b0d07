"""Conditions over patient facts: the tree a rule's ``when`` is. Plain values; evaluating them is the rule engine's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

OPERATORS = ("<", "<=", ">", ">=", "==")


@dataclass(frozen=True, slots=True)
class Always:
    """Holds for every patient in scope."""


@dataclass(frozen=True, slots=True)
class All:
    """Holds where every part does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where some part does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where its part does not."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Is:
    """A flag is present, or absent."""

    fact: str
    present: bool


@dataclass(frozen=True, slots=True)
class In:
    """A choice is one of some values."""

    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undecided:
    """The candidates of a choice are exactly these: what is known leaves them open."""

    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """A number compared with a threshold in the fact's canonical unit."""

    fact: str
    op: str
    value: Fraction
    unit: str


@dataclass(frozen=True, slots=True)
class Has:
    """A set of therapies holds one, or a narrower one."""

    fact: str
    therapy: str


Atom = Is | In | Undecided | Compare | Has
Condition = Always | All | AnyOf | Not | Is | In | Undecided | Compare | Has


def condition_from(values: Any) -> Condition:
    """Return the condition that plain values (of YAML or JSON) describe.

    Raises:
        ValueError: If they describe none; the message says what was found.
    """
    # In the order of the keys, and of no others: each form is matched as a whole.
    entries = sorted(values.items()) if isinstance(values, Mapping) else []
    match entries:
        case [("always", True)]:
            return Always()
        case [("all", [_, *_] as parts)]:
            return All(tuple(map(condition_from, parts)))
        case [("any", [_, *_] as parts)]:
            return AnyOf(tuple(map(condition_from, parts)))
        case [("not", part)]:
            return Not(condition_from(part))
        case [("fact", str(fact)), *asked] if (atom := _atom(fact, asked)) is not None:
            return atom
    raise ValueError(
        f"no condition: {values!r}; expected all, any, not, always, or a fact with is, in, undecided, has, "
        "or op, value and unit"
    )


def _atom(fact: str, asked: Sequence[tuple[str, Any]]) -> Atom | None:
    match asked:
        case [("is", "present" | "absent" as state)]:
            return Is(fact, state == "present")
        case [("in", [_, *_] as names)] if _are_distinct(names):
            return In(fact, tuple(names))
        case [("undecided", [_, _, *_] as names)] if _are_distinct(names):
            return Undecided(fact, tuple(names))
        case [("has", str(therapy))]:
            return Has(fact, therapy)
        case [("op", op), ("unit", str(unit)), ("value", value)] if op in OPERATORS:
            return Compare(fact, op, _exact(value), unit)
    return None


def _are_distinct(names: Sequence[Any]) -> bool:
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _exact(value: Any) -> Fraction:
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError) as exc:
        raise ValueError(f"no condition: expected a number, found {value!r}") from exc


def atoms(condition: Condition) -> Iterator[Atom]:
    """Return the atoms of a condition, in order."""
    match condition:
        case Always():
            return
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from atoms(part)
        case Not(part):
            yield from atoms(part)
        case _:
            yield condition
