"""What a unit states, as data: figures, directions, and the wrong claims it refutes. Plain values; no YAML here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refutation:
    """A wrong claim that a unit contradicts.

    Attributes:
        claim: The claim as a short statement.
        asked: A question that takes it for granted.
        twin: The same kind of question on the true premise, which must not be corrected.
    """

    claim: str
    asked: str
    twin: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A figure as a unit prints it; the fields are described at the head of ``outcomes.yaml``.

    Attributes:
        value: As printed, with its unit.
        low: Lower end in ``unit_of_value``; ``None`` where open or no number.
        n: Patients of the study.
        against: Id of the other arm of the same comparison; empty where there is none.
    """

    id: str
    unit: str
    therapies: tuple[str, ...]
    subject: str
    metric: str
    metric_name: str
    value: str
    low: float | None
    high: float | None
    unit_of_value: str
    population: str
    n: int | None
    against: str
    interval: str
    design: str
    study: str
    references: tuple[int, ...]
    asks: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A direction a unit states: ``left`` is better (worse, similar, …) than ``right`` by metrics, in a population."""

    id: str
    unit: str
    left: str
    relation: str
    right: tuple[str, ...]
    by: tuple[str, ...]
    population: str
