from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.wording import Wording
from index.analysis import stems
from index.opening import SearchIndex

WORDS = ("cost", "dose", "price", "liver", "how", "sessions")
QUESTION = st.lists(st.sampled_from(WORDS), min_size=0, max_size=5).map(" ".join)
QUESTIONS = st.lists(QUESTION, max_size=14)


def by_hand(term: str, answerable: Sequence[str], unanswerable: Sequence[str]) -> float:
    """The log-odds of a word, or of two in a row, by counting questions of stems."""
    counts = []
    for questions in (answerable, unanswerable):
        framed = [f"^ {question} $" for question in questions]
        first, _, second = term.partition(" ")
        held = 0
        for text in framed:
            tokens = text.split()
            pairs = list(itertools.pairwise(tokens))
            held += (first, second) in pairs if second else first in tokens[1:-1]
        counts.append(held)
    if sum(counts) < 3:
        return 0.0
    shares = [(counts[0] + 1) / (len(answerable) + 2), (counts[1] + 1) / (len(unanswerable) + 2)]
    odds = math.log(shares[0] / shares[1])
    return 0.0 if abs(odds) < 0.6 else round(max(-3.0, min(3.0, odds)), 2)


def all_terms() -> list[str]:
    ends = [f"^ {word}" for word in WORDS] + [f"{word} $" for word in WORDS]
    return [*WORDS, *(f"{one} {other}" for one in WORDS for other in WORDS), *ends, "^ $"]


def stemmed(questions: Sequence[str]) -> list[str]:
    return [" ".join(stems(question)) for question in questions]


def test_shares_are_smoothed_and_taken_of_questions() -> None:
    wording = Wording.from_questions(["dose of tace", "dose of tare", "dose now", "why"], ["cost", "dose"])
    assert wording.odds == {}, "(3 + 1) / (4 + 2) against (1 + 1) / (2 + 2): log 4/3 is below the least odds"
    wording = Wording.from_questions(["a dose"] * 4, ["cost b"] * 2)
    assert wording.odds["dose"] == round(math.log((5 / 6) / (1 / 4)), 2) == 1.2
    assert "cost" not in wording.odds, "asked twice: too few"
    assert Wording.from_questions(["a dose"] * 4, ["cost b"] * 3).odds["cost"] == round(math.log((1 / 6) / (4 / 5)), 2)


@pytest.mark.parametrize(("count", "told"), [(1, False), (2, False), (3, True), (4, True)])
def test_a_term_needs_three_questions_of_either_kind_together(count: int, told: bool) -> None:
    others = ["liver"] * 20
    assert ("cost" in Wording.from_questions(others, [*["cost"] * count, *others]).odds) is (told and count > 1)
    assert ("cost" in Wording.from_questions([*["cost"] * count, *others], others).odds) is (told and count > 1)
    mixed = Wording.from_questions([*["cost"], *["liver"] * 60], ["cost"] * count)
    assert ("cost" in mixed.odds) is (count + 1 >= 3)


def test_a_term_that_hardly_tells_is_left_out() -> None:
    """With equal numbers of questions the odds are (n + 1) / (m + 1); the logarithm of 1.83 is 0.604, of 1.8 0.588."""
    rest = ["liver"] * 40
    near = Wording.from_questions([*["cost"] * 8, *rest, "how"], [*["cost"] * 4, *rest, *["how"] * 5])
    assert "cost" not in near.odds, "9 / 5"
    past = Wording.from_questions([*["cost"] * 10, *rest, "how"], [*["cost"] * 5, *rest, *["how"] * 6])
    assert past.odds["cost"] == round(math.log(11 / 6), 2) == 0.61
    turned = Wording.from_questions([*["cost"] * 5, *rest, *["how"] * 6], [*["cost"] * 10, *rest, "how"])
    assert turned.odds["cost"] == -0.61


def test_log_odds_are_held_at_three() -> None:
    wording = Wording.from_questions(["dose"] * 18, ["cost"] * 18)
    assert wording.odds["dose"] == round(math.log(19), 2) == 2.94
    wording = Wording.from_questions(["dose"] * 40, ["cost"] * 40)
    assert wording.odds["dose"] == 3.0
    assert wording.odds["cost"] == -3.0
    assert set(wording.odds.values()) == {3.0, -3.0}


def test_neighbouring_pairs_and_the_ends_of_a_question_are_terms() -> None:
    wording = Wording.from_questions(["how cost"] * 5, ["cost how"] * 5)
    one = round(math.log(6), 2)
    assert wording.odds == {
        "^ how": one, "how cost": one, "cost $": one, "^ cost": -one, "cost how": -one, "how $": -one,
    }  # fmt: skip
    assert wording.score("how cost") == 4.0 < 3 * one, "held at four"
    assert wording.score("cost how") == -4.0 > -3 * one
    assert wording.score("liver how cost liver") == one, "the ends are not those"
    assert wording.score("how liver cost") == round(2 * one, 2), "no longer neighbours"


def test_inflections_capitals_and_punctuation_do_not_matter() -> None:
    wording = Wording.from_questions(["How many sessions?"] * 4, ["the price, please"] * 4)
    assert wording.odds == Wording.from_questions(["HOW MANY session"] * 4, ["The prices? Please!"] * 4).odds
    assert wording.score("how many session") == wording.score("How many SESSIONS?!") > 0


def test_unseen_terms_and_empty_texts_give_nothing() -> None:
    wording = Wording.from_questions(["dose of tace"] * 5, ["cost of tace"] * 5)
    assert wording.score("completely unheard words") == 0.0
    assert wording.score("") == wording.score("?!") == 0.0
    assert Wording.from_questions([], []).odds == {}
    assert Wording({}).score("dose of tace") == 0.0


def test_a_word_of_both_kinds_gives_nothing() -> None:
    both = [f"{word} treatment" for word in ("dose", "cost", "price", "liver", "how")]
    wording = Wording.from_questions([*both, "dose"], [*both, "cost"])
    assert wording.score("treatment") == pytest.approx(0.0, abs=1e-9)
    assert wording.odds.get("treatment", 0.0) == 0.0


def test_a_term_counts_once_in_each_question_and_once_in_what_is_scored() -> None:
    rest = ["liver"] * 9
    once = Wording.from_questions([*["cost dose"] * 3, *rest], [*["how"] * 3, *rest])
    often = Wording.from_questions([*["cost dose cost dose cost dose"] * 3, *rest], [*["how how how"] * 3, *rest])
    assert often.odds["cost"] == once.odds["cost"]
    assert often.odds["how"] == once.odds["how"]
    single = Wording.from_questions(["cost cost cost cost", *rest], rest)
    assert "cost" not in single.odds, "four times in one question is one question"
    assert once.score("liver cost liver cost liver") == once.odds["cost"]


def test_each_question_counts_however_it_is_handed_over() -> None:
    answerable, unanswerable = ["dose"] * 3, ["cost"] * 4
    lists = Wording.from_questions(answerable, unanswerable)
    assert Wording.from_questions((q for q in answerable), iter(unanswerable)) == lists
    assert Wording.from_questions(["dose"] * 30, unanswerable) != lists, "a question asked again counts again"


@settings(deadline=None, derandomize=True, max_examples=150)
@given(QUESTIONS, QUESTIONS)
def test_the_odds_are_those_counted_by_hand(answerable: list[str], unanswerable: list[str]) -> None:
    found = Wording.from_questions(answerable, unanswerable).odds
    held = [stemmed(answerable), stemmed(unanswerable)]
    terms = {" ".join(stem for word in term.split() for stem in (stems(word) or [word])) for term in all_terms()}
    expected = {term: by_hand(term, *held) for term in terms}
    assert found == {term: odds for term, odds in expected.items() if odds}


@settings(deadline=None, derandomize=True, max_examples=100)
@given(QUESTIONS, QUESTIONS, QUESTION)
def test_a_score_is_the_sum_over_the_terms_of_the_text_held_at_four(
    answerable: list[str], unanswerable: list[str], text: str
) -> None:
    tokens = stems(text)
    terms = {*tokens, *(f"{one} {other}" for one, other in itertools.pairwise(["^", *tokens, "$"]))}
    held = [stemmed(answerable), stemmed(unanswerable)]
    wording = Wording.from_questions(answerable, unanswerable)
    total = sum(by_hand(term, *held) for term in terms)
    assert wording.score(text) == pytest.approx(max(-4.0, min(4.0, total)), abs=1e-6)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(QUESTIONS, QUESTIONS, st.randoms(use_true_random=False), QUESTION)
def test_the_order_of_questions_does_not_matter(
    answerable: list[str], unanswerable: list[str], draw: random.Random, text: str
) -> None:
    shuffled = [list(answerable), list(unanswerable)]
    for questions in shuffled:
        draw.shuffle(questions)
    first, second = Wording.from_questions(answerable, unanswerable), Wording.from_questions(*shuffled)
    assert first == second
    assert list(first.odds) == list(second.odds), "the manifest has the same bytes"
    assert first.score(text) == second.score(text)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(QUESTIONS, QUESTIONS)
def test_exchanging_the_kinds_turns_the_signs(answerable: list[str], unanswerable: list[str]) -> None:
    one, other = Wording.from_questions(answerable, unanswerable), Wording.from_questions(unanswerable, answerable)
    assert {term: -odds for term, odds in one.odds.items()} == pytest.approx(dict(other.odds), abs=0.0101)


def test_the_wording_of_the_index_tells_prices_from_doses(search_index: SearchIndex) -> None:
    wording = Wording(search_index.manifest.facts["models"]["wording"])
    assert len(wording.odds) >= 100
    assert all(0.6 <= round(abs(odds), 2) <= 3.0 for odds in wording.odds.values())
    assert wording.score("How much does it cost?") < -1
    assert wording.score("What are the contraindications of TACE?") > wording.score("What is the price of TACE?")
