"""What a question takes for granted, compared with the sentences chosen.

A claim is contradicted where the question words it like a wrong claim the pack holds of the sentence (a small fitted
model), turns a comparison round, or states another figure. English opposites stand here; every clinical word comes from
the packs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from assistant.calibration import Logistic
from assistant.question import claims_something
from corpus.statements import Outcome, Relation
from index.analysis import Lexicon, content_terms, stems
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
_COMPARES = re.compile(
    r"\b(?P<better>better|superior|longer|outperform\w*|improve\w*)\b|\b(?P<worse>worse|inferior|shorter|poorer)\b"
)
_DENIED = re.compile(r"\b(?:not?|never|neither|nor|without|isn't|aren't|doesn't|don't|no longer)\b")
_TOLERANCE = 0.005
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


class PremiseReader:
    """Compares questions with what units state; holds nothing of a question."""

    def __init__(self, library: Library, legs: Legs, model: Logistic) -> None:
        self._library = library
        self._words = legs.asked_words
        self._concepts = legs.concepts
        self._model = model

    def contradicted_by(self, query: Query, best: Sequence[Place]) -> Place | None:
        """Return the chosen unit that contradicts what a question takes for granted, if it does and one does."""
        if not claims_something(query.mended):
            return None
        for place in best:
            if self._known_claim(query, place) or self._turned_round(query, place) or self._other_figure(query, place):
                return place
        return None

    def _known_claim(self, query: Query, place: Place) -> bool:
        """Whether the question words a wrong claim that the pack holds of the unit."""

        def true(term: str) -> bool:
            concept = term.removeprefix(_CONCEPT)
            if concept != term:
                return _holds(self._concepts, concept, place.row)
            return _holds(self._words, term, place.row)

        lexicon, says = self._library.lexicon, place.unit.display
        values = (
            claim_features(query.mended, refutation.claim, says, true, lexicon)
            for refutation in self._library.knowledge_of(place).refutes
        )
        return any(
            self._model.probability(dict(zip(SIGNS, row, strict=True))) >= self._model.threshold for row in values
        )

    def _turned_round(self, query: Query, place: Place) -> bool:
        """Whether the question compares two treatments the other way round than the unit states it."""
        lexicon = self._library.lexicon
        asked = query.mended.casefold()
        compares = _COMPARES.search(asked)
        sides = tuple(dict.fromkeys(m.entry for m in lexicon.mentions(asked) if lexicon.kinds[m.entry] == "therapy"))
        if compares is None or _DENIED.search(asked) or len(sides) != 2:  # noqa: PLR2004 - two sides
            return False
        metrics = {entry for entry, weight in query.concepts.items() if weight == 1.0} - set(sides)
        better = compares["better"] is not None
        relations = self._library.knowledge_of(place).relations
        return any(
            _opposed(relation, *sides, better=better) and (not metrics or self._of_metric(relation, metrics))
            for relation in relations
        )

    def _of_metric(self, relation: Relation, metrics: set[str]) -> bool:
        """Whether a relation speaks of one of the metrics, or of a narrower or wider one."""
        lineage = self._library.lexicon.lineage
        return any(m in lineage(by) or by in lineage(m) for m in metrics for by in relation.by)

    def _other_figure(self, query: Query, place: Place) -> bool:
        """Whether the question states another figure for a metric and treatment than the unit prints."""
        lexicon = self._library.lexicon
        named = {entry for entry, weight in query.concepts.items() if weight == 1.0}
        therapies = {entry for entry in named if lexicon.kinds.get(entry) == "therapy"}
        stated = [float(number.replace(",", ".")) for number in _NUMBER.findall(query.mended)]
        outcomes = [o for o in self._library.knowledge_of(place).outcomes if o.metric in named and o.low is not None]
        if len(stated) != 1 or not outcomes:
            return False
        covered = {entry for o in outcomes for therapy in o.therapies for entry in lexicon.lineage(therapy)}
        printed = {float(n.replace(",", ".")) for n in _NUMBER.findall(place.unit.display)}
        return therapies <= covered and stated[0] not in printed and not any(_within(stated[0], o) for o in outcomes)


def _holds(index: TermIndex, term: str, document: int) -> bool:
    row = index.rows.get(term)
    if row is None:
        return False
    posting = index.documents[index.starts[row] : index.starts[row + 1]]
    position = int(np.searchsorted(posting, document))
    return position < len(posting) and int(posting[position]) == document


def _within(value: float, outcome: Outcome) -> bool:
    low, high = outcome.low, outcome.high
    return low is not None and high is not None and low * (1 - _TOLERANCE) <= value <= high * (1 + _TOLERANCE)


def _opposed(relation: Relation, one: str, other: str, *, better: bool) -> bool:
    """Whether ``one`` better (worse) than ``other`` goes against a relation."""
    if {one, other} != {relation.left, *relation.right}:
        return False
    if relation.relation in {"similar", "not_significant"}:
        return True
    if relation.relation not in {"better", "worse"}:
        return False
    says_one_better = (relation.relation == "better") == (relation.left == one)
    return says_one_better != better
