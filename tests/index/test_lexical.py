from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import pytest
import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis import content_terms
from index.lexical import TermIndex
from index.opening import SearchIndex
from index.search import unit_bags

TERMS = [f"t{n}" for n in range(12)]
BAGS = st.lists(st.lists(st.sampled_from(TERMS), min_size=1, max_size=25), min_size=1, max_size=15)
QUESTION = st.lists(st.sampled_from([*TERMS, "unknown"]), min_size=1, max_size=8)
CHECKED = settings(deadline=None, derandomize=True, max_examples=60)


def indexed(bags: Sequence[Sequence[str]], b: float = 0.75) -> TermIndex:
    return TermIndex.from_bags([Counter(bag) for bag in bags], b=b)


def bm25(bags: Sequence[Mapping[str, float]], query: Mapping[str, float], document: int, b: float) -> float:
    """Robertson and Zaragoza 2009, equation 3.15, k1 = 1.2, with the idf that cannot be negative."""
    bag, mean = bags[document], sum(sum(each.values()) for each in bags) / len(bags)
    score = 0.0
    for term in query:
        holders = sum(term in each for each in bags)
        if (tf := bag.get(term, 0.0)) == 0.0:
            continue
        idf = math.log((len(bags) + 1) / (holders + 0.5))
        score += query[term] * idf * tf * 2.2 / (1.2 * ((1 - b) + b * sum(bag.values()) / mean) + tf)
    return score


@CHECKED
@given(BAGS, QUESTION)
def test_scores_are_those_of_bm25s(bags: list[list[str]], question: list[str]) -> None:
    library: Any = bm25s.BM25(k1=1.2, b=0.75, method="atire", idf_method="lucene", dtype="float64")
    library.index(bags, show_progress=False)
    known = [term for term in question if any(term in bag for bag in bags)]
    expected = library.get_scores(known) if known else np.zeros(len(bags))
    np.testing.assert_allclose(indexed(bags).scores(Counter(question)), expected, rtol=1e-9, atol=1e-12)


def test_scores_are_those_of_tantivy() -> None:
    draw = np.random.default_rng(3)
    bags = [[str(t) for t in draw.choice(TERMS, size=draw.integers(1, 38))] for _ in range(30)]
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("body", tokenizer_name="whitespace")
    schema.add_integer_field("number", stored=True)
    index = tantivy.Index(schema.build())
    writer = index.writer(15_000_000, 1)
    for number, bag in enumerate(bags):
        document = tantivy.Document()
        document.add_text("body", " ".join(bag))
        document.add_integer("number", number)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher, ours = index.searcher(), indexed(bags)
    for question in (["t1"], ["t1", "t5"], ["t0", "t7", "t11"]):
        found = searcher.search(index.parse_query(" ".join(question), ["body"]), 30).hits
        scores = np.zeros(30)
        for score, address in found:
            scores[searcher.doc(address)["number"][0]] = score
        np.testing.assert_allclose(ours.scores(Counter(question)), scores, rtol=1e-5)


@CHECKED
@given(
    st.lists(
        st.dictionaries(st.sampled_from(TERMS), st.sampled_from([0.4, 0.5, 1.0, 1.4, 3.0]), max_size=6),
        min_size=1,
        max_size=10,
    ),
    st.dictionaries(st.sampled_from(TERMS), st.sampled_from([0.4, 1.0, 2.0]), min_size=1, max_size=5),
    st.sampled_from([0.0, 0.3, 0.75, 1.0]),
)
def test_weighted_bags_and_any_length_normalisation_follow_the_formula(
    bags: list[dict[str, float]], query: dict[str, float], b: float
) -> None:
    if not any(bags):
        bags = [{"t0": 1.0}, *bags]
    expected = [bm25(bags, query, document, b) for document in range(len(bags))]
    np.testing.assert_allclose(TermIndex.from_bags(bags, b=b).scores(query), expected, rtol=1e-9, atol=1e-12)


@CHECKED
@given(BAGS, QUESTION, st.randoms(use_true_random=False))
def test_order_of_documents_and_of_words_changes_no_score(
    bags: list[list[str]], question: list[str], draw: Any
) -> None:
    order = list(range(len(bags)))
    draw.shuffle(order)
    shuffled = indexed([draw.sample(bags[n], len(bags[n])) for n in order]).scores(
        Counter(draw.sample(question, len(question)))
    )
    np.testing.assert_allclose(shuffled, indexed(bags).scores(Counter(question))[order], rtol=1e-12)


@CHECKED
@given(BAGS, QUESTION)
def test_a_score_is_nought_exactly_where_no_term_matches(bags: list[list[str]], question: list[str]) -> None:
    scores = indexed(bags).scores(Counter(question))
    assert [score > 0 for score in scores] == [bool(set(bag) & set(question)) for bag in bags]
    assert not (scores < 0).any()


def test_the_weight_of_a_query_term_multiplies_its_score() -> None:
    index = indexed([["a", "b"], ["a", "a", "c"], ["c"]])
    a, c = index.scores({"a": 1.0}), index.scores({"c": 1.0})
    np.testing.assert_allclose(index.scores({"a": 2.5, "c": 0.4, "z": 9.0}), 2.5 * a + 0.4 * c, rtol=1e-12)


def test_a_rare_word_outweighs_a_common_one_and_repeats_saturate() -> None:
    index = indexed([["common", "rare"], ["common", "x"], ["common", "y"]])
    assert index.scores({"rare": 1.0})[0] > index.scores({"common": 1.0})[0] > 0
    repeats = [
        TermIndex.from_bags([{"a": float(n), "pad": 50.0 - n}, {"pad": 50.0}]).scores({"a": 1.0})[0] for n in (1, 2, 3)
    ]
    assert repeats[0] < repeats[1] < repeats[2]
    assert repeats[2] - repeats[1] < repeats[1] - repeats[0]


def test_no_documents_and_no_query_score_nothing() -> None:
    assert TermIndex.from_bags([]).scores({"a": 1.0}).shape == (0,)
    assert TermIndex.from_bags([{}, {}]).scores({"a": 1.0}).tolist() == [0.0, 0.0]
    assert indexed([["a"], ["b"]]).scores({}).tolist() == [0.0, 0.0]


@CHECKED
@given(st.lists(st.dictionaries(st.text(min_size=1, max_size=6), st.integers(1, 4), max_size=6), max_size=6))
def test_what_was_saved_is_read_back_bit_by_bit(bags: list[dict[str, int]]) -> None:
    index = TermIndex.from_bags(bags)
    with tempfile.TemporaryDirectory() as name:
        index.save(Path(name), "terms")
        loaded = TermIndex.load(Path(name), "terms")
    assert loaded.rows == index.rows
    assert loaded.size == index.size
    for ours, theirs in (
        (index.starts, loaded.starts),
        (index.documents, loaded.documents),
        (index.weights, loaded.weights),
    ):
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("term", ["tace", "hepat", "90y", "177lu"])
def test_the_index_of_the_review_finds_a_term_where_it_stands(term: str, search_index: SearchIndex) -> None:
    places = search_index.library.places
    holders = {place.row for place in places if term in content_terms(place.unit.display)}
    scores = search_index.search.legs.words.scores({term: 1.0})
    assert holders <= set(np.flatnonzero(scores).tolist())
    assert holders


@CHECKED
@given(BAGS, QUESTION)
def test_the_rarity_of_a_term_is_that_of_a_count_over_all_documents(bags: list[list[str]], question: list[str]) -> None:
    index = indexed(bags)
    for term in {*question, *TERMS}:
        holders = sum(term in bag for bag in bags)
        assert index.idf(term) == pytest.approx(math.log((len(bags) + 1) / (holders + 0.5)), rel=1e-12)
        assert index.idf("unknown") >= index.idf(term) > 0


@CHECKED
@given(BAGS, st.dictionaries(st.sampled_from([*TERMS, "unknown"]), st.sampled_from([0.4, 1.0, 2.5]), max_size=6))
def test_coverage_is_the_sum_of_the_weights_of_the_terms_that_occur(
    bags: list[list[str]], query: dict[str, float]
) -> None:
    expected = [sum(weight for term, weight in query.items() if term in bag) for bag in bags]
    covered = indexed(bags).coverage(query)
    assert covered.dtype == np.float64
    np.testing.assert_allclose(covered, expected, rtol=1e-12, atol=1e-12)
    repeated = indexed([bag * 3 for bag in bags]).coverage(query)
    assert np.array_equal(repeated, covered), "how often a term occurs does not matter"


def test_rarity_and_coverage_of_the_review_are_those_of_its_sentences(search_index: SearchIndex) -> None:
    words = search_index.search.legs.words
    bags, _ = unit_bags(search_index.library)
    for term in ("tace", "hepat", "90y", "177lu", "zzyzx"):
        holders = [term in bag for bag in bags]
        assert words.coverage({term: 1.5}).tolist() == [1.5 * holds for holds in holders]
        assert words.idf(term) == pytest.approx(math.log((len(bags) + 1) / (sum(holders) + 0.5)), rel=1e-12)
