from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.calibration import Logistic

MODEL = Logistic(
    weights={"a": 2.0, "b": -1.0},
    means={"a": 1.0, "b": 0.5},
    deviations={"a": 0.5, "b": 0.25},
    intercept=0.3,
    threshold=0.5,
)


def test_a_case_by_hand() -> None:
    # 0.3 + 2 * (1.5 - 1) / 0.5 - 1 * (1 - 0.5) / 0.25 = 0.3
    assert MODEL.probability({"a": 1.5, "b": 1.0}) == pytest.approx(1 / (1 + math.exp(-0.3)), abs=1e-15)


def test_average_features_leave_the_intercept() -> None:
    assert MODEL.probability(MODEL.means) == pytest.approx(1 / (1 + math.exp(-0.3)), abs=1e-15)
    assert Logistic({}, {}, {}, 0.0, 0.5).probability({}) == 0.5


def test_a_feature_without_weight_changes_nothing_and_one_that_is_missing_is_an_error() -> None:
    known = {"a": 0.2, "b": 0.9}
    assert MODEL.probability({**known, "c": 99.0}) == MODEL.probability(known)
    with pytest.raises(KeyError, match="b"):
        MODEL.probability({"a": 0.2})


@settings(deadline=None, derandomize=True)
@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0.01, 2), st.floats(0.01, 2))
def test_it_is_the_logistic_function_and_follows_each_weight(a: float, b: float, more_a: float, more_b: float) -> None:
    total = 0.3 + 2.0 * (a - 1.0) / 0.5 - (b - 0.5) / 0.25
    probability = MODEL.probability({"a": a, "b": b})
    assert probability == pytest.approx(1 / (1 + math.exp(-total)), rel=1e-12)
    assert math.log(probability / (1 - probability)) == pytest.approx(total, abs=1e-4)
    assert MODEL.probability({"a": a + more_a, "b": b}) > probability > MODEL.probability({"a": a, "b": b + more_b})


@settings(deadline=None, derandomize=True)
@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_no_value_overflows(a: float, b: float) -> None:
    model = Logistic({"a": 1.0, "b": 1.0}, {"a": 0.0, "b": 0.0}, {"a": 1.0, "b": 1.0}, 0.0, 0.5)
    if math.isfinite(a + b):
        assert 0 < model.probability({"a": a, "b": b}) <= 1


def test_far_out_it_is_nearly_sure_on_either_side() -> None:
    assert MODEL.probability({"a": 1e9, "b": 0.5}) == pytest.approx(1.0, abs=1e-15)
    assert MODEL.probability({"a": -1e9, "b": 0.5}) == pytest.approx(math.exp(-40), rel=1e-9)


def test_it_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        MODEL.threshold = 0.1  # type: ignore[misc]
