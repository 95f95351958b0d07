from __future__ import annotations

import pytest

from assistant.conversation.earlier import MOST_CHARACTERS, MOST_MESSAGES, fitting

HALF = "x" * (MOST_CHARACTERS // 2)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (["a"], 1),
        (["a"] * MOST_MESSAGES, MOST_MESSAGES),
        (["a"] * (MOST_MESSAGES + 1), MOST_MESSAGES),
        ([HALF, HALF], 2),
        ([HALF, HALF, "a"], 2),
        (["a", HALF, HALF, "b"], 2),
        (["a", HALF * 3], 1),
        ([], 0),
    ],
)
def test_the_last_messages_are_read_as_far_as_there_is_room(said: list[str], read: int) -> None:
    assert fitting(said) == tuple(said[len(said) - read :])
