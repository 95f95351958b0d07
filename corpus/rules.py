"""Rules, notes and tensions of a pack: plain values, read from YAML at the build and from JSON when serving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from corpus.conditions import Condition, condition_from

EFFECTS = (
    *("recommend", "consider", "prefer_over", "caution", "contraindicated", "eligible", "ineligible", "prophylaxis"),
    *("prognosis", "follow_up", "info"),
)
STRENGTHS = (
    *("guideline statement", "meta-analysis", "RCT", "prospective", "retrospective", "expert opinion"),
    "review assertion",
)
SEVERITIES = ("high", "medium", "low")
LONGEST_SUMMARY = 139


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a rule concludes for one therapy (empty: for the disease), over which others, in which direction."""

    therapy: str
    effect: str
    over: tuple[str, ...]
    direction: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a pack; the fields are described in docs/rules.md.

    Attributes:
        document: Id of the document it quotes.
        unit: The unit its quote begins in.
        start: Code point in the source; ``end`` is exclusive.
        inference: The sentence shown where the rule goes beyond the print, else empty.
        display_only: Only quoted, never advice.
        show_with: Rules always shown beside it.
    """

    id: str
    document: str
    status: str
    when: Condition
    then: tuple[Conclusion, ...]
    summary: str
    quote: str
    section: str
    unit: str
    start: int
    end: int
    references: tuple[int, ...]
    strength: str
    inference: str
    notes: tuple[str, ...]
    display_only: bool
    show_with: tuple[str, ...]
    reviewed_by: str

    @property
    def key(self) -> str:
        """Document and id: unique in the library."""
        return f"{self.document}/{self.id}"


@dataclass(frozen=True, slots=True)
class SourceNote:
    """A place where the document misprints, contradicts itself or leaves something open, and how it is read.

    Attributes:
        rules: Those that name it.
    """

    id: str
    document: str
    severity: str
    text: str
    units: tuple[str, ...]
    rules: tuple[str, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tension:
    """Two sides on which a document is not of one mind.

    Attributes:
        standing: Whether it decides where a therapy stands; else it is a tension between statements.
        against: Rules of the excluding side; ``supporting`` of the other. Units likewise.
    """

    id: str
    document: str
    title: str
    standing: bool
    text: str
    against: tuple[str, ...]
    supporting: tuple[str, ...]
    units_against: tuple[str, ...]
    units_supporting: tuple[str, ...]
    therapies: tuple[str, ...]
    notes: tuple[str, ...]
    asked: tuple[str, ...]


def rule_from(document: str, values: Mapping[str, Any]) -> Rule:
    """Return a rule of plain values."""
    return Rule(
        id=values["id"],
        document=document,
        status=values["status"],
        when=condition_from(values["when"]),
        then=tuple(
            Conclusion(item["therapy"] or "", item["effect"], tuple(item.get("over", ())), item.get("direction", ""))
            for item in values["then"]
        ),
        summary=values["summary"],
        quote=values["quote"],
        section=values["section"],
        unit=values.get("unit", ""),
        start=values["start"],
        end=values["end"],
        references=tuple(values["references"]),
        strength=values["strength"],
        inference=values.get("inference", ""),
        notes=tuple(values["notes"]),
        display_only=values.get("display_only", False),
        show_with=tuple(values.get("show_with", ())),
        reviewed_by=values["reviewed_by"] or "",
    )


def note_from(document: str, key: str, values: Mapping[str, Any]) -> SourceNote:
    """Return a note of plain values."""
    lists = (tuple(values.get(name, ())) for name in ("units", "rules", "facts"))
    return SourceNote(key, document, values["severity"], values["text"], *lists)


def tension_from(document: str, key: str, values: Mapping[str, Any]) -> Tension:
    """Return a tension of plain values."""
    against, supporting = values["against"], values["for"]
    return Tension(
        key,
        document,
        values["title"],
        values["standing"],
        values["text"],
        tuple(against["rules"]),
        tuple(supporting["rules"]),
        tuple(against["units"]),
        tuple(supporting["units"]),
        tuple(values["therapies"]),
        tuple(values["notes"]),
        tuple(values["asked"]),
    )
