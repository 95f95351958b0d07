"""Whether the chosen sentences answer: a calibrated model over a few named features, and the reason where they do not.

Fitted by the build on the packs' answerable and unanswerable questions; nothing here knows a document.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answer import Reason
from assistant.ranker import Features
from assistant.wording import Wording
from index.analysis import words
from index.library import Library, Place
from index.search import Query, Ranking, Scores
from index.spelling import Speller

SIGNS = {
    "margin": 1,
    "wording": 1,
    "remote": -1,
    "coverage": 1,
    "asked_coverage": 1,
    "concepts": 1,
    "asks": 1,
    "unknown": -1,
    "unsupported": -1,
}
"""Features with their expected sign.

Similarity to the nearest answerable less the nearest unanswerable curated questions; words typical of answerable ones;
how far the most like answerable one falls short of a near one; share of the question's idf mass in the chosen
sentences, and in these with their curated questions; share of its concepts, and of the attributes it asks for;
technical words unknown to documents and vocabulary; vocabulary entries named that stand only in references or nowhere.
"""
_NEAREST = 8
"""Curated questions of each kind whose similarity counts in the margin."""
_LONG = re.compile(r"[a-z]{5,30}")
_CAPITALS = re.compile(r"(?<![\w-])[A-Z]{3,7}(?![\w-])")
_DECIMALS = 4
_NEAR = 0.5
"""Similarity to an answerable question below which a question begins to be remote from all of them."""
_ALIKE = 0.65
"""Similarity to an unanswerable question from which a known gap's own words, and the units noted with it, are used."""
REASONS: dict[str, Reason] = {
    **dict.fromkeys(("attribute", "entity", "endpoint", "population", "comparator", "advice"), "not_stated"),
    "reference_only": "only_in_references",
    "ongoing": "trial_ongoing",
    "other_subject": "outside_subject",
}
"""Kind of unanswerable question to the reason an answer gives."""


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic model over `SIGNS` and the probability from which a question is answered."""

    weights: Mapping[str, float]
    means: Mapping[str, float]
    deviations: Mapping[str, float]
    intercept: float
    threshold: float

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability that the chosen sentences answer."""
        total = self.intercept
        for name, weight in self.weights.items():
            total += weight * (features[name] - self.means[name]) / self.deviations[name]
        return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, total))))


def decision_features(
    query: Query, ranking: Ranking, features: Features, chosen: Sequence[Place], speller: Speller, wording: Wording
) -> dict[str, float]:
    """Return the features of a question with its chosen sentences."""
    rows = [place.row for place in chosen]
    likeness = ranking.likeness
    answerable = float(likeness.questions.max(initial=0.0))

    def best(column: str) -> float:
        return float(features.column(column)[rows].max()) if rows else 0.0

    values = {
        "margin": _nearest(likeness.questions) - _nearest(likeness.unanswerable),
        "wording": wording.score(query.mended),
        "remote": max(0.0, _NEAR - answerable),
        "coverage": best("coverage"),
        "concepts": best("concept_coverage"),
        "asked_coverage": best("asked_coverage"),
        "asks": best("asks"),
        "unknown": float(len(unknown_words(query, speller))),
        "unsupported": float(len(features.unsupported)),
    }
    return {name: round(value, _DECIMALS) for name, value in values.items()}


def _nearest(similarities: Scores) -> float:
    """Mean of the highest similarities, 0 where there are none."""
    if len(similarities) == 0:
        return 0.0
    count = min(_NEAREST, len(similarities))
    return float(np.partition(similarities, -count)[-count:].mean())


def unknown_words(query: Query, speller: Speller) -> tuple[str, ...]:
    """Return the question's technical words that are known to nobody.

    These are words of five letters or more that neither the field nor plain English knows, and abbreviations in
    capitals (unless all is in capitals) that no document, question or vocabulary entry has.
    """
    text = query.mended
    long = [word for word in words(text) if _LONG.fullmatch(word) and not speller.knows(word)]
    shouted = not any(word.islower() for word in text.split())
    capitals = [] if shouted else [word for word in _CAPITALS.findall(text) if not speller.has(word)]
    return tuple(dict.fromkeys([*long, *capitals]))


@dataclass(frozen=True, slots=True)
class Silence:
    """Why nothing is answered: the reason, what a known gap says of it (may be empty), and the nearest units."""

    reason: Reason
    says: str
    nearest: tuple[Place, ...]


def explain_silence(ranking: Ranking, library: Library) -> Silence:
    """Return the reason of an abstention from the unanswerable question that is most like it.

    A question that names nothing of the vocabulary and is remote from every answerable one is of another subject.
    """
    if not ranking.query.concepts and float(ranking.likeness.questions.max(initial=0.0)) < _NEAR:
        return Silence("outside_subject", "", ())
    similarity = ranking.likeness.unanswerable.round(3)
    nearest = tuple(hit.place for hit in ranking.hits(2))
    if len(similarity) == 0:
        return Silence("not_stated", "", nearest)
    best = int(np.argmax(similarity))
    known = library.silences[best]
    says = ""
    gaps = np.array([bool(silence.gap) for silence in library.silences])
    if gaps.any():  # a known gap that is alike says it better than the general words of a near miss
        likest = int(np.argmax(np.where(gaps, similarity, -1.0)))
        if similarity[likest] >= min(_ALIKE, float(similarity[best])):
            known = library.silences[likest]
            says = library.gaps[known.gap]
    if similarity[best] >= _ALIKE and known.rows:
        nearest = tuple(library.places[row] for row in known.rows[:2])
    reason = REASONS[known.kind]
    return Silence(reason, says, () if reason == "outside_subject" else nearest)
