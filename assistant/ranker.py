"""The second stage of retrieval: question–sentence features with fitted weights, over every unit at once.

The weights come from the build (`assistant.fitting`) and stand in the index's manifest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.asking import Asking, read_asking
from corpus.document import UnitKind
from index.library import Library
from index.search import LEG_NAMES, Query, Ranking, Scores, UnitSearch

FEATURES = (*LEG_NAMES, "coverage", "asked_coverage", "concept_coverage", "therapy", "asks", "number", "not_text")
"""Leg scores; share of the question's idf mass in the unit and its heads, and in these and its
curated questions; share of its concepts; of its therapies; of
the attributes asked for; a number where one is wanted; no text of the document's own (references, row heads)."""
_CITED = re.compile(r"\[[^\]]*\]")
_THERAPY = "therapy"


@dataclass(frozen=True)
class Features:
    """Features of every unit for one question.

    Attributes:
        values: ``(n, len(FEATURES)) float64``.
        asking: What the question asks for.
        unsupported: Vocabulary entries that the question names and no text of a document's own does.
    """

    values: NDArray[np.float64]
    asking: Asking
    unsupported: tuple[str, ...]

    def column(self, name: str) -> Scores:
        """Return one feature of every unit."""
        values: Scores = self.values[:, FEATURES.index(name)]
        return values


class FeatureReader:
    """Computes features; knows what is the same for every question."""

    def __init__(self, library: Library, search: UnitSearch) -> None:
        self._search = search
        self._lexicon = library.lexicon
        places = library.places
        attributes = sorted(
            {name for units in library.known.values() for known in units.values() for name in known.asks}
        )
        self._attribute = {name: column for column, name in enumerate(attributes)}
        self._asks = np.zeros((len(places), len(attributes)))
        for place in places:
            for name in library.knowledge_of(place).asks:
                self._asks[place.row, self._attribute[name]] = 1.0
        digits = [any(c.isdecimal() for c in _CITED.sub("", place.unit.display)) for place in places]
        self._digits = np.array(digits, dtype=float)
        own = [place.unit.kind not in {UnitKind.REFERENCE, UnitKind.ROW_HEAD} for place in places]
        self._own = np.array(own, dtype=float)
        self._not_text = 1.0 - self._own

    def read(self, query: Query, ranking: Ranking) -> Features:
        """Return the features of every unit for a question."""
        words, concepts = self._search.legs.words, self._search.legs.concepts
        asked_words = self._search.legs.asked_words
        asking = read_asking(query.mended)
        mass = {term: words.idf(term) for term in query.terms}
        named = {entry: 1.0 for entry, weight in query.concepts.items() if weight == 1.0}
        therapies = {entry: 1.0 for entry in named if self._lexicon.kinds.get(entry) == _THERAPY}
        known = [self._attribute[name] for name in asking.attributes if name in self._attribute]
        columns = [
            *(ranking.legs[name] for name in LEG_NAMES),
            words.coverage(mass) / max(sum(mass.values()), 1e-9),
            asked_words.coverage(mass) / max(sum(mass.values()), 1e-9),
            concepts.coverage(named) / max(len(named), 1),
            concepts.coverage(therapies) / max(len(therapies), 1),
            self._asks[:, known].sum(axis=1) / max(len(asking.attributes), 1),
            self._digits * float(asking.number),
            self._not_text,
        ]
        unsupported = tuple(entry for entry in named if not (concepts.coverage({entry: 1.0}) * self._own).any())
        return Features(np.stack(columns, axis=1), asking, unsupported)


@dataclass(frozen=True)
class Ranker:
    """A linear model over `FEATURES`."""

    weights: NDArray[np.float64]

    @classmethod
    def from_values(cls, values: Mapping[str, float]) -> Ranker:
        """Take the weights from a manifest."""
        return cls(np.array([values[name] for name in FEATURES]))

    def scores(self, features: Features) -> Scores:
        """Return every unit's score, rounded to three decimals."""
        scores: Scores = np.round(np.einsum("nf,f->n", features.values, self.weights), 3)
        return scores
