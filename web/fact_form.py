"""The form by which a patient fact is added or corrected: facts by group, their values or units."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.rules.book import RuleBook
from corpus.definitions import CHOICE, FLAG, SET, FactDefinition

UNKNOWN = "unknown"
_FLAG_WORDS = {"present": "yes", "absent": "no", UNKNOWN: "not known"}


@dataclass(frozen=True, slots=True)
class FactField:
    """A fact of the form.

    Attributes:
        hint: What its value may be: words, or the unit it is taken in.
    """

    id: str
    name: str
    hint: str


def fact_form(book: RuleBook) -> tuple[FactField, ...]:
    """Return every fact that can be given by one value, by name."""
    fields = (FactField(d.id, d.name, fact_hint(d)) for d in book.facts.values() if d.kind != SET)
    return tuple(sorted(fields, key=lambda field: field.name.lower()))


def fact_hint(definition: FactDefinition) -> str:
    """Return what the value of a fact may be: words, or the unit it is taken in."""
    if definition.kind == FLAG:
        return "present or absent"
    if definition.kind == CHOICE:
        return ", ".join(definition.values)
    return f"in {definition.unit}, or with another unit" if definition.unit else "a number"


def fact_said(definition: FactDefinition, value: str) -> str:
    """Return the words under which a fact given by the form stands in the conversation."""
    return f"{definition.name}: {_FLAG_WORDS.get(value, value.replace('_', ' '))}"
