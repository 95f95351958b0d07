"""Text to terms for the lexical index: folding, words, stems, and the concepts of the vocabulary.

The same analysis serves building and asking. It knows English spelling, not medicine: every medical word comes from the
vocabulary files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import Stemmer

from corpus.errors import CorpusError

if TYPE_CHECKING:
    from corpus.vocabulary import Vocabulary

_WORD = re.compile(r"\d+(?:[.,]\d+)+|[a-z\d]+(?:'[a-z]+)?")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_SPELLINGS = [
    (re.compile(r"(?<=[a-z]{3})our(?=$|s$|ed$|ing$|al$|able$|ful$|ite)"), "or"),
    (re.compile(r"is(?=(?:e|ed|es|er|ing|ation|ations|able)$)"), "iz"),
    (re.compile(r"ys(?=(?:e|ed|es|ing)$)"), "yz"),
    (re.compile(r"^haem"), "hem"),
    (re.compile(r"(?<=[a-z])ae(?=[a-z]{2})"), "e"),
    (re.compile(r"(?<=[a-z])oea"), "ea"),
    (re.compile(r"^oe|^ae"), "e"),
    (re.compile(r"(?<=[a-z]{2})tre(?=s?$)"), "ter"),
    (re.compile(r"(?<=[a-z]{3})ogue(?=s?$)"), "og"),
    (re.compile(r"(?<=[a-z])lled$"), "led"),
    (re.compile(r"(?<=[a-z])lling$"), "ling"),
]
FUNCTION_WORDS = frozenset(
    """
    a an the of in on for to and or with by at from as is are was were be been do does did has have had i we you
    my me it its this that these those there what which who whom whose when where why how can could may might
    should would will shall if than then so about any into
    """.split()  # noqa: SIM905 - readable as a list of words
)
_STEMMER = Stemmer.Stemmer("english", 0)
_SHORTEST_JOINED = 5
"""Letters of the shortest phrase that may be written in one word or several; with a figure any: "Ki-67" is Ki67."""
_BEGINNING = 3
"""Letters by which a word is known to begin no phrase."""


_TYPOGRAPHY = str.maketrans({"–": "-", "—": "-", "−": "-", "’": "'", "µ": "u", "μ": "u"})


def _plain(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_TYPOGRAPHY))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_TYPOGRAPHY)


def fold(text: str) -> str:
    """Return lower-case text without diacritics, ligatures, superscripts and typographic dashes or quotes."""
    return _plain(text).lower().translate(_TYPOGRAPHY)


@lru_cache(maxsize=256)
def words(text: str) -> tuple[str, ...]:
    """Return folded words and numbers in order; thousands separators are removed, decimals kept."""
    return tuple(w.replace(",", "") if _THOUSANDS.fullmatch(w) else w for w in _WORD.findall(fold(text)))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the stem of a folded word, British and American spellings alike."""
    if word[0].isdigit():
        return word.replace(",", ".")
    return str(_STEMMER.stemWord(_american(word)))


@lru_cache(maxsize=65536)
def singular(word: str) -> str:
    """Return a folded word in American spelling without its English plural."""
    if word[0].isdigit():
        return word.replace(",", ".")
    word = _american(word)
    if word.endswith("ies") and len(word) > 4:  # noqa: PLR2004 - "dies"
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _american(word: str) -> str:
    word = word.removesuffix("'s")
    for pattern, replacement in _SPELLINGS:
        word = pattern.sub(replacement, word)
    return word


def stems(text: str) -> list[str]:
    """Return the stems of a text's words, in order."""
    return [stem(word) for word in words(text)]


def content_terms(text: str) -> list[str]:
    """Return the stems of a text without English function words, in order."""
    return [stem(word) for word in words(text) if word not in FUNCTION_WORDS]


@dataclass(frozen=True, slots=True)
class Mention:
    """A vocabulary entry named in a text: tokens ``first`` to ``last`` (exclusive) of its words."""

    entry: str
    first: int
    last: int


@dataclass(frozen=True)
class Lexicon:
    """The vocabulary's phrases, ready for matching.

    A phrase is looked for as written (but for plurals and spelling) and then by its stems; where the stems of two
    entries coincide ("resection", "resectable") only the written forms count.

    Attributes:
        phrases: Joined words of a phrase to the id of its entry; joining makes "heat sink" and "heatsink" one.
        stemmed: The same for joined stems, without those that two entries share.
        exact: Terms matched with their case (abbreviations that would be ordinary words in lower case).
        parents: Entry id to the ids directly above it.
        kinds: Entry id to its kind.
        names: Entry id to the name it is shown by.
    """

    phrases: Mapping[str, str]
    stemmed: Mapping[str, str]
    exact: Mapping[str, str]
    parents: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    longest: int = 12
    _lineages: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    def mentions(self, text: str) -> list[Mention]:
        """Return the entries named, longest phrase first at each word, without overlaps."""
        tokens = words(text)
        written, stemmed = [singular(word) for word in tokens], [stem(word) for word in tokens]
        cased = {n: self.exact[w] for n, w in enumerate(_cased_words(text)) if w in self.exact}
        found: list[Mention] = []
        position = 0
        while position < len(tokens):
            end = min(len(tokens), position + self.longest)
            begins = self._may_begin(written[position], stemmed[position])
            mention = self._longest_at(written[position:end], stemmed[position:end], position) if begins else None
            if mention is None and position in cased:
                mention = Mention(cased[position], position, position + 1)
            if mention is None:
                position += 1
            else:
                found.append(mention)
                position = mention.last
        return found

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        return frozenset(key[:_BEGINNING] for key in (*self.phrases, *self.stemmed))

    def _may_begin(self, written: str, stemmed: str) -> bool:
        """Whether a phrase may begin with a word; most words of a question begin none."""
        beginnings = {written[:_BEGINNING], stemmed[:_BEGINNING]}
        return min(len(written), len(stemmed)) < _BEGINNING or not self._beginnings.isdisjoint(beginnings)

    def _longest_at(self, written: Sequence[str], stemmed: Sequence[str], position: int) -> Mention | None:
        for length in range(len(written), 0, -1):
            key = _phrase_key(written[:length])
            entry = self.phrases.get(key) or (None if " " in key else self.stemmed.get("".join(stemmed[:length])))
            if entry is not None:
                return Mention(entry, position, position + length)
        return None

    def concepts(self, text: str, wider: float) -> dict[str, float]:
        """Return the entries named with weight 1 and what stands above them with weight ``wider``."""
        return self.weighted((mention.entry for mention in self.mentions(text)), wider)

    def weighted(self, entries: Iterable[str], wider: float) -> dict[str, float]:
        """Return entries with weight 1 and what stands above them with weight ``wider``."""
        weights: dict[str, float] = {}
        for entry in entries:
            for above, current in enumerate(self.lineage(entry)):
                weights[current] = max(weights.get(current, 0.0), wider if above else 1.0)
        return weights

    def lineage(self, entry: str) -> tuple[str, ...]:
        """Return the entry and everything above it, narrower first, each once."""
        known = self._lineages.get(entry)
        if known is None:
            order: list[str] = []
            waiting = [entry]
            while waiting:
                current = waiting.pop(0)
                if current not in order:
                    order.append(current)
                    waiting.extend(self.parents.get(current, ()))
            known = self._lineages[entry] = tuple(order)
        return known


def _cased_words(text: str) -> list[str]:
    """Words in their own case, aligned one to one with ``words``."""
    plain = _plain(text)
    folded = plain.lower().translate(_TYPOGRAPHY)
    if len(plain) != len(folded):  # a character whose lower case is longer: fall back to folded words
        plain = folded
    return [plain[m.start() : m.end()] for m in _WORD.finditer(folded)]


def _phrase_key(written: Sequence[str]) -> str:
    """Words joined, so that "heat sink" and "heatsink" are one; a few letters are not: "do I" is no DOI."""
    joined = "".join(written)
    return " ".join(written) if len(joined) < _SHORTEST_JOINED and joined.isalpha() else joined


def compile_lexicon(vocabulary: Vocabulary) -> Lexicon:
    """Make the vocabulary ready for matching.

    Raises:
        CorpusError: If two entries have terms that differ only by plural or spelling.
    """
    phrases: dict[str, str] = {}
    claims: dict[str, set[str]] = {}
    exact: dict[str, str] = {}
    for entry in vocabulary.entries:
        for term in (*entry.synonyms, *entry.lay):
            claimed = phrases.setdefault(_phrase_key([singular(word) for word in words(term)]), entry.id)
            if claimed != entry.id:
                raise CorpusError(
                    f"{term!r} of {entry.id!r} is matched like a term of {claimed!r}: a term has one entry"
                )
            claims.setdefault("".join(stems(term)), set()).add(entry.id)
        exact.update(dict.fromkeys(entry.exact, entry.id))
    stemmed = {key: owners.pop() for key, owners in claims.items() if len(owners) == 1}
    parents = {entry.id: entry.parents for entry in vocabulary.entries}
    kinds = {entry.id: entry.kind for entry in vocabulary.entries}
    names = {entry.id: entry.name for entry in vocabulary.entries}
    return Lexicon(phrases, stemmed, exact, parents, kinds, names)
