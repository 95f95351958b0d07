from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index import projection
from index.projection import (
    ProjectionData,
    ProjectionSettings,
    fit_projection,
    fit_projections,
    fitting_aside,
    project,
)

pytestmark = pytest.mark.thorough

Vectors = NDArray[np.float32]
DIMENSION = 16
UNITS = 10
QUICK = ProjectionSettings(epochs=40, batch=16)


def unit_rows(rows: NDArray[np.float64]) -> Vectors:
    unit: Vectors = (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
    return unit


def toy(seed: int = 0) -> ProjectionData:
    draw = np.random.default_rng(seed)
    units = draw.normal(size=(UNITS, DIMENSION))
    owners = [unit for unit in range(UNITS) for _ in range(4)]
    questions = units[owners] + 1.2 * draw.normal(size=(len(owners), DIMENSION))
    missed = [0, 0, 3, 7]
    near_misses = units[missed] + 0.6 * draw.normal(size=(4, DIMENSION))
    return ProjectionData(unit_rows(units), unit_rows(questions), owners, unit_rows(near_misses), missed, {})


def loss(data: ProjectionData, matrix: Vectors) -> float:
    """Cross entropy of the right unit among units and near misses, at the temperature of the settings."""
    asked = project(data.questions, matrix).astype(np.float64)
    against = project(np.concatenate([data.units, data.near_misses]), matrix).astype(np.float64)
    logits = asked @ against.T / QUICK.temperature
    right = logits[np.arange(len(asked)), list(data.question_unit)]
    highest = logits.max(axis=1)
    return float(np.mean(highest + np.log(np.exp(logits - highest[:, np.newaxis]).sum(axis=1)) - right))


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 12), st.sampled_from([1, 3, 16, 64]))
def test_projected_rows_have_unit_length_and_the_direction_of_the_product(seed: int, count: int, d: int) -> None:
    draw = np.random.default_rng(seed)
    vectors, matrix = draw.normal(size=(count, d)), draw.normal(size=(d, d)) + 3 * np.eye(d)
    turned = project(vectors.astype(np.float32), matrix.astype(np.float32))
    assert turned.shape == (count, d)
    assert turned.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(turned.astype(np.float64), axis=1), 1.0, atol=1e-6)
    expected = vectors.astype(np.float32).astype(np.float64) @ matrix.astype(np.float32).astype(np.float64)
    np.testing.assert_allclose(turned, unit_rows(expected), atol=2e-4)


@pytest.mark.parametrize("dimension", [16, 384])
def test_a_vector_projected_alone_is_the_row_projected_in_a_batch(dimension: int) -> None:
    draw = np.random.default_rng(1)
    vectors = unit_rows(draw.normal(size=(50, dimension)))
    matrix = (np.eye(dimension) + 0.1 * draw.normal(size=(dimension, dimension))).astype(np.float32)
    whole = project(vectors, matrix)
    for size in (1, 3, 7, 49):
        parts = [project(vectors[first : first + size], matrix) for first in range(0, 50, size)]
        assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(np.stack([project(vector, matrix) for vector in vectors]), whole)
    assert np.array_equal(project(vectors[::-1], matrix), whole[::-1])


def test_the_length_of_a_vector_does_not_matter() -> None:
    draw = np.random.default_rng(2)
    vectors = unit_rows(draw.normal(size=(20, DIMENSION)))
    matrix = (np.eye(DIMENSION) + 0.1 * draw.normal(size=(DIMENSION, DIMENSION))).astype(np.float32)
    assert np.array_equal(project(vectors * np.float32(8), matrix), project(vectors, matrix))
    np.testing.assert_allclose(project(vectors * np.float32(0.3), matrix), project(vectors, matrix), atol=1e-6)


def test_without_questions_the_projection_is_the_identity() -> None:
    data = toy()
    nothing = replace(data, questions=data.questions[:0], question_unit=[])
    assert np.array_equal(fit_projection(nothing), np.eye(DIMENSION, dtype=np.float32))
    np.testing.assert_allclose(project(data.units, fit_projection(nothing)), data.units, atol=1e-6)


@pytest.mark.build
def test_fitting_twice_gives_the_same_bits_whatever_was_drawn_before() -> None:
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    first = fit_projection(toy(), QUICK)
    torch.manual_seed(99)
    torch.rand(1000)
    np.random.default_rng(5).normal(size=10)
    assert np.array_equal(fit_projection(toy(), QUICK), first)
    assert torch.get_num_threads() == threads


@pytest.mark.build
@pytest.mark.parametrize("seed", range(3))
def test_fitting_lowers_the_loss_and_brings_questions_to_their_units(seed: int) -> None:
    data = toy(seed)
    fitted, identity = fit_projection(data, QUICK), np.eye(DIMENSION, dtype=np.float32)
    assert fitted.shape == (DIMENSION, DIMENSION)
    assert fitted.dtype == np.float32
    assert loss(data, fitted) < 0.8 * loss(data, identity)

    def right(matrix: Vectors) -> int:
        nearest = (project(data.questions, matrix) @ project(data.units, matrix).T).argmax(axis=1)
        return int((nearest == np.array(data.question_unit)).sum())

    assert right(fitted) > right(identity)


@pytest.mark.build
def test_near_misses_are_pushed_away_from_their_questions() -> None:
    data = toy()
    owners = np.array(data.question_unit)

    def margin(matrix: Vectors) -> float:
        asked, units = project(data.questions, matrix), project(data.units, matrix)
        missed = project(data.near_misses, matrix)
        return float(
            np.mean(
                [
                    asked[q] @ units[unit] - asked[q] @ missed[n]
                    for n, unit in enumerate(data.near_miss_unit)
                    for q in np.flatnonzero(owners == unit)
                ]
            )
        )

    without = replace(data, near_misses=data.near_misses[:0], near_miss_unit=[])
    assert margin(fit_projection(data, QUICK)) > margin(fit_projection(without, QUICK)) + 0.01


@pytest.mark.build
def test_a_unit_that_states_the_same_is_not_held_against_a_question() -> None:
    data = toy()
    units = data.units.copy()
    units[1] = unit_rows((units[0] + 0.6 * units[1]).astype(np.float64))
    data = replace(data, units=units)

    def to_the_other(matrix: Vectors) -> float:
        asked = project(data.questions[:4], matrix)
        return float((asked @ project(data.units, matrix)[1]).mean())

    alike, long = replace(data, same_as={0: [1], 1: [0]}), replace(QUICK, epochs=150)
    assert to_the_other(fit_projection(alike, long)) > to_the_other(fit_projection(data, long)) + 0.005


@pytest.mark.build
def test_a_heavier_penalty_holds_the_matrix_nearer_the_identity() -> None:
    identity = np.eye(DIMENSION, dtype=np.float32)
    away = [
        float(np.linalg.norm(fit_projection(toy(), replace(QUICK, penalty=penalty)) - identity))
        for penalty in (0.005, 1.0, 100.0)
    ]
    assert away[0] > away[1] > away[2]


@pytest.mark.build
def test_a_single_question_without_siblings_or_near_misses_can_be_fitted() -> None:
    data = toy()
    one = ProjectionData(data.units[:1], data.questions[:1], [0], data.near_misses[:0], [], {})
    assert np.isfinite(fit_projection(one, QUICK)).all()


@pytest.mark.build
def test_a_near_miss_of_no_unit_is_held_against_none_unless_as_a_stranger() -> None:
    data, alone = toy(), replace(QUICK, strangers=0)
    nowhere = replace(data, near_miss_unit=[-1] * 4)
    without = replace(data, near_misses=data.near_misses[:0], near_miss_unit=[])
    assert np.array_equal(fit_projection(nowhere, alone), fit_projection(without, alone)), "-1 is not the last unit"
    last = replace(data, near_miss_unit=[UNITS - 1] * 4)
    assert not np.array_equal(fit_projection(last, alone), fit_projection(without, alone))
    assert not np.array_equal(fit_projection(nowhere, QUICK), fit_projection(nowhere, alone))


@pytest.mark.build
@pytest.mark.parametrize("seed", range(3))
def test_strangers_are_pushed_away_from_the_questions_they_resemble(seed: int) -> None:
    data = toy(seed)
    owners = np.array(data.question_unit)
    unowned = replace(data, near_miss_unit=[-1] * 4)

    def margin(matrix: Vectors) -> float:
        asked, units = project(data.questions, matrix), project(data.units, matrix)
        missed = project(data.near_misses, matrix)
        pairs = [(q, unit, n) for n, unit in enumerate(data.near_miss_unit) for q in np.flatnonzero(owners == unit)]
        return float(np.mean([asked[q] @ units[unit] - asked[q] @ missed[n] for q, unit, n in pairs]))

    alone = fit_projection(unowned, replace(QUICK, strangers=0))
    assert margin(fit_projection(unowned, QUICK)) > margin(alone) + 0.01


@pytest.mark.build
def test_without_unanswerable_questions_strangers_change_nothing() -> None:
    data = toy()
    without = replace(data, near_misses=data.near_misses[:0], near_miss_unit=[])
    assert np.array_equal(fit_projection(without, QUICK), fit_projection(without, replace(QUICK, strangers=0)))


@pytest.mark.thorough
def test_processes_of_their_own_fit_the_very_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "_WORTH_PROCESSES", 1)
    one, other = toy(), replace(toy(), near_misses=toy().near_misses[:0], near_miss_unit=[])
    matrices = fit_projections([one, other], QUICK)
    for part, matrix in zip((one, other), matrices, strict=True):
        assert np.array_equal(matrix, fit_projection(part, QUICK))
    with fitting_aside(one) as fitted:
        assert np.array_equal(fitted(), fit_projection(one))
