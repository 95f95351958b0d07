from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.question import LONGEST_MESSAGE, not_a_question, readable
from index.opening import SearchIndex

CHECKED = settings(deadline=None, derandomize=True, max_examples=100)
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", ""),
        ("  TACE?\n", "TACE?"),
        ("TACE\x00or\x1bTAE\x7f", "TACE or TAE"),
        ("a\tb\r\nc", "a b\nc"),
        ("\x85TACE\x9b", "TACE"),
        ("\ud800TACE\udfff", "\N{REPLACEMENT CHARACTER}TACE\N{REPLACEMENT CHARACTER}"),
        ("≥ 45 µmol/L – “Ki‑67”", "≥ 45 µmol/L – “Ki‑67”"),
        ("肝转移 \N{PILE OF POO}", "肝转移 \N{PILE OF POO}"),
    ],
)
def test_a_message_loses_what_cannot_be_read_and_nothing_else(message: str, expected: str) -> None:
    assert readable(message) == expected


@CHECKED
@given(ANYTHING)
def test_what_is_readable_has_no_controls_no_surrogates_and_stays_as_it_is(message: str) -> None:
    text = readable(message)
    assert not {unicodedata.category(c) for c in text} & {"Cs"}
    assert not [c for c in text if unicodedata.category(c) == "Cc" and c != "\n"]
    assert text == text.strip()
    assert readable(text) == text
    text.encode("utf-8")


@CHECKED
@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Z")), max_size=60))
def test_clean_text_is_left_alone(message: str) -> None:
    assert readable(message) == message


@pytest.mark.parametrize("length", [19_999, 20_000, 20_001, 100_000])
def test_a_message_is_cut_at_two_thousand_code_points(length: int) -> None:
    message = ("\N{PILE OF POO}a" * length)[:length]
    assert readable(message) == message[:LONGEST_MESSAGE]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("", "unreadable"),
        ("?!…", "unreadable"),
        ("\N{PILE OF POO}", "unreadable"),
        ("肝转移的治疗是什么？", "unreadable"),
        ("что это", "unreadable"),
        ("a", "too_vague"),
        ("what is it", "too_vague"),
        ("Who is it? What about this?", "too_vague"),
        ("pizza", "outside_subject"),
        ("zzqx", "outside_subject"),
        ("TACE", None),
        ("tumour", None),
        ("肝 TACE", None),
        ("embolisation", None),
        ("Ki-67", None),
        ("Touloupas", None),
    ],
)
def test_a_message_that_cannot_be_a_question_is_named_for_what_is_amiss(
    search_index: SearchIndex, message: str, reason: str | None
) -> None:
    assert not_a_question(search_index.search.read(message)) == reason


def test_every_word_of_the_review_makes_a_message_a_question(search_index: SearchIndex) -> None:
    read = search_index.search.read
    refused = [
        place.unit.id for place in search_index.library.places if not_a_question(read(place.unit.display)) is not None
    ]
    assert refused == []
