"""Phrases of several words looked up in tokens: the longest at each place, hyphens counting as spaces.

A phrase may have gaps ("bone metastases … growing"), for a few words that change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


_GAP = form("…")
_WIDEST = 6
_GOING_ON = frozenset({"for", "since", "over", "and", "but", "now"})
_FILLING = frozenset(
    map(
        form,
        """
        and also all almost as been both by chiefly day deposit disease dz entirely evening exclusively few for
        had has have in largely lesion mainly metastasis met morning mostly nearly night now of on one only or
        out over predominantly remain remained since small so some still that to too tumor two three four first
        second third last other others rest remaining virtually well which with , :
        """.split(),  # noqa: SIM905 - readable as a list of words
    )
)
"""Words, besides the light ones and numbers, that may stand in a gap: they say neither what nor where, nor deny."""


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
        self._phrases = {key: value for key, value in phrases.items() if _GAP not in key}
        self._exact = exact or {}
        self._starts = frozenset(key.split(" ", 1)[0] for key in self._phrases)
        self._gapped: dict[str, list[tuple[list[list[str]], Value]]] = {}
        for key, value in phrases.items():
            parts = [part.split() for part in key.split(_GAP)]
            if len(parts) > 1:
                self._gapped.setdefault(parts[0][0], []).append((parts, value))

    @classmethod
    def of(cls, words: Iterable[tuple[str, Value]], exact: Iterable[tuple[str, Value]] = ()) -> PhraseBook[Value]:
        """Make a book of written phrases."""
        return cls({phrase_key(text): value for text, value in words}, dict(exact))

    def find(self, tokens: Sequence[Token], closed: frozenset[int] = frozenset()) -> list[Found[Value]]:
        """Return the phrases in order, longest first at each token, without overlaps; only gaps cross a comma.

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
        found = [*self._gapless(tokens, first, closed), *self._with_gaps(tokens, first, closed)]
        if not found and token.text in self._exact:
            return Found(self._exact[token.text], first, first + 1)
        return max(found, key=lambda match: match.last, default=None)

    def _gapless(self, tokens: Sequence[Token], first: int, closed: frozenset[int]) -> Iterator[Found[Value]]:
        token, words = tokens[first], list[str]()
        if token.form not in self._starts:
            return
        for last in range(first, min(len(tokens), first + _LONGEST * 2)):
            current = tokens[last]
            if current.sentence != token.sentence or current.part != token.part or last in closed:
                break
            if _passes(current) and last > first:
                continue
            words.append(current.form)
            if len(words) > _LONGEST:
                break
            key = " ".join(words)
            if key in self._phrases:
                yield Found(self._phrases[key], first, last + 1)

    def _with_gaps(self, tokens: Sequence[Token], first: int, closed: frozenset[int]) -> Iterator[Found[Value]]:
        for parts, value in self._gapped.get(tokens[first].form, ()):
            end = _end_of_gapped(parts, tokens, first)
            if end and closed.isdisjoint(range(first, end)) and _stands_alone(tokens, first, end):
                yield Found(value, first, end)


def _stands_alone(tokens: Sequence[Token], first: int, end: int) -> bool:
    """Whether the end of a gap with a comma belongs to no next word ("extrahepatic disease, stable liver lesions")."""
    following = tokens[end] if end < len(tokens) else tokens[end - 1]
    same = following.part == tokens[end - 1].part and following.is_word and end < len(tokens)
    return tokens[first].part == tokens[end - 1].part or not same or following.form in _GOING_ON


def _end_of_gapped(parts: Sequence[Sequence[str]], tokens: Sequence[Token], first: int) -> int:
    """The token after a phrase with gaps that begins at a token; 0 where it does not."""
    position = _end_of(parts[0], tokens, first)
    for part in parts[1:]:
        if not position:
            return 0
        for begin in range(position, min(len(tokens), position + _WIDEST + 1)):
            if tokens[begin].sentence != tokens[first].sentence:
                return 0
            if found := _end_of(part, tokens, begin):
                position = found
                break
            if not (tokens[begin].is_number or tokens[begin].form in _FILLING or tokens[begin].form in _LIGHT):
                return 0
        else:
            return 0
    return position


def _end_of(words: Sequence[str], tokens: Sequence[Token], first: int) -> int:
    """The token after words that stand at a token, light ones and silent signs passed over; 0 where they do not."""
    position = first
    for number, word in enumerate(words):
        while number and position < len(tokens) and _passes(tokens[position]):
            position += 1
        if position >= len(tokens) or tokens[position].form != word:
            return 0
        position += 1
    return position if tokens[position - 1].sentence == tokens[first].sentence else 0


def _passes(token: Token) -> bool:
    return token.text in _SILENT or token.form in _LIGHT
