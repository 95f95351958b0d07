from __future__ import annotations

import itertools

import numpy as np
import pytest

from assistant.evaluation.separation import area_under_curve


def test_the_area_equals_counting_every_pair() -> None:
    draw = np.random.default_rng(3)
    scores = draw.integers(0, 12, size=80).astype(np.float64)  # with ties
    answerable = draw.random(80) < 0.6
    pairs = list(itertools.product(scores[answerable], scores[~answerable]))
    counted = sum((one > other) + 0.5 * (one == other) for one, other in pairs) / len(pairs)
    assert area_under_curve(scores, answerable) == pytest.approx(counted)


def test_a_perfect_order_gives_one_and_a_turned_one_nothing() -> None:
    scores, answerable = np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True])
    assert area_under_curve(scores, answerable) == 1.0
    assert area_under_curve(-scores, answerable) == 0.0


def test_one_kind_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="both"):
        area_under_curve(np.array([0.5]), np.array([True]))
