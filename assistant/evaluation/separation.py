"""How well the decision tells answerable questions from unanswerable ones, on what was left out of the index.

Needs the extra ``build``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assistant.decision import SIGNS
from assistant.fitting import fit_with_figures
from index.build import FitData


def area_under_curve(scores: NDArray[np.float64], answerable: NDArray[np.bool_]) -> float:
    """Return the probability that an answerable question scores above an unanswerable one, ties counting half.

    Args:
        scores: ``(n,) float64``, high for answerable.
        answerable: ``(n,) bool``.

    Raises:
        ValueError: If either kind is missing.
    """
    positive, negative = np.sort(scores[answerable]), scores[~answerable]
    if not len(positive) or not len(negative):
        raise ValueError("both answerable and unanswerable questions are needed")
    below = np.searchsorted(positive, negative, side="left") + np.searchsorted(positive, negative, side="right")
    return float(1 - below.sum() / (2 * len(positive) * len(negative)))


def separation_rows(data: FitData) -> list[tuple[str, ...]]:
    """Fit the decision anew and return table rows: what, area under the curve, shares refused at the threshold."""
    models, figures = fit_with_figures(data)
    answerable, held_out = figures["labels"], figures["probabilities"]
    refused = held_out < models["decision"]["threshold"]
    rows: list[tuple[str, ...]] = [
        (
            "all features",
            f"{area_under_curve(held_out, answerable):.3f}",
            f"{refused[answerable].mean():.3f}",
            f"{refused[~answerable].mean():.3f}",
        )
    ]
    for name, sign in SIGNS.items():
        alone = np.array([sign * row[name] for row in figures["rows"]])
        rows.append((f"{name} alone", f"{area_under_curve(alone, answerable):.3f}", "", ""))
    return rows
