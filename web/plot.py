"""Figures as geometry: a row for each, with its mark on a scale shared by all. Plain values; the template draws them.

Across, everything is a share of the width in percent, so that text keeps its size on every screen; down, it is pixels.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

LETTERS_A_LINE = 30
"""What a phone of 320 pixels takes at 14 pixels a letter."""
_LINE, _TRACK, _GAP = 19, 18, 10
_HEAD, _FOOT = 42, 24
_MOST_STEPS = 5
_FULL = 100.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure to be drawn.

    Attributes:
        low: Lower end; ``None`` where the print leaves it open. ``high`` likewise.
        subject: The first line of its label; ``said`` the second: what is measured and the value as printed.
        pair: Names a comparison; two neighbours of one comparison are joined.
    """

    id: str
    low: float | None
    high: float | None
    subject: str
    said: str
    pair: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure as drawn.

    Attributes:
        lines: Lines of its label with the height of their base; ``strong`` for what it says.
        left: Left end of its bar, ``right`` the right one; equal for a point.
        open_left: Whether the print leaves the lower end open; ``open_right`` likewise.
        top: Of the row; ``height`` without the gap below.
        track: Height of the bar's middle.
        joined: Whether it is of one comparison with the row above.
    """

    id: str
    lines: tuple[tuple[str, int, bool], ...]
    left: float
    right: float
    open_left: bool
    open_right: bool
    top: int
    height: int
    track: int
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """All that is drawn: ``height`` in pixels, the scale and its unit, the marks from top to bottom."""

    height: int
    unit: str
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]


def plot(figures: Sequence[Figure], largest: float, unit: str) -> Plot:
    """Lay figures out on a scale from nought.

    Args:
        largest: The greatest number the scale must reach; the same for a part of the figures as for all of them, so
            that a filter moves nothing.
        unit: Of the scale.
    """
    ticks = scale(largest)
    step = _step(largest)
    end = step * (len(ticks) - 1)
    marks: list[Mark] = []
    top, before = _HEAD, ""
    for figure in figures:
        mark = replace(_mark(figure, end, top), joined=bool(figure.pair) and figure.pair == before)
        marks.append(mark)
        top += mark.height + _GAP
        before = figure.pair
    return Plot(top - _GAP + _FOOT, unit, ticks, tuple(marks))


def scale(largest: float) -> tuple[Tick, ...]:
    """Return the lines of a scale from nought to at least a number, few enough for a narrow screen."""
    step = _step(largest)
    count = -int(-largest // step)
    return tuple(Tick(round(_FULL * n / count, 2), f"{step * n:g}") for n in range(count + 1))


def _step(largest: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, … that reaches a number in a few steps."""
    power = 1.0
    while True:
        for digit in (1, 2, 5):
            if digit * power * _MOST_STEPS >= largest:
                return digit * power
        power *= 10


def _mark(figure: Figure, end: float, top: int) -> Mark:
    subject = [(line, False) for line in textwrap.wrap(figure.subject, LETTERS_A_LINE)]
    said = [(line, True) for line in textwrap.wrap(figure.said, LETTERS_A_LINE)]
    labelled = subject + said
    lines = tuple((line, top + _LINE * n - 5, strong) for n, (line, strong) in enumerate(labelled, 1))
    text = _LINE * len(labelled)
    low, high = figure.low, figure.high
    left = 0.0 if low is None else _FULL * low / end
    right = _FULL if high is None else _FULL * high / end
    return Mark(
        figure.id,
        lines,
        round(left, 2),
        round(right, 2),
        low is None,
        high is None,
        top,
        text + _TRACK,
        top + text + _TRACK // 2,
    )
