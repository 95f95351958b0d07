from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.measures import first_rank, hit_at, mean_reciprocal_rank

RANKS = st.lists(st.integers(0, 10), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("relevant", "rank"),
    [([], 0), ([False, False], 0), ([True, False], 1), ([False, True, True], 2), ([False] * 9 + [True], 10)],
)
def test_the_first_relevant_passage_counts_from_one(relevant: list[bool], rank: int) -> None:
    assert first_rank(relevant) == rank


@pytest.mark.parametrize(("k", "share"), [(0, 0.0), (1, 0.2), (2, 0.4), (3, 0.4), (4, 0.6), (10, 0.8)])
def test_hits_count_up_to_and_with_k_and_misses_never(k: int, share: float) -> None:
    assert hit_at([1, 2, 0, 4, 10], k) == pytest.approx(share)


def test_the_mean_reciprocal_rank_of_a_worked_example() -> None:
    # Voorhees & Tice 2000 (TREC-8 QA track): a question without a right answer counts 0 and stays in the mean
    assert mean_reciprocal_rank([1, 2, 0, 4]) == pytest.approx((1 + 1 / 2 + 0 + 1 / 4) / 4)


def test_no_questions_measure_nothing() -> None:
    assert (hit_at([], 5), mean_reciprocal_rank([])) == (0.0, 0.0)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(RANKS, st.integers(0, 10))
def test_hits_never_fall_with_k_and_order_changes_nothing(ranks: list[int], k: int) -> None:
    assert hit_at(ranks, k) <= hit_at(ranks, k + 1) <= hit_at(ranks, 10)
    assert hit_at(sorted(ranks), k) == hit_at(ranks, k)
    assert mean_reciprocal_rank(sorted(ranks)) == pytest.approx(mean_reciprocal_rank(ranks))


@settings(deadline=None, derandomize=True, max_examples=50)
@given(RANKS)
def test_the_reciprocal_rank_lies_between_hits_at_one_and_hits_at_ten(ranks: list[int]) -> None:
    assert hit_at(ranks, 1) - 1e-12 <= mean_reciprocal_rank(ranks) <= hit_at(ranks, 10) + 1e-12
    # the mean of 1/rank is the sum over k of the hits gained at k, weighted 1/k
    gained = sum((hit_at(ranks, k) - hit_at(ranks, k - 1)) / k for k in range(1, 11))
    assert mean_reciprocal_rank(ranks) == pytest.approx(gained)
