"""Choosing the sentences to show: the best for each part of the question, and what would mislead if left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.answer import Role
from assistant.asking import Asking
from assistant.facets import parts_of
from assistant.figures import compared, directions
from assistant.ranker import FeatureReader, Features, Ranker
from corpus.document import UnitKind
from index.library import Library, Place
from index.search import Query, Ranking, Scores, UnitSearch

MOST_SENTENCES = 5
_CANDIDATES = 12
_COMPARING = 30
"""Units among which one that compares the treatments asked about is looked for."""
_WORTH_ADDING = 0.2
"""Share of the question's idf mass that a further sentence has to cover anew."""
_HARDLY_WORSE = 1.6
"""Ranker score below the best down to which a second sentence is shown."""
_NEARLY_AS_GOOD = 2.0
"""Ranker score below the best down to which a further sentence is considered."""
_TURNS = re.compile(r"(?:However|Yet|Albeit|Of note|Although)\b")


Encode = Callable[[str], NDArray[np.float32]]
"""The vector of a text, as `index.encoder.OnnxEncoder.encode` gives it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A unit to show and what it is there for."""

    place: Place
    role: Role


@dataclass(frozen=True)
class Choice:
    """The sentences chosen, and what the decision wants to know of them.

    Attributes:
        best: The best unit for each part of the question, best first, without neighbours.
        features: Of every unit for the whole question.
        parts: The parts the question was split into; empty where it is of one piece.
    """

    evidence: tuple[Evidence, ...]
    best: tuple[Place, ...]
    features: Features
    parts: tuple[str, ...]


class Chooser:
    """Chooses evidence in one library; holds nothing of a question."""

    def __init__(self, library: Library, search: UnitSearch, ranker: Ranker, encode: Encode) -> None:
        self._library = library
        self._search = search
        self._ranker = ranker
        self._encode = encode
        self._reader = FeatureReader(library, search)
        self._showable = np.array([place.unit.kind is not UnitKind.ROW_HEAD for place in library.places])

    def choose(self, query: Query, ranking: Ranking) -> Choice:
        """Choose as few sentences as suffice: one for a fact, one for each part of a question of several."""
        features = self._reader.read(query, ranking)
        scores = self._scores(features)
        parts = parts_of(query.mended, self._library.lexicon)
        rows = self._best_few(scores, ranking)
        rows += [row for row in self._for_parts(parts, rows[0]) if row not in rows]
        rows += [row for row in self._comparing(query, features.asking, ranking) if row not in rows]
        rows = self._cover_more(query, scores, ranking, rows)[:MOST_SENTENCES]
        best = tuple(self._library.places[row] for row in rows)
        return Choice(self._with_neighbours(best), best, features, parts)

    def _scores(self, features: Features) -> Scores:
        return np.where(self._showable, self._ranker.scores(features), -np.inf)

    def _best(self, scores: Scores, ranking: Ranking) -> int:
        candidates = ranking.order[: 2 * _CANDIDATES]
        return max(candidates, key=lambda row: (scores[row], -candidates.index(row)))

    def _best_few(self, scores: Scores, ranking: Ranking) -> list[int]:
        """The best unit, and a second one that is hardly worse: where the model wavers, both are shown."""
        candidates = sorted(ranking.order[: 2 * _CANDIDATES], key=lambda row: -scores[row])  # stable: ties as ranked
        return [row for row in candidates[:2] if scores[row] >= scores[candidates[0]] - _HARDLY_WORSE]

    def _for_parts(self, parts: Sequence[str], best: int) -> list[int]:
        """The best unit for each part but the one that the best of all covers most of, unless another part has that."""
        if not parts:
            return []
        words = self._search.legs.words
        shares: list[float] = []
        for part in parts:
            mass = {term: words.idf(term) for term in self._search.read(part).terms}
            shares.append(float(words.coverage(mass)[best]) / max(sum(mass.values()), 1e-9))
        covered = shares.index(max(shares))
        rows = [self._best_for_part(part) for number, part in enumerate(parts) if number != covered]
        return [*rows, self._best_for_part(parts[covered])] if best in rows else rows

    def _best_for_part(self, part: str) -> int:
        query = self._search.read(part)
        ranking = self._search.rank(query, self._encode(query.mended))
        return self._best(self._scores(self._reader.read(query, ranking)), ranking)

    def _comparing(self, query: Query, asking: Asking, ranking: Ranking) -> list[int]:
        """Units that state a direction between the two treatments compared: none of the sides may be missing."""
        sides = compared(query, asking, self._library.lexicon)
        return [
            row
            for row in ranking.order[:_COMPARING]
            if directions(self._library.knowledge_of(self._library.places[row]).relations, sides, query)
        ][: MOST_SENTENCES - 1]

    def _cover_more(self, query: Query, scores: Scores, ranking: Ranking, rows: Sequence[int]) -> list[int]:
        """Add sentences while one covers enough of the question that none chosen covers."""
        words = self._search.legs.words
        mass = {term: words.idf(term) for term in query.terms}
        total = sum(mass.values())
        covered = {term for term in mass if words.coverage({term: 1.0})[list(rows)].any()}
        chosen = list(rows)
        floor = scores[rows[0]] - _NEARLY_AS_GOOD
        candidates = [row for row in ranking.order[:_CANDIDATES] if scores[row] >= floor]
        while total and candidates:
            open_terms = {term: weight for term, weight in mass.items() if term not in covered}
            gains = words.coverage(open_terms)
            row = max(candidates, key=lambda row: (round(float(gains[row]), 6), scores[row]))
            if gains[row] < _WORTH_ADDING * total:
                break
            chosen.append(row)
            covered |= {term for term in open_terms if words.coverage({term: 1.0})[row] > 0}
            candidates = [other for other in candidates if other != row]
        return list(dict.fromkeys(chosen))

    def _with_neighbours(self, best: Sequence[Place]) -> tuple[Evidence, ...]:
        chosen = {place.key: Evidence(place, "answer") for place in best}
        ordered: dict[str, Evidence] = {}
        for place in best:
            ordered.setdefault(place.key, chosen[place.key])
            for neighbour in company(place, self._library):
                ordered.setdefault(neighbour.key, chosen.get(neighbour.key, Evidence(neighbour, "caveat")))
        return tuple(ordered.values())


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
