"""Typing errors in the field's words, mended by edit distance; never in numbers, never in words of plain English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from index.analysis import fold, stem, words

_WORD = re.compile(r"(?<![^\W\d_])[^\W\d_]{5,30}(?![^\W\d_])")
_SHORT = 7
_LONG_WORD = 9
"""Letters from which two errors are mended; below, one."""


@dataclass(frozen=True)
class Speller:
    """Knows the field's words and those of plain English.

    Attributes:
        domain: Folded words of the documents, their questions and the vocabulary, with their counts.
        english: Folded words of plain English, one per line.
        short: Folded words of fewer than eight characters of the documents, their questions and the vocabulary.
    """

    domain: Mapping[str, int]
    english: str
    short: frozenset[str] = frozenset()

    @classmethod
    def from_texts(cls, texts: Iterable[str], questions: Iterable[str], english: Iterable[str]) -> Speller:
        """Count the words of texts, and of questions those asked twice or more: once may be a typing error."""
        counts: dict[str, int] = {}
        short: set[str] = set()
        for text in texts:
            short.update(word for word in words(text) if len(word) <= _SHORT)
            for match in _WORD.finditer(fold(text)):
                counts[match.group()] = counts.get(match.group(), 0) + 1
        asked: dict[str, int] = {}
        for question in questions:
            for match in _WORD.finditer(fold(question)):
                asked[match.group()] = asked.get(match.group(), 0) + 1
            short.update(word for word in words(question) if len(word) <= _SHORT)
        for word, count in asked.items():
            if count > 1 or word in counts:
                counts[word] = counts.get(word, 0) + count
        plain = "\n".join(sorted({fold(word) for word in english if _WORD.fullmatch(word)}))
        return cls(counts, plain, frozenset(short))

    @cached_property
    def _plain(self) -> frozenset[str]:
        return frozenset(self.english.split("\n"))

    @cached_property
    def _by_letter(self) -> dict[str, list[str]]:
        groups: dict[str, list[str]] = {}
        for word in sorted(self.domain):
            groups.setdefault(word[0], []).append(word)
        return groups

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(stem(word) for word in self.domain)

    def knows(self, word: str) -> bool:
        """Whether a folded word is the field's, in any inflection, or plain English."""
        return word in self.domain or word in self._plain or stem(word) in self._stems

    def has(self, abbreviation: str) -> bool:
        """Whether an abbreviation stands in documents, curated questions or vocabulary."""
        return fold(abbreviation) in self.short

    def mend(self, text: str) -> str:
        """Return the text with misspelt words of the field put right."""
        return _WORD.sub(lambda match: self._mend_word(match.group()), text)

    def _mend_word(self, word: str) -> str:
        folded = fold(word)
        if self.knows(folded) or not folded.isalpha():
            return word
        from rapidfuzz.distance import OSA

        allowed = 2 if len(folded) >= _LONG_WORD else 1
        best: tuple[int, int, str] | None = None
        for candidate in self._by_letter.get(folded[0], ()):
            if abs(len(candidate) - len(folded)) <= allowed:
                distance = OSA.distance(folded, candidate, score_cutoff=allowed)
                if distance <= allowed:
                    ranked = (distance, -self.domain[candidate], candidate)
                    best = ranked if best is None or ranked < best else best
        return word if best is None else best[2]
