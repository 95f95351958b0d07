"""A patient's facts: what is known of each, where it was read, and what follows from it. Unknown is never false."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from assistant.answer import FactSource, FactState
from assistant.rules.interval import Interval
from corpus.definitions import CHOICE, FLAG, PRESENT, SET, FactDefinition

Lineage = Callable[[str], tuple[str, ...]]
"""A therapy and everything above it in the therapy tree."""


@dataclass(frozen=True, slots=True)
class PatientFact:
    """One fact as known.

    Attributes:
        state: See docs/rules.md; only ``value``, ``present`` and ``absent`` are firm.
        candidates: Values of a choice that stay possible; one where it is decided. Of a set: what it holds.
        interval: Of a number, in the canonical unit.
        sizes: Of a list of sizes, largest first, in the canonical unit.
        complete: Whether nothing but ``candidates`` (a set) or ``sizes`` is there.
        excluded: What a set surely does not hold.
        as_written: The words it was read from; ``span`` their place in the text.
        cue: What decided the state ("no", "possible", "planned").
        reason: Why it is unknown.
        as_of: The date given with it, as written.
    """

    id: str
    state: FactState
    candidates: tuple[str, ...] = ()
    interval: Interval | None = None
    sizes: tuple[Interval, ...] = ()
    complete: bool = False
    excluded: tuple[str, ...] = ()
    unit: str = ""
    as_written: str = ""
    span: tuple[int, int] | None = None
    turn: int = 1
    source: FactSource = "text"
    cue: str = ""
    reason: str = ""
    as_of: str = ""
    derived_from: tuple[str, ...] = ()

    @property
    def firm(self) -> bool:
        """Whether rules may read it; a choice between several values is firm as far as it goes."""
        return self.state in {"present", "absent", "value"}

    @property
    def decided(self) -> bool:
        """Whether it leaves nothing open."""
        return self.state in {"present", "absent"} or (self.state == "value" and len(self.candidates) <= 1)


@dataclass(frozen=True)
class Patient:
    """The facts of one patient, each at most once; what is not listed is unknown.

    Attributes:
        facts: By id, in the order in which they were stated.
        confirmed: Keys of exclusion rules that were confirmed not to apply ("none of these").
    """

    facts: Mapping[str, PatientFact] = field(default_factory=dict)
    confirmed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, facts: Iterable[PatientFact]) -> Patient:
        """Collect facts, one for each id."""
        return cls({fact.id: fact for fact in facts})

    def get(self, fact: str) -> PatientFact | None:
        """Return a fact that rules may read, ``None`` where it is unknown."""
        found = self.facts.get(fact)
        return found if found is not None and found.firm else None

    def __iter__(self) -> Iterator[PatientFact]:
        return iter(self.facts.values())

    def with_facts(self, *facts: PatientFact) -> Patient:
        """Return the patient with facts added or replaced."""
        return replace(self, facts={**self.facts, **{fact.id: fact for fact in facts}})

    @cached_property
    def doubtful(self) -> frozenset[str]:
        """Facts that were mentioned and are not decided."""
        return frozenset(fact.id for fact in self if not fact.decided)


def flag(name: str, *, present: bool, source: FactSource = "structured") -> PatientFact:
    """Return a yes/no fact."""
    return PatientFact(name, "present" if present else "absent", source=source)


def choice(name: str, *candidates: str, source: FactSource = "structured") -> PatientFact:
    """Return a fact with the values that stay possible."""
    return PatientFact(name, "value", candidates, source=source)


def number(name: str, interval: Interval, source: FactSource = "structured") -> PatientFact:
    """Return a number in the canonical unit."""
    return PatientFact(name, "value", interval=interval, source=source)


def therapies(name: str, *held: str, complete: bool = False, source: FactSource = "structured") -> PatientFact:
    """Return a set of therapies."""
    return PatientFact(name, "value", held, complete=complete, source=source)


def stated_value(definition: FactDefinition, says: str | tuple[str, ...], source: FactSource) -> PatientFact:
    """Return the fact that a word or a derivation says: a state, or values of a choice."""
    if definition.kind == FLAG:
        return flag(definition.id, present=says == PRESENT, source=source)
    if definition.kind in {CHOICE, SET}:
        return choice(definition.id, *((says,) if isinstance(says, str) else says), source=source)
    raise ValueError(f"{definition.id!r} is a number; words do not state it")
