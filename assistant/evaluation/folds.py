"""The pack's questions as a test: each question, or all questions of its unit, left out of index and training.

These are the figures to tune on. Needs the extra ``build``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.evaluation.sets import OwnQuestion
from corpus.pack import load_packs
from corpus.vocabulary import load_vocabulary
from index.analysis import compile_lexicon
from index.build import FitData, curation, embedded, fit_legs, make_speller, same_rows, without
from index.library import Library
from index.measures import first_rank
from index.search import UnitSearch
from index.spelling import Speller
from index.weights import embed, load_weights

_ALIKE = 90
"""Word-order-free similarity in percent from which a curated question counts as the one left out."""


@dataclass(frozen=True, slots=True)
class OwnResult:
    """The rank of the first right passage (0: none of ten), with a question or a whole unit left out."""

    question: OwnQuestion
    question_out: int
    unit_out: int


class Folds:
    """Embeds everything once and evaluates fold by fold."""

    def __init__(self, questions: Sequence[OwnQuestion], *, weights: str | None = None, folds: int = 5) -> None:
        self._questions = tuple(questions)
        self._folds = folds
        vocabulary = load_vocabulary()
        packs = load_packs(vocabulary)
        self._library = Library.from_packs(packs, compile_lexicon(vocabulary), "")
        self._curated = curation(packs)
        self._speller = make_speller(self._library, vocabulary, self._curated)
        self._vocabulary = vocabulary
        model, _ = load_weights(weights)
        units = [place.unit.display for place in self._library.places]
        self._vectors = embedded(model, units, self._curated)
        self._asked_vectors = embed(model, [self._speller.mend(q.text) for q in self._questions])
        row_of = {place.unit.id: place.row for place in self._library.places}
        self._gold = [frozenset(row_of[unit] for unit in q.units) for q in self._questions]
        same = same_rows(self._library)
        self._right = [gold | {other for row in gold for other in same.get(row, ())} for gold in self._gold]

    @property
    def fit_data(self) -> FitData:
        """What the build fits its models on."""
        return FitData(self._library, self._curated, self._vectors, self._speller)

    def results(self, tell: Callable[[int, int], None] | None = None) -> tuple[OwnResult, ...]:
        """Evaluate every question both ways."""
        draw = np.random.default_rng(1)
        by_question = draw.integers(self._folds, size=len(self._questions))
        units: dict[frozenset[int], int] = {}
        by_unit = np.array([units.setdefault(gold, int(draw.integers(self._folds))) for gold in self._gold])
        question_out = np.zeros(len(self._questions), dtype=int)
        unit_out = np.zeros(len(self._questions), dtype=int)
        for fold in range(self._folds):
            for step, (assigned, ranks, keep) in enumerate(
                ((by_question, question_out, self._without_questions), (by_unit, unit_out, self._without_units))
            ):
                if tell is not None:
                    tell(2 * fold + step + 1, 2 * self._folds)
                tested = np.flatnonzero(assigned == fold)
                ranks[tested] = self._ranks(tested, *keep(tested))
        return tuple(
            OwnResult(q, int(a), int(b)) for q, a, b in zip(self._questions, question_out, unit_out, strict=True)
        )

    def _without_questions(self, tested: NDArray[np.int64]) -> tuple[list[int], list[int]]:
        from rapidfuzz import fuzz, process

        left_out = [self._questions[n].text.casefold() for n in tested]
        kept = [question.casefold() for question in self._curated.questions]
        alike = process.cdist(kept, left_out, scorer=fuzz.token_sort_ratio, score_cutoff=_ALIKE).max(axis=1)
        return [n for n, value in enumerate(alike) if value < _ALIKE], list(range(len(self._library.silences)))

    def _without_units(self, tested: NDArray[np.int64]) -> tuple[list[int], list[int]]:
        out = {row for n in tested for row in self._gold[n]}
        return (
            [n for n, row in enumerate(self._library.question_rows) if row not in out],
            [n for n, silence in enumerate(self._library.silences) if not out & set(silence.rows)],
        )

    def _ranks(self, tested: NDArray[np.int64], questions: list[int], silent: list[int]) -> list[int]:
        library, kept, vectors = without(self._library, self._curated, self._vectors, questions, silent)
        legs = fit_legs(library, kept, vectors)
        domain = Speller.from_texts(
            (
                *(place.unit.display for place in self._library.places),
                *(t for e in self._vocabulary.entries for t in (*e.synonyms, *e.exact, *e.lay)),
            ),
            kept.questions,
            (),
        ).domain
        search = UnitSearch(library, legs, replace(self._speller, domain=domain))
        ranks = []
        for n in tested:
            ranking = search.rank(search.read(self._questions[n].text), self._asked_vectors[n])
            passages = search.passages(ranking)
            ranks.append(first_rank([any(p.row in self._right[n] for p in passage.places) for passage in passages]))
        return ranks
