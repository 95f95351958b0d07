"""What a text names: words of facts and therapies, the longest at each place, and what counts inside longer words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.patient_text.phrases import Found, PhraseBook, phrase_key
from assistant.patient_text.tokens import Token, form
from assistant.rules.book import RuleBook
from corpus.definitions import ASK, OfElse, Words

PLANNED, PERFORMED = "planned_interventions", "performed_interventions"
Meanings = tuple["Meaning", ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase says: words of a fact, or a therapy."""

    fact: str
    words: Words | None
    therapy: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A meaning at tokens ``first`` to ``last`` (exclusive).

    Attributes:
        within: What stands before it in longer words of a fact.
        longer: The token after those longer words; 0 where it stands in none.
    """

    meaning: Meaning
    first: int
    last: int
    within: str = ""
    longer: int = 0

    @property
    def covered(self) -> bool:
        """Whether it stands in longer words of a fact."""
        return self.longer > 0


_LINKS = frozenset({"of", "was", "is", "at", ":", "(", ")", "="})
"""Tokens that may stand between what has a value and the value: "toxicity was grade 3"."""
_LONG, _LONGEST = 9, 40
"""Letters of a word that may have one wrong."""


def _shortened(word: str) -> set[str]:
    """A word without each of its letters: two words one letter apart have one of these in common."""
    return {word[:n] + word[n + 1 :] for n in range(len(word))}


class MentionFinder:
    """The words of a rule book's facts and of therapies, ready for matching."""

    def __init__(self, book: RuleBook, therapy_words: Mapping[str, Sequence[str]]) -> None:
        words: dict[str, Meanings] = {}
        exact: dict[str, Meanings] = {}
        for definition in book.facts.values():
            for group in definition.terms:
                meaning = Meaning(definition.id, group)
                for key in dict.fromkeys(map(phrase_key, group.words)):
                    words[key] = (*words.get(key, ()), meaning)
                for text in group.exact:
                    exact[text] = (*exact.get(text, ()), meaning)
        self._phrases = PhraseBook(words, exact)
        self._inside = PhraseBook(_counting_inside(words, book), _counting_inside(exact, book))
        named = (
            (text, (Meaning(PLANNED, None, therapy),)) for therapy, names in therapy_words.items() for text in names
        )
        self._therapies = PhraseBook.of(named)
        self._of_else = {
            definition.id: _Neighbours(definition.of_else)
            for definition in book.facts.values()
            if definition.of_else is not None
        }
        self._known = frozenset(word for key in words for word in key.split())
        self._shortened = {part: word for word in self._known if len(word) >= _LONG for part in _shortened(word)}

    def _mended(self, form: str) -> str:
        if not _LONG <= len(form) <= _LONGEST or form in self._known or not form.isalpha():
            return form
        parts = {form, *_shortened(form)}
        found = [self._shortened.get(part, "") for part in parts] + [part for part in parts if part in self._known]
        like = {word for word in found if len(word) >= _LONG and word[0] == form[0]}
        return like.pop() if len(like) == 1 else form

    def find(self, written: Sequence[Token]) -> list[Mention]:
        """Return what is named, in order; long words with one letter wrong are read as what they are like."""
        forms = [self._mended(token.form) for token in written]
        tokens = [t if form == t.form else replace(t, form=form) for t, form in zip(written, forms, strict=True)]
        found = self._phrases.find(tokens)
        found = [f for f in found if not self._is_of_else(f, tokens)]
        mentions = [Mention(meaning, f.first, f.last) for f in found for meaning in f.value]
        around = {n: f for f in found for n in range(f.first, f.last)}
        known = {(mention.meaning.fact, mention.first) for mention in mentions}
        for book in (self._inside, self._therapies):
            for other in book.find(tokens):
                longer = around.get(other.first)
                if longer is not None and other.last > longer.last:
                    longer = None
                if longer is not None and _silent(longer):
                    continue
                within = "" if longer is None else " ".join(token.text for token in tokens[longer.first : other.first])
                fresh = [meaning for meaning in other.value if (meaning.fact, other.first) not in known]
                mentions += [
                    Mention(meaning, other.first, other.last, within, longer=longer.last if longer else 0)
                    for meaning in fresh
                ]
                known |= {(meaning.fact, other.first) for meaning in fresh}
        return sorted(mentions, key=lambda mention: (mention.first, mention.last))

    def _is_of_else(self, found: Found[Meanings], tokens: Sequence[Token]) -> bool:
        """Whether all that words say is said of something that stands beside them."""
        return all(
            meaning.fact in self._of_else and self._of_else[meaning.fact].claim(found, tokens)
            for meaning in found.value
        )


class _Neighbours:
    """What has the values of a fact too, looked for beside its words."""

    def __init__(self, of_else: OfElse) -> None:
        self._before = _book(*of_else.before, *of_else.beside, *of_else.spelled)
        self._behind = _book(*of_else.beside, *of_else.spelled)
        self._behind_one = _book(*of_else.beside)
        self._unless = frozenset(form(word) for word in of_else.unless)

    def claim(self, found: Found[Meanings], tokens: Sequence[Token]) -> bool:
        """Whether the words found are of what stands directly before or behind them, in the same part of a sentence."""
        own, before, behind = tokens[found.first : found.last], list[Token](), list[Token]()
        for token in tokens:
            if (token.sentence, token.part) == (own[0].sentence, own[0].part):
                if token.start < own[0].start:
                    before.append(token)
                elif token.start > own[-1].start:
                    behind.append(token)
        if not self._unless.isdisjoint(token.form for token in (*before[-1:], *own)):
            return False
        if before and before[-1].form in _LINKS:
            before.pop()
        book = self._behind if len(own) > 1 else self._behind_one
        return any(other.last == len(before) for other in self._before.find(before)) or any(
            other.first == 0 for other in book.find(behind)
        )


def _book(*words: str) -> PhraseBook[bool]:
    return PhraseBook.of((text, True) for text in words)


def _counting_inside(words: Mapping[str, Meanings], book: RuleBook) -> dict[str, Meanings]:
    kept = ((text, tuple(m for m in meanings if book.facts[m.fact].inside)) for text, meanings in words.items())
    return {text: meanings for text, meanings in kept if meanings}


def _silent(found: Found[Meanings]) -> bool:
    """Whether words only touch their facts: what stands in them is not named ("portal vein embolization")."""
    return all(meaning.words is not None and meaning.words.says == ASK for meaning in found.value)


def spans(mentions: Iterable[Mention]) -> list[tuple[int, int]]:
    """Return the tokens of mentions, each stretch once, in order."""
    return sorted({(mention.first, mention.last) for mention in mentions})
