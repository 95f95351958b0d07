"""Fitting an answer into Slack's messages: what must be shown is shown, the rest as far as there is room, then counted.

A sentence is shown whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]

MOST_BLOCKS = 50
MOST_TEXT = 3_000
"""Characters of a section."""
MOST_IN_ALL = 12_600
"""Characters of a message's blocks together; Slack refuses from about 13,200 on."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)|\n+")


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its blocks, and the text that stands for them in notifications.

    Attributes:
        page: Address of the whole answer on the page; empty where there is none.
    """

    text: str
    blocks: tuple[Block, ...]
    page: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """Blocks shown together or not at all.

    Attributes:
        must: Whether it may never be left out.
        group: What is counted where some are left out, such as ``sentences``; empty for what is not counted.
        whole: Whether, shown, it counts as shown: not where it only points to what is too long.
    """

    blocks: tuple[Block, ...]
    must: bool = False
    group: str = ""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Split:
    """What of an answer stands in which message, and of each group with something left out, how many of how many."""

    messages: tuple[tuple[Block, ...], ...]
    left_out: tuple[tuple[str, int, int], ...]


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a block of text; names and addresses in it are not made into links."""
    block: Block = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
    return block if accessory is None else {**block, "accessory": accessory}


def context(text: str) -> Block:
    """Return a block of small text."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def small(text: str) -> tuple[Block, ...]:
    """Return small text, in more than one block where it is too long for one."""
    return tuple(context(piece) for piece in pieces(text, MOST_TEXT))


def flowed(lines: Iterable[str], most: int = MOST_TEXT) -> tuple[Block, ...]:
    """Return lines as sections, as many lines in each as fit; a line too long is cut between sentences."""
    texts: list[str] = []
    for line in (piece for whole in lines for piece in pieces(whole, most)):
        if texts and len(texts[-1]) + 1 + len(line) <= most:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return tuple(section(text) for text in texts)


def pieces(text: str, most: int) -> Iterator[str]:
    """Cut text into pieces of at most so many characters: between sentences, if need be words, if need be anywhere."""
    while len(text) > most:
        ends = [found.start() for found in _SENTENCE_END.finditer(text, 0, most + 1)]
        cut = ends[-1] if ends else text.rfind(" ", 1, most + 1)
        if cut <= 0:
            cut = most
            escape = text.rfind("&", most - 5, most)  # not within an escape
            cut = escape if escape > 0 and ";" in text[escape : escape + 6] else cut
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def size(blocks: Iterable[Block]) -> int:
    """Return the number of characters in blocks, all texts, values and addresses together."""
    return sum(_length(block) for block in blocks)


def split(items: Sequence[Item], reserved: Sequence[Block]) -> Split:
    """Choose what is shown, in the order given.

    Args:
        reserved: Blocks for which the last message keeps room.
    """
    blocks, room = MOST_BLOCKS - len(reserved) - 1, MOST_IN_ALL - size(reserved) - _NOTE
    messages: list[list[Block]] = [[]]
    musts = [block for item in items if item.must for block in item.blocks]
    if len(musts) <= blocks and size(musts) <= room:
        shown = _chosen(items, blocks, room)
        messages = [[block for item in shown for block in item.blocks]]
    else:  # more than one message is full of: nothing else, and the last one keeps room for what comes after
        shown = [item for item in items if item.must]
        for block in musts:
            if len(messages[-1]) + 1 > blocks or size([*messages[-1], block]) > room:
                messages.append([])
            messages[-1].append(block)
    counted = {id(item) for item in shown if item.whole}
    groups = dict.fromkeys(item.group for item in items if item.group)
    totals = [(group, [item for item in items if item.group == group]) for group in groups]
    left_out = [(group, sum(id(item) in counted for item in all_), len(all_)) for group, all_ in totals]
    return Split(
        tuple(tuple(message) for message in messages),
        tuple((group, there, total) for group, there, total in left_out if there < total),
    )


_NOTE = 600
"""Characters kept for the line that counts what is left out, with its link."""


def _chosen(items: Sequence[Item], blocks: int, room: int) -> list[Item]:
    """What must be shown, and of the rest the first ones of each group that fit."""
    blocks -= sum(len(item.blocks) for item in items if item.must)
    room -= sum(size(item.blocks) for item in items if item.must)
    full: set[str] = set()
    shown: list[Item] = []
    for item in items:
        fits = len(item.blocks) <= blocks and size(item.blocks) <= room and item.group not in full
        if item.must:
            shown.append(item)
        elif fits:
            shown.append(item)
            blocks -= len(item.blocks)
            room -= size(item.blocks)
        else:
            full.add(item.group)
    return shown


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_length(item) for item in value.values())
    return sum(_length(item) for item in value) if isinstance(value, list | tuple) else 0
