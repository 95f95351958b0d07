"""Treatments set beside one another: the figures printed of each, by metric, and what is said of each alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.overview import HARM, NOT_WHO, WHO, members
from corpus.statements import Outcome
from index.analysis import Lexicon
from index.library import Library, Place
from index.search import Query

_COMPARED = frozenset({"outcome", "harm", "prognosis", "dose", "device", "procedure", "eligibility"})
"""Kinds of figures that tell treatments apart."""
_FACETS = (WHO, NOT_WHO, HARM)
_MOST_SIDES = 4
_METRIC = "metric"
NOT_COMPARABLE = (
    "Figures of different studies are not comparable: patients, designs and definitions differ. Only figures marked "
    "as of one comparison stand against one another."
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one side and where it is printed."""

    outcome: Outcome
    place: Place


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table.

    Attributes:
        figures: For each side, its figures; empty where none is printed.
        sentences: For each side, the units that speak of it alone, for rows without figures.
    """

    name: str
    figures: tuple[tuple[Figure, ...], ...] = ()
    sentences: tuple[tuple[Place, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """The comparison of treatments, vocabulary ids in ``sides``."""

    sides: tuple[str, ...]
    rows: tuple[Row, ...]


def comparison(sides: Sequence[str], library: Library) -> Table | None:
    """Return the table of two to four treatments; ``None`` for others, or where a side has nothing to show."""
    if not 1 < len(sides) <= _MOST_SIDES:
        return None
    ordered = tuple(sides)
    rows = (*_figures(ordered, library), *_sentences(ordered, library))
    shown = [
        any(cells[n] for row in rows for cells in (row.figures, row.sentences) if cells) for n in range(len(sides))
    ]
    return Table(ordered, tuple(rows)) if all(shown) else None


@dataclass(frozen=True, slots=True)
class Lacking:
    """A metric asked for, and the treatments compared of which no figure of it is held; ids of vocabulary entries."""

    metric: str
    sides: tuple[str, ...]


def lacking(query: Query, table: Table, library: Library) -> tuple[Lacking, ...]:
    """Return the metrics that a question names and of which a side has no figure, be it of a narrower or wider one."""
    lexicon = library.lexicon
    held = [outcome for place in library.places for outcome in library.knowledge_of(place).outcomes if outcome.metric]
    found: list[Lacking] = []
    for entry, weight in query.concepts.items():
        if weight < 1.0 or lexicon.kinds.get(entry) != _METRIC:
            continue
        of_metric = [o for o in held if entry in lexicon.lineage(o.metric) or o.metric in lexicon.lineage(entry)]
        without = [s for s in table.sides if not any(_belongs(o.therapies, s, table.sides, lexicon) for o in of_metric)]
        if without:
            found.append(Lacking(entry, tuple(without)))
    return tuple(found)


def _figures(sides: tuple[str, ...], library: Library) -> Iterator[Row]:
    """A line for each metric of which at least one side has a figure; those both have first."""
    by_metric: dict[str, list[list[Figure]]] = {}
    for place in library.places:
        for outcome in library.knowledge_of(place).outcomes:
            if outcome.kind not in _COMPARED or _is_count_of_patients(outcome):
                continue
            for n, side in enumerate(sides):
                if _belongs(outcome.therapies, side, sides, library.lexicon):
                    name = _metric(outcome, library.lexicon.names)
                    by_metric.setdefault(name, [[] for _ in sides])[n].append(Figure(outcome, place))
    complete = [name for name, cells in by_metric.items() if all(cells)]
    for name in [*complete, *(name for name in by_metric if name not in complete)]:
        yield Row(name, figures=tuple(tuple(cell) for cell in by_metric[name]))


def _is_count_of_patients(outcome: Outcome) -> bool:
    """Whether a figure is the size of a study, which is told beside its other figures."""
    return outcome.n is not None and outcome.low == outcome.high == outcome.n


def _metric(outcome: Outcome, names: Mapping[str, str]) -> str:
    return names.get(outcome.metric, outcome.metric_name) if outcome.metric else outcome.metric_name


def _belongs(therapies: Sequence[str], side: str, sides: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether a figure is of a side: of it or of a narrower treatment that is not the narrower side itself."""
    narrower = [other for other in sides if other != side and side in lexicon.lineage(other)]
    return any(
        side in lexicon.lineage(entry) and not any(other in lexicon.lineage(entry) for other in narrower)
        for entry in therapies
    )


def _sentences(sides: tuple[str, ...], library: Library) -> Iterator[Row]:
    """What is said of each side alone; what is said of several at once is among the sentences of the answer."""
    for facet in _FACETS:
        cells: list[tuple[Place, ...]] = []
        for side in sides:
            others = [other for other in sides if other != side]
            alone = []
            for place in members(side, facet, library):
                about = library.knowledge_of(place).about
                if _belongs(about, side, sides, library.lexicon) and not any(
                    _belongs(about, other, sides, library.lexicon) for other in others
                ):
                    alone.append(place)
            cells.append(tuple(alone))
        if any(cells):
            yield Row(facet.heading, sentences=tuple(cells))
