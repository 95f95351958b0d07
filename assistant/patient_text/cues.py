"""Cues around a mention: whether it is denied, doubted, planned, past or another's; the scope of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.patient_text.phrases import Found, PhraseBook
from assistant.patient_text.tokens import Token

NEAR = 4
"""Words that a cue of the reach ``near`` reaches over."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A kind of cue, the side it stands on and how far it reaches."""

    kind: str
    side: str
    reach: str


@dataclass(frozen=True, slots=True)
class CueFound:
    """A cue at its tokens."""

    cue: Cue
    first: int
    last: int
    words: str


class CueBook:
    """The cues of ``cues.yaml``, ready for matching."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        before: list[tuple[str, Cue]] = []
        after: list[tuple[str, Cue]] = []
        for item in values["cues"]:
            cue = Cue(item["kind"], item["side"], item["reach"])
            for words in item["words"]:
                if cue.side != "after":
                    before.append((words, cue))
                if cue.side != "before":
                    after.append((words, cue))
        self._before = PhraseBook.of(before)
        self._after = PhraseBook.of(after)
        self._boundaries = PhraseBook.of((words, True) for words in values["boundaries"])

    def find(self, tokens: Sequence[Token], taken: Sequence[tuple[int, int]]) -> CuesInText:
        """Find every cue in a text.

        Args:
            taken: Tokens of the mentions: no cue runs into one.
        """
        closed = frozenset(n for start, end in taken for n in range(start, end))
        before = _found(self._before.find(tokens, closed), tokens)
        after = _found(self._after.find(tokens, closed), tokens)
        cued = frozenset(n for cue in (*before, *after) for n in range(cue.first, cue.last))
        boundaries = self._boundaries.find(tokens, closed | cued)
        ends = frozenset(n for found in boundaries for n in range(found.first, found.last))
        return CuesInText(tokens, before, after, ends, tuple(sorted(taken)))


def _found(matches: Iterable[Found[Cue]], tokens: Sequence[Token]) -> tuple[CueFound, ...]:
    return tuple(
        CueFound(m.value, m.first, m.last, " ".join(t.text for t in tokens[m.first : m.last])) for m in matches
    )


@dataclass(frozen=True)
class CuesInText:
    """The cues of one text, and the tokens of its mentions."""

    tokens: Sequence[Token]
    before: tuple[CueFound, ...]
    after: tuple[CueFound, ...]
    boundaries: frozenset[int]
    taken: tuple[tuple[int, int], ...]

    def around(self, first: int, last: int) -> tuple[CueFound, ...]:
        """Return the cues that bear on the mention at tokens ``first`` to ``last``, nearest first on each side."""
        left, right = self._clause(first, last)
        found = [
            cue
            for cue in reversed(self.before)
            if left <= cue.first and cue.last <= first and not self._answers(cue) and self._reaches(cue, first)
        ]
        found += [
            cue for cue in self.after if last <= cue.first and cue.last <= right and self._reached_from(cue, last)
        ]
        return tuple(found)

    def _clause(self, first: int, last: int) -> tuple[int, int]:
        """The tokens of the clause of a mention: its sentence, cut at words that begin another clause."""
        sentence = self.tokens[first].sentence

        def inside(n: int) -> bool:
            return self.tokens[n].sentence == sentence and n not in self.boundaries

        left, right = first, last
        while left > 0 and inside(left - 1):
            left -= 1
        while right < len(self.tokens) and inside(right):
            right += 1
        return left, right

    def _reaches(self, cue: CueFound, first: int) -> bool:
        """Whether a cue before a mention reaches it: near ones a few words, others to a comma, lists beyond."""
        between = self.tokens[cue.last : first]
        reach = cue.cue.reach
        if reach == "near" and sum(token.is_word or token.is_number for token in between) > NEAR - 2:
            return False
        if reach == "sentence" or not any(token.text == "," for token in between):
            return True
        closing = (
            frozenset({"and", "or", "nor", "plus"}) if cue.cue.kind in {"historical", "affirmed"} else _ALTERNATIVES
        )
        return reach == "list" and self._is_list(cue.last, first, closing)

    def _is_list(self, start: int, first: int, closing: frozenset[str]) -> bool:
        """Whether a list goes from a cue on to a mention: short parts, closed by a conjunction here or further on."""
        sentence, position, words, closed = self.tokens[first].sentence, start, 0, False
        while position < len(self.tokens) and self.tokens[position].sentence == sentence:
            token = self.tokens[position]
            if position in self.boundaries or (words > NEAR + 1 and not self._is_taken(position)):
                break
            if token.text == "," or token.form in closing:
                closed, words = closed or token.text != ",", 0
            else:
                words += token.is_word
            position += 1
            if closed and position > first:
                break
        return closed and position > first

    def _reached_from(self, cue: CueFound, last: int) -> bool:
        """Whether a cue after a mention bears on it: little between, and other mentions only in one list with it."""
        between = range(last, cue.first)
        words = sum(self.tokens[n].is_word and not self._is_taken(n) for n in between)
        commas = any(self.tokens[n].text == "," for n in between)
        if cue.cue.reach == "next":
            return all(self.tokens[n].text in {":", "=", "-"} for n in between) and self._ends_part(cue.last)
        if (cue.cue.reach == "near" and words > NEAR) or (commas and cue.cue.kind not in _LISTED):
            return False
        if not any(self._is_taken(n) for n in between):
            return words <= NEAR + 2 and not commas
        joined = sum(self.tokens[n].text.lower() not in _JOINING for n in between if not self._is_taken(n))
        return joined <= 1

    def _answers(self, cue: CueFound) -> bool:
        """Whether a cue is the answer to the mention before it ("Ascites: no / syndrome: yes")."""
        return cue.first > 1 and self.tokens[cue.first - 1].text in {":", "="} and self._is_taken(cue.first - 2)

    def _ends_part(self, position: int) -> bool:
        """Whether no word follows in the same sentence and part."""
        if position >= len(self.tokens):
            return True
        token, last = self.tokens[position], self.tokens[position - 1]
        return token.sentence != last.sentence or token.part != last.part or not token.is_word

    def _is_taken(self, position: int) -> bool:
        return any(start <= position < end for start, end in self.taken)


_ALTERNATIVES = frozenset({"or", "nor"})
_LISTED = frozenset({"negated", "affirmed", "uncertain"})
"""Kinds of which one at the end of a list speaks of all of it."""
_JOINING = frozenset({"and", "or", ",", "/", "&", "nor", "(", ")", "any", "the", "a", ":"})
