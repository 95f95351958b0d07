"""Choosing the sentences to show: the best by search, each with the neighbours without which it would mislead."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.answer import Role
from corpus.document import UnitKind
from index.library import Library, Place
from index.search import Ranking

MOST_SENTENCES = 3
NEARLY_AS_GOOD = 0.85
"""Share of the best score from which a further sentence is shown."""
_LOOKED_AT = 20
_TURNS = re.compile(r"(?:However|Yet|Albeit|Of note|Although)\b")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A unit to show and what it is there for."""

    place: Place
    role: Role


def choose_evidence(ranking: Ranking, library: Library) -> tuple[Evidence, ...]:
    """Choose the sentences that answer best, in order, each followed by its obligatory neighbours."""
    hits = [hit for hit in ranking.hits(_LOOKED_AT) if hit.place.unit.kind is not UnitKind.ROW_HEAD][:MOST_SENTENCES]
    chosen: dict[str, Evidence] = {}
    for hit in hits:
        if hit.score >= NEARLY_AS_GOOD * hits[0].score:
            chosen[hit.place.key] = Evidence(hit.place, "answer")
            for place in company(hit.place, library):
                chosen.setdefault(place.key, Evidence(place, "caveat"))
    return tuple(chosen.values())


def company(place: Place, library: Library) -> tuple[Place, ...]:
    """Return a unit's obligatory neighbours, and what these are never shown without in their turn."""
    found = list(obligatory_neighbours(place, library))
    for neighbour in found:  # grows while it is read
        for unit in library.knowledge_of(neighbour).keep_with:
            other = library.place(neighbour.document.citation.id, unit)
            if other not in found and other.row != place.row:
                found.append(other)
    return tuple(found)


def obligatory_neighbours(place: Place, library: Library) -> tuple[Place, ...]:
    """Return what must stand beside a unit: its ``keep_with``, and the next sentence if it turns against it."""
    document = place.document.citation.id
    kept = [library.place(document, unit) for unit in library.knowledge_of(place).keep_with]
    if place.row + 1 < len(library.places):
        following = library.places[place.row + 1]
        same_paragraph = following.document is place.document and following.unit.paragraph == place.unit.paragraph
        turns = following.unit.kind is UnitKind.SENTENCE and _TURNS.match(following.unit.display) is not None
        if same_paragraph and turns and following not in kept:
            kept.append(following)
    return tuple(kept)
