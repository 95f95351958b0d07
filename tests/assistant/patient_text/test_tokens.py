from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.patient_text.tokens import flat, form, split, tokenise

CLINICAL = st.text(alphabet="aZé9 .,;:!?\n\t-+*()[]_µ⁹×≤•'’\u2009\u0301/%", max_size=60)


def sentences(text: str) -> list[list[str]]:
    tokens = tokenise(text)
    numbers = sorted({token.sentence for token in tokens})
    return [[token.text for token in tokens if token.sentence == number] for number in numbers]


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.one_of(CLINICAL, st.text(max_size=40)))
def test_tokens_cover_everything_but_spaces_in_order(text: str) -> None:
    tokens = tokenise(text)
    assert [text[token.start : token.end] for token in tokens] == [token.text for token in tokens]
    covered = [False] * len(text)
    for token in tokens:
        assert token.start < token.end
        for place in range(token.start, token.end):
            assert not covered[place]
            covered[place] = True
    assert [c for c, inside in zip(text, covered, strict=True) if not inside and not c.isspace()] == []
    assert [token.start for token in tokens] == sorted(token.start for token in tokens)
    assert [token.text for token in tokens] == [word for word in split(text) if word != "\n"]


@settings(deadline=None, derandomize=True, max_examples=300)
@given(CLINICAL)
def test_sentences_and_parts_only_count_up_and_a_sentence_begins_a_part(text: str) -> None:
    tokens = tokenise(text)
    for one, other in itertools.pairwise(tokens):
        assert one.sentence <= other.sentence
        assert one.part <= other.part
        assert one.part < other.part or one.sentence == other.sentence
        assert one.part < other.part or one.text != ","
        assert "\n" not in text[one.end : other.start] or one.sentence < other.sentence


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("No ascites. PVT.", ["No ascites .", "PVT ."]),
        ("Bili 1.2, alb 3,5; no ascites", ["Bili 1.2 , alb 3,5 ;", "no ascites"]),
        ("approx. 3 cm", ["approx . 3 cm"]),
        ("e.g. stent", ["e . g . stent"]),
        ("no. ascites", ["no . ascites"]),
        ("Stent? none", ["Stent ?", "none"]),
        ("? PVT", ["? PVT"]),
        ("(?) PVT", ["( ? ) PVT"]),
        ("- a\n- b", ["-", "a", "-", "b"]),
        ("No ascites\nPVT", ["No ascites", "PVT"]),
        ("Whipple 2019. No stent", ["Whipple 2019 .", "No stent"]),
        ("Ascites • PVT", ["Ascites •", "PVT"]),
        ("bilirubin 3.5. no stent", ["bilirubin 3.5 .", "no stent"]),
    ],
)
def test_sentences_end_where_they_end(text: str, written: list[str]) -> None:
    assert [" ".join(words) for words in sentences(text)] == written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ascites (-)", ["Ascites", "(-)"]),
        ("Ascites ( + )", ["Ascites", "( + )"]),
        ("[x] ascites [ ] PVT", ["[x]", "ascites", "[ ]", "PVT"]),
        ("PVT -ve", ["PVT", "-ve"]),
        ("doesn’t", ["doesn’t"]),
        ("Ki-67 10–12", ["Ki", "-", "67", "10", "–", "12"]),
        ("1.250,5", ["1.250,5"]),
        ("bilirubin ____", ["bilirubin", "____"]),
        ("10x9", ["10", "x9"]),
    ],
)
def test_signs_of_forms_numbers_and_words_are_tokens(text: str, words: list[str]) -> None:
    assert split(text) == words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tumours", "tumor"),
        ("Oedema", "edema"),
        ("chemoembolisation", "chemoembolization"),
        ("lesions", "LESION"),
        ("µmol", "umol"),
        ("μmol", "µmol"),
        ("⁹", "9"),
        ("–", "-"),
        ("naïve", "naive"),
        ("doesn’t", "doesn't"),
        ("( + )", "(+)"),
    ],
)
def test_spellings_of_one_word_have_one_form(one: str, other: str) -> None:
    assert form(one) == form(other)


@pytest.mark.parametrize(("one", "other"), [("G1", "G2"), ("no", "nor"), ("(+)", "(-)"), ("hypo", "hyper")])
def test_different_words_keep_different_forms(one: str, other: str) -> None:
    assert form(one) != form(other)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(CLINICAL)
def test_flat_text_is_stable(text: str) -> None:
    assert flat(flat(text)) == flat(text)
    assert flat(text) == flat(text.lower())


def test_tokens_know_numbers_and_words() -> None:
    tokens = tokenise("PVT 1,2 ( mm³")
    assert [token.text for token in tokens if token.is_number] == ["1,2"]
    assert [token.text for token in tokens if token.is_word] == ["PVT", "mm³"]
