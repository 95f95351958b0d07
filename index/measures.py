"""Retrieval measures over ranked passages."""

from __future__ import annotations

from collections.abc import Sequence


def first_rank(relevant: Sequence[bool]) -> int:
    """Return the 1-based rank of the first relevant passage, 0 where none is."""
    return next((rank for rank, hit in enumerate(relevant, 1) if hit), 0)


def hit_at(ranks: Sequence[int], k: int) -> float:
    """Return the share of questions whose first relevant passage is among the first ``k``."""
    return sum(0 < rank <= k for rank in ranks) / len(ranks) if ranks else 0.0


def mean_reciprocal_rank(ranks: Sequence[int]) -> float:
    """Return the mean of 1 / rank, 0 for a question without a relevant passage."""
    return sum(1 / rank for rank in ranks if rank) / len(ranks) if ranks else 0.0
