"""Cues around a mention: whether it is denied, doubted, planned, past or another's; the scope of each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.patient_text.phrases import Found, PhraseBook
from assistant.patient_text.tokens import Token, form

_MOST_CUES = 12
"""Cues on one side of a mention that are looked at."""
_FARTHEST = 40
"""Tokens from a mention to the farthest cue looked at."""
_LONGEST_LIST = 60
NEAR = 4
"""Words that a cue of the reach ``near`` reaches over."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A kind of cue, the side it stands on and how far it reaches; ``exact`` words, where only these count."""

    kind: str
    side: str
    reach: str
    exact: frozenset[str] = frozenset()


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
            exact = frozenset(item["words"]) if item.get("exact") else frozenset()
            cue = Cue(item["kind"], item["side"], item["reach"], exact)
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
        return CuesInText(tokens, before, after, ends, taken)


def _found(matches: Iterable[Found[Cue]], tokens: Sequence[Token]) -> tuple[CueFound, ...]:
    cues = (CueFound(m.value, m.first, m.last, " ".join(t.text for t in tokens[m.first : m.last])) for m in matches)
    return tuple(cue for cue in cues if not cue.cue.exact or cue.words.lower() in cue.cue.exact)


class CuesInText:
    """The cues of one text, and the tokens of its mentions."""

    def __init__(
        self,
        tokens: Sequence[Token],
        before: Sequence[CueFound],
        after: Sequence[CueFound],
        boundaries: frozenset[int],
        taken: Sequence[tuple[int, int]],
    ) -> None:
        self.tokens = tokens
        self._before = before
        self._after = after
        self._before_ends = [cue.last for cue in before]
        self._after_starts = [cue.first for cue in after]
        self._boundaries = boundaries
        self._taken = frozenset(n for start, end in taken for n in range(start, end))
        self._clauses = _clauses(tokens, boundaries)

    def around(self, first: int, last: int) -> tuple[CueFound, ...]:
        """Return the cues that bear on the mention at tokens ``first`` to ``last``, nearest first on each side."""
        left, right = self._clauses[first][0], self._clauses[last - 1][1]
        at = bisect_right(self._before_ends, first)
        found: list[CueFound] = []
        for cue in reversed(self._before[max(0, at - _MOST_CUES) : at]):
            if cue.first < left or first - cue.last > _FARTHEST:
                break
            if not self._answers(cue) and self._reaches(cue, first):
                found.append(cue)
        settled = any(cue.last == first and cue.cue.kind in {"negated", "affirmed"} for cue in found)
        at = bisect_left(self._after_starts, last)
        for cue in self._after[at : at + _MOST_CUES]:
            if cue.last > right or cue.first - last > _FARTHEST:
                break
            of_another = settled and any(self._is_taken(n) for n in range(last, cue.first))
            if not of_another and self._reached_from(cue, first, last):
                found.append(cue)
        return tuple(found)

    def _reaches(self, cue: CueFound, first: int) -> bool:
        """Whether a cue before a mention reaches it: near ones a few words, others to a comma, lists beyond."""
        between = self.tokens[cue.last : first]
        reach = cue.cue.reach
        if any(token.form in _ENDING.get(cue.cue.kind, ()) for token in between):
            return False  # "is TACE possible with ascites?", "no leak since his Whipple"
        if reach == "near" and sum(token.is_word or token.is_number for token in between) > NEAR - 2:
            return False
        commas = any(token.text == "," for token in between)
        if reach == "sentence" or not commas:
            return cue.cue.kind != "historical" or not any(token.text.lower() in _PREDICATES for token in between)
        closing = _JOINED if cue.cue.kind in {"historical", "affirmed"} else _ALTERNATIVES
        return reach == "list" and self._is_list(cue.last, first, closing)

    def _is_list(self, start: int, first: int, closing: frozenset[str]) -> bool:
        """Whether a list goes from a cue on to a mention: short parts, closed by a conjunction here or further on."""
        sentence, position, words, closed = self.tokens[first].sentence, start, 0, False
        while position < min(len(self.tokens), start + _LONGEST_LIST) and self.tokens[position].sentence == sentence:
            token = self.tokens[position]
            if position in self._boundaries or (words > NEAR + 1 and not self._is_taken(position)):
                break
            if token.text == "," and closed and self.tokens[position + 1 : position + 2]:
                if position < first and self.tokens[position + 1].form not in closing:
                    return False  # "neither A nor B, C": the list is over
                words = 0
            elif token.text == "," or token.form in closing:
                closed, words = closed or token.text != ",", 0
            else:
                words += token.is_word
            position += 1
            if closed and position > first:
                break
        return closed and position > first

    def _asks_of_another(self, first: int) -> bool:
        """Whether a question takes a mention for granted: "which embolization with portal vein occlusion?"."""
        begin = bisect_left(self.tokens, self.tokens[first].sentence, key=lambda token: token.sentence)
        before = next((t.form for t in reversed(self.tokens[begin:first]) if t.is_word and t.form not in _ARTICLES), "")
        asks = self.tokens[begin].form in _WHICH and self.tokens[begin + 1].form != _ABOUT  # "what about PVT?"
        return asks or before in _GRANTED

    def _reached_from(self, cue: CueFound, first: int, last: int) -> bool:
        """Whether a cue after a mention bears on it: little between, and other mentions only in one list with it."""
        between = range(last, cue.first)
        words = sum(self.tokens[n].is_word and not self._is_taken(n) for n in between)
        commas = any(self.tokens[n].text == "," for n in between)
        if cue.cue.kind == "uncertain" and cue.cue.reach == "next" and self._asks_of_another(first):
            return False
        if cue.cue.reach == "next":
            return all(self.tokens[n].text in {":", "=", "-"} for n in between) and self._ends_part(cue.last)
        if (cue.cue.reach == "near" and words > NEAR) or (commas and cue.cue.kind not in _LISTED):
            return False
        if not any(self._is_taken(n) for n in between):
            return (not commas and words <= NEAR + 2) or (not words and self._ends_part(cue.last))
        joining = [self.tokens[n].text.lower() for n in between if not self._is_taken(n)]
        closed = not commas or bool(_CONJUNCTIONS & set(joining))
        return closed and sum(text not in _JOINING for text in joining) <= 1

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
        return position in self._taken


def _clauses(tokens: Sequence[Token], boundaries: frozenset[int]) -> list[tuple[int, int]]:
    """For each token, the tokens of its clause: its sentence, cut at words that begin another clause."""
    found: list[tuple[int, int]] = []
    start = 0
    for end in range(1, len(tokens) + 1):
        if end == len(tokens) or tokens[end].sentence != tokens[start].sentence or end in boundaries:
            found += [(start, end)] * (end - start)
            start = end
    return found


_ALTERNATIVES = frozenset({"or", "nor"})
_JOINED = frozenset({"and", "or", "nor", "plus"})
_WHICH = frozenset(map(form, ("which", "what", "how", "when", "who", "why", "where")))
_GRANTED = frozenset(map(form, ("with", "despite", "given", "after", "in")))
_ENDING = {"uncertain": _GRANTED, "negated": frozenset(map(form, ("since", "after", "following", "despite", "at")))}
"""Words past which a cue of a kind does not reach: what they lead to is taken for granted."""
_ABOUT = form("about")
_ARTICLES = frozenset(map(form, ("a", "an", "the", "his", "her", "their")))
_PREDICATES = frozenset({"have", "undergo", "receive", "get", "be", "start", "tolerate"})
"""Verbs of what comes next: "a man with a previous Whipple have TACE"."""
_CONJUNCTIONS = frozenset({*_JOINED, "/", "&", "+"})
_LISTED = frozenset({"negated", "affirmed", "uncertain"})
"""Kinds of which one at the end of a list speaks of all of it."""
_JOINING = frozenset({"and", "or", ",", "/", "&", "nor", "(", ")", "any", "the", "a", ":"})
