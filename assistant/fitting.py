"""Fitting what chooses and decides, at the build: every curated question left out of the index while it is scored.

Needs the extra ``build``. The result stands in the index's manifest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import premises
from assistant.decision import SIGNS, DecisionReader
from assistant.models import fitted_code
from assistant.ranker import FEATURES, FeatureReader, Ranker
from assistant.wording import Wording
from index.build import FitData, fit_legs, projection_data, same_rows, without
from index.projection import ProjectionSettings, fit_projections
from index.search import Query, Ranking, UnitSearch, lexical_legs

FOLDS = 6
CANDIDATES = 25
FALSE_ABSTENTION = 0.02
FALSE_CORRECTION = 0.02
"""Share of true twins that the premise model may take for wrong claims."""
_EPOCHS = 12
_RANKER_PENALTY = 0.003
_DECISION_PENALTY = 0.01
_HELD_OUT = 5
_LEAST_DEVIATION = 1e-3


@dataclass(frozen=True)
class Scored:
    """A curated question, scored by an index that does not hold it.

    Attributes:
        right: Rows of the units that answer it; none where nothing does.
        group: The unit or known gap it belongs to: what is fitted together is tested together.
        kind: Of an unanswerable one, of `corpus.questions.SILENCES`.
        reader: Of the decision's features, with what was learnt without it.
    """

    answerable: bool
    query: Query
    ranking: Ranking
    right: frozenset[int]
    group: str
    kind: str
    reader: DecisionReader


def fit_models(data: FitData) -> dict[str, Any]:
    """Fit the ranker and the decision; return their values for the manifest."""
    return fit_with_figures(data)[0]


def fit_with_figures(data: FitData) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit, and also return what a report wants: features, labels and held-out probabilities."""
    scored, features = _scored(data)
    weights = _fit_ranker([(f, s) for f, s in zip(features, scored, strict=True) if s.answerable])
    ranker = Ranker.from_values(weights)
    rows = []
    for item, values in zip(scored, features, strict=True):
        chosen = [item.ranking.places[int(np.argmax(ranker.scores(values)))]]
        rows.append(item.reader.read(item.query, item.ranking, values, chosen))
    labels = np.array([item.answerable for item in scored])
    numbers: dict[str, int] = {}
    groups = np.array([numbers.setdefault(item.group, len(numbers)) for item in scored])
    decision, held_out = _fit_logistic(SIGNS, rows, labels, groups)
    decision["threshold"] = round(float(np.quantile(held_out[labels], FALSE_ABSTENTION)), 4)
    claims, claim_figures = _fit_premises(data)
    figures = {
        "rows": rows,
        "labels": labels,
        "groups": groups,
        "kinds": [item.kind for item in scored if not item.answerable],
        "probabilities": held_out,
        "claims": claim_figures,
    }
    wording = Wording.from_questions(data.curated.questions, data.curated.unanswerable)
    models = {"code": fitted_code(), "ranker": weights, "decision": decision, "premises": claims}
    return {**models, "wording": wording.odds}, figures


def _scored(data: FitData) -> tuple[list[Scored], list[Any]]:
    draw = np.random.default_rng(7)
    question_fold = draw.integers(FOLDS, size=len(data.curated.questions))
    silent_fold = draw.integers(FOLDS, size=len(data.curated.unanswerable))
    same = same_rows(data.library)
    scored: list[Scored] = []
    features: list[Any] = []
    kept_of = [(question_fold != fold, silent_fold != fold) for fold in range(FOLDS)]
    for fold, (kept, search) in enumerate(zip(kept_of, _searches_without(data, kept_of), strict=True)):
        reader = FeatureReader(search.library, search)
        decides = DecisionReader(search.library, search.legs.asked_words, data.speller, _wording(data, *kept))
        jobs: list[tuple[bool, int]] = [(True, int(n)) for n in np.flatnonzero(question_fold == fold)]
        jobs += [(False, int(n)) for n in np.flatnonzero(silent_fold == fold)]
        for answerable, number in jobs:
            texts = data.curated.questions if answerable else data.curated.unanswerable
            vectors = data.vectors.questions if answerable else data.vectors.unanswerable
            query = search.read(texts[number])
            ranking = search.rank(query, vectors[number])
            row = data.library.question_rows[number] if answerable else -1
            right = frozenset({row, *same.get(row, ())}) if answerable else frozenset[int]()
            silence = None if answerable else data.library.silences[number]
            group = f"unit {row}" if silence is None else silence.gap or f"unit {silence.rows[0]}"
            scored.append(Scored(answerable, query, ranking, right, group, silence.kind if silence else "", decides))
            features.append(reader.read(query, ranking))
    return scored, features


def _wording(data: FitData, questions: NDArray[np.bool_], silent: NDArray[np.bool_]) -> Wording:
    """The wording of the questions for which the masks are true."""
    return Wording.from_questions(
        (text for text, kept in zip(data.curated.questions, questions, strict=True) if kept),
        (text for text, kept in zip(data.curated.unanswerable, silent, strict=True) if kept),
    )


def _searches_without(
    data: FitData, masks: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]]
) -> Iterator[UnitSearch]:
    """For each pair of masks an index of the questions, answerable and not, for which they are true."""
    kept = [(np.flatnonzero(questions).tolist(), np.flatnonzero(silent).tolist()) for questions, silent in masks]
    parts = [without(data.library, data.curated, data.vectors, *numbers) for numbers in kept]
    learnt_from = [projection_data(library, vectors) for library, _, vectors in parts]
    matrices = fit_projections(learnt_from, ProjectionSettings(epochs=_EPOCHS))
    for (library, curated, vectors), matrix in zip(parts, matrices, strict=True):
        yield UnitSearch(library, fit_legs(library, curated, vectors, matrix=matrix), data.speller)


def _fit_ranker(examples: Sequence[tuple[Any, Scored]]) -> dict[str, float]:
    """Conditional logistic regression: the right units against the other candidates of each question."""
    import torch

    stacked, right = [], []
    for features, item in examples:
        candidates = list(item.ranking.order[:CANDIDATES])
        labels = [row in item.right for row in candidates]
        if any(labels):
            stacked.append(features.values[candidates])
            right.append(labels)
    values, labels_ = torch.tensor(np.stack(stacked)), torch.tensor(np.array(right))
    flat = values.reshape(-1, values.shape[2])
    scale = flat.std(0) + 1e-6
    weights = torch.zeros(values.shape[2], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=200)

    def loss() -> Any:
        optimiser.zero_grad()
        scores = (values / scale) @ weights
        chosen = torch.logsumexp(scores.masked_fill(~labels_, -1e9), 1) - torch.logsumexp(scores, 1)
        total = -chosen.mean() + _RANKER_PENALTY * (weights**2).sum()
        total.backward()
        return total

    optimiser.step(loss)
    fitted = (weights / scale).detach().numpy()
    return {name: round(float(value), 4) for name, value in zip(FEATURES, fitted, strict=True)}


def _fit_premises(data: FitData) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit what tells a question that makes a wrong claim from its true twin, on the words of claim and sentence."""
    library = data.library
    _, asked_words, concepts = lexical_legs(library, data.curated.questions, library.question_rows)
    reader = premises.ClaimReader(library.lexicon, asked_words, concepts)
    rows, labels, groups = [], [], []
    for place in library.places:
        for refutation in library.knowledge_of(place).refutes:
            for question, makes in ((refutation.asked, True), (refutation.twin, False)):
                rows.append(reader.read(data.speller.mend(question), refutation.claim, place))
                labels.append(makes)
                groups.append(place.row)
    made = np.array(labels)
    model, held_out = _fit_logistic(premises.SIGNS, rows, made, np.array(groups))
    model["threshold"] = round(float(np.quantile(held_out[~made], 1 - FALSE_CORRECTION)), 4)
    return model, {"labels": made, "probabilities": held_out}


def _fit_logistic(
    signs: Mapping[str, int], rows: Sequence[dict[str, float]], labels: NDArray[np.bool_], groups: NDArray[np.int64]
) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Logistic regression with expected signs; also return the probabilities of what was left out, group by group."""
    names = list(signs)
    values = np.array([[row[name] for name in names] for row in rows])
    means, deviations = values.mean(axis=0), np.maximum(values.std(axis=0), _LEAST_DEVIATION)
    standard = (values - means) / deviations
    expected = np.array([float(sign) for sign in signs.values()])
    held_out = np.zeros(len(rows))
    for fold in range(_HELD_OUT):
        test = groups % _HELD_OUT == fold
        weights, intercept = _logistic(standard[~test], labels[~test], expected)
        held_out[test] = 1 / (1 + np.exp(-(standard[test] @ weights + intercept)))
    weights, intercept = _logistic(standard, labels, expected)
    model = {
        "weights": dict(zip(names, weights.round(4).tolist(), strict=True)),
        "means": dict(zip(names, means.round(4).tolist(), strict=True)),
        "deviations": dict(zip(names, deviations.round(4).tolist(), strict=True)),
        "intercept": round(float(intercept), 4),
    }
    return model, held_out


def _logistic(
    values: NDArray[np.float64], labels: NDArray[np.bool_], expected: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    import torch

    signs = torch.tensor(expected)
    x, y = torch.tensor(values), torch.tensor(labels.astype(float))
    raw = torch.zeros(values.shape[1], dtype=torch.float64, requires_grad=True)
    intercept = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([raw, intercept], max_iter=200)

    def loss() -> Any:
        optimiser.zero_grad()
        weights = signs * torch.nn.functional.softplus(raw)
        scores = x @ weights + intercept
        total = torch.nn.functional.binary_cross_entropy_with_logits(scores, y)
        total = total + _DECISION_PENALTY * (weights**2).mean()
        total.backward()
        return total

    optimiser.step(loss)
    fitted = (signs * torch.nn.functional.softplus(raw)).detach().numpy()
    return fitted, float(intercept.detach())
