"""How well the decision tells answerable questions from unanswerable ones, on what was left out of the index.

Needs the extra ``build``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.decision import SIGNS
from assistant.fitting import fit_with_figures
from index.build import FitData

_BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


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


@dataclass(frozen=True)
class Separation:
    """The held-out decisions of the build's own questions.

    Attributes:
        answerable: ``(n,) bool``.
        probabilities: ``(n,) float64``: that the chosen sentences answer, by a model that saw none of the unit or gap.
        kinds: Of the unanswerable ones, in order.
        threshold: From which a question is answered.
        alone: Feature to its area under the curve by itself, on the same questions.
        claims: Wrong claims recognised, and true twins taken for wrong ones, as shares.
    """

    answerable: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    kinds: tuple[str, ...]
    threshold: float
    alone: Mapping[str, float]
    claims: tuple[float, float]

    @classmethod
    def of(cls, data: FitData) -> Separation:
        """Fit anew and keep what was held out."""
        models, figures = fit_with_figures(data)
        answerable = figures["labels"]
        alone = {
            name: area_under_curve(np.array([sign * row[name] for row in figures["rows"]]), answerable)
            for name, sign in SIGNS.items()
        }
        made = figures["claims"]["labels"]
        recognised = figures["claims"]["probabilities"] >= models["premises"]["threshold"]
        return cls(
            answerable,
            figures["probabilities"],
            tuple(figures["kinds"]),
            models["decision"]["threshold"],
            alone,
            (float(recognised[made].mean()), float(recognised[~made].mean())),
        )

    def ablation_rows(self) -> Iterator[tuple[str, ...]]:
        """Rows of a table: what, area under the curve, shares refused at the threshold."""
        refused = self.probabilities < self.threshold
        area = area_under_curve(self.probabilities, self.answerable)
        yield (
            "all features",
            f"{area:.3f}",
            f"{refused[self.answerable].mean():.3f}",
            f"{refused[~self.answerable].mean():.3f}",
        )
        for name, value in self.alone.items():
            yield (f"{name} alone", f"{value:.3f}", "", "")

    def kind_rows(self) -> Iterator[tuple[str, ...]]:
        """Rows of a table: kind of unanswerable question, number, share met with silence."""
        refused = (self.probabilities < self.threshold)[~self.answerable]
        kinds = np.array(self.kinds)
        for kind in sorted(set(self.kinds)):
            of_kind = refused[kinds == kind]
            yield (kind, str(len(of_kind)), f"{of_kind.mean():.3f}")

    def reliability_rows(self) -> Iterator[tuple[str, ...]]:
        """Rows of a table: range of the probability, number, mean probability, share that is answerable."""
        for low, high in itertools.pairwise(_BINS):
            inside = (self.probabilities >= low) & (self.probabilities < high)
            if inside.any():
                mean, share = self.probabilities[inside].mean(), self.answerable[inside].mean()
                yield (f"{low:.1f}–{min(high, 1.0):.1f}", str(int(inside.sum())), f"{mean:.3f}", f"{share:.3f}")

    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return coverage (share of answerable questions answered) and risk (share of answers to unanswerable ones)."""
        order = np.argsort(-self.probabilities, kind="stable")
        right = self.answerable[order]
        answered = np.arange(1, len(right) + 1)
        return right.cumsum() / right.sum(), (answered - right.cumsum()) / answered


def plot_curve(separation: Separation, path: Path) -> tuple[Path, Path]:
    """Draw the coverage–risk curve as PNG and SVG beside one another; return their paths. Needs matplotlib."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "coverage-risk"  # the same curve gives the same file
    from matplotlib import pyplot as plt

    coverage, risk = separation.curve()
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.plot(coverage, risk, color="#1f4e79")
    answered = int((separation.probabilities >= separation.threshold).sum())
    at = (coverage[answered - 1], risk[answered - 1]) if answered else (0.0, 0.0)  # no answer, no wrong one
    axes.plot(*at, "o", color="#b04a00", label=f"threshold {separation.threshold:.2f}")
    axes.set(
        xlabel="answerable questions answered", ylabel="answers to unanswerable questions", xlim=(0, 1), ylim=(0, None)
    )
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    written = path.with_suffix(".png"), path.with_suffix(".svg")
    for file in written:
        figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)
    plt.close(figure)
    return written
