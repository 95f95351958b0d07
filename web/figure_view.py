"""The figures of the packs, for a page: filtered, grouped by what they measure, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.composition import source_url
from corpus.document import Document, Unit
from corpus.rules import SourceNote
from corpus.statements import Outcome
from index.analysis import Lexicon, words
from index.library import Library
from web.plot import Figure, Plot, plot

DRAWN_UNITS = ("months", "years", "%")
"""Units a scale is drawn for: time and shares; a count of patients says nothing beside another."""
_DRAWN_KINDS = ("outcome", "harm", "prognosis")
_FEWEST = 3
"""Figures that make a plot."""
_BEYOND = 1.05
"""How far the scale goes on behind a figure that the print leaves open above, for its bar to be seen."""
_KINDS = {
    "outcome": "Other outcomes",
    "harm": "Harms",
    "prognosis": "Prognosis",
    "eligibility": "Eligibility",
    "dose": "Doses as printed",
    "procedure": "Procedure",
    "device": "Devices",
    "imaging": "Imaging",
    "follow_up": "Follow-up",
    "epidemiology": "The disease",
    "publication": "The paper and its sources",
}
_DENIED = frozenset({"non", "not", "no", "without"})
_NAMES = {"therapy": "treatment", "metric": "measure", "population": "population"}


@dataclass(frozen=True, slots=True)
class Row:
    """A figure with the sentence that prints it.

    Attributes:
        subject: As a line of the table begins.
        name: The name of its link: all that the mark shows, and the section.
        against: The other arm of the same comparison, where it is shown too.
        notes: Numbers of the notes on its sentence.
    """

    figure: Outcome
    document: Document
    unit: Unit
    subject: str
    said: str
    name: str
    url: str
    against: Row | None = None
    notes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Figures of one measure, drawn where there are enough of them; else of one kind.

    Attributes:
        undrawn: How many of the rows stand in the table alone.
        columns: Names of optional columns that some row fills.
    """

    anchor: str
    heading: str
    rows: tuple[Row, ...]
    plot: Plot | None
    undrawn: int
    columns: frozenset[str]

    @property
    def row_by_id(self) -> Mapping[str, Row]:
        """Rows by the id of their figure."""
        return {row.figure.id: row for row in self.rows}


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter: its field, what can be chosen as ids and names, and what is chosen."""

    field: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """What the page of figures is given.

    Attributes:
        unknown: Chosen ids that name nothing, each with what it was to be.
        notes: Notes on the sentences shown, numbered from one.
    """

    choices: tuple[Choice, ...]
    groups: tuple[Group, ...]
    shown: int
    total: int
    unknown: tuple[tuple[str, str], ...]
    notes: tuple[SourceNote, ...]

    @property
    def filtered(self) -> bool:
        """Whether anything is chosen."""
        return any(choice.chosen for choice in self.choices)


class Figures:
    """All figures of a library, ready to be filtered."""

    def __init__(self, library: Library, notes: Iterable[SourceNote]) -> None:
        self._lexicon = library.lexicon
        self._notes = tuple(notes)
        rows = [
            _row(outcome, place.document, place.unit)
            for place in library.places
            for outcome in library.knowledge_of(place).outcomes
        ]
        self._rows = tuple(_beside_partners(sorted(rows, key=self._rank)))
        self._entries = {id(row): self._entries_of(row.figure) for row in self._rows}
        self._largest = _largest(self._rows)

    def page(self, therapy: str = "", metric: str = "", population: str = "") -> FiguresPage:
        """Return the figures of a treatment and what is below it, of a measure, and in a population."""
        chosen = {"therapy": therapy, "metric": metric, "population": population}
        choices = tuple(Choice(f, _NAMES[f].capitalize(), self.options(f), value) for f, value in chosen.items())
        unknown = tuple(
            (_NAMES[choice.field], choice.chosen)
            for choice in choices
            if choice.chosen and choice.chosen not in dict(choice.options)
        )
        rows, notes = self._annotated(self.rows(**chosen))
        return FiguresPage(choices, tuple(self._groups(rows)), len(rows), len(self._rows), unknown, notes)

    def rows(self, therapy: str = "", metric: str = "", population: str = "") -> list[Row]:
        """Return the figures so chosen, without notes."""
        chosen = {"therapy": therapy, "metric": metric, "population": population}
        return [row for row in self._rows if all(not v or v in self._entries[id(row)][f] for f, v in chosen.items())]

    def _rank(self, row: Row) -> int:
        """By treatment in the order of the vocabulary; what is of the disease comes last."""
        order = list(self._lexicon.names)
        return order.index(row.figure.therapies[0]) if row.figure.therapies else len(order)

    def _entries_of(self, figure: Outcome) -> Mapping[str, frozenset[str]]:
        """The vocabulary's entries that a figure is found by, for each filter."""
        therapies = {above for entry in figure.therapies for above in self._lexicon.lineage(entry)}
        metric = {figure.metric} - {""}
        return {
            "therapy": frozenset(therapies),
            "metric": frozenset(metric),
            "population": conditions_in(figure.population, self._lexicon),
        }

    def options(self, field: str) -> tuple[tuple[str, str], ...]:
        """Return what can be chosen of a field, as ids and names."""
        used = {entry for entries in self._entries.values() for entry in entries[field]}
        options = [(entry, name) for entry, name in self._lexicon.names.items() if entry in used]
        return tuple(options if field == "therapy" else sorted(options, key=lambda option: option[1].lower()))

    def _annotated(self, rows: Sequence[Row]) -> tuple[list[Row], tuple[SourceNote, ...]]:
        """Rows with the numbers of the notes on their sentences, and those notes."""
        notes: list[SourceNote] = []
        annotated = []
        for row in rows:
            own = [n for n in self._notes if n.document == row.document.citation.id and row.unit.id in n.units]
            notes += [note for note in own if note not in notes]
            annotated.append(replace(row, notes=tuple(sorted(notes.index(note) + 1 for note in own))))
        by_id = {(row.document.citation.id, row.figure.id): row for row in annotated}
        paired = [replace(row, against=by_id.get((row.document.citation.id, row.figure.against))) for row in annotated]
        return paired, tuple(notes)

    def _groups(self, rows: Sequence[Row]) -> Iterator[Group]:
        of_plots: dict[tuple[str, str], list[Row]] = {}
        others: dict[str, list[Row]] = {}
        for row in rows:
            measure = (row.figure.metric, row.figure.unit_of_value)
            if measure in self._largest:
                of_plots.setdefault(measure, []).append(row)
            else:
                others.setdefault(row.figure.kind, []).append(row)
        order = list(self._largest)
        for measure in sorted(of_plots, key=order.index):
            yield self._drawn(measure, of_plots[measure])
        for kind, heading in _KINDS.items():
            if kind in others:
                yield Group(f"kind-{kind}", heading, tuple(others[kind]), None, 0, _columns(others[kind]))

    def _drawn(self, measure: tuple[str, str], rows: Sequence[Row]) -> Group:
        metric, unit = measure
        drawn = [row for row in rows if _can_be_drawn(row.figure)]
        figures = [
            Figure(f.id, f.low, f.high, row.subject, row.said, "/".join(sorted((f.id, f.against))) if f.against else "")
            for row in drawn
            for f in (row.figure,)
        ]
        drawing = plot(figures, self._largest[measure], unit) if figures else None
        heading = f"{self._lexicon.names[metric]}, {'in % of patients' if unit == '%' else f'in {unit}'}"
        anchor = f"{metric}-{'percent' if unit == '%' else unit}"
        return Group(anchor, heading, tuple(rows), drawing, len(rows) - len(drawn), _columns(rows))


def conditions_in(population: str, lexicon: Lexicon) -> frozenset[str]:
    """Return the conditions a population names, and those above them; of what is denied only those above it."""
    tokens = words(population)
    found: set[str] = set()
    for mention in lexicon.mentions(population):
        denied = mention.first > 0 and tokens[mention.first - 1] in _DENIED
        found.update(lexicon.lineage(mention.entry)[1 if denied else 0 :])
    return frozenset(entry for entry in found if lexicon.kinds[entry] == "condition")


def _row(figure: Outcome, document: Document, unit: Unit) -> Row:
    said = ", ".join(part for part in (f"{figure.metric_name} {figure.value}", figure.interval, figure.study) if part)
    subject = _capital(figure.subject)
    place = unit.section if unit.section.startswith(("Table", "Figure", "Abstract")) else f"section {unit.section}"
    url = source_url(document, unit.start, unit.end)
    return Row(figure, document, unit, subject, said, f"{subject}, {said}, {place}", url)


def _capital(subject: str) -> str:
    """With a capital, but for abbreviations, which begin as they are printed."""
    return subject[0].upper() + subject[1:] if subject.split()[0].islower() else subject


def _beside_partners(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows with the two arms of a comparison next to each other, where the first of them stands."""
    by_id = {(row.document.citation.id, row.figure.id): row for row in rows}
    done: set[int] = set()
    for row in rows:
        partner = by_id.get((row.document.citation.id, row.figure.against))
        for item in (row, partner):
            if item is not None and id(item) not in done:
                done.add(id(item))
                yield item


def _can_be_drawn(figure: Outcome) -> bool:
    """Whether it is measured, of one treatment or of the disease: the difference of two is no mark on a scale."""
    return (
        figure.kind in _DRAWN_KINDS
        and figure.unit_of_value in DRAWN_UNITS
        and len(figure.therapies) <= 1
        and (figure.low is not None or figure.high is not None)
    )


def _largest(rows: Sequence[Row]) -> dict[tuple[str, str], float]:
    """For each measure with enough figures to draw, the greatest number printed; most figures first."""
    ends: dict[tuple[str, str], list[float]] = {}
    for figure in (row.figure for row in rows if row.figure.metric and _can_be_drawn(row.figure)):
        end = figure.high if figure.high is not None else (figure.low or 0.0) * _BEYOND
        ends.setdefault((figure.metric, figure.unit_of_value), []).append(end)
    enough = {measure: numbers for measure, numbers in ends.items() if len(numbers) >= _FEWEST}
    most_first = sorted(enough, key=lambda measure: -len(enough[measure]))
    return {measure: 100.0 if measure[1] == "%" else max(enough[measure]) for measure in most_first}


def _columns(rows: Sequence[Row]) -> frozenset[str]:
    """The optional columns that some row fills: an empty one would only take room."""
    filled = {
        "interval": any(row.figure.interval for row in rows),
        "population": any(row.figure.population for row in rows),
        "n": any(row.figure.n is not None for row in rows),
        "design": any(row.figure.design for row in rows),
        "study": any(row.figure.study for row in rows),
        "against": any(row.against for row in rows),
        "references": any(row.figure.references for row in rows),
    }
    return frozenset(name for name, some in filled.items() if some)
