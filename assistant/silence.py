"""Why a question is not answered, and what exactly is missing."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answer import Reason
from assistant.asking import read_asking
from assistant.decision import NEAR
from index.analysis import FUNCTION_WORDS, stem, words
from index.library import Library, Place
from index.search import Query, Ranking

_ALIKE = 0.65
"""Similarity to an unanswerable question from which a known gap's own words, and the units noted with it, are used."""
REASONS: dict[str, Reason] = {
    **dict.fromkeys(("attribute", "entity", "endpoint", "population", "comparator", "advice"), "not_stated"),
    "reference_only": "only_in_references",
    "ongoing": "trial_ongoing",
    "other_subject": "outside_subject",
}
"""Kind of unanswerable question to the reason an answer gives."""
_FIGURES = {
    "dose": "dose",
    "limit": "limit",
    "percent": "percentage",
    "duration": "time",
    "size": "size",
    "count": "number",
}
"""Attributes asked for, in the order of looking, and what an answer calls them."""
_ATTRIBUTES = frozenset({"topic", "metric"})
"""Kinds of entries that are asked of something and are no subject themselves."""
_MOST_ABSENT = 3
_ASKING = frozenset(
    """
    mention mentions mentioned say says said tell give gives given name list show review paper article please much
    many often recommend recommends recommended advise advised patient patients doctor need needs needed want get know
    """.split()  # noqa: SIM905 - readable as a list of words
)
"""Words of asking: that the document lacks them says nothing."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Why nothing is answered: the reason, what a known gap says of it (may be empty), and the nearest units."""

    reason: Reason
    says: str
    nearest: tuple[Place, ...]


def explain_silence(ranking: Ranking, library: Library, words_of_documents: Container[str]) -> Silence:
    """Return the reason of an abstention from the unanswerable question that is most like it.

    A question that names nothing of the vocabulary and is remote from every answerable one is of another subject.

    Args:
        words_of_documents: The stems that occur in the documents.
    """
    if not ranking.query.concepts and float(ranking.likeness.questions.max(initial=0.0)) < NEAR:
        return Silence("outside_subject", "", ())
    similarity = ranking.likeness.unanswerable.round(3)
    nearest = tuple(hit.place for hit in ranking.hits(2))
    if len(similarity) == 0:
        return Silence("not_stated", "", nearest)
    best = int(np.argmax(similarity))
    known = library.silences[best]
    says = ""
    gaps = np.array([bool(silence.gap) for silence in library.silences])
    if gaps.any():  # a known gap that is alike says it better than the general words of a near miss
        likest = int(np.argmax(np.where(gaps, similarity, -1.0)))
        if similarity[likest] >= min(_ALIKE, float(similarity[best])):
            known = library.silences[likest]
            says = library.gaps[known.gap]
    if similarity[best] >= _ALIKE and known.rows:
        nearest = tuple(library.places[row] for row in known.rows[:2])
    reason = REASONS[known.kind]
    if reason == "not_stated" and not says:
        says = _missing(ranking.query, library, words_of_documents)
    return Silence(reason, says, () if reason == "outside_subject" else nearest)


def _missing(query: Query, library: Library, words_of_documents: Container[str]) -> str:
    """Say what exactly is missing: a word that occurs nowhere, or the kind of figure asked for; empty where neither."""
    lexicon = library.lexicon
    mentions = lexicon.mentions(query.mended)
    named = {n for mention in mentions for n in range(mention.first, mention.last)}
    absent = dict.fromkeys(
        word
        for n, word in enumerate(words(query.mended))
        if n not in named
        and word.isalpha()
        and word not in FUNCTION_WORDS
        and word not in _ASKING
        and stem(word) not in words_of_documents
    )
    if absent:
        listed = _listed(f"“{word}”" for word in list(absent)[:_MOST_ABSENT])
        return f"The review does not say this: {listed} {'does' if len(absent) == 1 else 'do'} not occur in it."
    wanted = next((name for name in _FIGURES if name in read_asking(query.mended).attributes), "")
    entries = tuple(dict.fromkeys(m.entry for m in mentions if lexicon.kinds.get(m.entry) not in _ATTRIBUTES))
    if not wanted or not entries or _is_given(wanted, entries, library):
        return ""  # that nothing answers is the model's judgement; that nothing is printed has to be so
    of = _listed(lexicon.names[entry] for entry in entries[:_MOST_ABSENT])
    return f"The review gives no {_FIGURES[wanted]} for {of}."


def _is_given(attribute: str, entries: Sequence[str], library: Library) -> bool:
    """Whether any sentence about one of the entries, or about something narrower, answers an attribute."""
    lexicon = library.lexicon
    return any(
        attribute in known.asks and any(entry in lexicon.lineage(about) for about in known.about for entry in entries)
        for units in library.known.values()
        for known in units.values()
    )


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
