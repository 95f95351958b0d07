"""Sections that a question names: by number, by printed label, or by a heading of one word."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from corpus.document import Section
from index.analysis import fold, stem, words
from index.library import Library

_NUMBERED = re.compile(r"(?:\b(?:section|sect\.?|chapter)|§)\s*(\d+(?:\.\d+)*)")
_NUMBER = re.compile(r"^\d+(?:\.\d+)*$")


class SectionNames:
    """Knows the names of a library's sections."""

    def __init__(self, library: Library) -> None:
        self._rows: dict[tuple[str, str], list[int]] = {}
        for place in library.places:
            self._rows.setdefault((place.document.citation.id, place.unit.section), []).append(place.row)
        self._size = len(library.places)
        self._by_word: dict[str, list[tuple[str, str]]] = {}
        for document in library.documents:
            for section in document.sections:
                if (name := _one_word_name(section)) is not None:
                    self._by_word.setdefault(name, []).append((document.citation.id, section.label))

    def named_in(self, text: str) -> NDArray[np.float64]:
        """Return 1 for the rows of sections the text names, 0 elsewhere: ``(n,) float64``."""
        named = np.zeros(self._size)
        folded = fold(text)
        numbers = {match.group(1) for match in _NUMBERED.finditer(folded)}
        for key, rows in self._rows.items():
            if key[1] in numbers:
                named[rows] = 1.0
        for word in {stem(word) for word in words(text)}:
            for key in self._by_word.get(word, ()):
                named[self._rows.get(key, [])] = 1.0
        return named


def _one_word_name(section: Section) -> str | None:
    """The stem of "Table 1", "Figure 2", "Abstract", "6. Conclusions"; ``None`` for longer names."""
    label = [word for word in words(section.label) if not word[0].isdigit()]
    heading = [word for word in words(section.path[-1]) if not _NUMBER.match(word)]
    name = label or heading
    return stem(name[0]) if len(name) == 1 else None
