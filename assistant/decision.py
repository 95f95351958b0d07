"""Whether the chosen sentences answer: a calibrated model over a few named features.

Fitted by the build on the packs' answerable and unanswerable questions; nothing here knows a document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from assistant.figures import figure_on_record
from assistant.ranker import Features
from assistant.wording import Wording
from index.analysis import words
from index.lexical import TermIndex
from index.library import Library, Place
from index.search import Query, Ranking, Scores
from index.spelling import Speller

SIGNS = {
    "margin": 1,
    "wording": 1,
    "foreign": -1,
    "remote": -1,
    "asked_coverage": 1,
    "concepts": 1,
    "asks": 1,
    "figure": 1,
    "ongoing": -1,
    "unknown": -1,
}
"""Features with their expected sign.

Similarity to the nearest answerable less the nearest unanswerable curated questions; words typical of answerable ones,
and words typical of unanswerable ones that the chosen sentences and their curated questions lack; how far the most like
answerable question falls short of a near one; share of the question's idf mass in the chosen sentences and their
curated questions, of its concepts (none where it names a treatment and they name another), and of the attributes it
asks for; a figure on record that fits (1), or a number wanted and none that does (-1); the result asked of a trial the
documents call ongoing; technical words unknown to all.
"""
_NEAREST = 8
"""Curated questions of each kind whose similarity counts in the margin."""
_ONGOING = "ongoing"
_TRIAL = "trial"
_THERAPY = "therapy"
_LONG = re.compile(r"[a-z]{5,30}")
_CAPITALS = re.compile(r"(?<![\w-])[A-Z]{3,7}(?![\w-])")
_DECIMALS = 4
NEAR = 0.5
"""Similarity to an answerable question below which a question begins to be remote from all of them."""


class DecisionReader:
    """Computes the features of `SIGNS`; knows what is the same for every question."""

    def __init__(self, library: Library, words: TermIndex, speller: Speller, wording: Wording) -> None:
        self._library = library
        self._words = words
        self._speller = speller
        self._wording = wording
        lexicon = library.lexicon
        rows = {row for silence in library.silences if silence.kind == _ONGOING for row in silence.rows[:1]}
        self._ongoing = frozenset(
            mention.entry
            for row in rows
            for mention in lexicon.mentions(library.places[row].unit.display)
            if lexicon.kinds.get(mention.entry) == _TRIAL
        )

    def read(self, query: Query, ranking: Ranking, features: Features, chosen: Sequence[Place]) -> dict[str, float]:
        """Return the features of a question with its chosen sentences."""
        rows = [place.row for place in chosen]
        likeness = ranking.likeness

        def best(column: str) -> float:
            return float(features.column(column)[rows].max()) if rows else 0.0

        values = {
            "margin": _nearest(likeness.questions) - _nearest(likeness.unanswerable),
            "wording": self._wording.score(query.mended),
            "foreign": self._foreign(query, rows),
            "remote": max(0.0, NEAR - float(likeness.questions.max(initial=0.0))),
            "asked_coverage": best("asked_coverage"),
            "concepts": best("concept_coverage") if best("therapy") or not self._names_therapy(query) else 0.0,
            "asks": best("asks"),
            "figure": self._figure(query, features, chosen),
            "ongoing": self._of_ongoing_trial(query, features),
            "unknown": float(len(unknown_words(query, self._speller))),
        }
        return {name: round(value, _DECIMALS) for name, value in values.items()}

    def _names_therapy(self, query: Query) -> bool:
        kinds = self._library.lexicon.kinds
        return any(kinds.get(entry) == _THERAPY for entry, weight in query.concepts.items() if weight == 1.0)

    def _foreign(self, query: Query, rows: Sequence[int]) -> float:
        lacking = {term for term in query.terms if not self._words.coverage({term: 1.0})[list(rows)].any()}
        return -sum(min(0.0, self._wording.odds.get(term, 0.0)) for term in sorted(lacking))

    def _figure(self, query: Query, features: Features, chosen: Sequence[Place]) -> float:
        if any(figure_on_record(query, features.asking, place, self._library) for place in chosen):
            return 1.0
        return -1.0 if features.asking.number else 0.0

    def _of_ongoing_trial(self, query: Query, features: Features) -> float:
        named = any(query.concepts.get(entry) == 1.0 for entry in self._ongoing)
        return float(named and "outcome" in features.asking.attributes)


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
