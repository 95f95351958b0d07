"""Passages: the unit found, with as much of its section around it as fits, worth most to the question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.document import Document, UnitKind
from index.library import Library, Place

LONGEST_CHARACTERS = 700
"""Longest passage, in code points of the source."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one section.

    Attributes:
        rank: 1-based.
        score: Of the unit it was found by.
        places: The units it holds whole, in order.
        start: First code point in the source.
        end: Past the last; at most `LONGEST_CHARACTERS` after ``start``.
    """

    rank: int
    score: float
    places: tuple[Place, ...]
    start: int
    end: int

    @property
    def document(self) -> Document:
        """The document it is a stretch of."""
        return self.places[0].document

    @property
    def text(self) -> str:
        """The source between ``start`` and ``end``, untouched."""
        return self.document.source[self.start : self.end]


class PassageBuilder:
    """Knows which stretches of each section fit."""

    def __init__(self, library: Library) -> None:
        self._places = library.places
        self._windows = [tuple(windows) for windows in _windows(library.places)]

    def passages(self, order: Sequence[int], scores: NDArray[np.float64], count: int) -> tuple[Passage, ...]:
        """Build passages from ranked units.

        Each unit in turn that no passage holds yet opens one: of the stretches around it that fit, the one whose other
        units score highest together above the median, the longest among equals.

        Args:
            order: Rows, best first.
            scores: Fused score of each row.
            count: Number of passages; fewer where the units run out.
        """
        worth = np.maximum(scores - np.median(scores), 0.0).tolist()
        held: set[int] = set()
        passages: list[Passage] = []
        for row in order:
            if row in held:
                continue
            first, last = max(
                (w for w in self._windows[row] if held.isdisjoint(range(*w))),
                key=lambda window: self._value(window, worth),
            )
            held.update(range(first, last))
            places = self._places[first:last]
            start = places[0].unit.start
            end = min(places[-1].unit.end, start + LONGEST_CHARACTERS)
            passages.append(Passage(len(passages) + 1, float(scores[row]), places, start, end))
            if len(passages) == count:
                break
        return tuple(passages)

    @staticmethod
    def _value(window: tuple[int, int], worth: Sequence[float]) -> tuple[float, int, int]:
        first, last = window
        return round(sum(worth[first:last]), 3), last - first, -first


def _windows(places: Sequence[Place]) -> Iterator[list[tuple[int, int]]]:
    """For each row, the row ranges of its section that hold it and fit."""
    for place in places:
        found: list[tuple[int, int]] = []
        for first in range(place.row, -1, -1):
            if not _together(places[first], place) or place.unit.end - places[first].unit.start > LONGEST_CHARACTERS:
                break
            for last in range(place.row, len(places)):
                fits = places[last].unit.end - places[first].unit.start <= LONGEST_CHARACTERS
                if not fits or not _together(places[last], place):
                    break
                found.append((first, last + 1))
        yield found or [(place.row, place.row + 1)]


def _together(one: Place, other: Place) -> bool:
    if one.row == other.row:
        return True
    references = UnitKind.REFERENCE in {one.unit.kind, other.unit.kind}
    return one.document is other.document and one.unit.section == other.unit.section and not references
