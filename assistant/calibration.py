"""A logistic model over named features with its threshold, as the build fits it and the manifest holds it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Logistic:
    """Weights over standardised features.

    Attributes:
        means: Subtracted from each feature; ``deviations`` divide it.
        threshold: The probability from which the answer is yes.
    """

    weights: Mapping[str, float]
    means: Mapping[str, float]
    deviations: Mapping[str, float]
    intercept: float
    threshold: float

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability."""
        total = self.intercept
        for name, weight in self.weights.items():
            total += weight * (features[name] - self.means[name]) / self.deviations[name]
        return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, total))))
