"""Short direct lines over the evidence, composed from the figures and directions a pack holds as data.

A line is composed only where the question asks for a number or compares two treatments, and exactly one figure (or the
two arms of one comparison) fits it; else the sentence itself leads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from assistant.asking import Asking
from corpus.statements import Outcome, Relation
from index.analysis import Lexicon, content_terms, words
from index.library import Library, Place
from index.search import Query

_NUMBERS = frozenset({"percent", "count", "duration", "dose", "limit", "size", "date"})
_DIRECTIONS = {
    "better": "{left} better than {right}",
    "worse": "{left} worse than {right}",
    "similar": "{left} and {right} similar",
    "not_significant": "no significant difference between {left} and {right}",
}
_SIDES = 2
_CONDITIONS = frozenset({"why", "date", "indication"})
"""What a sentence answers and a direction does not: "when is one preferred", "for whom", "why"."""
_ENDPOINTS = frozenset({"metric", "topic"})
"""Kinds of vocabulary entries that a comparison may be by."""
MOST_DIRECTIONS = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A direct line: parts in order, each with the place it rests on."""

    parts: tuple[tuple[str, Place], ...]


def direct_line(query: Query, asking: Asking, best: Sequence[Place], library: Library) -> Line | None:
    """Return the line that leads, ``None`` where the sentence itself should.

    Args:
        best: The sentences chosen, best first; a figure is looked for in the first only, a comparison in all.
    """
    if not best:
        return None
    if figures := fitting_figures(query, asking, best[0], library):
        return Line(((_figure_text(figures), best[0]),))
    sides = compared(query, asking, library.lexicon)
    parts: dict[str, Place] = {}
    for place in best:
        for relation in directions(library.knowledge_of(place).relations, sides, query):
            if _bears_on(relation, query, library.lexicon):
                parts.setdefault(_relation_text(relation, library.lexicon), place)
    return Line(tuple(parts.items())[:MOST_DIRECTIONS]) if parts else None


def fitting_figures(query: Query, asking: Asking, place: Place, library: Library) -> tuple[Outcome, ...]:
    """Return the one figure of a unit that fits a question, or both arms of one comparison; else nothing."""
    return _Reader(query, asking, library.lexicon).figures(library.knowledge_of(place).outcomes)


def figure_on_record(query: Query, asking: Asking, place: Place, library: Library) -> bool:
    """Whether a unit prints a figure of the kind and metric asked for, be it one of several."""
    reader = _Reader(query, asking, library.lexicon)
    return any(reader.answers(outcome) for outcome in library.knowledge_of(place).outcomes)


class _Reader:
    """What a question names, matched with figures and directions."""

    def __init__(self, query: Query, asking: Asking, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._asking = asking
        self._terms = frozenset(content_terms(query.mended))
        self._named = frozenset(entry for entry, weight in query.concepts.items() if weight == 1.0)
        self._therapies = frozenset(entry for entry in self._named if lexicon.kinds.get(entry) == "therapy")

    def figures(self, outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
        """The one figure that fits, with the other arm where the question names or compares both; else nothing."""
        fitting = [outcome for outcome in outcomes if self.answers(outcome)]
        if not fitting:
            return ()
        scores = {outcome.id: self._fit(outcome) for outcome in fitting}
        best = [outcome for outcome in fitting if scores[outcome.id] == max(scores.values())]
        by_id = {outcome.id: outcome for outcome in outcomes}
        first = best[0]
        arms = (first, by_id[first.against]) if first.against in by_id else (first,)
        if any(outcome not in arms for outcome in best):
            return ()
        covered = {entry for arm in arms for therapy in arm.therapies for entry in self._lexicon.lineage(therapy)}
        if not self._therapies <= covered:
            return ()
        both = len(best) > 1 or "comparison" in self._asking.attributes
        return arms if both else (first,)

    def answers(self, outcome: Outcome) -> bool:
        """Whether a figure is of the kind and metric asked for."""
        return self._asked(outcome) and self._of_metric(outcome)

    def _asked(self, outcome: Outcome) -> bool:
        """Whether the figure is of the kind asked for; a metric named in full needs no further word."""
        attributes = self._asking.attributes & set(outcome.asks)
        return (
            bool(attributes & _NUMBERS) or outcome.metric in self._named or (self._asking.number and bool(attributes))
        )

    def _of_metric(self, outcome: Outcome) -> bool:
        if outcome.metric and any(outcome.metric in self._lexicon.lineage(entry) for entry in self._named):
            return True
        return bool(terms := set(content_terms(outcome.metric_name))) and terms <= self._terms

    def _fit(self, outcome: Outcome) -> int:
        """How much of what tells figures of one unit apart the question names."""
        telling = set(content_terms(f"{outcome.subject} {outcome.metric_name} {outcome.population} {outcome.study}"))
        therapies = {entry for therapy in outcome.therapies for entry in self._lexicon.lineage(therapy)}
        exact = outcome.metric in self._named
        return len(telling & self._terms) + 2 * len(self._therapies & therapies) + 2 * exact


def compared(query: Query, asking: Asking, lexicon: Lexicon) -> frozenset[str]:
    """Return the treatments whose results a question compares, empty where it does not compare two or more."""
    return frozenset(sides_of(query, asking, lexicon))


def sides_of(query: Query, asking: Asking, lexicon: Lexicon) -> tuple[str, ...]:
    """Return the same in the order in which the question names them."""
    therapies = [e for e, weight in query.concepts.items() if weight == 1.0 and lexicon.kinds.get(e) == "therapy"]
    asks = "comparison" in asking.attributes and not asking.attributes & _CONDITIONS
    return tuple(therapies) if asks and len(therapies) >= _SIDES else ()


def directions(relations: Sequence[Relation], sides: frozenset[str], query: Query) -> tuple[Relation, ...]:
    """Return the directions between the sides that speak of what is asked, or all where none does or nothing is."""
    if not sides:
        return ()
    fitting = [r for r in relations if r.relation in _DIRECTIONS and sides <= {r.left, *r.right}]
    named = {entry for entry, weight in query.concepts.items() if weight == 1.0}
    return tuple([r for r in fitting if named & set(r.by)] or fitting)


def speaks_of(relation: Relation, entries: Set[str], lexicon: Lexicon) -> bool:
    """Whether a relation is by one of the entries, or by a narrower or wider one."""
    return any(e in lexicon.lineage(by) or by in lexicon.lineage(e) for e in entries for by in relation.by)


def _bears_on(relation: Relation, query: Query, lexicon: Lexicon) -> bool:
    """Whether a relation is by an endpoint that the question names, or either names none."""
    named = {entry for entry, w in query.concepts.items() if w == 1.0 and lexicon.kinds.get(entry) in _ENDPOINTS}
    return not named or not relation.by or speaks_of(relation, named, lexicon)


def _figure_text(figures: Sequence[Outcome]) -> str:
    first = figures[0]
    values = "; ".join(f"{outcome.subject}, {_with_interval(outcome)}" for outcome in figures)
    detail = ", ".join(
        part
        for part in (
            first.design,
            f"{first.n} patients" if first.n and str(first.n) not in words(first.value) else "",
            first.study,
            _numbered(first.references),
        )
        if part
    )
    return _capital(f"{first.metric_name}: {values}{f' ({detail})' if detail else ''}.")


def _numbered(references: Sequence[int]) -> str:
    if not references:
        return ""
    return f"reference{'s' if len(references) > 1 else ''} {', '.join(map(str, references))}"


def _with_interval(outcome: Outcome) -> str:
    return f"{outcome.value} ({outcome.interval})" if outcome.interval else outcome.value


def _relation_text(relation: Relation, lexicon: Lexicon) -> str:
    left = _inside(lexicon.names.get(relation.left, relation.left))
    right = _listed(_inside(lexicon.names.get(entry, entry)) for entry in relation.right)
    by = _listed(lexicon.names.get(entry, entry).lower() for entry in relation.by)
    text = _capital(_DIRECTIONS[relation.relation].format(left=left, right=right))
    whom = f" ({relation.population})" if relation.population else ""
    return f"{text}: {by}{whom}." if by else f"{text}{whom}."


def _inside(name: str) -> str:
    """A name inside a sentence: abbreviations keep their capitals."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
