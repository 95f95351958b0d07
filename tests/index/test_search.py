from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus.document import Citation, Document, Section, Unit, UnitKind
from corpus.integrity import GUIDELINES
from corpus.pack import load_pack
from corpus.vocabulary import Vocabulary
from index import search as search_module
from index.analysis import Lexicon, content_terms
from index.dense import FaissVectors, VectorSearch
from index.lexical import TermIndex
from index.library import Library, Silence
from index.opening import SearchIndex
from index.passage import LONGEST_CHARACTERS, Passage
from index.search import (
    LONGEST_QUESTION,
    SCORE_DECIMALS,
    Legs,
    LegWeights,
    Query,
    Ranking,
    UnitSearch,
    lexical_legs,
    unit_bags,
)
from index.spelling import Speller
from tests.conftest import REVIEW

Vectors = NDArray[np.float32]
Published = list[tuple[tuple[str, ...], float]]
OWN = Path(__file__).parent.parent / "evaluation" / "own.jsonl"
DIMENSION = 12
IDENTITY = np.eye(DIMENSION, dtype=np.float32)


@dataclass(frozen=True)
class Line:
    text: str
    section: str = "1"
    paragraph: int | None = None
    kind: UnitKind = UnitKind.SENTENCE


def library(lines: Sequence[Line], question_rows: Sequence[int] = ()) -> Library:
    source = "\n".join(line.text for line in lines)
    units, start = [], 0
    for row, line in enumerate(lines):
        paragraph = row if line.paragraph is None else line.paragraph
        units.append(Unit(f"u{row}", line.kind, line.section, paragraph, start, start + len(line.text), line.text))
        start += len(line.text) + 1
    blank: dict[str, Any] = dict.fromkeys((field.name for field in fields(Citation)), "")
    citation = Citation(**{**blank, "id": "toy", "sha256": hashlib.sha256(source.encode()).hexdigest()})
    sections = tuple(Section(label, ("heading",), 1, 0) for label in dict.fromkeys(line.section for line in lines))
    document = Document(citation, source, sections, tuple(units), ())
    return Library((document,), {"toy": {}}, tuple(question_rows), Lexicon({}, {}, {}, {}), "")


def unit_rows(seed: int, count: int) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def toy_search(held: Library, units: Vectors, asked: Vectors | None = None) -> UnitSearch:
    rows = held.question_rows
    words, asked_words, concepts = lexical_legs(held, [""] * len(rows), rows)
    asked = np.zeros((0, DIMENSION), dtype=np.float32) if asked is None else asked
    vectors = FaissVectors.from_array(units), FaissVectors.from_array(asked)
    legs = Legs(words, asked_words, concepts, *vectors, IDENTITY)
    return UnitSearch(held, legs, Speller({}, ""))


def published(search: UnitSearch, ranking: Ranking) -> Published:
    passages = search.passages(ranking)
    return [(tuple(place.key for place in p.places), round(p.score, SCORE_DECIMALS)) for p in passages]


@dataclass(frozen=True)
class Asked:
    query: Query
    vector: Vectors
    ranking: Ranking
    unit: str


@pytest.fixture(scope="module")
def own(search_index: SearchIndex) -> list[Asked]:
    asked = []
    for line in OWN.read_text(encoding="utf-8").splitlines()[::20]:
        row = json.loads(line)
        query = search_index.search.read(row["question"])
        vector = search_index.encoder.encode(query.mended)
        asked.append(Asked(query, vector, search_index.search.rank(query, vector), row["units"][0]))
    return asked


# --- on the review ---


def test_scores_are_finite_rounded_and_sorted_with_ties_by_row(own: list[Asked]) -> None:
    for asked in own:
        scores, order = asked.ranking.scores, asked.ranking.order
        assert np.isfinite(scores).all()
        assert scores.tolist() == [round(score, 3) for score in scores.tolist()]
        assert sorted(order) == list(range(len(scores)))
        assert list(order) == sorted(order, key=lambda row: (-scores[row], row))
    assert any(len(set(asked.ranking.scores.tolist())) < len(asked.ranking.scores) for asked in own)


def test_the_unit_a_question_was_written_for_is_among_ten_passages(search_index: SearchIndex, own: list[Asked]) -> None:
    found = [
        any(place.unit.id == asked.unit for p in search_index.search.passages(asked.ranking) for place in p.places)
        for asked in own
    ]
    assert sum(found) / len(found) > 0.95


def test_scaling_the_question_s_vector_changes_nothing(search_index: SearchIndex, own: list[Asked]) -> None:
    for asked in own[::5]:
        for factor in (0.25, 4.0, 1024.0):
            scaled = search_index.search.rank(asked.query, asked.vector * np.float32(factor))
            assert np.array_equal(scaled.scores, asked.ranking.scores)
            assert scaled.order == asked.ranking.order


def test_the_order_of_words_changes_no_lexical_leg(search_index: SearchIndex, own: list[Asked]) -> None:
    for asked in own[::5]:
        words = asked.query.terms
        shuffled = replace(asked.query, terms=dict(reversed(list(words.items()))))
        ranking = search_index.search.rank(shuffled, asked.vector)
        for name in ("words", "asked_words"):
            np.testing.assert_allclose(ranking.legs[name], asked.ranking.legs[name], atol=1e-9)


def test_a_word_that_stands_nowhere_changes_no_score(search_index: SearchIndex, own: list[Asked]) -> None:
    for asked in own[::5]:
        query = replace(
            asked.query, terms={**asked.query.terms, "zzyzx": 3.0}, concepts={**asked.query.concepts, "?": 1.0}
        )
        assert np.array_equal(search_index.search.rank(query, asked.vector).scores, asked.ranking.scores)


def test_typography_spelling_and_case_change_no_lexical_leg(search_index: SearchIndex) -> None:
    search = search_index.search
    one = search.read("Is ⁹⁰Y radioembolisation of liver tumours safe?")
    for text in (
        "is 90Y radioembolization of liver tumors safe",
        "IS 90Y RADIOEMBOLISATION OF LIVER TUMOURS SAFE???",
        "Is ⁹⁰Y radioembolisaton of liver tumurs safe?",
    ):
        other = search.read(text)
        assert other.terms == one.terms
        assert other.concepts == one.concepts


def test_the_best_of_a_lexical_leg_is_held_at_five_deviations(own: list[Asked]) -> None:
    highest = {name: max(float(a.ranking.legs[name].max()) for a in own) for name in own[0].ranking.legs}
    for name in ("words", "asked_words", "concepts"):
        assert highest[name] == pytest.approx(5.0, abs=1e-9)
    for asked in own:
        for name in ("unit_vector", "question_vector"):
            assert float(asked.ranking.legs[name].mean()) == pytest.approx(0.0, abs=1e-9)
            assert float(asked.ranking.legs[name].std()) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("section 3.2", "3.2"),
        ("chapter 5", "5"),
        ("table", "Table 1"),
        ("abstract", "Abstract"),
        ("figure", "Figure 1"),
    ],
)
def test_a_named_section_is_lifted_and_no_other(
    search_index: SearchIndex, own: list[Asked], words: str, label: str
) -> None:
    places = search_index.library.places
    inside = np.array([place.unit.section == label for place in places])
    query = search_index.search.read("Which embolization is recommended for large lesions?")
    vector = search_index.encoder.encode(query.mended)
    plain = search_index.search.rank(query, vector)
    named = search_index.search.rank(replace(query, mended=f"{query.mended} {words}"), vector)
    lift = named.scores - plain.scores
    assert inside.any()
    assert np.array_equal(named.scores[~inside], plain.scores[~inside])
    assert (lift[inside] >= 0.499).all()
    assert (lift[inside] <= 0.61).all(), "half a deviation, and a tenth of what both neighbours gained"


def test_eight_threads_find_what_one_finds(search_index: SearchIndex, own: list[Asked]) -> None:
    def ask(asked: Asked) -> tuple[Published, bytes]:
        query = search_index.search.read(asked.query.text)
        ranking = search_index.rank(query)
        return published(search_index.search, ranking), ranking.scores.tobytes()

    some = own[::3]
    serial = [ask(asked) for asked in some]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, some * 3)) == serial * 3


class Backwards:
    """Another engine: the same neighbours in another order."""

    def __init__(self, vectors: VectorSearch) -> None:
        self._vectors = vectors
        self.size = vectors.size

    def nearest(self, vector: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
        numbers, similarities = self._vectors.nearest(vector, k)
        return numbers[::-1], similarities[::-1]


def test_an_engine_may_return_neighbours_in_any_order(search_index: SearchIndex, own: list[Asked]) -> None:
    legs = search_index.search.legs
    turned = replace(legs, units=Backwards(legs.units), questions=Backwards(legs.questions))
    other = UnitSearch(search_index.library, turned, search_index.search.speller)
    for asked in own[::10]:
        ranking = other.rank(asked.query, asked.vector)
        assert np.array_equal(ranking.scores, asked.ranking.scores)
        assert ranking.order == asked.ranking.order


def noisy(vectors: Vectors, draw: np.random.Generator) -> Vectors:
    return (vectors + draw.uniform(-1e-6, 1e-6, size=vectors.shape)).astype(np.float32)


def with_noise(search: UnitSearch, draw: np.random.Generator) -> UnitSearch:
    legs = search.legs
    assert isinstance(legs.units, FaissVectors)
    assert isinstance(legs.questions, FaissVectors)
    units = FaissVectors.from_array(noisy(legs.units.vectors(), draw))
    questions = FaissVectors.from_array(noisy(legs.questions.vectors(), draw))
    return UnitSearch(search.library, replace(legs, units=units, questions=questions), search.speller)


def unrounded(
    search: UnitSearch, asked: Asked, vector: Vectors, monkeypatch: pytest.MonkeyPatch
) -> NDArray[np.float64]:
    with monkeypatch.context() as patched:
        patched.setattr(search_module, "_RANKING_DECIMALS", 12)
        return search.rank(asked.query, vector).scores


@pytest.mark.parametrize("rounds", [5, pytest.param(20, marks=pytest.mark.thorough)])
def test_noise_in_the_last_bits_changes_almost_no_published_list(
    search_index: SearchIndex, own: list[Asked], monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    search, draw = search_index.search, np.random.default_rng(20240405)
    expected = [published(search, asked.ranking) for asked in own]
    differing = pairs = 0
    for _ in range(rounds):
        other = with_noise(search, draw)
        for asked, before in zip(own, expected, strict=True):
            vector = noisy(asked.vector, draw)
            ranking = other.rank(asked.query, vector)
            pairs += 1
            if published(other, ranking) == before:
                continue
            differing += 1
            exact = unrounded(search, asked, asked.vector, monkeypatch)
            moved = np.abs(unrounded(other, asked, vector, monkeypatch) - exact)
            assert moved.max() < 1e-4
            changed = np.flatnonzero(ranking.scores != asked.ranking.scores)
            assert len(changed), "a list may differ only where a score was rounded to the other side"
            from_boundary = np.abs(exact[changed] * 1000 - np.floor(exact[changed] * 1000) - 0.5) / 1000
            assert from_boundary.max() < 1e-4
    assert pairs == rounds * len(own) > 500
    assert differing <= 0.005 * pairs


def test_a_curated_text_is_likest_to_itself(search_index: SearchIndex, vocabulary: Vocabulary) -> None:
    pack = load_pack(GUIDELINES / REVIEW, vocabulary)
    questions = [question for unit in pack.curated for question in unit.questions]
    silent = [miss.text for unit in pack.curated for miss in unit.near_misses]
    silent += [question for gap in pack.gaps for question in gap.questions]
    search, encoder = search_index.search, search_index.encoder
    assert len(questions) == len(search_index.library.question_rows)
    assert len(silent) == len(search_index.library.silences)
    disputed = [question for _, question in pack.disputed]
    assert len(disputed) == len(search_index.library.disputes)
    assert search.legs.questions.size == len(questions) + len(silent) + len(disputed)
    for texts, name in ((questions, "questions"), (silent, "unanswerable"), (disputed, "disputed")):
        for number in (0, *range(100, len(texts), 400), len(texts) - 1):
            likeness = search.rank(search.read(texts[number]), encoder.encode(texts[number])).likeness
            similar = getattr(likeness, name)
            assert similar.shape == (len(texts),)
            assert similar[number] == pytest.approx(1.0, abs=1e-4)
            assert similar[number] >= similar.max() - 1e-4


# --- reading a question ---


def test_a_question_is_cut_mended_and_taken_apart(search_index: SearchIndex) -> None:
    query = search_index.search.read("Is chemoembolisaton of the livr tumour a chemoembolisation?")
    assert query.text == "Is chemoembolisaton of the livr tumour a chemoembolisation?"
    assert query.mended == "Is chemoembolisation of the livr tumour a chemoembolisation?"
    assert query.terms == Counter(content_terms(query.mended))
    assert query.terms[content_terms("chemoembolization")[0]] == 2
    assert query.concepts["tace"] == 1.0
    assert query.concepts["transarterial"] == 0.4
    assert query.known


def test_what_follows_the_longest_question_is_not_read(search_index: SearchIndex) -> None:
    text = "TACE? ".ljust(LONGEST_QUESTION, " ")
    assert search_index.search.read(text + "everolimus") == search_index.search.read(text)
    assert "everolimus" in search_index.search.read(text[:-11] + " everolimus").concepts


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Is TACE safe?", True),
        ("tumours", True),
        ("90Y", True),
        ("xyzzy plugh", False),
        ("", False),
        ("what is the", False),
        ("肝転移", False),
    ],
)
def test_a_question_is_known_if_any_word_of_it_is(search_index: SearchIndex, text: str, known: bool) -> None:
    assert search_index.search.read(text).known is known


def test_a_question_without_words_is_ranked_by_meaning_alone(search_index: SearchIndex) -> None:
    query = search_index.search.read("")
    ranking = search_index.search.rank(query, search_index.encoder.encode("hepatic artery embolization"))
    assert not any(ranking.legs[name].any() for name in ("words", "asked_words", "concepts"))
    assert ranking.scores.std() > 0.1


# --- passages for a question that cannot be read ---


def test_the_first_passages_are_the_first_units(search_index: SearchIndex) -> None:
    passages = search_index.search.first_passages()
    assert [p.rank for p in passages] == list(range(1, 11))
    assert [p.places for p in passages] == [(place,) for place in search_index.library.places[:10]]
    assert all(p.score == 0.0 and p.text == p.document.quote(p.places[0].unit) for p in passages)


def test_a_first_unit_longer_than_a_passage_is_cut() -> None:
    held = library([Line("word " * 200), Line("Short.")])
    passages: tuple[Passage, ...] = toy_search(held, unit_rows(0, 2)).first_passages()
    assert [len(p.text) for p in passages] == [LONGEST_CHARACTERS, 6]


# --- on toys ---


@pytest.mark.parametrize("seed", range(5))
def test_without_words_or_questions_the_order_is_that_of_the_cosine(seed: int) -> None:
    units, asked = unit_rows(seed, 30), unit_rows(100 + seed, 1)[0]
    search = toy_search(library([Line(f"w{n}") for n in range(30)]), units)
    ranking = search.rank(search.read("nothing known"), asked)
    similar = (units @ asked).tolist()
    by_score = sorted(range(30), key=lambda row: (-ranking.scores[row], -similar[row]))
    assert by_score == sorted(range(30), key=lambda row: -similar[row])
    assert len(set(ranking.scores.tolist())) > 25


def test_equal_units_are_ranked_by_row() -> None:
    units = unit_rows(1, 6)
    units[[1, 3, 5]] = units[1]
    lines = [Line(f"w{n}") for n in range(6)]
    for row in (1, 3, 5):
        lines[row] = Line("tumour")
    search = toy_search(library(lines), units)
    ranking = search.rank(search.read("tumour"), units[1])
    assert ranking.order[:3] == (1, 3, 5)
    assert len(set(ranking.scores[[1, 3, 5]].tolist())) == 1
    hits = ranking.hits(2)
    assert [hit.place.row for hit in hits] == [1, 3]
    assert [hit.score for hit in hits] == ranking.scores[[1, 3]].tolist()


def spread_questions(units: Vectors, rows: Sequence[int]) -> UnitSearch:
    """Every asked unit's question has the very vector of the unit; the words of questions are the units' own index."""
    held = library([Line(f"w{n} shared{n % 3}") for n in range(len(units))], rows)
    words = TermIndex.from_bags(unit_bags(held)[0])
    concepts = TermIndex.from_bags([{} for _ in units])
    vectors = FaissVectors.from_array(units), FaissVectors.from_array(units[list(rows)])
    return UnitSearch(held, Legs(words, words, concepts, *vectors, IDENTITY), Speller({}, ""))


@pytest.mark.parametrize("unasked", [(), (0,), (3, 4, 17), tuple(range(0, 20, 2)), tuple(range(20))])
def test_a_unit_without_questions_is_neither_punished_nor_favoured(unasked: tuple[int, ...]) -> None:
    units = unit_rows(2, 20)
    every = spread_questions(units, range(20))
    some = spread_questions(units, [row for row in range(20) if row not in unasked])
    for seed, text in enumerate(("w3 shared1", "shared2", "w17 w4 shared0", "nothing")):
        vector = unit_rows(50 + seed, 1)[0]
        full, thin = every.rank(every.read(text), vector), some.rank(some.read(text), vector)
        # questions that say what the unit says tell nothing new, whichever units have them
        np.testing.assert_allclose(thin.scores, full.scores, atol=1.1e-3)
        np.testing.assert_allclose(thin.legs["question_vector"], thin.legs["unit_vector"], atol=1e-5)


def test_words_that_stand_only_in_a_unit_without_questions_count_for_it_too() -> None:
    units, vector = unit_rows(2, 20), unit_rows(50, 1)[0]
    every, some = spread_questions(units, range(20)), spread_questions(units, [n for n in range(20) if n != 4])
    full, thin = every.rank(every.read("w4"), vector), some.rank(some.read("w4"), vector)
    np.testing.assert_allclose(thin.scores, full.scores, atol=1.1e-3)


def test_a_unit_s_best_question_counts_and_the_order_of_questions_does_not() -> None:
    units, vectors = unit_rows(3, 4), unit_rows(4, 6)
    rows = [2, 0, 1, 0, 3, 2]
    asked = unit_rows(5, 1)[0]
    search = toy_search(library([Line(f"w{n}") for n in range(4)], rows), units, vectors)
    leg = search.rank(search.read("nothing"), asked).legs["question_vector"]
    similar = vectors @ asked
    best = np.array([max(float(similar[n]) for n, row in enumerate(rows) if row == unit) for unit in range(4)])
    np.testing.assert_allclose(leg, (best - best.mean()) / best.std(), atol=1e-5)
    order = [4, 2, 5, 0, 3, 1]
    held = library([Line(f"w{n}") for n in range(4)], [rows[n] for n in order])
    shuffled = toy_search(held, units, vectors[order])
    assert np.array_equal(shuffled.rank(shuffled.read("nothing"), asked).legs["question_vector"], leg)


SILENCES = (Silence("attribute", "", (1,)), Silence("other_subject", "gap", ()), Silence("advice", "gap", (0, 2)))


@pytest.mark.parametrize(("answerable", "unanswerable"), [(6, 3), (6, 0), (0, 3), (0, 0)])
def test_likeness_is_the_cosine_to_each_curated_text_in_its_order(answerable: int, unanswerable: int) -> None:
    rows, vectors = [2, 0, 1, 0, 3, 2][:answerable], unit_rows(6, answerable + unanswerable)
    held = replace(library([Line(f"w{n}") for n in range(4)], rows), silences=SILENCES[:unanswerable])
    search = toy_search(held, unit_rows(3, 4), vectors)
    asked = unit_rows(5, 1)[0]
    likeness = search.rank(search.read("nothing"), asked * np.float32(4)).likeness
    similar = vectors.astype(np.float64) @ asked.astype(np.float64)
    np.testing.assert_allclose(likeness.questions, similar[:answerable], atol=1e-6)
    np.testing.assert_allclose(likeness.unanswerable, similar[answerable:], atol=1e-6)
    assert (likeness.questions.shape, likeness.unanswerable.shape) == ((answerable,), (unanswerable,))


@pytest.mark.parametrize("rows", [[2, 0, 1, 0, 3, 2], [2, 0, 2], []])
def test_unanswerable_questions_change_no_score(rows: list[int]) -> None:
    units, asked, vectors = unit_rows(3, 4), unit_rows(5, 1)[0], unit_rows(4, len(rows))
    plain = library([Line(f"w{n}") for n in range(4)], rows)
    silent = replace(plain, silences=SILENCES)
    beside = np.concatenate([vectors, np.stack([asked, -asked, units[0]])])
    without, among = toy_search(plain, units, vectors), toy_search(silent, units, beside)
    one, other = (search.rank(search.read("w1"), asked) for search in (without, among))
    assert np.array_equal(one.scores, other.scores)
    assert one.order == other.order
    assert np.array_equal(one.likeness.questions, other.likeness.questions)
    assert other.likeness.unanswerable[:2] == pytest.approx([1.0, -1.0], abs=1e-6)


def test_text_stands_before_a_reference_or_the_head_of_a_row_that_says_the_same() -> None:
    kinds = [UnitKind.REFERENCE, UnitKind.ROW_HEAD, UnitKind.CAPTION, UnitKind.SENTENCE]
    lines = [Line("tumour", kind=kind) for kind in kinds] + [Line(f"w{n}") for n in range(4)]
    units = unit_rows(9, 8)
    units[:4] = units[0]
    search = toy_search(library(lines), units)
    ranking = search.rank(search.read("tumour"), units[0])
    assert ranking.order[:4] == (2, 3, 0, 1)
    assert ranking.scores[2] == ranking.scores[3]
    taken = ranking.scores[2] - ranking.scores[0]
    assert taken == pytest.approx(LegWeights().not_text / LegWeights().total, abs=1.1e-3)


def test_a_unit_is_lent_a_tenth_of_its_neighbours_in_the_paragraph_only() -> None:
    units = unit_rows(10, 9)
    asked = units[1]
    apart = toy_search(library([Line(f"w{n}") for n in range(9)]), units)
    joined = toy_search(library([Line(f"w{n}", paragraph=0 if n < 3 else n) for n in range(9)]), units)
    alone, together = (s.rank(s.read("nothing"), asked).scores for s in (apart, joined))
    lent = np.zeros(9)
    lent[[0, 2]] = 0.1 * alone[1]
    lent[1] = 0.1 * (max(alone[0], 0) + max(alone[2], 0))
    np.testing.assert_allclose(together - alone, lent, atol=2e-3)


def test_a_paragraph_does_not_reach_over_the_end_of_a_section() -> None:
    units = unit_rows(11, 6)
    lines = [Line(f"w{n}", section="1" if n < 3 else "2", paragraph=0 if n in {2, 3} else n) for n in range(6)]
    split = toy_search(library(lines), units)
    apart = toy_search(library([replace(line, paragraph=None) for line in lines]), units)
    assert np.array_equal(
        split.rank(split.read("nothing"), units[2]).scores, apart.rank(apart.read("nothing"), units[2]).scores
    )


class FewNeighbours(Backwards):
    """An engine that returns the nearest few only, as a distributed one would."""

    def nearest(self, vector: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
        return self._vectors.nearest(vector, min(k, 5))


def test_what_an_engine_did_not_return_counts_as_the_least_it_did() -> None:
    units, asked = unit_rows(12, 20), unit_rows(13, 1)[0]
    full = toy_search(library([Line(f"w{n}") for n in range(20)]), units)
    legs = full.legs
    few = UnitSearch(full.library, replace(legs, units=FewNeighbours(legs.units)), Speller({}, ""))
    leg = few.rank(few.read("nothing"), asked).legs["unit_vector"]
    best = np.argsort(-(units @ asked), kind="stable")
    assert leg[best[0]] == leg.max()
    rest = best[4:]
    assert np.ptp(leg[rest]) == pytest.approx(0.0, abs=1e-9)
    assert leg[rest[0]] == leg.min()


def test_curated_questions_add_their_words_to_their_unit_only() -> None:
    held = library([Line("alpha beta"), Line("gamma delta")], [1])
    words, asked_words, _ = lexical_legs(held, ["What is the omega of beta?"], [1])
    assert np.flatnonzero(words.scores({"omega": 1.0})).tolist() == []
    assert np.flatnonzero(asked_words.scores({"omega": 1.0})).tolist() == [1]
    assert np.flatnonzero(asked_words.scores({"beta": 1.0})).tolist() == [0, 1]
    assert np.flatnonzero(words.scores({"beta": 1.0})).tolist() == [0]


def test_words_of_the_review_hold_headings_and_the_names_of_cited_authors(search_index: SearchIndex) -> None:
    places = search_index.library.places
    words, concepts = unit_bags(search_index.library)
    checked = 0
    for place, bag in zip(places, words, strict=True):
        heads = [term for path in place.document.path(place.unit) for term in content_terms(path)]
        assert {*content_terms(place.unit.display), *heads} <= bag.keys()
        for number in place.unit.references:
            reference = place.document.reference_by_number[number]
            for author in reference.authors[:1]:
                assert set(content_terms(author.split(",")[0])) <= bag.keys()
                checked += 1
    assert checked > 100
    about = [set(search_index.library.knowledge_of(place).about) for place in places]
    assert all(known <= bag.keys() for known, bag in zip(about, concepts, strict=True))
