"""Search over units: five legs, each standardised per question, fused into one score.

Words and concepts of the unit, words of its curated questions, the nearest curated question and the unit's own vector.
Nothing here decides whether the unit answers.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corpus.document import UnitKind
from index.analysis import content_terms
from index.dense import VectorSearch
from index.lexical import TermIndex
from index.library import Library, Place
from index.passage import LONGEST_CHARACTERS, Passage, PassageBuilder
from index.projection import project
from index.sections import SectionNames
from index.spelling import Speller

Scores = NDArray[np.float64]
PASSAGES = 10
LONGEST_QUESTION = 2000
"""Code points of a question that are read; what follows is not."""
_ALL_NEIGHBOURS = 20_000
_NO_SPREAD = 1e-9
_LEXICAL_LEGS = 3
_LEXICAL_CEILING = 5.0
"""Standard deviations at which the best of a lexical leg is held: one rare word cannot outvote the meaning."""
_LENT = 0.1
"""Share of its neighbours' positive scores that a unit is lent: sentences of one paragraph speak of one thing."""
_NAMED_PLACE = 0.5
"""Added to the units of a section the question names ("according to the table", "in section 3.2")."""
_WIDER = 0.4
"""Weight of a concept above the one named."""
_RANKING_DECIMALS = 3
SCORE_DECIMALS = 1
"""Decimals of a published score: coarser than the ranking, so that the last bits of a processor do not show."""


@dataclass(frozen=True, slots=True)
class LegWeights:
    """Weight of each leg; chosen on the project's own folds (docs/evaluation.md)."""

    words: float = 0.5
    asked_words: float = 0.75
    concepts: float = 1.25
    unit_vector: float = 2.25
    question_vector: float = 1.25
    not_text: float = 1.0
    """Taken from units that are no text of the document's own: references and the heads of table rows."""

    @property
    def total(self) -> float:
        """Sum of the legs' weights."""
        return self.words + self.asked_words + self.concepts + self.unit_vector + self.question_vector


LEG_NAMES = ("words", "asked_words", "concepts", "unit_vector", "question_vector")
"""In the order of fusion, the lexical ones first."""


@dataclass(frozen=True)
class Legs:
    """What the legs search in.

    Attributes:
        words: Over the unit's words and its headings'.
        asked_words: The same, extended by the unit's curated questions.
        concepts: Over the vocabulary entries the unit names, is about, or stands under.
        units: Projected vectors of units, row by row.
        questions: Projected vectors of curated questions: answerable, then unanswerable, then disputed, each in the
            order of the library's list.
        projection: ``(d, d) float32``.
    """

    words: TermIndex
    asked_words: TermIndex
    concepts: TermIndex
    units: VectorSearch
    questions: VectorSearch
    projection: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Query:
    """A question as search reads it.

    Attributes:
        text: What was asked, cut to `LONGEST_QUESTION`.
        mended: The same with the field's misspelt words put right.
        terms: Stems of content words with their counts.
        concepts: Vocabulary entries named, with weights.
        known: Whether any content word occurs in documents, vocabulary or curated questions.
    """

    text: str
    mended: str
    terms: Mapping[str, float]
    concepts: Mapping[str, float]
    known: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A unit found, with its fused score (mean standard deviations above the average unit)."""

    place: Place
    score: float


@dataclass(frozen=True)
class Likeness:
    """Cosine similarities of a question to the curated texts, in the order of the library's lists.

    Attributes:
        questions: To answerable questions, ``(q,) float64``.
        unanswerable: To unanswerable ones, ``(m,)``.
        disputed: To those on which a document is not of one mind, ``(t,)``.
    """

    questions: Scores
    unanswerable: Scores
    disputed: Scores = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Ranking:
    """All units scored for one question.

    Attributes:
        order: Rows, best first; ties by row.
        scores: ``(n,) float64``, rounded; what ``order`` is sorted by.
        legs: Leg name to its standardised scores, ``(n,) float64``.
        likeness: To the curated texts.
    """

    query: Query
    places: tuple[Place, ...]
    order: tuple[int, ...]
    scores: Scores
    legs: Mapping[str, Scores]
    likeness: Likeness

    def hits(self, count: int) -> tuple[Hit, ...]:
        """Return the best units."""
        return tuple(Hit(self.places[row], float(self.scores[row])) for row in self.order[:count])


def unit_bags(library: Library) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Return, for every unit, its bag of words and its bag of concepts."""
    words: list[dict[str, float]] = []
    concepts: list[dict[str, float]] = []
    for place in library.places:
        unit, document = place.unit, place.document
        heads = " . ".join([*document.path(unit), *([unit.locator.row, unit.locator.column] if unit.locator else [])])
        cited = [document.reference_by_number[n] for n in unit.references if n in document.reference_by_number]
        names = " ".join(f"{author.split(',')[0]} {r.year}" for r in cited for author in r.authors[:1])
        bag: Counter[str] = Counter(content_terms(f"{unit.display} {heads}"))
        for term in set(content_terms(names)) - bag.keys():
            bag[term] = 1
        words.append(dict(bag))
        lexicon = library.lexicon
        mixed: Counter[str] = Counter()
        for weight, named in (
            (1.0, lexicon.concepts(unit.display, _WIDER)),
            (0.5, lexicon.concepts(heads, _WIDER)),
            (1.0, lexicon.weighted(library.knowledge_of(place).about, _WIDER)),
        ):
            for concept, amount in named.items():
                mixed[concept] += weight * amount  # type: ignore[assignment]
        concepts.append(dict(mixed))
    return words, concepts


def lexical_legs(library: Library, questions: Sequence[str], rows: Sequence[int]) -> tuple[TermIndex, ...]:
    """Build the three lexical legs: words, asked words, concepts.

    Args:
        questions: Curated questions, asked of the units at ``rows``.
    """
    words, concepts = unit_bags(library)
    asked = [Counter(bag) for bag in words]
    for question, row in zip(questions, rows, strict=True):
        asked[row].update(content_terms(question))
    return TermIndex.from_bags(words), TermIndex.from_bags(asked), TermIndex.from_bags(concepts, b=0.3)


class UnitSearch:
    """Ranks the units of a library. Holds no state of a question; thread-safe."""

    def __init__(self, library: Library, legs: Legs, speller: Speller) -> None:
        self.library = library
        self.speller = speller
        self.weights = LegWeights()
        self._leg_weights = np.array([getattr(self.weights, name) for name in LEG_NAMES])
        self.legs = legs
        self._question_rows = np.asarray(library.question_rows, dtype=np.int64)
        size = len(library.places)
        self._asked = np.zeros(size, dtype=bool)
        self._asked[self._question_rows] = True
        self._some_unasked = bool(self._asked.any()) and not bool(self._asked.all())
        self._by_row = np.argsort(self._question_rows, kind="stable")
        self._asked_rows, self._first_of_row = np.unique(self._question_rows[self._by_row], return_index=True)
        kinds = [place.unit.kind for place in library.places]
        self._not_text = np.array([kind in {UnitKind.REFERENCE, UnitKind.ROW_HEAD} for kind in kinds], dtype=float)
        self._before, self._after = _neighbours(library.places)
        self._sections = SectionNames(library)
        self._builder = PassageBuilder(library)

    def read(self, text: str) -> Query:
        """Read a question: cut, mended, taken apart."""
        cut = text[:LONGEST_QUESTION]
        mended = self.speller.mend(cut)
        terms = Counter(content_terms(mended))
        concepts = self.library.lexicon.concepts(mended, _WIDER)
        known = bool(concepts) or any(term in self.legs.asked_words.rows for term in terms)
        return Query(cut, mended, terms, concepts, known)

    def rank(self, query: Query, vector: NDArray[np.float32]) -> Ranking:
        """Rank every unit.

        Args:
            vector: The mended question's vector by the index's own weights, before projection.
        """
        turned = project(vector, self.legs.projection)
        likeness = self._likeness(turned)
        words = self.legs.words.scores(query.terms)
        unit_vector = _scattered(len(self._asked), self.legs.units.nearest(turned, _ALL_NEIGHBOURS))
        legs = {
            "words": words,
            "asked_words": self._where_asked(self.legs.asked_words.scores(query.terms), words),
            "concepts": self.legs.concepts.scores(query.concepts),
            "unit_vector": unit_vector,
            "question_vector": self._where_asked(self._best_question(likeness), unit_vector),
        }
        standard = _standardised(np.stack([legs[name] for name in LEG_NAMES]))
        fused = np.einsum("l,ln->n", self._leg_weights, standard)
        fused = (fused - self.weights.not_text * self._not_text) / self.weights.total
        fused = fused + _NAMED_PLACE * self._sections.named_in(query.mended)
        scores = np.round(self._with_neighbours(fused), _RANKING_DECIMALS)
        order = np.lexsort((np.arange(len(scores)), -scores))
        named = dict(zip(LEG_NAMES, standard, strict=True))
        return Ranking(query, self.library.places, tuple(order.tolist()), scores, named, likeness)

    def passages(self, ranking: Ranking, count: int = PASSAGES) -> tuple[Passage, ...]:
        """Return the best passages."""
        return self._builder.passages(ranking.order, ranking.scores, count)

    def first_passages(self, count: int = PASSAGES) -> tuple[Passage, ...]:
        """Return the first units of the library as passages of score 0: for a question that cannot be read."""
        rows = range(min(count, len(self.library.places)))
        return tuple(
            Passage(rank, 0.0, (place,), place.unit.start, min(place.unit.end, place.unit.start + LONGEST_CHARACTERS))
            for rank, place in enumerate((self.library.places[row] for row in rows), 1)
        )

    def _likeness(self, vector: NDArray[np.float32]) -> Likeness:
        answerable, unanswerable = len(self._question_rows), len(self.library.silences)
        total = answerable + unanswerable + len(self.library.disputes)
        each = _scattered(total, self.legs.questions.nearest(vector, _ALL_NEIGHBOURS))
        return Likeness(*np.split(each, [answerable, answerable + unanswerable]))

    def _best_question(self, likeness: Likeness) -> Scores:
        """The best of each unit's questions; the least similarity seen where a unit has none."""
        if len(self._question_rows) == 0:
            return np.zeros(len(self._asked))
        each = likeness.questions
        scores = np.full(len(self._asked), each.min())
        best: Scores = np.maximum.reduceat(each[self._by_row], self._first_of_row)
        scores[self._asked_rows] = best
        return scores

    def _with_neighbours(self, scores: Scores) -> Scores:
        padded = np.append(np.maximum(scores, 0.0), 0.0)
        lent: Scores = _LENT * (padded[self._before] + padded[self._after])
        return scores + lent

    def _where_asked(self, scores: Scores, expected_from: Scores) -> Scores:
        """Give units without curated questions the score expected from another leg: neither favoured nor held back."""
        asked = self._asked
        if not self._some_unasked:
            return scores if len(self._question_rows) else expected_from
        known, base = scores[asked], expected_from[asked]
        spread = base - base.mean()
        variance = float(spread @ spread)
        slope = float(spread @ (known - known.mean())) / variance if variance > _NO_SPREAD else 1.0
        filled = known.mean() + slope * (expected_from - base.mean())
        return np.where(asked, scores, filled)


def _scattered(size: int, nearest: tuple[NDArray[np.int64], NDArray[np.float32]]) -> Scores:
    """Similarities by number; what an engine did not return counts as the least it did."""
    numbers, similarities = nearest
    scores = np.full(size, float(similarities.min()) if len(similarities) else 0.0)
    scores[numbers] = similarities
    return scores


def _neighbours(places: Sequence[Place]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each row, the rows before and after it in its paragraph; -1 where there is none."""

    def joined(one: Place, other: Place) -> bool:
        return (
            one.document is other.document
            and one.unit.section == other.unit.section
            and one.unit.paragraph == other.unit.paragraph
        )

    pairs = [joined(one, other) for one, other in itertools.pairwise(places)]
    before = [row - 1 if row and pairs[row - 1] else -1 for row in range(len(places))]
    after = [row + 1 if row < len(pairs) and pairs[row] else -1 for row in range(len(places))]
    return np.array(before, dtype=np.int64), np.array(after, dtype=np.int64)


def _standardised(legs: Scores) -> Scores:
    """Return each leg in standard deviations from its mean, ``(legs, n)``; the best of a lexical leg is held."""
    centred = legs - legs.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    standard: Scores = centred / np.where(deviation > _NO_SPREAD, deviation, np.inf)
    lexical = standard[:_LEXICAL_LEGS]
    lexical /= np.maximum(lexical.max(axis=1, keepdims=True) / _LEXICAL_CEILING, 1.0)
    return standard
