from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import Document
from corpus.vocabulary import Vocabulary
from index.analysis import fold
from index.opening import SearchIndex
from index.spelling import Speller

CHECKED = settings(deadline=None, derandomize=True, max_examples=100)
DOMAIN = {
    "tumour": 3,
    "bilirubin": 5,
    "embolization": 4,
    "chemoembolization": 2,
    "lesion": 7,
    "lesions": 2,
    "ascites": 1,
}


@pytest.fixture(scope="module")
def speller(search_index: SearchIndex) -> Speller:
    return search_index.search.speller


def toy(domain: dict[str, int] | None = None, english: str = "pizza\nhouse\nregion") -> Speller:
    return Speller(DOMAIN if domain is None else domain, english)


def edits(one: str, other: str) -> int:
    """Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours."""

    @cache
    def between(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        best = min(between(i - 1, j) + 1, between(i, j - 1) + 1, between(i - 1, j - 1) + (one[i - 1] != other[j - 1]))
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            best = min(best, between(i - 2, j - 2) + 1)
        return best

    return between(len(one), len(other))


@pytest.mark.parametrize(
    ("misspelt", "right"),
    [
        ("chemoembolisaton", "chemoembolisation"),
        ("chemoembolizaiton", "chemoembolization"),
        ("contraindcations", "contraindications"),
        ("contraindicaton", "contraindication"),
        ("Bilirubn", "bilirubin"),
        ("neuroendorine", "neuroendocrine"),
        ("metastasses", "metastases"),
        ("radioembolsation", "radioembolisation"),
        ("microsphers", "microspheres"),
    ],
)
def test_the_field_s_words_are_put_right(speller: Speller, misspelt: str, right: str) -> None:
    assert speller.mend(f"Is {misspelt} safe (90%)?") == f"Is {right} safe (90%)?"


@pytest.mark.parametrize(
    "text",
    [
        "How much does a pizza cost?",
        "Which restaurant near the station is cheapest?",
        "Can my neighbour drive after the weekend?",
        "bilirubin 2.5 mg/dL, albumin 3.4, platelets 45k, Ki-67 22%",
        "1,234 patients; 0.75 Gy; 90Y; 177Lu; 10^9; 2024-04-05",
        "TACE vs TAE vs TARE, n = 61",
        "tumr lvr nelm",
        "",
        "…?!",
    ],
)
def test_plain_english_numbers_and_short_words_stay(speller: Speller, text: str) -> None:
    assert speller.mend(text) == text


@pytest.mark.parametrize("text", ["Yttrium⁹⁰", "Gallium⁶⁸ PET", "resection²", "bilirubin₁", "lesion½"])
def test_a_raised_or_lowered_number_at_a_word_stays(speller: Speller, text: str) -> None:
    assert speller.mend(text) == text


def test_no_known_word_is_ever_changed(speller: Speller) -> None:
    for known in (list(speller.domain), speller.english.split("\n")):
        text = " ".join(known)
        assert len(known) > 1000
        assert speller.mend(text) == text
        assert speller.mend(text.upper()) == text.upper()
        assert all(speller.knows(word) for word in known)


def test_no_sentence_of_the_review_is_changed(speller: Speller, review: Document) -> None:
    changed = [unit.id for unit in review.searchable if speller.mend(unit.display) != unit.display]
    assert changed == []


@pytest.mark.parametrize("inflected", ["embolizing", "embolizations", "ascitic", "tumoured"])
def test_inflections_of_a_known_word_are_known(inflected: str) -> None:
    known = toy({"embolization": 1, "ascitic": 1, "tumour": 1})
    assert known.knows(inflected)
    assert known.mend(inflected) == inflected


@pytest.mark.parametrize(
    ("word", "mended"),
    [
        ("bilirubn", "bilirubin"),  # 8 letters: one error
        ("bilrubn", "bilrubn"),  # 7 letters: not two
        ("bilirubbinn", "bilirubin"),  # 11 letters: two errors
        ("billirubbinn", "billirubbinn"),  # three are too many
        ("bilirubnxy", "bilirubnxy"),
        ("bilribuin", "bilirubin"),  # 9 letters, two errors
        ("tmuour", "tumour"),  # neighbours swapped
        ("umour", "umour"),  # the first letter must be right
        ("gumour", "gumour"),
        ("lesoin", "lesion"),
        ("regoin", "regoin"),  # plain English is not corrected
        ("lésoin", "lesion"),
    ],
)
def test_one_error_is_mended_and_in_long_words_two(word: str, mended: str) -> None:
    assert toy().mend(word) == mended


def test_the_nearest_word_wins_then_the_commonest_then_the_first() -> None:
    words = {"catheters": 1, "catheter": 9, "cathexis": 5, "cathodes": 5, "cathoder": 5}
    assert toy(words).mend("cathetrs") == "catheters"
    assert toy({"stent": 2, "stint": 7}).mend("stnt") == "stnt"
    assert toy({"stenta": 2, "stente": 7}).mend("stento") == "stente"
    assert toy({"stente": 7, "stenta": 7}).mend("stento") == "stenta"
    assert toy({"stenting": 1, "stentxxg": 90}).mend("stentig") == "stenting"


@CHECKED
@given(
    st.dictionaries(st.text("abc", min_size=5, max_size=11), st.integers(1, 3), min_size=1, max_size=6),
    st.text("abc", min_size=5, max_size=11),
)
def test_words_are_mended_as_a_search_over_the_whole_domain_would(domain: dict[str, int], word: str) -> None:
    speller = toy(domain, english="zzzzz")
    allowed = 2 if len(word) >= 9 else 1
    near = [
        (edits(word, known), -count, known)
        for known, count in domain.items()
        if known[0] == word[0] and edits(word, known) <= allowed
    ]
    expected = word if speller.knows(word) or not near else min(near)[2]
    assert speller.mend(word) == expected


@CHECKED
@given(st.lists(st.sampled_from([*DOMAIN, "tumuor", "lesoin", "embolizatoin", "12.5", "Ki-67", "—", "¹⁷⁷Lu", "\n"])))
def test_everything_between_the_words_stays_and_mending_twice_changes_nothing_more(pieces: list[str]) -> None:
    text = "".join(f"{piece}, " for piece in pieces)
    mended = toy().mend(text)
    assert re.sub(r"[a-z]+", "", mended) == re.sub(r"[a-z]+", "", text)
    assert toy().mend(mended) == mended
    assert len(mended.split()) == len(text.split())


@CHECKED
@given(st.text(max_size=40))
def test_any_text_can_be_mended_and_its_digits_stay(text: str) -> None:
    mended = toy().mend(text)
    assert [c for c in mended if c.isdigit()] == [c for c in text if c.isdigit()]
    assert toy().mend(mended) == mended


@pytest.mark.parametrize("tail", ["tumuor", "lesoin"])
def test_a_word_of_more_than_thirty_letters_is_left_alone(tail: str) -> None:
    assert toy().mend("q" * 30 + tail) == "q" * 30 + tail


def test_words_are_counted_folded_and_english_is_sorted() -> None:
    speller = Speller.from_texts(
        ["Tumour tumours TUMOUR", "naïveté 12345 abcd TACE-tumour", "ﬁbrosis"],
        [],
        ["zebra", "Apple", "it's", "cat", "apple"],
    )
    assert speller.domain == {"tumour": 3, "tumours": 1, "naivete": 1, "fibrosis": 1}
    assert speller.english == "apple\nzebra"
    assert speller.knows(fold("TUMOUR"))
    assert not speller.knows("tumuor")


def test_short_words_of_texts_and_questions_are_kept_and_no_others() -> None:
    speller = Speller.from_texts(
        ["TACE, 90Y; Ki-67 (naïve) 1,234 octreot octreoti"], ["PRRT or SIRT? embolisation"], ["pizza", "abc"]
    )
    assert speller.short == {"tace", "90y", "ki", "67", "naive", "1234", "octreot", "prrt", "or", "sirt"}


def test_an_abbreviation_is_had_in_any_case_only_where_it_stands() -> None:
    speller = Speller({"tumour": 1}, "pizza", frozenset({"tace", "naive"}))
    assert all(speller.has(text) for text in ("TACE", "tace", "Tace", "ＴＡＣＥ", "NAÏVE"))
    assert not any(speller.has(text) for text in ("TAC", "TACES", "tumour", "pizza", ""))
    assert not toy().has("TACE")


def test_the_abbreviations_of_the_review_and_its_vocabulary_are_had(
    speller: Speller, review: Document, vocabulary: Vocabulary
) -> None:
    printed = {word for unit in review.searchable for word in re.findall(r"\b[A-Z]{2,7}\b", unit.display)}
    named = {word for entry in vocabulary.entries for word in entry.exact if re.fullmatch(r"[A-Za-z]{2,7}", word)}
    assert len(printed) > 50
    assert [word for word in sorted(printed | named) if not speller.has(word)] == []
    assert [word for word in ("XQZV", "HGB", "NTPROAFP") if speller.has(word)] == []
    assert max(len(word) for word in speller.short) == 7
