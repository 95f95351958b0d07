"""Reading and checking ``facts.yaml`` and ``units.yaml`` of the vocabulary; see `corpus.definitions`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from corpus.conditions import atoms, condition_from
from corpus.definitions import (
    ABSENT,
    ASK,
    CHOICE,
    FLAG,
    KINDS,
    MEASURE,
    NUMBER,
    PRESENT,
    SET,
    FactDefinition,
    UnitOfMeasure,
    definition_from,
    goes_with,
    unit_from,
)
from corpus.integrity import VOCABULARY
from corpus.located_yaml import Node, read_yaml

_FACT = frozenset({"name", "kind", "lasting", "terms", "question"})
_FACT_OPTIONAL = frozenset(
    {
        *("values", "unit", "units", "conversion_source", "plausible", "without_unit", "refuse_units", "derived"),
        *(
            "codes",
            "source",
            "note",
            "no_step",
            "always_ask",
            "always_ask_quote",
            "critical_with",
            "inside",
            "intended",
            "of_else",
        ),
    }
)
_OF_ELSE = frozenset({"before", "beside", "spelled", "unless"})
_TRUTHS = ("lasting", "always_ask", "inside", "intended")
_BOUND = re.compile(r"(?:>=|<=|>|<)?[0-9]+(?:\.[0-9]+)?")
_LOINC = re.compile(r"([0-9]+)-([0-9])")
_CUE_KINDS = frozenset(
    {
        "negated",
        "affirmed",
        "uncertain",
        "hypothetical",
        "planned",
        "historical",
        "resolved",
        "other",
        "shield",
        "nothing",
    }
)


@dataclass(frozen=True)
class FactBook:
    """All facts and units, and the plain values they and the cues were read from, as the index stores them."""

    facts: dict[str, FactDefinition]
    units: dict[str, UnitOfMeasure]
    values: dict[str, Any]


def load_facts(folder: Path = VOCABULARY) -> FactBook:
    """Read and check both files.

    Raises:
        KnowledgeError: At the first place that is wrong: an unknown key, kind, value, unit or fact, a word two groups
            claim, a code whose check digit is wrong, a range that is none, a derivation that its facts do not go with.
    """
    unit_nodes = read_yaml(folder / "units.yaml").fields(frozenset({"units"}), frozenset())["units"].mapping()
    claimed: dict[str, str] = {}
    for key, node in unit_nodes.items():
        fields = node.fields(frozenset({"ucum", "written"}), frozenset({"exact"}))
        for name in ("written", "exact"):
            _claim_all(fields.get(name), claimed, key, exact=name == "exact")
    fact_nodes = read_yaml(folder / "facts.yaml").fields(frozenset({"facts"}), frozenset())["facts"].mapping()
    claimed = {}
    for key, node in fact_nodes.items():
        _check_fact(key, node, fact_nodes, frozenset(unit_nodes), claimed)
    _check_derivations(fact_nodes)
    values = {
        "units": {key: node.plain() for key, node in unit_nodes.items()},
        "facts": {key: node.plain() for key, node in fact_nodes.items()},
        "cues": _cues(folder / "cues.yaml"),
    }
    return factbook_from(values)


def _cues(path: Path) -> dict[str, Any]:
    root = read_yaml(path).fields(frozenset({"cues", "boundaries"}), frozenset())
    groups = []
    for group in root["cues"].items():
        fields = group.fields(frozenset({"kind", "side", "reach", "words"}), frozenset({"exact"}))
        allowed = {
            "kind": _CUE_KINDS,
            "side": {"before", "after", "either"},
            "reach": {"sentence", "clause", "list", "near", "next"},
        }
        for name, known in allowed.items():
            if fields[name].text() not in known:
                fields[name].refuse(f"unknown {name}; expected one of {sorted(known)}")
        exact = {"exact": fields["exact"].truth()} if "exact" in fields else {}
        named = {name: fields[name].text() for name in allowed}
        groups.append({**named, **exact, "words": list(fields["words"].texts())})
    return {"cues": groups, "boundaries": list(root["boundaries"].texts())}


def factbook_from(values: dict[str, Any]) -> FactBook:
    """Return the facts and units of plain values."""
    return FactBook(
        {key: definition_from(key, fact) for key, fact in values["facts"].items()},
        {key: unit_from(key, unit) for key, unit in values["units"].items()},
        values,
    )


def _claim_all(node: Node | None, claimed: dict[str, str], owner: str, *, exact: bool) -> None:
    for item in node.items() if node is not None else ():
        if not item.is_text():
            item.refuse("a word is text: quote it")
        word = f"={item.text()}" if exact else " ".join(item.text().casefold().replace("-", " ").split())
        if claimed.setdefault(word, owner) != owner:
            item.refuse(f"{item.text()!r} of {owner!r} belongs to {claimed[word]!r}")


def _check_fact(key: str, node: Node, facts: dict[str, Node], units: frozenset[str], claimed: dict[str, str]) -> None:
    fields = node.fields(_FACT, _FACT_OPTIONAL)
    kind = fields["kind"].text()
    if kind not in KINDS:
        fields["kind"].refuse(f"unknown kind {kind!r}; expected one of {sorted(KINDS)}")
    for name in _TRUTHS:
        if name in fields:
            fields[name].truth()
    values = fields["values"].texts() if "values" in fields else ()
    if (kind in {CHOICE, SET}) != bool(values):
        node.refuse("a choice or a set has values, and nothing else has")
    if kind not in {FLAG, CHOICE, SET}:
        _check_units(fields, units)
        _check_ranges(fields)
    for group in fields["terms"].items():
        _check_words(key, group, kind, values, claimed)
    _check_mentions(fields, facts)


def _items(fields: dict[str, Node], name: str) -> list[Node]:
    return fields[name].items() if name in fields else []


def _check_mentions(fields: dict[str, Node], facts: dict[str, Node]) -> None:
    if "of_else" in fields:
        for words in fields["of_else"].fields(_OF_ELSE, frozenset()).values():
            words.texts()
    for name in _items(fields, "critical_with"):
        if name.text() not in facts:
            name.refuse(f"no fact {name.text()!r}")
    for code in _items(fields, "codes"):
        entries = code.fields(frozenset({"loinc", "display", "unit"}), frozenset())
        if not loinc_is_sound(entries["loinc"].text()):
            entries["loinc"].refuse(f"{entries['loinc'].text()!r} has a wrong check digit")


def _check_units(fields: dict[str, Node], units: frozenset[str]) -> None:
    for name in ("unit", "units", "plausible"):
        if name not in fields:
            fields["kind"].refuse(f"a number has {name!r}")
    factors = fields["units"].mapping()
    for unit, factor in factors.items():
        if unit not in units:
            factor.refuse_key(f"no unit {unit!r}")
        if not _is_factor(factor.text()):
            factor.refuse(f"{factor.text()!r} is no factor")
    canonical = fields["unit"].text()
    if canonical not in factors or Fraction(factors[canonical].text()) != 1:
        fields["unit"].refuse(f"{canonical!r} is not among the units with the factor 1")
    _check_refused(fields, units, frozenset(factors))


def _check_refused(fields: dict[str, Node], units: frozenset[str], accepted: frozenset[str]) -> None:
    for item in _items(fields, "refuse_units"):
        if item.text() not in units or item.text() in accepted:
            item.refuse(f"{item.text()!r} is no unit, or one that is accepted")


def _is_factor(text: str) -> bool:
    try:
        return Fraction(text) > 0
    except (ValueError, ZeroDivisionError):
        return False


def _check_ranges(fields: dict[str, Node]) -> None:
    match [item.number() for item in fields["plausible"].items()]:
        case [low, high]:
            if low >= high:
                fields["plausible"].refuse("the range is empty")
        case ends:
            fields["plausible"].refuse(f"expected two numbers, found {len(ends)}")
    for item in _items(fields, "without_unit"):
        entries = item.fields(frozenset({"from", "below", "unit"}), frozenset())
        if entries["from"].number() >= entries["below"].number():
            item.refuse("the range is empty")
        if entries["unit"].text() not in fields["units"].mapping():
            entries["unit"].refuse(f"{entries['unit'].text()!r} is not among the units")


def _check_words(key: str, group: Node, kind: str, values: tuple[str, ...], claimed: dict[str, str]) -> None:
    fields = group.fields(frozenset({"says", "words"}), frozenset({"exact", "denied", "past"}))
    says = fields["says"].plain()
    _check_says(fields["says"], kind, values, says)
    for left in ("denied", "past"):
        if left in fields:
            _check_values(fields[left], kind, values)
    owner = f"{key}: {says}: {fields['denied'].plain() if 'denied' in fields else ''}"
    _claim_all(fields["words"], claimed, owner, exact=False)
    _claim_all(fields.get("exact"), claimed, owner, exact=True)


def _check_says(node: Node, kind: str, values: tuple[str, ...], says: Any) -> None:
    allowed = {FLAG: {PRESENT, ABSENT, ASK}, CHOICE: {ASK}, SET: {ASK}}.get(kind, {MEASURE, ASK})
    if isinstance(says, list) and says and kind in {FLAG, CHOICE}:
        _check_values(node, kind, values)
    elif str(says) not in allowed and not (kind == NUMBER and _BOUND.fullmatch(str(says))):
        node.refuse(f"{says!r} is nothing a {kind} can be")


def _check_values(node: Node, kind: str, values: tuple[str, ...]) -> None:
    allowed = values if kind == CHOICE else ("present", "absent")
    for value in node.texts():
        if value not in allowed:
            node.refuse(f"{value!r} is no value; expected one of {sorted(allowed)}")


def _check_derivations(nodes: dict[str, Node]) -> None:
    # Conditions are compared with facts, so that all facts are read first, without their own.
    facts = {key: definition_from(key, {**node.plain(), "derived": ()}) for key, node in nodes.items()}
    for key, node in nodes.items():
        for derivation in _items(node.mapping(), "derived"):
            _check_derivation(derivation, facts[key], facts)


def _check_derivation(node: Node, fact: FactDefinition, facts: Mapping[str, FactDefinition]) -> None:
    fields = node.fields(frozenset({"when", "says", "inferred"}), frozenset({"inference"}))
    _check_says(fields["says"], fact.kind, fact.values, fields["says"].plain())
    check_condition(fields["when"], facts)
    if fields["inferred"].plain() is not ("inference" in fields):
        node.refuse("what is inferred has its sentence, and nothing else has one")


def check_condition(node: Node, facts: Mapping[str, FactDefinition]) -> None:
    """Refuse what is no condition, or asks of a fact what it cannot be."""
    try:
        condition = condition_from(node.plain())
    except ValueError as exc:
        node.refuse(str(exc))
    for atom in atoms(condition):
        fact = facts.get(atom.fact)
        if fact is None:
            node.refuse(f"no fact {atom.fact!r}")
        if not goes_with(atom, fact):
            node.refuse(f"{atom} does not go with {fact.id!r}, a {fact.kind} in {fact.unit or fact.values}")


def loinc_is_sound(code: str) -> bool:
    """Whether a LOINC code's check digit is right (Mod 10)."""
    found = _LOINC.fullmatch(code)
    if found is None:
        return False
    number, check = found.groups()
    digits = [int(digit) for digit in reversed(number)]
    doubled = "".join(str(digit * 2 if position % 2 == 0 else digit) for position, digit in enumerate(digits))
    return (10 - sum(map(int, doubled)) % 10) % 10 == int(check)
