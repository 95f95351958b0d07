"""Conversations that the client keeps: what was said comes with every request, and is read within limits."""

from __future__ import annotations

from collections.abc import Sequence

MOST_MESSAGES = 50
MOST_CHARACTERS = 40_000
"""Of all messages together: reading a long text costs, and one request is not to occupy the service for a minute."""


def fitting(said: Sequence[str]) -> tuple[str, ...]:
    """Return the last messages that keep within the limits; the last one is always among them."""
    held: list[str] = []
    room = MOST_CHARACTERS
    for text in reversed(said[-MOST_MESSAGES:]):
        room -= len(text)
        if held and room < 0:
            break
        held.append(text)
    return tuple(reversed(held))
