from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.dense import FaissVectors


def unit_rows(seed: int, count: int, dimension: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    unit: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def by_number(found: tuple[NDArray[np.int64], NDArray[np.float32]]) -> dict[int, float]:
    numbers, similarities = found
    assert len(numbers) == len(similarities) == len(set(numbers.tolist()))
    return dict(zip(numbers.tolist(), similarities.tolist(), strict=True))


@pytest.mark.parametrize("k", [1, 3, 39, 40, 41, 20_000])
@pytest.mark.parametrize("seed", range(5))
def test_the_nearest_are_those_of_brute_force(k: int, seed: int) -> None:
    vectors, asked = unit_rows(seed, 40, 24), unit_rows(100 + seed, 1, 24)[0]
    similarities = vectors.astype(np.float64) @ asked.astype(np.float64)
    expected = {int(n): float(similarities[n]) for n in np.argsort(-similarities)[:k]}
    assert by_number(FaissVectors.from_array(vectors).nearest(asked, k)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_the_exact_opposite_is_found_too(k: int) -> None:
    asked = unit_rows(1, 1, 16)[0]
    across = np.zeros(16, dtype=np.float32)
    across[:2] = asked[1], -asked[0]
    across /= np.linalg.norm(across)
    found = by_number(FaissVectors.from_array(np.stack([-asked, asked, across])).nearest(asked, k))
    assert found[1] == pytest.approx(1.0, abs=1e-6)
    assert (found[0] == pytest.approx(-1.0, abs=1e-6)) if k >= 3 else (0 not in found)


@pytest.mark.parametrize("k", [5, 30])
def test_equal_vectors_are_equally_near_and_a_far_one_changes_no_other(k: int) -> None:
    vectors, asked = unit_rows(2, 20, 16), unit_rows(3, 1, 16)[0]
    twice = FaissVectors.from_array(np.concatenate([vectors, vectors])).nearest(asked, 2 * k)
    doubled = by_number(twice)
    once = by_number(FaissVectors.from_array(vectors).nearest(asked, k))
    assert {n % 20: s for n, s in doubled.items()} == once
    assert all(doubled[n] == doubled[n + 20] for n in once)
    far = by_number(FaissVectors.from_array(np.concatenate([vectors, -asked[np.newaxis]])).nearest(asked, k))
    assert {n: s for n, s in far.items() if n != 20} == once


def test_the_order_of_storing_changes_numbers_only() -> None:
    vectors, asked = unit_rows(4, 30, 16), unit_rows(5, 1, 16)[0]
    order = np.random.default_rng(0).permutation(30)
    straight = by_number(FaissVectors.from_array(vectors).nearest(asked, 7))
    shuffled = by_number(FaissVectors.from_array(vectors[order]).nearest(asked, 7))
    assert {int(order[n]): s for n, s in shuffled.items()} == pytest.approx(straight, abs=1e-6)


def test_an_index_file_gives_back_every_bit(tmp_path: Path) -> None:
    vectors = unit_rows(6, 17, 8)
    FaissVectors.from_array(vectors).save(tmp_path / "v.faiss")
    loaded = FaissVectors.load(tmp_path / "v.faiss")
    assert loaded.size == 17
    assert np.array_equal(loaded.vectors(), vectors)
    asked = unit_rows(7, 1, 8)[0]
    for k in (4, 17):
        assert by_number(loaded.nearest(asked, k)) == by_number(FaissVectors.from_array(vectors).nearest(asked, k))


def test_no_vectors_have_no_neighbours() -> None:
    empty = FaissVectors.from_array(np.zeros((0, 8), dtype=np.float32))
    assert empty.size == 0
    assert by_number(empty.nearest(unit_rows(8, 1, 8)[0], 3)) == {}
