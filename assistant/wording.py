"""Words that tell unanswerable questions from answerable ones, learnt from the packs' curated questions.

A naive Bayes model over stems and neighbouring pairs of stems: "cost", "how many sessions". It knows no document.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from index.analysis import stems

_SMOOTHING = 1.0
_LEAST_COUNT = 3
_LEAST_ODDS = 0.6
_MOST_ODDS = 3.0
_DECIMALS = 2
_MOST_SCORE = 4.0
"""The score is held here on both sides: words that come together are not so many proofs."""


def _terms(text: str) -> set[str]:
    found = stems(text)
    return {*found, *(f"{one} {other}" for one, other in itertools.pairwise(["^", *found, "$"]))}


@dataclass(frozen=True)
class Wording:
    """Log-odds of terms: positive where a term is typical of answerable questions.

    Attributes:
        odds: Natural logarithm of the ratio of shares, for terms that tell.
    """

    odds: Mapping[str, float]

    @classmethod
    def from_questions(cls, answerable: Iterable[str], unanswerable: Iterable[str]) -> Wording:
        """Count the terms of both kinds of question, each question once."""
        counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        sizes = [0, 0]
        for kind, questions in enumerate((answerable, unanswerable)):
            for question in questions:
                counts[kind].update(_terms(question))
                sizes[kind] += 1
        odds: dict[str, float] = {}
        for term in sorted(counts[0].keys() | counts[1].keys()):
            if counts[0][term] + counts[1][term] >= _LEAST_COUNT:
                shares = [
                    (count[term] + _SMOOTHING) / (size + 2 * _SMOOTHING)
                    for count, size in zip(counts, sizes, strict=True)
                ]
                value = math.log(shares[0] / shares[1])
                if abs(value) >= _LEAST_ODDS:
                    odds[term] = round(max(-_MOST_ODDS, min(_MOST_ODDS, value)), _DECIMALS)
        return cls(odds)

    def score(self, text: str) -> float:
        """Return the sum of the log-odds of a question's terms, within bounds: high for what answerable ones say."""
        total = sum(self.odds.get(term, 0.0) for term in sorted(_terms(text)))
        return round(max(-_MOST_SCORE, min(_MOST_SCORE, total)), _DECIMALS)
