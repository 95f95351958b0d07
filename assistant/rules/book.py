"""What the engine reads: facts, units, rules, notes, tensions and the therapy tree of all packs, made ready once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from corpus.conditions import atoms
from corpus.definitions import FactDefinition, UnitOfMeasure, definition_from, unit_from
from corpus.rules import Rule, SourceNote, Tension, note_from, rule_from, tension_from

EXCLUDING = frozenset({"contraindicated", "ineligible"})
SUPPORTING = frozenset({"recommend", "consider", "prophylaxis"})
ACCOMPANYING = frozenset({"prophylaxis", "follow_up"})
"""Effects that concern a patient whatever therapy is asked about."""
ADVISING = SUPPORTING | {"prefer_over", "eligible"}


@dataclass(frozen=True, slots=True)
class Speaking:
    """What the rules say of one therapy: rule keys by what they do to it.

    Attributes:
        exclusions: Of the therapy and of all above it; ``cautions`` likewise.
        supports: Of the very therapy.
        umbrella: Support for something above it: not support for it.
        others: Every other rule that names it.
    """

    exclusions: tuple[str, ...]
    cautions: tuple[str, ...]
    supports: tuple[str, ...]
    umbrella: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys([*self.exclusions, *self.cautions, *self.supports, *self.umbrella, *self.others]))


@dataclass(frozen=True)
class RuleBook:
    """Facts and rules.

    Attributes:
        parents: Therapy id to the therapies directly above it.
        names: Therapy id to its name.
        values: The plain values it was made of, as the index stores them.
    """

    facts: Mapping[str, FactDefinition]
    units: Mapping[str, UnitOfMeasure]
    rules: Mapping[str, Rule]
    notes: Mapping[str, SourceNote]
    tensions: tuple[Tension, ...]
    parents: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> RuleBook:
        """Return the book of plain values: ``facts``, ``units``, ``therapies``, and ``packs`` with their rules."""
        packs = values["packs"]
        rules = [rule_from(pack["document"], item) for pack in packs for item in pack["rules"]]
        notes = [note_from(pack["document"], key, item) for pack in packs for key, item in pack["notes"].items()]
        return cls(
            facts={key: definition_from(key, item) for key, item in values["facts"].items()},
            units={key: unit_from(key, item) for key, item in values["units"].items()},
            rules={rule.key: rule for rule in rules if rule.status == "active"},
            notes={f"{note.document}/{note.id}": note for note in notes},
            tensions=tuple(
                tension_from(pack["document"], key, item) for pack in packs for key, item in pack["tensions"].items()
            ),
            parents={key: tuple(item["parents"]) for key, item in values["therapies"].items()},
            names={key: item["name"] for key, item in values["therapies"].items()},
        )

    def lineage(self, therapy: str) -> tuple[str, ...]:
        """Return a therapy and everything above it, narrower first, each once."""
        return self._lineages.get(therapy, (therapy,))

    @cached_property
    def _lineages(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for therapy in self.parents:
            order: list[str] = []
            waiting = [therapy]
            while waiting:
                current = waiting.pop(0)
                if current not in order and current in self.parents:
                    order.append(current)
                    waiting.extend(self.parents[current])
            found[therapy] = tuple(order)
        return found

    @cached_property
    def spoken_of(self) -> Mapping[str, Speaking]:
        """What the rules say of each therapy of the tree."""
        return {therapy: self._speaking(therapy) for therapy in self.parents}

    def _speaking(self, therapy: str) -> Speaking:
        line = frozenset(self.lineage(therapy))
        above = line - {therapy}

        def naming(therapies: Iterable[str], effects: frozenset[str]) -> tuple[str, ...]:
            within = frozenset(therapies)
            return tuple(
                key
                for key, rule in self.rules.items()
                if any(c.therapy in within and c.effect in effects and not rule.display_only for c in rule.then)
            )

        exclusions, cautions = naming(line, EXCLUDING), naming(line, frozenset({"caution"}))
        supports, umbrella = naming({therapy}, SUPPORTING), naming(above, SUPPORTING)
        spoken = {*exclusions, *cautions, *supports, *umbrella}
        others = tuple(
            key
            for key, rule in self.rules.items()
            if key not in spoken and any(c.therapy == therapy or therapy in c.over for c in rule.then)
        )
        return Speaking(exclusions, cautions, supports, umbrella, others)

    @cached_property
    def excluding_facts(self) -> frozenset[str]:
        """The facts that a listed contraindication reads, and the measured ones that any exclusion does."""
        return frozenset(
            atom.fact
            for rule in self.rules.values()
            for atom in atoms(rule.when)
            if any(
                c.effect == "contraindicated" or (c.effect in EXCLUDING and self.facts[atom.fact].numeric)
                for c in rule.then
            )
        )

    def therapies_of(self, rule: Rule) -> tuple[str, ...]:
        """Return the therapies a rule concludes on."""
        return tuple(conclusion.therapy for conclusion in rule.then if conclusion.therapy)

    def tensions_of(self, therapy: str) -> tuple[Tension, ...]:
        """Return the tensions that decide where a therapy stands: its own and those of what is above it."""
        line = self.lineage(therapy)
        return tuple(t for t in self.tensions if t.standing and any(item in line for item in t.therapies))
