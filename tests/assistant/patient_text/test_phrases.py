from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.patient_text.phrases import PhraseBook, phrase_key
from assistant.patient_text.tokens import tokenise

BOOK: PhraseBook[str] = PhraseBook.of(
    [("portal vein", "vessel"), ("portal vein thrombosis", "clot"), ("thrombosis", "any"), ("grade 2", "grade")],
    [("CUP", "unknown primary"), ("HE", "encephalopathy")],
)


def found(text: str, closed: frozenset[int] = frozenset()) -> list[tuple[str, str]]:
    tokens = tokenise(text)
    return [(m.value, text[tokens[m.first].start : tokens[m.last - 1].end]) for m in BOOK.find(tokens, closed)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Portal vein thrombosis", [("clot", "Portal vein thrombosis")]),
        ("PORTAL-VEIN THROMBOSIS", [("clot", "PORTAL-VEIN THROMBOSIS")]),
        ("portal vein is patent", [("vessel", "portal vein")]),
        ("portal vein: thrombosis", [("clot", "portal vein: thrombosis")]),
        ("portal vein, thrombosis", [("vessel", "portal vein"), ("any", "thrombosis")]),
        ("portal vein; thrombosis", [("vessel", "portal vein"), ("any", "thrombosis")]),
        ("portal vein. Thrombosis", [("vessel", "portal vein"), ("any", "Thrombosis")]),
        ("portal vein\nthrombosis", [("vessel", "portal vein"), ("any", "thrombosis")]),
        ("the portal vein is clearly thrombosis", [("clot", "portal vein is clearly thrombosis")]),
        ("portal and vein", []),
        ("portal", []),
        ("portalvein", []),
        ("grade 2 and grade 3", [("grade", "grade 2")]),
        ("grade-2", [("grade", "grade-2")]),
        ("a CUP of tea, a cup of tea", [("unknown primary", "CUP")]),
        ("he has HE", [("encephalopathy", "HE")]),
        ("thrombosis thrombosis", [("any", "thrombosis")] * 2),
    ],
)
def test_the_longest_phrase_is_found_and_none_crosses_a_comma(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_closed_tokens_belong_to_no_phrase() -> None:
    assert found("portal vein thrombosis", frozenset({2})) == [("vessel", "portal vein")]
    assert found("portal vein thrombosis", frozenset({0})) == [("any", "thrombosis")]
    assert found("portal vein thrombosis", frozenset({1})) == [("any", "thrombosis")]
    assert found("portal vein thrombosis", frozenset({0, 1, 2})) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("portal vein", "Portal-Vein"),
        ("serotonin is clearly raised", "serotonin raised"),
        ("T.bili", "t bili"),
        ("liver tumours", "liver tumor"),
    ],
)
def test_a_key_forgets_what_does_not_matter(one: str, other: str) -> None:
    assert phrase_key(one) == phrase_key(other)


def test_a_phrase_of_light_words_alone_keeps_them() -> None:
    assert phrase_key("is") == "is"
    assert phrase_key("the a") == "the a"


WORDS = st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=4).map(" ".join)
TEXTS = st.lists(st.sampled_from(["x", "y", "z", "w", ",", ";", "\n", "-"]), max_size=24).map(" ".join)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.lists(WORDS, min_size=1, max_size=6, unique=True), TEXTS)
def test_matches_equal_those_of_trying_every_phrase_at_every_place(phrases: list[str], text: str) -> None:
    tokens = tokenise(text)
    expected: list[tuple[str, int, int]] = []
    position = 0
    while position < len(tokens):
        best: tuple[str, int] | None = None
        for phrase in phrases:
            for last in range(position + 1, len(tokens) + 1):
                stretch = tokens[position:last]
                whole = stretch[0].text != "-" and stretch[-1].text != "-"
                together = len({(token.sentence, token.part) for token in stretch}) == 1
                words = [token.text for token in stretch if token.text != "-"]
                if whole and together and words == phrase.split() and (best is None or last > best[1]):
                    best = (phrase, last)
        if best is None:
            position += 1
        else:
            expected.append((best[0], position, best[1]))
            position = best[1]
    book = PhraseBook.of((phrase, phrase) for phrase in phrases)
    assert [(m.value, m.first, m.last) for m in book.find(tokens)] == expected
