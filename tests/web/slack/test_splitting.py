from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.slack.limits import block_problems, strings
from web.slack.mrkdwn import escaped
from web.slack.splitting import MOST_BLOCKS, MOST_IN_ALL, Block, Item, context, flowed, pieces, section, size, split


def texts(blocks: tuple[Block, ...]) -> list[str]:
    return [block["text"]["text"] for block in blocks]


@pytest.mark.parametrize("length", [2_999, 3_000, 3_001, 6_000, 6_001])
def test_text_around_the_limit_of_a_block_is_shown_whole(length: int) -> None:
    blocks = flowed(["x" * length])
    assert "".join(texts(blocks)) == "x" * length
    assert len(blocks) == -(-length // 3_000)


def test_a_long_text_is_cut_between_sentences() -> None:
    sentences = [f"Sentence {number} says 3.5 things, e.g. this." for number in range(200)]
    blocks = flowed([" ".join(sentences)])
    assert all(text.endswith("this.") for text in texts(blocks))
    assert " ".join(texts(blocks)) == " ".join(sentences)


def test_a_long_sentence_is_cut_between_words_and_never_within_an_escape() -> None:
    assert " ".join(pieces("word " * 900 + "end", 3_000)) == "word " * 900 + "end"
    text = "&lt;" * 1_000
    found = list(pieces(text, 3_000 - 2))
    assert "".join(found) == text
    assert all(piece.startswith("&") and piece.endswith(";") for piece in found)


@settings(max_examples=30)
@given(st.text("a .!?&<>\n", max_size=300), st.integers(min_value=10, max_value=60))
def test_no_piece_is_too_long_and_no_word_is_lost(text: str, most: int) -> None:
    found = list(pieces(escaped(text), most))
    assert all(len(piece) <= most for piece in found)
    assert "".join("".join(found).split()) == "".join(escaped(text).split())
    assert block_problems([*map(section, filter(str.strip, found))], "message") == []


def test_lines_share_a_block_as_far_as_they_fit() -> None:
    assert texts(flowed(["a" * 1_499, "b" * 1_500, "c"])) == ["a" * 1_499 + "\n" + "b" * 1_500, "c"]


def item(number: int, length: int = 100, *, must: bool = False, group: str = "sentences") -> Item:
    return Item((section(f"{number:03} ".ljust(length, "x")),), must=must, group=group)


def shown(blocks: tuple[Block, ...]) -> list[int]:
    return [int(text[:3]) for text in texts(blocks)]


def test_what_fits_is_shown_in_the_order_given_and_nothing_is_counted() -> None:
    found = split([item(1), item(2, must=True), item(3)], ())
    assert [shown(message) for message in found.messages] == [[1, 2, 3]]
    assert found.left_out == ()


def test_of_what_does_not_fit_the_first_ones_are_shown_and_the_rest_counted() -> None:
    found = split([item(number) for number in range(60)], ())
    (message,) = found.messages
    assert shown(message) == list(range(MOST_BLOCKS - 1))
    assert found.left_out == (("sentences", MOST_BLOCKS - 1, 60),)


def test_what_must_be_shown_is_shown_however_much_stands_before_it() -> None:
    found = split([*(item(number, 2_900) for number in range(30)), item(30, 2_900, must=True)], ())
    (message,) = found.messages
    assert shown(message) == [0, 1, 2, 30] or shown(message) == [0, 1, 30]
    assert size(message) <= MOST_IN_ALL


def test_more_that_must_be_shown_than_fits_goes_on_in_further_messages_and_nothing_else_does() -> None:
    items = [item(number, 2_900, must=number % 2 == 0) for number in range(20)]
    found = split(items, [context("the source")])
    assert [number for message in found.messages for number in shown(message)] == list(range(0, 20, 2))
    assert len(found.messages) == 3 or len(found.messages) == 4
    assert found.left_out == (("sentences", 10, 20),)


def test_what_only_points_to_a_sentence_is_not_counted_as_shown() -> None:
    found = split([item(1), Item((section("002"),), group="sentences", whole=False)], ())
    assert found.left_out == (("sentences", 1, 2),)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(4, 3_000), st.booleans(), st.sampled_from(["", "a", "b"])), max_size=80),
    st.integers(0, 5),
)
def test_no_message_is_too_large_and_nothing_that_must_be_shown_is_left_out(
    given_items: list[tuple[int, bool, str]], reserved: int
) -> None:
    items = [item(n, length, must=must, group=group) for n, (length, must, group) in enumerate(given_items)]
    after: list[Any] = [context("x" * 200)] * reserved
    found = split(items, after)
    for message in found.messages:
        assert len(message) + reserved + 1 <= MOST_BLOCKS
        assert sum(map(len, strings(list(message)))) + size(after) <= MOST_IN_ALL
    numbers = [number for message in found.messages for number in shown(message)]
    assert numbers == sorted(set(numbers))
    assert {n for n, (_, must, _) in enumerate(given_items) if must} <= set(numbers)
    for group, there, total in found.left_out:
        of_group = [n for n, (_, _, name) in enumerate(given_items) if name == group]
        assert (there, total) == (len(set(of_group) & set(numbers)), len(of_group))
