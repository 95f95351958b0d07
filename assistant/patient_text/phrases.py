"""Phrases of several words looked up in tokens: the longest at each place, hyphens counting as spaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from assistant.patient_text.tokens import Token, form, split

Value = TypeVar("Value")
_LONGEST = 10
_SILENT = frozenset({"-", ".", ":"})
"""Signs that may stand between the words of a phrase: "PV: patent", "T.bili"."""
_LIGHT = frozenset(
    form(word)
    for word in [
        "is",
        "are",
        "was",
        "were",
        "the",
        "a",
        "an",
        "clearly",
        "markedly",
        "slightly",
        "mildly",
        "very",
        "still",
        "also",
    ]
)
"""Words that may: "serotonin is clearly raised"."""


@dataclass(frozen=True)
class Found(Generic[Value]):
    """A phrase found: tokens ``first`` to ``last`` (exclusive)."""

    value: Value
    first: int
    last: int


def phrase_key(phrase: str) -> str:
    """Return what a phrase is looked up by: the forms of its words and signs, hyphens left out."""
    words = [form(word) for word in split(phrase) if word not in _SILENT]
    return " ".join([word for word in words if word not in _LIGHT] or words)


class PhraseBook(Generic[Value]):
    """Phrases with values.

    Args:
        exact: Looked up with case first.
    """

    def __init__(self, phrases: Mapping[str, Value], exact: Mapping[str, Value] | None = None) -> None:
        self._phrases = phrases
        self._exact = exact or {}
        self._starts = frozenset(key.split(" ", 1)[0] for key in phrases)

    @classmethod
    def of(cls, words: Iterable[tuple[str, Value]], exact: Iterable[tuple[str, Value]] = ()) -> PhraseBook[Value]:
        """Make a book of written phrases."""
        return cls({phrase_key(text): value for text, value in words}, dict(exact))

    def find(self, tokens: Sequence[Token], closed: frozenset[int] = frozenset()) -> list[Found[Value]]:
        """Return the phrases in order, longest first at each token, without overlaps; none crosses a comma.

        Args:
            closed: Tokens that no phrase may use.
        """
        found: list[Found[Value]] = []
        position = 0
        while position < len(tokens):
            match = self._at(tokens, position, closed) if position not in closed else None
            if match is None:
                position += 1
            else:
                found.append(match)
                position = match.last
        return found

    def _at(self, tokens: Sequence[Token], first: int, closed: frozenset[int]) -> Found[Value] | None:
        token = tokens[first]
        best: Found[Value] | None = None
        if token.form in self._starts:
            words: list[str] = []
            for last in range(first, min(len(tokens), first + _LONGEST * 2)):
                current = tokens[last]
                if current.sentence != token.sentence or current.part != token.part or last in closed:
                    break
                if (current.text in _SILENT or current.form in _LIGHT) and last > first:
                    continue
                words.append(current.form)
                if len(words) > _LONGEST:
                    break
                key = " ".join(words)
                if key in self._phrases:
                    best = Found(self._phrases[key], first, last + 1)
        if best is None and token.text in self._exact:
            best = Found(self._exact[token.text], first, first + 1)
        return best
