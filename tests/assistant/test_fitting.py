from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant import fitting, premises
from assistant.asking import Asking
from assistant.calibration import Logistic
from assistant.decision import SIGNS, DecisionReader
from assistant.fitting import CANDIDATES, FALSE_ABSTENTION, FALSE_CORRECTION, FOLDS, Scored
from assistant.models import fitted_code
from assistant.ranker import FEATURES, Features, Ranker
from assistant.wording import Wording
from corpus.integrity import GUIDELINES
from corpus.pack import load_pack
from corpus.vocabulary import Vocabulary
from index.analysis import compile_lexicon
from index.build import Curation, FitData, Vectors, curation, fit_legs, same_rows
from index.lexical import TermIndex
from index.library import Library, Place
from index.search import Legs, Likeness, Query, Ranking, UnitSearch
from index.spelling import Speller
from tests.conftest import REVIEW

pytestmark = [pytest.mark.build, pytest.mark.thorough]
DIMENSION = 24


def unit_rows(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.fixture(scope="module")
def data(vocabulary: Vocabulary) -> FitData:
    """The review with about 160 of its questions; vectors are drawn, those of questions near their unit's."""
    pytest.importorskip("torch")
    pack = load_pack(GUIDELINES / REVIEW, vocabulary)
    some = tuple(replace(c, questions=c.questions[:3], near_misses=c.near_misses[:1]) for c in pack.curated[::8])
    alike = {some[0].unit: some[1].unit, some[1].unit: some[0].unit}
    some = tuple(replace(c, same_as=(alike[c.unit],) if c.unit in alike else ()) for c in some)
    gaps = tuple(replace(gap, questions=gap.questions[:3]) for gap in pack.gaps[::10])
    small = replace(pack, curated=some, gaps=gaps, disputed=())
    library, held = Library.from_packs([small], compile_lexicon(vocabulary), "k"), curation([small])
    draw = np.random.default_rng(5)
    units = unit_rows(draw.normal(size=(len(library.places), DIMENSION)))
    asked = units[list(library.question_rows)] + 0.2 * draw.normal(size=(len(held.questions), DIMENSION))
    nearest = [silence.rows[0] if silence.rows else 0 for silence in library.silences]
    silent = units[nearest] + 0.35 * draw.normal(size=(len(nearest), DIMENSION))
    speller = Speller.from_texts([place.unit.display for place in library.places], held.questions, [])
    return FitData(library, held, Vectors(units, unit_rows(asked), unit_rows(silent), units[:0]), speller)


@dataclass
class Watched:
    """What a fit asked of what.

    Attributes:
        searched: For each search: the texts it holds, and those it was asked.
        decided: Each question scored by the decision, and the wording it was scored with.
        worded: Each wording, with the questions it was learnt from.
        likeness: Of each question scored by the decision.
        groups: For each logistic model, what is left out together.
    """

    searched: list[tuple[Curation, list[str]]] = field(default_factory=list)
    decided: list[tuple[str, Wording]] = field(default_factory=list)
    worded: list[tuple[Wording, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    likeness: list[Likeness] = field(default_factory=list)
    groups: dict[tuple[str, ...], list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Fitted:
    models: dict[str, Any]
    figures: dict[str, Any]
    watched: Watched


@pytest.fixture(scope="module")
def fitted(data: FitData) -> Fitted:
    watched = Watched()
    held: list[Curation] = []
    built: list[Legs] = []
    learn, fit_logistic = Wording.from_questions, fitting._fit_logistic

    def legs(library: Library, curated: Curation, vectors: Vectors, *, matrix: NDArray[np.float32]) -> Legs:
        held.append(curated)
        assert len(curated.questions) == len(library.question_rows) == len(vectors.questions)
        assert len(curated.unanswerable) == len(library.silences) == len(vectors.unanswerable)
        built.append(fit_legs(library, curated, vectors, matrix=matrix))
        return built[-1]

    class Search(UnitSearch):
        def __init__(self, library: Library, legs: Legs, speller: Speller) -> None:
            super().__init__(library, legs, speller)
            self.asked: list[str] = []
            watched.searched.append((held[-1], self.asked))

        def read(self, text: str) -> Query:
            self.asked.append(text)
            return super().read(text)

    class Reader(DecisionReader):
        def __init__(self, library: Library, words: TermIndex, speller: Speller, wording: Wording) -> None:
            super().__init__(library, words, speller, wording)
            self.learnt = wording
            assert len(library.question_rows) == len(held[-1].questions), "the library of this fold"
            assert len(library.silences) == len(held[-1].unanswerable)
            assert words is built[-1].asked_words, "the words of this fold"

        def read(self, query: Query, ranking: Ranking, features: Features, chosen: Sequence[Place]) -> dict[str, float]:
            watched.decided.append((query.text, self.learnt))
            watched.likeness.append(ranking.likeness)
            return super().read(query, ranking, features, chosen)

    def learnt(answerable: Any, unanswerable: Any) -> Wording:
        kinds = tuple(answerable), tuple(unanswerable)
        watched.worded.append((learn(*kinds), *kinds))
        return watched.worded[-1][0]

    def logistic(signs: Any, rows: Any, labels: Any, groups: Any) -> Any:
        watched.groups[tuple(signs)] = groups.tolist()
        return fit_logistic(signs, rows, labels, groups)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.fitting._fit_logistic", logistic)
        patch.setattr("assistant.fitting.fit_legs", legs)
        patch.setattr("assistant.fitting.UnitSearch", Search)
        patch.setattr("assistant.fitting.DecisionReader", Reader)
        patch.setattr(Wording, "from_questions", learnt)
        models, figures = fitting.fit_with_figures(data)
    return Fitted(models, figures, watched)


def test_every_question_is_asked_once_of_a_search_that_holds_all_others_of_the_other_folds(
    data: FitData, fitted: Fitted
) -> None:
    texts = data.curated.texts
    assert len(set(texts)) == len(texts)
    assert len(fitted.watched.searched) == FOLDS
    for held, asked in fitted.watched.searched:
        assert set(held.texts).isdisjoint(asked), "no question finds itself"
        assert sorted([*held.texts, *asked]) == sorted(texts), "only those asked are left out"
        assert len(asked) <= len(texts) / 3
        assert 0 < sum(text in data.curated.questions for text in asked) < len(asked), "both kinds in every fold"
    assert sorted(text for _, asked in fitted.watched.searched for text in asked) == sorted(texts)


def test_no_vector_of_a_question_is_in_the_search_that_scores_it(data: FitData, fitted: Fitted) -> None:
    """Drawn vectors differ: only a question's own has the similarity 1."""
    for likeness in fitted.watched.likeness:
        assert float(likeness.questions.max()) < 0.999
        assert float(likeness.unanswerable.max()) < 0.999
        assert len(likeness.questions) < len(data.curated.questions)
        assert len(likeness.unanswerable) < len(data.curated.unanswerable)


def test_every_question_is_left_out_of_the_wording_that_scores_it(data: FitData, fitted: Fitted) -> None:
    learnt = {id(wording): (answerable, silent) for wording, answerable, silent in fitted.watched.worded}
    fold_of = {text: number for number, (_, asked) in enumerate(fitted.watched.searched) for text in asked}
    assert sorted(text for text, _ in fitted.watched.decided) == sorted(data.curated.texts)
    for text, wording in fitted.watched.decided:
        answerable, silent = learnt[id(wording)]
        assert text not in answerable + silent
        held = fitted.watched.searched[fold_of[text]][0]
        assert (answerable, silent) == (held.questions, held.unanswerable), "each kind as it is"


def test_the_wording_of_the_index_is_learnt_from_all_questions(data: FitData, fitted: Fitted) -> None:
    assert fitted.models["wording"] == Wording.from_questions(data.curated.questions, data.curated.unanswerable).odds
    assert len(fitted.models["wording"]) > 0


def test_what_is_reported_of_a_question_stands_at_one_number(data: FitData, fitted: Fitted) -> None:
    figures, order = fitted.figures, [text for text, _ in fitted.watched.decided]
    asked = set(data.curated.questions)
    assert figures["labels"].tolist() == [text in asked for text in order]
    assert len(figures["rows"]) == len(figures["groups"]) == len(figures["probabilities"]) == len(order)
    assert all(set(row) == set(SIGNS) for row in figures["rows"])
    assert ((figures["probabilities"] > 0) & (figures["probabilities"] < 1)).all()


def test_questions_of_one_unit_or_gap_are_one_group_and_others_another(data: FitData, fitted: Fitted) -> None:
    library, curated = data.library, data.curated
    owner: dict[str, object] = dict(zip(curated.questions, library.question_rows, strict=True))
    for text, silence in zip(curated.unanswerable, library.silences, strict=True):
        owner[text] = silence.gap or silence.rows[0]
    pairs = {
        (owner[text], int(group))
        for (text, _), group in zip(fitted.watched.decided, fitted.figures["groups"], strict=True)
    }
    assert fitted.watched.groups[tuple(SIGNS)] == fitted.figures["groups"].tolist(), "these are left out together"
    assert len(pairs) == len({one for one, _ in pairs}) == len({group for _, group in pairs})
    near = [s.rows[0] for s in library.silences if not s.gap]
    assert set(near) & set(library.question_rows), "near misses and answerable questions of one unit"


@pytest.fixture(scope="module")
def scored(data: FitData) -> list[Scored]:
    items, features = fitting._scored(data)
    assert len(items) == len(features) == len(data.curated.texts)
    return items


def test_the_right_units_are_the_asked_one_and_those_that_state_the_same(data: FitData, scored: list[Scored]) -> None:
    same = same_rows(data.library)
    rows = dict(zip(data.curated.questions, data.library.question_rows, strict=True))
    assert len(same) == 2
    for item in scored:
        row = rows.get(item.query.text)
        assert item.answerable is (row is not None)
        assert item.right == (frozenset() if row is None else {row, *same.get(row, ())})
    assert {len(item.right) for item in scored} == {0, 1, 2}


def test_each_question_is_ranked_by_its_own_vector(scored: list[Scored]) -> None:
    """Questions drawn near their unit find it, although they are left out."""
    cosine = [item.ranking.legs["unit_vector"] for item in scored if item.answerable]
    right = [item.right for item in scored if item.answerable]
    found = [int(np.argmax(scores)) in rows for scores, rows in zip(cosine, right, strict=True)]
    assert np.mean(found) > 0.8


def test_the_weights_of_the_decision_have_the_expected_signs(fitted: Fitted) -> None:
    decision = fitted.models["decision"]
    for part in ("weights", "means", "deviations"):
        assert list(decision[part]) == list(SIGNS)
    assert [name for name, weight in decision["weights"].items() if weight * SIGNS[name] < 0] == []
    assert max(abs(weight) for weight in decision["weights"].values()) > 0.1
    assert min(decision["deviations"].values()) > 0
    rows = fitted.figures["rows"]
    for name in SIGNS:
        column = np.array([row[name] for row in rows])
        assert decision["means"][name] == pytest.approx(column.mean(), abs=6e-5)
        assert decision["deviations"][name] == pytest.approx(max(column.std(), 0.001), abs=6e-5)


def test_the_threshold_refuses_two_in_a_hundred_answerable_ones_left_out(fitted: Fitted) -> None:
    figures = fitted.figures
    held_out = figures["probabilities"][figures["labels"]]
    refused = int((held_out < fitted.models["decision"]["threshold"]).sum())
    assert FALSE_ABSTENTION == 0.02
    assert abs(refused - 0.02 * len(held_out)) <= 1.0
    assert refused >= 1


def test_every_wrong_claim_and_its_twin_teach_the_premise_model(data: FitData, fitted: Fitted) -> None:
    claims, model = fitted.figures["claims"], fitted.models["premises"]
    held = [refutation for known in data.library.known[REVIEW].values() for refutation in known.refutes]
    assert len(held) >= 20
    assert claims["labels"].sum() == (~claims["labels"]).sum() == len(held)
    assert len(claims["probabilities"]) == 2 * len(held)
    groups = fitted.watched.groups[tuple(premises.SIGNS)]
    library = data.library
    rows = [place.row for place in library.places for _ in library.knowledge_of(place).refutes]
    assert groups == [row for row in rows for _ in ("claim", "twin")], "the claims of a unit are left out together"
    assert list(model["weights"]) == list(premises.SIGNS)
    assert [name for name, weight in model["weights"].items() if weight * premises.SIGNS[name] < 0] == []
    assert claims["probabilities"][claims["labels"]].mean() > claims["probabilities"][~claims["labels"]].mean() + 0.1


def test_the_threshold_of_the_premises_corrects_two_in_a_hundred_true_twins_left_out(fitted: Fitted) -> None:
    claims = fitted.figures["claims"]
    twins = claims["probabilities"][~claims["labels"]]
    corrected = int((twins >= fitted.models["premises"]["threshold"]).sum())
    assert FALSE_CORRECTION == 0.02
    assert abs(corrected - 0.02 * len(twins)) <= 1.0


def test_a_second_fit_gives_the_same_values_whatever_was_drawn_before(data: FitData, fitted: Fitted) -> None:
    import torch

    torch.manual_seed(99)
    torch.rand(100)
    np.random.default_rng(5).normal(size=10)
    again = fitting.fit_models(data)
    assert again == fitted.models
    assert json.dumps(again) == json.dumps(fitted.models), "the manifest has the same bytes"
    assert set(json.loads(json.dumps(again))) == {"ranker", "decision", "wording", "premises", "code"}
    assert again["code"] == fitted_code(), "what fitted them stands beside them"


def test_the_manifest_s_values_make_the_models_that_serve(fitted: Fitted) -> None:
    values = json.loads(json.dumps(fitted.models))
    assert Ranker.from_values(values["ranker"]).weights.shape == (len(FEATURES),)
    model = Logistic(**values["decision"])
    rows, labels = fitted.figures["rows"], fitted.figures["labels"]
    probabilities = np.array([model.probability(row) for row in rows])
    assert probabilities[labels].mean() > probabilities[~labels].mean() + 0.1


# The ranker alone


def example(draw: np.random.Generator, right: Sequence[int], order: Sequence[int]) -> tuple[Features, Scored]:
    """A question of 40 units with drawn features; the right ones are high in "coverage" and low in "not_text"."""
    values = draw.normal(size=(40, len(FEATURES)))
    values[list(right), FEATURES.index("coverage")] += 2.0
    values[list(right), FEATURES.index("not_text")] -= 2.0
    nothing = np.zeros(0)
    query = Query("", "", {}, {}, known=True)
    ranking = Ranking(query, (), tuple(order), np.zeros(40), {}, Likeness(nothing, nothing))
    unread: Any = None  # the ranker does not ask the reader of the decision
    scored = Scored(True, query, ranking, frozenset(right), "", "", unread)
    return Features(values, Asking(frozenset(), number=False), ()), scored


def examples(count: int, seed: int = 3) -> list[tuple[Features, Scored]]:
    draw = np.random.default_rng(seed)
    return [example(draw, [int(draw.integers(CANDIDATES))], range(40)) for _ in range(count)]


def test_the_ranker_learns_what_tells_the_right_unit() -> None:
    pytest.importorskip("torch")
    weights = fitting._fit_ranker(examples(120))
    assert list(weights) == list(FEATURES)
    assert weights["coverage"] > 1
    assert weights["not_text"] < -1
    others = [abs(weights[name]) for name in FEATURES if name not in {"coverage", "not_text"}]
    assert max(others) < 0.5 * min(weights["coverage"], -weights["not_text"])
    ranker = Ranker.from_values(weights)
    fresh = examples(60, seed=8)
    hits = [int(np.argmax(ranker.scores(f)[:CANDIDATES])) in item.right for f, item in fresh]
    assert np.mean(hits) > 0.7


def test_a_question_whose_unit_is_no_candidate_does_not_teach_the_ranker() -> None:
    pytest.importorskip("torch")
    draw = np.random.default_rng(4)
    known = examples(40)
    out_of_reach = [example(draw, [CANDIDATES], range(40)) for _ in range(10)]
    assert fitting._fit_ranker([*known, *out_of_reach]) == fitting._fit_ranker(known)
    last = [example(draw, [39], range(39, -1, -1)) for _ in range(10)]  # ranked first
    assert fitting._fit_ranker([*known, *last]) != fitting._fit_ranker(known)


def test_any_of_several_right_units_will_do_for_the_ranker() -> None:
    """A unit that states the same is not held against the one asked of."""
    pytest.importorskip("torch")
    draw = np.random.default_rng(6)
    pairs = [example(draw, [0, 1], range(40)) for _ in range(60)]
    alone = [(f, replace(item, right=frozenset({0}))) for f, item in pairs]
    both, one = fitting._fit_ranker(pairs), fitting._fit_ranker(alone)
    assert both["coverage"] > one["coverage"] + 0.2


# The logistic model alone

TOY = {"one": 1, "two": -1, "three": 1, "wrong": 1, "same": -1}
Rows = list[dict[str, float]]


def toy(count: int = 400, seed: int = 2) -> tuple[Rows, NDArray[np.bool_], NDArray[np.int64]]:
    """Every feature tells as its sign says, but for "wrong" (the other way round) and "same" (nothing)."""
    draw = np.random.default_rng(seed)
    labels = draw.random(count) < 0.6
    direction = np.array([1.0, -1.0, 1.0, -1.0, 0.0])
    values = draw.normal(size=(count, len(TOY))) + 0.7 * labels[:, np.newaxis] * direction
    values[:, -1] = 0.0
    rows = [dict(zip(TOY, row.tolist(), strict=True)) for row in values]
    return rows, labels, draw.integers(60, size=count)


def test_weights_have_the_signs_expected_and_what_tells_the_wrong_way_hardly_any_weight() -> None:
    pytest.importorskip("torch")
    model, _ = fitting._fit_logistic(TOY, *toy())
    weights = model["weights"]
    assert list(weights) == list(model["means"]) == list(model["deviations"]) == list(TOY)
    assert 0 <= weights["wrong"] < 0.01
    assert min(weights[name] * TOY[name] for name in ("one", "two", "three")) > 0.3


def test_the_labels_of_a_group_do_not_reach_its_own_held_out_probabilities() -> None:
    pytest.importorskip("torch")
    rows, labels, groups = toy()
    _, before = fitting._fit_logistic(TOY, rows, labels, groups)
    for group in (0, 7, 59):
        own = groups == group
        assert own.sum() > 1
        _, after = fitting._fit_logistic(TOY, rows, np.where(own, ~labels, labels), groups)
        assert np.array_equal(after[own], before[own])
        assert not np.array_equal(after[~own], before[~own])


def test_held_out_probabilities_are_of_their_own_rows() -> None:
    pytest.importorskip("torch")
    rows, labels, groups = toy()
    model, held_out = fitting._fit_logistic(TOY, rows, labels, groups)
    whole = np.array([Logistic(**model, threshold=0.5).probability(row) for row in rows])
    assert np.corrcoef(held_out, whole)[0, 1] > 0.98
    assert not np.allclose(held_out, whole, atol=1e-4), "no row is scored by the model it taught"
    order = np.random.default_rng(1).permutation(len(rows))
    _, permuted = fitting._fit_logistic(TOY, [rows[n] for n in order], labels[order], groups[order])
    np.testing.assert_allclose(permuted, held_out[order], atol=1e-4)


def test_the_scale_of_a_feature_does_not_matter() -> None:
    pytest.importorskip("torch")
    rows, labels, groups = toy()
    scaled = [{**row, "two": 1000 * row["two"] + 7} for row in rows]
    one, other = (fitting._fit_logistic(TOY, taken, labels, groups) for taken in (rows, scaled))
    np.testing.assert_allclose(one[1], other[1], atol=1e-4)
    assert one[0]["weights"] == pytest.approx(other[0]["weights"], abs=2e-3)


def test_a_model_with_a_feature_that_is_always_the_same_can_be_asked() -> None:
    """As in a pack with no trial that is ongoing; a deviation that is rounded to nothing would divide by zero."""
    pytest.importorskip("torch")
    rows, labels, groups = toy()
    model = Logistic(**fitting._fit_logistic(TOY, rows, labels, groups)[0], threshold=0.5)
    assert model.deviations["same"] > 0
    assert 0 < model.probability(rows[0]) < 1
    assert model.probability({**rows[0], "one": 9.0}) > model.probability({**rows[0], "one": -9.0})
