"""Reading and checking a pack's ``rules/*.yaml``, ``notes.yaml`` and ``tensions.yaml``; see `corpus.rules`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.definitions import FactDefinition
from corpus.document import Document
from corpus.fact_files import check_condition
from corpus.located_yaml import Node, read_yaml
from corpus.rules import (
    EFFECTS,
    LONGEST_SUMMARY,
    SEVERITIES,
    STRENGTHS,
    Rule,
    SourceNote,
    Tension,
    note_from,
    rule_from,
    tension_from,
)
from corpus.vocabulary import Vocabulary

_RULE = frozenset(
    {
        *("id", "status", "when", "then", "summary", "quote", "section", "start", "end", "references", "strength"),
        *("inferred", "notes", "reviewed_by", "reviewed_on", "cases"),
    }
)
_RULE_OPTIONAL = frozenset({"inference", "display_only", "show_with"})
_EXPECTED = frozenset({"fires", "does_not_fire", "undetermined"})


@dataclass(frozen=True, slots=True)
class Case:
    """A patient on which a rule's outcome is known, and where the case stands."""

    rule: str
    facts: Mapping[str, Any]
    expect: str
    node: Node


@dataclass(frozen=True)
class RulePack:
    """A pack's rules, notes and tensions, the rules' cases, and the plain values the index stores."""

    rules: tuple[Rule, ...]
    notes: tuple[SourceNote, ...]
    tensions: tuple[Tension, ...]
    cases: tuple[Case, ...]
    values: dict[str, Any]


def load_rules(
    folder: Path, document: Document, vocabulary: Vocabulary, facts: Mapping[str, FactDefinition]
) -> RulePack:
    """Read and check a pack's rules, notes and tensions; a pack need not have any.

    Raises:
        KnowledgeError: At the first place that is wrong: a quote that is not at its offsets, an unknown fact, therapy,
            effect, note or rule, a threshold without the fact's unit, a rule that concludes nothing or is filed under
            another section, a summary too long, a case that is missing.
    """
    checker = _Checker(document, vocabulary, facts, _entries(folder / "notes.yaml", "notes"))
    nodes = [(node, path) for path in sorted((folder / "rules").glob("*.yaml")) for node in read_yaml(path).items()]
    rules: dict[str, Node] = {}
    for node, _ in nodes:
        key = checker.rule(node)
        if key in rules:
            node.refuse(f"rule {key!r} stands in the pack twice")
        rules[key] = node
    for node in rules.values():
        checker.refuse_missing(node.mapping().get("show_with"), rules.keys(), "rule")
    for note in checker.notes.values():
        checker.note(note)
    tensions = _entries(folder / "tensions.yaml", "tensions")
    for tension in tensions.values():
        checker.tension(tension, rules.keys())
    stored = [checker.values_of(node) for node in rules.values()]
    values = {
        "document": document.citation.id,
        "rules": stored,
        # A rule names its notes; which rules a note touches is written nowhere else.
        "notes": {
            key: {**node.plain(), "rules": [rule["id"] for rule in stored if key in rule["notes"]]}
            for key, node in checker.notes.items()
        },
        "tensions": {key: node.plain() for key, node in tensions.items()},
    }
    cases = tuple(
        Case(key, case["facts"].plain(), case["expect"].text(), item)
        for key, node in rules.items()
        for item in node.mapping()["cases"].items()
        for case in [item.mapping()]
    )
    return rulepack_from(values, cases)


def rulepack_from(values: dict[str, Any], cases: tuple[Case, ...] = ()) -> RulePack:
    """Return the rules, notes and tensions of plain values."""
    document = values["document"]
    return RulePack(
        tuple(rule_from(document, item) for item in values["rules"]),
        tuple(note_from(document, key, item) for key, item in values["notes"].items()),
        tuple(tension_from(document, key, item) for key, item in values["tensions"].items()),
        cases,
        values,
    )


def _entries(path: Path, name: str) -> dict[str, Node]:
    return read_yaml(path).fields(frozenset({name}), frozenset())[name].mapping() if path.is_file() else {}


class _Checker:
    """Checks entries of one pack."""

    def __init__(
        self,
        document: Document,
        vocabulary: Vocabulary,
        facts: Mapping[str, FactDefinition],
        notes: dict[str, Node],
    ) -> None:
        self._document = document
        self._therapies = {entry.id for entry in vocabulary.entries if entry.kind == "therapy"}
        self._facts = facts
        self.notes = notes

    def rule(self, node: Node) -> str:
        """Check one rule; return its id."""
        fields = node.fields(_RULE, _RULE_OPTIONAL)
        if fields["status"].text() not in {"draft", "active", "retired"}:
            fields["status"].refuse("expected draft, active or retired")
        check_condition(fields["when"], self._facts)
        self._conclusions(fields["then"])
        if len(fields["summary"].text()) > LONGEST_SUMMARY:
            fields["summary"].refuse(f"{len(fields['summary'].text())} characters; at most {LONGEST_SUMMARY}")
        self._quote(fields)
        if fields["strength"].text() not in STRENGTHS:
            fields["strength"].refuse(f"unknown strength; expected one of {STRENGTHS}")
        if fields["inferred"].plain() is not ("inference" in fields):
            fields["inferred"].refuse("what is inferred has its sentence, and nothing else has one")
        if "display_only" in fields:
            fields["display_only"].truth()
        self.refuse_missing(fields["notes"], self.notes.keys(), "note")
        self._cases(fields)
        return fields["id"].text()

    def _conclusions(self, node: Node) -> None:
        if not node.items():
            node.refuse("expected a conclusion, found none")
        for item in node.items():
            self._conclusion(item)

    def _conclusion(self, node: Node) -> None:
        fields = node.fields(frozenset({"therapy", "effect"}), frozenset({"over", "direction"}))
        effect = fields["effect"].text()
        if effect not in EFFECTS:
            fields["effect"].refuse(f"unknown effect {effect!r}; expected one of {sorted(EFFECTS)}")
        therapies = () if fields["therapy"].plain() is None else (fields["therapy"].text(),)
        for therapy in (*therapies, *(fields["over"].texts() if "over" in fields else ())):
            if therapy not in self._therapies:
                node.refuse(f"no therapy {therapy!r}")
        if (effect == "prefer_over") != ("over" in fields) and effect != "info":
            node.refuse("a preference says over which, and nothing else does")
        if effect == "prognosis" and fields.get("direction", fields["effect"]).text() not in {"better", "worse"}:
            node.refuse("a prognosis has the direction better or worse")

    def _quote(self, fields: dict[str, Node]) -> None:
        start, end = fields["start"].whole(), fields["end"].whole()
        if self._document.source[start:end] != fields["quote"].text():
            fields["quote"].refuse(f"the source has not this at {start}-{end}")
        for item in fields["references"].items():
            if item.count() not in self._document.reference_by_number:
                item.refuse(f"no reference {item.text()}")
        unit = self._unit_at(start)
        if unit is None:
            fields["start"].refuse("no searchable unit stands here")
        section = self._document.unit_by_id[unit].section
        if fields["section"].plain() != section:
            fields["section"].refuse(f"expected {section!r}, where the quote stands")

    def _unit_at(self, start: int) -> str | None:
        return next((unit.id for unit in self._document.searchable if unit.start <= start < unit.end), None)

    def _cases(self, fields: dict[str, Node]) -> None:
        found = set()
        for item in fields["cases"].items():
            case = item.fields(frozenset({"facts", "expect"}), frozenset())
            found.add(case["expect"].text())
            if case["expect"].text() not in _EXPECTED:
                case["expect"].refuse(f"expected one of {sorted(_EXPECTED)}")
            for fact, value in case["facts"].mapping().items():
                if fact not in self._facts:
                    value.refuse_key(f"no fact {fact!r}")
        always = "always" in fields["when"].mapping()
        if missing := (frozenset({"fires"}) if always else _EXPECTED) - found:
            fields["cases"].refuse(f"no case that {sorted(missing)[0]}")

    def note(self, node: Node) -> None:
        """Check one note."""
        fields = node.fields(frozenset({"severity", "text", "units"}), frozenset({"facts"}))
        if fields["severity"].text() not in SEVERITIES:
            fields["severity"].refuse(f"expected one of {SEVERITIES}")
        fields["text"].text()
        self._units(fields["units"])
        self.refuse_missing(fields.get("facts"), self._facts.keys(), "fact")

    def tension(self, node: Node, rules: Mapping[str, Node] | Any) -> None:
        """Check one tension."""
        required = frozenset({"title", "standing", "text", "against", "for", "therapies", "notes", "asked"})
        fields = node.fields(required, frozenset())
        fields["standing"].truth()
        for side in ("against", "for"):
            entries = fields[side].fields(frozenset({"rules", "units"}), frozenset())
            self.refuse_missing(entries["rules"], rules, "rule")
            self._units(entries["units"])
        self.refuse_missing(fields["therapies"], self._therapies, "therapy")
        self.refuse_missing(fields["notes"], self.notes.keys(), "note")
        fields["asked"].texts()

    def _units(self, node: Node) -> None:
        self.refuse_missing(node, {unit.id for unit in self._document.searchable}, "unit")

    @staticmethod
    def refuse_missing(node: Node | None, known: Any, what: str) -> None:
        """Refuse a list that names something unknown."""
        for value in node.texts() if node is not None else ():
            if value not in known:
                node.refuse(f"no {what} {value!r}")  # type: ignore[union-attr]

    def values_of(self, node: Node) -> dict[str, Any]:
        """Return a rule's plain values without its cases, with the unit its quote begins in."""
        values = {key: value.plain() for key, value in node.mapping().items() if key != "cases"}
        return {**values, "unit": self._unit_at(values["start"])}
