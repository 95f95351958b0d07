"""What a question takes for granted, compared with the sentences chosen.

A claim is contradicted where the question words it like a wrong claim the pack holds of the sentence (a small fitted
model), turns a comparison round, or states another figure. English opposites stand here; every clinical word comes from
the packs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.calibration import Logistic
from assistant.figures import speaks_of
from assistant.question import claims_something
from corpus.statements import Outcome, Relation
from index.analysis import FUNCTION_WORDS, Lexicon, content_terms, fold, singular, stems, words
from index.lexical import TermIndex
from index.library import Library, Place
from index.search import Legs, Query

SIGNS = {
    "false_words": 1,
    "true_words": -1,
    "claim_covered": 1,
    "false_share": 1,
    "opposites": 1,
    "numbers": 1,
}
"""Features of a question beside a wrong claim, with their expected sign.

Words that only the claim has, and that the sentence alone has; share of the claim that the question says, and of what
only the claim has; opposites of the sentence's words; numbers the sentence does not print.
"""
_OPPOSITE_WORDS = (
    (
        "better superior improve longer higher more increase rise prolong enhance greater larger faster",
        "worse inferior reduce shorter lower less fewer decrease fall decline shorten poorer smaller slower",
    ),
    ("before first early initial precede", "after second late last following"),
    (
        "recommend advise prefer favor support indicated suitable eligible",
        "contraindicated avoid against unsuitable ineligible discourage",
    ),
    ("always all every only exclusively solely alone never none no", "also both may some can several including"),
    ("positive open proximal", "negative closed distal"),
    ("cause trigger", "prevent stop"),
    ("same equal similar identical", "differ different superior better worse higher lower"),
    ("retrospective", "prospective randomized"),
    ("single one", "multiple several many"),
    ("inhibit block suppress", "stimulate promote activate"),
)
_OPPOSITES = tuple((frozenset(stems(one)), frozenset(stems(other))) for one, other in _OPPOSITE_WORDS)
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)?(?![\w]|[.,]\d)")
_STATED = re.compile(rf"(?P<number>{_NUMBER.pattern})\s*-?\s*(?P<unit>%|[^\W\d_]+(?:/[^\W\d_]+)*)?")
_THOUSANDS = re.compile(r"\d{1,3},\d{3}")
_DENIED = re.compile(r"\b(?:not?|never|neither|nor|without|isn't|aren't|doesn't|don't|no longer)\b", re.IGNORECASE)
_SIGNS_OF_COMPARISON = {"better": "+", "outperforms": "+>", "worse": "-", "than": ">", "stop": ","}
_COMPARISON = re.compile(
    r"""\b(?P<better>better|superior|longer|improve\w*)\b | \b(?P<outperforms>outperform\w*)
      | \b(?P<worse>worse|inferior|shorter|poorer)\b
      | (?P<than>\b(?:than|(?:compared|comparison)\s(?:with|to)|relative\sto|versus|vs|over)\b
          |(?<=superior\s)to\b|(?<=inferior\s)to\b)
      | (?P<stop>[,;:?!]|\.(?!\d))""",
    re.IGNORECASE | re.VERBOSE,
)
_READINGS = tuple(
    re.compile(pattern.replace("X", "(?P<one>[AB])").replace("±", "(?P<sign>[+-])").replace("Y", "(?P<other>[AB])"))
    for pattern in (
        "(?<![AB])X±,?>Y(?![AB])",  # X is better than Y
        "±X,?>Y(?![AB])",  # survival is better with X than with Y
        ">Y,X±",  # compared with Y, X is better
        ">Y,±X",  # compared with Y, survival is better with X
        "X,>Y,±",  # X, compared with Y, is better
    )
)
"""How a comparison may be worded, in the signs of `_signs`. Two treatments in a row ("X after Y") are not read."""
_TOLERANCE = 0.005
_SAME_UNIT = {"percent": "%", "pct": "%", "yr": "year", "mo": "month", "wk": "week"}
_MONTHS = {"day": 1 / 30.4375, "week": 7 / 30.4375, "month": 1.0, "year": 12.0, "decade": 120.0}
_CONCEPT = "§"
"""Marks a vocabulary entry among stems."""


def claim_features(question: str, claim: str, says: str, true: Callable[[str], bool], lexicon: Lexicon) -> list[float]:
    """Return the values of `SIGNS`.

    Args:
        says: The sentence's clean text.
        true: Whether a term stands in the sentence, its headings or its curated questions.
    """
    asked, claimed, said = (terms(text, lexicon) for text in (question, claim, says))
    only_claimed = {term for term in claimed if not true(term)}
    numbers = set(_NUMBER.findall(question)) - set(_NUMBER.findall(says))
    return [
        float(len(asked & only_claimed)),
        float(len((asked & said) - claimed)),
        len(asked & claimed) / max(len(claimed), 1),
        len(asked & only_claimed) / max(len(only_claimed), 1),
        float(_opposites(question, says)),
        float(len(numbers)) if _NUMBER.search(says) else 0.0,
    ]


def terms(text: str, lexicon: Lexicon) -> set[str]:
    """Stems of content words, and vocabulary entries with a mark that no stem has."""
    return {*content_terms(text), *(f"{_CONCEPT}{mention.entry}" for mention in lexicon.mentions(text))}


def _opposites(question: str, says: str) -> int:
    asked, said = set(stems(question)), set(stems(says))
    return sum(
        bool(asked & ones and not said & ones and said & others and not asked & others)
        for left, right in _OPPOSITES
        for ones, others in ((left, right), (right, left))
    )


class ClaimReader:
    """Reads the features of `SIGNS` for a unit of the library: the same at the build and when serving."""

    def __init__(self, lexicon: Lexicon, asked_words: TermIndex, concepts: TermIndex) -> None:
        self._lexicon = lexicon
        self._words = asked_words
        self._concepts = concepts

    def read(self, question: str, claim: str, place: Place) -> dict[str, float]:
        """Return the features of a question beside a wrong claim that the pack holds of the unit."""
        tokens = words(claim)
        named = {m.entry: content_terms(" ".join(tokens[m.first : m.last])) for m in self._lexicon.mentions(claim)}

        def true(term: str) -> bool:
            concept = term.removeprefix(_CONCEPT)
            if concept == term:
                return _holds(self._words, term, place.row)
            # curated questions are held as words only
            by_words = all(_holds(self._words, word, place.row) for word in named[concept])
            return by_words or _holds(self._concepts, concept, place.row)

        values = claim_features(question, claim, place.unit.display, true, self._lexicon)
        return dict(zip(SIGNS, values, strict=True))


class PremiseReader:
    """Compares questions with what units state; holds nothing of a question."""

    def __init__(self, library: Library, legs: Legs, model: Logistic) -> None:
        self._library = library
        self._claims = ClaimReader(library.lexicon, legs.asked_words, legs.concepts)
        self._model = model

    def contradicted_by(self, query: Query, best: Sequence[Place]) -> Place | None:
        """Return the chosen unit that contradicts what a question takes for granted, if it does and one does."""
        if not claims_something(query.mended):
            return None
        directions = [self._directions(query, place) for place in best]
        figures = [self._figures(query, place) for place in best]
        # what one sentence states is not corrected by another: that may be of other patients
        direction_stated, figure_stated = (any(True in of_place for of_place in kind) for kind in (directions, figures))
        for place, direction, figure in zip(best, directions, figures, strict=True):
            wrong = not direction_stated and (False in direction or self._known_claim(query, place))
            if wrong or (not figure_stated and False in figure):
                return place
        return None

    def _known_claim(self, query: Query, place: Place) -> bool:
        """Whether the question words a wrong claim that the pack holds of the unit."""
        refutes = self._library.knowledge_of(place).refutes
        features = (self._claims.read(query.mended, refutation.claim, place) for refutation in refutes)
        return any(self._model.probability(values) >= self._model.threshold for values in features)

    def _directions(self, query: Query, place: Place) -> list[bool]:
        """Whether each direction that the unit states between the treatments compared is the one the question says."""
        lexicon = self._library.lexicon
        sides = _comparison(query.mended, lexicon)
        if sides is None:
            return []
        metrics = {entry for entry, weight in query.concepts.items() if weight == 1.0} - set(sides)
        relations = self._library.knowledge_of(place).relations
        verdicts = [_agrees(r, *sides) for r in relations if not metrics or speaks_of(r, metrics, lexicon)]
        return [verdict for verdict in verdicts if verdict is not None]

    def _figures(self, query: Query, place: Place) -> list[bool]:
        """Whether each figure that the unit prints for the metric and treatment is the one the question states.

        A number below an upper limit is, but one above says nothing: it may be a patient's.
        """
        lexicon = self._library.lexicon
        named = {entry for entry, weight in query.concepts.items() if weight == 1.0}
        therapies = {entry for entry in named if lexicon.kinds.get(entry) == "therapy"}
        outcomes = [outcome for outcome in self._library.knowledge_of(place).outcomes if outcome.metric in named]
        covered = {entry for o in outcomes for therapy in o.therapies for entry in lexicon.lineage(therapy)}
        printed = {_number(text) for text in _NUMBER.findall(place.unit.display)}
        stated = [_Stated.of(match) for match in _STATED.finditer(query.mended)]
        if len(stated) != 1 or not outcomes or not therapies <= covered:
            return []
        if stated[0].value in printed:
            return [True]
        verdicts = [(stated[0].fits(outcome), outcome) for outcome in outcomes]
        return [fits for fits, outcome in verdicts if fits or (fits is False and outcome.low is not None)]


def _holds(index: TermIndex, term: str, document: int) -> bool:
    row = index.rows.get(term)
    if row is None:
        return False
    posting = index.documents[index.starts[row] : index.starts[row + 1]]
    position = int(np.searchsorted(posting, document))
    return position < len(posting) and int(posting[position]) == document


@dataclass(frozen=True, slots=True)
class _Stated:
    """A number of a question, with the unit after it (empty where none is) and half of its last decimal place."""

    value: float
    unit: str
    rounding: float

    @classmethod
    def of(cls, match: re.Match[str]) -> _Stated:
        value = _number(match["number"])
        word = (match["unit"] or "").casefold()
        decimals = len(f"{value:g}".partition(".")[2])
        return cls(value, "" if word in FUNCTION_WORDS else _unit(word), 0.5 * 10.0**-decimals)

    def fits(self, outcome: Outcome) -> bool | None:
        """Whether it lies within a figure, ``None`` where that has no number or another kind of unit."""
        scale = self._scale(_unit(outcome.unit_of_value))
        if scale is None or (outcome.low is None and outcome.high is None):
            return None
        low = -math.inf if outcome.low is None else outcome.low * (1 - _TOLERANCE)
        high = math.inf if outcome.high is None else outcome.high * (1 + _TOLERANCE)
        rounding = 0.0 if scale == 1 else self.rounding * scale  # who converts also rounds
        return low - rounding <= self.value * scale <= high + rounding

    def _scale(self, unit: str) -> float | None:
        """What makes it a value in a unit; a number without unit is taken to be in the other's."""
        if not self.unit or not unit or self.unit == unit:
            return 1.0
        return _MONTHS[self.unit] / _MONTHS[unit] if {self.unit, unit} <= _MONTHS.keys() else None


def _unit(written: str) -> str:
    word = singular(fold(written)) if written else ""
    return _SAME_UNIT.get(word, word)


def _number(text: str) -> float:
    return float(text.replace(",", "" if _THOUSANDS.fullmatch(text) else "."))


def _comparison(question: str, lexicon: Lexicon) -> tuple[str, str] | None:
    """Return the treatment that a question says is better and the other; ``None`` where that is not sure."""
    signs, sides = _signs(question, lexicon)
    found = [match for reading in _READINGS for match in reading.finditer(signs) if match["one"] != match["other"]]
    better = {match["one"] if match["sign"] == "+" else match["other"] for match in found}
    if len(sides) != 2 or len(better) != 1 or _DENIED.search(question):  # noqa: PLR2004 - two sides
        return None
    return (sides[0], sides[1]) if better == {"A"} else (sides[1], sides[0])


def _signs(question: str, lexicon: Lexicon) -> tuple[str, list[str]]:
    """Reduce a question to signs in order: treatments (A, B, ...), better (+), worse (-), than (>), stops (,).

    Also return the treatments in the order of their letters; one named twice in a row stands once.
    """
    signs, sides, start = "", list[str](), 0
    for match in [*_COMPARISON.finditer(question), None]:
        mentions = lexicon.mentions(question[start : match.start() if match else None])
        for entry in (mention.entry for mention in mentions if lexicon.kinds[mention.entry] == "therapy"):
            if entry not in sides:
                sides.append(entry)
            letter = chr(ord("A") + sides.index(entry))
            if not signs.endswith(letter):
                signs += letter
        if match is not None:
            signs += _SIGNS_OF_COMPARISON[str(match.lastgroup)]
            start = match.end()
    return signs, sides


def _agrees(relation: Relation, better: str, other: str) -> bool | None:
    """Whether a relation says that the one is better than the other; ``None`` where it speaks of something else."""
    if {better, other} != {relation.left, *relation.right}:
        return None
    if relation.relation in {"similar", "not_significant"}:
        return False
    if relation.relation not in {"better", "worse"}:
        return None
    return (relation.relation == "better") == (relation.left == better)
