"""Conditions over patient facts: the tree a rule's ``when`` is. Plain values; evaluating them is the rule engine's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


def condition_from(values: Mapping[str, Any]) -> Condition:
    """Return the condition that plain values (of YAML or JSON) describe.

    Raises:
        ValueError: If they describe none; the message says what was found.
    """
    keys = frozenset(values)
    if keys == {"always"} and values["always"] is True:
        return Always()
    if keys in ({"all"}, {"any"}) and isinstance(parts := next(iter(values.values())), list) and parts:
        made = tuple(condition_from(part) for part in parts)
        return All(made) if "all" in keys else AnyOf(made)
    if keys == {"not"}:
        return Not(condition_from(values["not"]))
    return _atom(values, keys)


def _atom(values: Mapping[str, Any], keys: frozenset[str]) -> Condition:
    match sorted(keys - {"fact"}):
        case ["is"] if values["is"] in {"present", "absent"}:
            return Is(values["fact"], values["is"] == "present")
        case ["in"] if isinstance(values["in"], list) and values["in"]:
            return In(values["fact"], tuple(values["in"]))
        case ["undecided"] if isinstance(values["undecided"], list) and len(values["undecided"]) > 1:
            return Undecided(values["fact"], tuple(values["undecided"]))
        case ["op", "unit", "value"] if values["op"] in OPERATORS:
            return Compare(values["fact"], values["op"], Fraction(str(values["value"])), values["unit"])
        case ["has"]:
            return Has(values["fact"], values["has"])
    raise ValueError(
        f"no condition: {dict(values)!r}; expected all, any, not, always, or a fact with is, in, undecided, has, "
        "or op, value and unit"
    )


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
