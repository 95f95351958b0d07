"""The learned projection: one square matrix that turns the frozen vectors towards the pack's questions.

It starts at the identity and is held near it. A question is drawn to its unit and its sibling questions, away from
other units, other units' questions, and the near misses. Applied to question and unit vectors alike.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

_WORTH_PROCESSES = 5_000
"""Questions from which processes of their own are worth their start."""


@dataclass(frozen=True, slots=True)
class ProjectionSettings:
    """How the projection is fitted; chosen on the project's own folds (docs/evaluation.md)."""

    epochs: int = 25
    batch: int = 64
    learning_rate: float = 1e-3
    temperature: float = 0.05
    dropout: float = 0.05
    penalty: float = 0.005
    unit_weight: float = 2.0
    strangers: int = 32
    """Unanswerable questions of any unit held against each batch, beside those of its own units."""
    seed: int = 20240405


@dataclass(frozen=True)
class ProjectionData:
    """What the projection learns from; ``*_unit`` are row numbers of ``units``.

    Attributes:
        units: ``(n, d)`` vectors of the units that have questions.
        questions: ``(q, d)``, with ``question_unit`` of length q.
        near_misses: ``(m, d)``, with ``near_miss_unit`` of length m; -1 where a question is near no unit.
        same_as: Row to the rows that state the same fact and are not held against it.
    """

    units: Vectors
    questions: Vectors
    question_unit: Sequence[int]
    near_misses: Vectors
    near_miss_unit: Sequence[int]
    same_as: Mapping[int, Sequence[int]]


def project(vectors: Vectors, matrix: Vectors) -> Vectors:
    """Return ``(n, d)`` vectors, or one ``(d,)``, turned by ``(d, d)`` and of unit length again.

    Summed without BLAS, so that the result does not depend on the number of threads.
    """
    turned = np.einsum("...i,ij->...j", vectors, matrix)
    lengths = np.sqrt(np.einsum("...i,...i->...", turned, turned))
    return np.ascontiguousarray(turned / lengths[..., np.newaxis], dtype=np.float32)


def fit_projection(data: ProjectionData, settings: ProjectionSettings | None = None) -> Vectors:
    """Fit the projection, ``(d, d) float32``; the identity where there are no questions.

    Seeded and on one thread: the same data gives the same matrix on the same machine.
    """
    settings = settings or ProjectionSettings()
    dimension = data.units.shape[1]
    if len(data.question_unit) == 0:
        return np.eye(dimension, dtype=np.float32)
    import torch
    from torch.nn.functional import cross_entropy, dropout, normalize

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(settings.seed)
    draw = np.random.default_rng(settings.seed)
    units, questions = torch.tensor(data.units), torch.tensor(data.questions)
    near_misses = torch.tensor(data.near_misses)
    owner = np.asarray(data.question_unit)
    siblings = _grouped(data.question_unit, len(data.units))
    misses = _grouped(data.near_miss_unit, len(data.units))
    same = torch.zeros(len(data.units), len(data.units), dtype=torch.bool)
    for row, others in data.same_as.items():
        same[row, list(others)] = True
    identity = torch.eye(dimension)
    matrix = torch.eye(dimension, requires_grad=True)
    optimiser = torch.optim.Adam([matrix], lr=settings.learning_rate)

    def turned(rows: torch.Tensor) -> torch.Tensor:
        return normalize(dropout(rows, settings.dropout) @ matrix, dim=1)

    for _ in range(settings.epochs):
        order = draw.permutation(len(owner))
        for first in range(0, len(order), settings.batch):
            batch = order[first : first + settings.batch]
            rows = owner[batch]
            asked = turned(questions[batch])
            chosen = [_drawn(draw, misses[row]) for row in rows if misses[row]]
            chosen += draw.integers(len(near_misses), size=settings.strangers).tolist() if len(near_misses) else []
            missed = asked @ turned(near_misses[chosen]).T if chosen else asked[:, :0]
            to_units = (asked @ turned(units).T).masked_fill(same[rows], -1e9)
            target = torch.tensor(rows)
            loss = settings.penalty * ((matrix - identity) ** 2).sum()
            loss = loss + settings.unit_weight * cross_entropy(
                torch.cat([to_units, missed], 1) / settings.temperature, target
            )
            paired = [n for n, row in enumerate(rows) if len(siblings[row]) > 1]
            if paired:
                partner = [_drawn(draw, [q for q in siblings[rows[n]] if q != batch[n]]) for n in paired]
                alike = torch.tensor(rows[paired][:, np.newaxis] == rows[paired][np.newaxis, :]).fill_diagonal_(0)
                to_siblings = (asked[paired] @ turned(questions[partner]).T).masked_fill(alike, -1e9)
                loss = loss + cross_entropy(
                    torch.cat([to_siblings, missed[paired]], 1) / settings.temperature, torch.arange(len(paired))
                )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    torch.set_num_threads(threads)
    fitted: Vectors = matrix.detach().numpy().astype(np.float32)
    return fitted


def fit_projections(parts: Sequence[ProjectionData], settings: ProjectionSettings) -> list[Vectors]:
    """Fit a projection for each part; side by side where that pays: each is seeded and of one thread, so the same."""
    if sum(len(part.questions) for part in parts) < _WORTH_PROCESSES:
        return [fit_projection(part, settings) for part in parts]
    with ProcessPoolExecutor(min(len(parts), os.cpu_count() or 1), get_context("spawn")) as pool:
        return list(pool.map(fit_projection, parts, [settings] * len(parts)))


@contextmanager
def fitting_aside(data: ProjectionData) -> Iterator[Callable[[], Vectors]]:
    """Fit a projection while something else is done, where that pays; yields what waits for it."""
    if len(data.questions) < _WORTH_PROCESSES:
        yield lambda: fit_projection(data)
        return
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield pool.submit(fit_projection, data).result


def _drawn(draw: np.random.Generator, numbers: Sequence[int]) -> int:
    """Draw one of some numbers: what `Generator.choice` draws, which makes an array of them first."""
    return numbers[int(draw.integers(len(numbers)))]


def _grouped(owners: Sequence[int], size: int) -> list[list[int]]:
    groups: list[list[int]] = [[] for _ in range(size)]
    for number, owner in enumerate(owners):
        if owner >= 0:
            groups[owner].append(number)
    return groups
