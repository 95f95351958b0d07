"""The answer: one immutable object, the same on every interface, and its JSON.

Field names may be added; these stay. Rooms that later capabilities fill
(facts, recommendations, …) are empty until then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, Literal

SCHEMA: Final = "nelm.answer/1"

Status = Literal["answered", "partial", "conflict", "not_covered", "needs_facts", "declined"]
Reason = Literal["outside_subject", "not_stated", "only_in_references", "trial_ongoing", "unreadable", "too_vague"]
Role = Literal["lead", "answer", "caveat", "contradiction", "premise", "nearest"]
Effect = Literal[
    "recommend",
    "consider",
    "prefer_over",
    "caution",
    "contraindicated",
    "eligible",
    "ineligible",
    "prophylaxis",
    "prognosis",
    "follow_up",
    "info",
]
Standing = Literal[
    "contraindicated",
    "not_eligible",
    "conflicting",
    "undetermined",
    "supported_with_caution",
    "supported",
    "not_addressed",
]
FactState = Literal["value", "present", "absent", "unknown", "conflicting", "implausible"]
FactSource = Literal["text", "structured", "correction", "confirmed", "derived"]


@dataclass(frozen=True, slots=True)
class Premise:
    """What the question takes for granted, and what the documents say of it."""

    claim: str
    verdict: Literal["contradicted", "not_stated"]
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of the answer.

    Attributes:
        text: Clean text; of a quote, the sentence word for word.
        kind: ``quote``, or ``derived``: written by a template from structured data.
        citations: Numbers of the citations it rests on.
    """

    text: str
    kind: Literal["quote", "derived"]
    role: Role
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CitedCell:
    """Where in a table a citation stands."""

    row: str
    column: str
    item: int


@dataclass(frozen=True, slots=True)
class Work:
    """A work that a sentence cites, as its entry in the reference list prints it.

    Attributes:
        year: ``None`` where the entry prints none.
        design: Kinds of study its title names; empty where it names none.
    """

    number: int
    authors: tuple[str, ...]
    title: str
    journal: str
    year: int | None
    design: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence of a source at its place.

    Attributes:
        quote: ``source[start:end]``, untouched.
        display: The clean rendering.
        start: Code point in the source; ``end`` is exclusive.
        references: Numbers of the works the sentence cites; ``works`` tells what they are.
        url: Link to this very occurrence in this very version.
        design: Kinds of study the sentence rests on, as far as it tells; empty where it tells nothing.
    """

    n: int
    document: str
    unit: str
    section: str
    path: tuple[str, ...]
    locator: CitedCell | None
    quote: str
    display: str
    start: int
    end: int
    references: tuple[int, ...]
    url: str
    design: str = ""
    works: tuple[Work, ...] = ()


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """A figure of one side of a comparison, as its sentence prints it.

    Attributes:
        n: Patients of the study, both groups together where it is a comparison.
        same_comparison: Whether its counterpart in the other column is of the same comparison.
    """

    value: str
    subject: str
    interval: str
    population: str
    n: int | None
    design: str
    study: str
    same_comparison: bool
    citation: int


@dataclass(frozen=True, slots=True)
class ComparisonCell:
    """One side in one row: its figures, or the sentences that speak of it alone; nothing where none is printed."""

    figures: tuple[ComparedFigure, ...]
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """A metric or a heading, with a cell for each side."""

    name: str
    cells: tuple[ComparisonCell, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Treatments beside one another.

    Attributes:
        therapies: The sides, as vocabulary ids; ``names`` are how they are headed.
        warning: What has to stay in view beside it.
    """

    therapies: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[ComparisonRow, ...]
    warning: str


@dataclass(frozen=True, slots=True)
class OutlinePart:
    """All sentences under one heading, by their citations."""

    heading: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """One of the ten passages retrieval found, at most 700 code points of one section."""

    rank: int
    document: str
    section: str
    score: float
    start: int
    end: int
    text: str
    url: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        values: dict[str, Any] = plain(self)
        return values


@dataclass(frozen=True, slots=True)
class Fact:
    """A patient fact as read."""

    id: str
    state: FactState
    value: str | float | bool | None
    low: float | None
    high: float | None
    low_open: bool
    high_open: bool
    unit: str | None
    as_written: str
    span: tuple[int, int] | None
    turn: int
    source: FactSource
    cue: str | None
    reason: str | None
    candidates: tuple[str, ...]
    as_of: str | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What a rule concludes for the patient."""

    rule: str
    therapy: str
    effect: Effect
    over: tuple[str, ...]
    summary: str
    because: tuple[str, ...]
    overruled_by: str | None
    inferred: bool
    strength: str
    reviewed: bool
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TherapyStanding:
    """Where a therapy stands for the patient."""

    therapy: str
    standing: Standing
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A fact that matters and was not stated."""

    fact: str
    question: str
    rules: tuple[str, ...]
    critical: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A remark of the pack on its source."""

    id: str
    severity: Literal["high", "medium", "low"]
    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document the answer rests on, with what has to be shown beside its text."""

    id: str
    title: str
    published: str
    sha256: str
    licence: str
    attribution: str
    superseded_by: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; see docs/api.md for every field.

    Attributes:
        text: Clean rendering of lead, quotes and caveats with ``[1]`` markers.
        confidence: Calibrated probability that the choice between answering and abstaining is right; ``None`` until
            calibrated.
        passages: Always ten (fewer only in a smaller library), also when abstaining.
        comparison: Where treatments are compared, all figures and sentences of each.
        outline: Where a treatment is asked about under a heading or as a whole, everything said, by headings.
        knowledge: sha256 over every file of packs and vocabulary.
        index: sha256 of the index's manifest.
        version: Of this distribution.
    """

    question: str
    resolved_question: str
    status: Status
    text: str
    statements: tuple[Statement, ...]
    citations: tuple[Citation, ...]
    passages: tuple[RankedPassage, ...]
    documents: tuple[SourceDocument, ...]
    knowledge: str
    index: str
    version: str
    confidence: float | None = None
    reason: Reason | None = None
    premise: Premise | None = None
    facts: tuple[Fact, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    therapies: tuple[TherapyStanding, ...] = ()
    ask: tuple[MissingFact, ...] = ()
    notes: tuple[Note, ...] = ()
    patient: str | None = None
    comparison: Comparison | None = None
    outline: tuple[OutlinePart, ...] = ()
    schema: Literal["nelm.answer/1"] = SCHEMA

    @property
    def high_notes(self) -> tuple[Note, ...]:
        """The notes on the source that are shown with the answer always, wherever it is shown."""
        return tuple(note for note in self.notes if note.severity == "high")

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dicts in the order of the schema."""
        return {name: plain(getattr(self, name)) for name in FIELD_ORDER}

    def to_json(self, indent: int | None = None) -> str:
        """Return the JSON; the same answer gives the same bytes."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from assistant.notebook import answer_html

        return answer_html(self)


_NAMES: dict[type, tuple[str, ...]] = {}
"""Field names of the classes an answer is made of, looked up once; none of what is no dataclass."""


def plain(value: Any) -> Any:
    """Return a value as plain dicts and tuples: `dataclasses.asdict` without its deep copies, a fifth of the time."""
    kind = type(value)
    if kind is tuple:
        return tuple(map(plain, value))
    names = _NAMES.get(kind)
    if names is None:
        names = _NAMES[kind] = tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
    return {name: plain(getattr(value, name)) for name in names} if names else value


FIELD_ORDER = ("schema", *(field.name for field in fields(Answer) if field.name != "schema"))
