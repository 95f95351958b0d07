from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus.gaps import Gap
from corpus.integrity import GUIDELINES
from corpus.pack import Pack, load_pack
from corpus.questions import CuratedUnit, NearMiss
from corpus.vocabulary import Vocabulary
from index.analysis import compile_lexicon
from index.build import Curation, Vectors, curation, fit_legs, make_speller, same_rows, save_legs, without
from index.dense import FaissVectors
from index.lexical import TermIndex
from index.library import Library
from index.opening import LEXICAL_LEGS, PROJECTION_FILE, QUESTIONS_FILE, UNITS_FILE, SearchIndex
from index.projection import ProjectionSettings, project
from index.search import UnitSearch
from index.spelling import Speller
from tests.conftest import REVIEW

DIMENSION = 8
QUICK = ProjectionSettings(epochs=3, batch=4)


def unit_rows(seed: int, count: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    unit: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.fixture(scope="module")
def pack(vocabulary: Vocabulary) -> Pack:
    return load_pack(GUIDELINES / REVIEW, vocabulary)


def curated(unit: str, asked: Sequence[str], missed: Sequence[str] = (), same_as: tuple[str, ...] = ()) -> CuratedUnit:
    misses = tuple(NearMiss(text, "attribute") for text in missed)
    return CuratedUnit(unit, (), (), tuple(asked), misses, (), same_as)


@pytest.fixture(scope="module")
def small(pack: Pack, vocabulary: Vocabulary) -> tuple[Library, Curation, Vectors]:
    units = (
        curated("3.4-01", ["Q1?", "Q2?"], ["N1?"], ("3.4-02",)),
        curated("3.4-02", ["Q3?", "Q4?", "Q5?"]),
        curated("3.4-03", [], ["N2?", "N3?"]),
    )
    gaps = (
        Gap("one", "entity", "No.", ("3.4-04", "3.4-01"), ("G1?",)),
        Gap("two", "other_subject", "No.", (), ("G2?",)),
    )
    packs = (replace(pack, curated=units, gaps=gaps, disputed=(("one", "D1?"), ("two", "D2?"))),)
    library = Library.from_packs(packs, compile_lexicon(vocabulary), "k")
    held = curation(packs)
    vectors = (unit_rows(n, size) for n, size in enumerate((len(library.places), 5, 5, 2)))
    return library, held, Vectors(*vectors)


def test_curated_texts_stand_in_the_order_of_the_library(small: tuple[Library, Curation, Vectors]) -> None:
    library, held, _ = small
    assert held == Curation(("Q1?", "Q2?", "Q3?", "Q4?", "Q5?"), ("N1?", "N2?", "N3?", "G1?", "G2?"), ("D1?", "D2?"))
    assert held.texts == ("Q1?", "Q2?", "Q3?", "Q4?", "Q5?", "N1?", "N2?", "N3?", "G1?", "G2?", "D1?", "D2?")
    assert library.disputes == (f"{REVIEW}/one", f"{REVIEW}/two")
    assert [library.places[row].unit.id for row in library.question_rows] == ["3.4-01"] * 2 + ["3.4-02"] * 3
    assert [[library.places[row].unit.id for row in s.rows] for s in library.silences] == [
        ["3.4-01"], ["3.4-03"], ["3.4-03"], ["3.4-04", "3.4-01"], [],
    ]  # fmt: skip


def test_each_text_of_the_review_stands_at_the_number_the_index_knows_it_by(
    pack: Pack, search_index: SearchIndex
) -> None:
    held, library = curation([pack]), search_index.library
    owners = {question: unit.unit for unit in pack.curated for question in unit.questions}
    found = [library.places[row].unit.id for row in library.question_rows]
    assert found == [owners[question] for question in held.questions]
    gaps = {question: gap.id for gap in pack.gaps for question in gap.questions}
    misses = {miss.text: unit.unit for unit in pack.curated for miss in unit.near_misses}
    assert len(held.unanswerable) == len(library.silences)
    for text, silence in zip(held.unanswerable, library.silences, strict=True):
        if silence.gap:
            assert gaps[text] == silence.gap
        else:
            assert misses[text] == library.places[silence.rows[0]].unit.id


def test_rows_that_state_the_same_are_named_by_row(small: tuple[Library, Curation, Vectors]) -> None:
    library, _, _ = small
    assert same_rows(library) == {library.row(REVIEW, "3.4-01"): (library.row(REVIEW, "3.4-02"),)}


def test_vectors_of_curated_texts_stand_in_the_order_of_the_texts() -> None:
    vectors = Vectors(unit_rows(0, 2), unit_rows(1, 3), unit_rows(2, 4), unit_rows(3, 1))
    assert np.array_equal(vectors.curated, np.concatenate([unit_rows(1, 3), unit_rows(2, 4), unit_rows(3, 1)]))
    assert vectors.curated.dtype == np.float32


@pytest.mark.build
@pytest.mark.thorough
def test_the_legs_hold_the_projected_vectors_in_the_order_of_the_library(
    small: tuple[Library, Curation, Vectors],
) -> None:
    pytest.importorskip("torch")
    library, held, vectors = small
    legs = fit_legs(library, held, vectors, QUICK)
    assert not np.array_equal(legs.projection, np.eye(DIMENSION, dtype=np.float32))
    assert isinstance(legs.units, FaissVectors)
    assert isinstance(legs.questions, FaissVectors)
    assert np.array_equal(legs.units.vectors(), project(vectors.units, legs.projection))
    asked = np.concatenate([vectors.questions, vectors.unanswerable, vectors.disputed])
    assert np.array_equal(legs.questions.vectors(), project(asked, legs.projection))
    again = fit_legs(library, held, vectors, QUICK)
    assert np.array_equal(again.projection, legs.projection)
    search = UnitSearch(library, legs, Speller({}, ""))
    likeness = search.rank(search.read("nothing"), vectors.unanswerable[3]).likeness
    assert int(likeness.unanswerable.argmax()) == 3
    assert likeness.unanswerable[3] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.build
def test_legs_are_fitted_where_no_question_is_answerable(small: tuple[Library, Curation, Vectors]) -> None:
    library, held, vectors = without(*small, [], range(5))
    legs = fit_legs(library, held, vectors, QUICK)
    assert np.array_equal(legs.projection, np.eye(DIMENSION, dtype=np.float32))
    assert legs.questions.size == 5 + len(held.disputed)


def test_what_was_saved_of_the_legs_is_read_back(small: tuple[Library, Curation, Vectors], tmp_path: Path) -> None:
    matrix = np.random.default_rng(1).normal(size=(DIMENSION, DIMENSION)).astype(np.float32)
    legs = fit_legs(*small, matrix=matrix)
    save_legs(legs, tmp_path)
    assert np.array_equal(np.load(tmp_path / PROJECTION_FILE), legs.projection)
    for name in LEXICAL_LEGS:
        written: TermIndex = getattr(legs, name)
        assert np.array_equal(TermIndex.load(tmp_path, name).weights, written.weights)
    for file, held in ((UNITS_FILE, legs.units), (QUESTIONS_FILE, legs.questions)):
        assert isinstance(held, FaissVectors)
        assert np.array_equal(FaissVectors.load(tmp_path / file).vectors(), held.vectors())


def test_without_keeps_the_numbered_texts_with_what_is_known_of_them(
    small: tuple[Library, Curation, Vectors],
) -> None:
    library, held, vectors = small
    thin, texts, rows = without(library, held, vectors, [4, 0], [3, 1])
    assert texts == Curation(("Q5?", "Q1?"), ("G1?", "N2?"), ("D1?", "D2?"))
    assert [thin.places[row].unit.id for row in thin.question_rows] == ["3.4-02", "3.4-01"]
    assert thin.silences == (library.silences[3], library.silences[1])
    assert np.array_equal(rows.questions, vectors.questions[[4, 0]])
    assert np.array_equal(rows.unanswerable, vectors.unanswerable[[3, 1]])
    assert np.array_equal(rows.units, vectors.units)
    assert thin.places == library.places


def test_without_anything_left_nothing_is_left(small: tuple[Library, Curation, Vectors]) -> None:
    thin, texts, rows = without(*small, [], [])
    assert (thin.question_rows, thin.silences, texts.texts) == ((), (), texts.disputed)
    assert rows.curated.shape == (len(texts.disputed), DIMENSION)


@pytest.mark.build
def test_the_speller_of_the_index_is_the_one_made_of_its_packs(
    pack: Pack, vocabulary: Vocabulary, search_index: SearchIndex
) -> None:
    pytest.importorskip("wordfreq")
    made = make_speller(search_index.library, vocabulary, curation([pack]))
    assert made.short == search_index.search.speller.short
    assert made.domain == search_index.search.speller.domain
    assert not any(made.has(word) for word in ("HGB", "NTPROAFP"))
