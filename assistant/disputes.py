"""Questions on which a document is not of one mind: both sides are shown, and neither wins by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.asking import Asking
from corpus.rules import Tension
from index.analysis import content_terms
from index.library import Library, Place
from index.search import Ranking

_ALIKE = 0.6
"""Cosine to a disputed question from which a question may be one: two thirds of such questions reach it."""
_FARTHER = 0.1
"""How much less alike than to the nearest plainly answerable question it may be."""
_NEAR = 8
"""Rank down to which the other side is looked for."""
_PLAIN = frozenset({"who", "date", "where", "why"})
"""What asks for the fact behind one sentence, whatever another says."""
_NAMING = frozenset({"definition", "name", "list"})
_PATIENTS = frozenset({"count", "percent"})


@dataclass(frozen=True, slots=True)
class Dispute:
    """A tension that a question touches, with the units of either side, those closest to the question first."""

    tension: Tension
    against: tuple[Place, ...]
    supporting: tuple[Place, ...]


def dispute(
    ranking: Ranking, asking: Asking, best: Sequence[Place], library: Library, tensions: Sequence[Tension]
) -> Dispute | None:
    """Return the dispute a question touches, ``None`` for none.

    It is alike a question known to be disputed, the best sentence stands on one side, and one of the other is near.
    """
    alike = ranking.likeness.disputed
    if len(alike) == 0 or not best or _asks_plainly(asking) or _of_one_study(ranking, best[0], library):
        return None
    by_key = {f"{tension.document}/{tension.id}": tension for tension in tensions}
    near = [library.places[row] for row in ranking.order[:_NEAR]]
    floor = max(_ALIKE, float(ranking.likeness.questions.max(initial=0.0)) - _FARTHER)
    for number in sorted(range(len(alike)), key=lambda n: -round(float(alike[n]), 3)):
        if alike[number] < floor:
            return None
        tension = by_key[library.disputes[number]]
        sides = [_of(units, tension, [*best, *near]) for units in (tension.units_against, tension.units_supporting)]
        if all(sides) and any(best[0] in side for side in sides):
            return Dispute(tension, *sides)
    return None


def _asks_plainly(asking: Asking) -> bool:
    """Whether a question asks for the fact behind one sentence; "how many patients" is one too."""
    attributes = asking.attributes
    return bool(attributes & _PLAIN) or attributes >= _PATIENTS or attributes <= _NAMING


def _of(units: Sequence[str], tension: Tension, places: Sequence[Place]) -> tuple[Place, ...]:
    found = (p for p in places if p.document.citation.id == tension.document and p.unit.id in units)
    return tuple({place.key: place for place in found}.values())


def _of_one_study(ranking: Ranking, best: Place, library: Library) -> bool:
    """Whether a question names the study or trial whose finding it wants."""
    kinds = library.lexicon.kinds
    if any(weight == 1.0 and kinds.get(entry) == "trial" for entry, weight in ranking.query.concepts.items()):
        return True
    studies = {outcome.study for outcome in library.knowledge_of(best).outcomes if outcome.study}
    named = [set(content_terms(study)[:1]) for study in studies]
    return any(words and words <= set(ranking.query.terms) for words in named)
