"""Why a question is answered with these sentences, or not answered: every feature with its weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from assistant.calibration import Logistic
from assistant.evidence import Choice
from assistant.ranker import FEATURES
from index.library import Place
from index.search import Query, Ranking


@dataclass(frozen=True)
class Decided:
    """What was chosen for a question, and the decision to show it.

    Attributes:
        features: Of the decision, by name.
        model: The decision's model.
    """

    query: Query
    ranking: Ranking
    choice: Choice
    features: Mapping[str, float]
    model: Logistic

    @cached_property
    def probability(self) -> float:
        """The probability that the chosen sentences answer."""
        return self.model.probability(self.features)

    @property
    def answers(self) -> bool:
        """Whether the sentences are shown as an answer."""
        return self.probability >= self.model.threshold

    def sentence(self, place: Place) -> dict[str, float]:
        """Return the ranker's features of one unit."""
        values = self.choice.features.values[place.row]
        return {name: round(float(value), 3) for name, value in zip(FEATURES, values, strict=True)}
