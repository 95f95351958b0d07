"""The build: packs and vocabulary to one self-contained index folder.

Needs the extra ``build`` (torch, sentence-transformers, onnx, wordfreq); nothing of it is imported when serving.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.integrity import knowledge_hash
from corpus.pack import Pack, load_packs
from corpus.vocabulary import Vocabulary, load_vocabulary
from index.analysis import compile_lexicon
from index.dense import FaissVectors
from index.lexical import TermIndex
from index.library import Library
from index.opening import LEXICAL_LEGS, PROJECTION_FILE, QUESTIONS_FILE, SPELLING_FILE, UNITS_FILE
from index.projection import ProjectionData, ProjectionSettings, fit_projection, project
from index.search import Legs, lexical_legs
from index.spelling import Speller
from index.store import code_sha256, writing
from index.weights import check_export, embed, export_onnx, load_weights

_ENGLISH_WORDS = 30_000
_LONG_TEXT_REPEATS = 40

Progress = Callable[[str, int, int], None]
"""Called with the step's name, its number and the number of steps."""


@dataclass(frozen=True)
class Curation:
    """The curated questions of all packs, flat: texts and the library row each belongs to."""

    questions: tuple[str, ...]
    question_rows: tuple[int, ...]
    near_misses: tuple[str, ...]
    near_miss_rows: tuple[int, ...]


def curation(packs: Iterable[Pack], library: Library) -> Curation:
    """Flatten the curated questions of packs."""
    asked: list[tuple[str, int]] = []
    missed: list[tuple[str, int]] = []
    for pack in packs:
        for curated in pack.curated:
            row = library.row(pack.document.citation.id, curated.unit)
            asked += [(question, row) for question in curated.questions]
            missed += [(question, row) for question in curated.near_misses]
    return Curation(
        tuple(q for q, _ in asked), tuple(r for _, r in asked), tuple(q for q, _ in missed), tuple(r for _, r in missed)
    )


def same_rows(library: Library) -> dict[int, tuple[int, ...]]:
    """Return, for each row, the rows of units that state the same fact."""
    return {
        place.row: tuple(library.row(place.document.citation.id, unit) for unit in same)
        for place in library.places
        if (same := library.knowledge_of(place).same_as)
    }


def fit_legs(
    library: Library,
    curated: Curation,
    unit_vectors: NDArray[np.float32],
    question_vectors: NDArray[np.float32],
    near_miss_vectors: NDArray[np.float32],
    settings: ProjectionSettings | None = None,
) -> Legs:
    """Fit the projection and build every leg of search."""
    asked_rows = sorted(set(curated.question_rows) | set(curated.near_miss_rows))
    position = {row: number for number, row in enumerate(asked_rows)}
    matrix = fit_projection(
        ProjectionData(
            units=unit_vectors[asked_rows],
            questions=question_vectors,
            question_unit=[position[row] for row in curated.question_rows],
            near_misses=near_miss_vectors,
            near_miss_unit=[position[row] for row in curated.near_miss_rows],
            same_as={
                position[row]: [position[other] for other in same if other in position]
                for row, same in same_rows(library).items()
                if row in position
            },
        ),
        settings,
    )
    words, asked_words, concepts = lexical_legs(library, curated.questions, curated.question_rows)
    units = FaissVectors.from_array(project(unit_vectors, matrix))
    questions = FaissVectors.from_array(project(question_vectors, matrix))
    return Legs(words, asked_words, concepts, units, questions, matrix)


def make_speller(library: Library, vocabulary: Vocabulary, curated: Curation) -> Speller:
    """Collect the words that are spelt right."""
    from wordfreq import top_n_list

    terms = (term for entry in vocabulary.entries for term in (*entry.synonyms, *entry.exact, *entry.lay))
    texts = (*(place.unit.display for place in library.places), *terms, *curated.questions)
    return Speller.from_texts(texts, top_n_list("en", _ENGLISH_WORDS))


def build_index(
    folder: Path, *, weights: str | None = None, version: str = "", progress: Progress | None = None
) -> Library:
    """Build the index folder from the packs and vocabulary of this installation.

    Args:
        folder: Put in place whole, or left as it was.
        weights: A sentence-transformers folder or name; ``None`` for the default weights.
        version: Of this distribution, for the manifest.

    Raises:
        CorpusError: If a pack or the vocabulary is not as it must be.
        WeightsError: If the weights cannot be used.
    """
    tell = _Steps(progress, 6)
    tell("reading packs")
    vocabulary = load_vocabulary()
    packs = load_packs(vocabulary)
    library = Library.from_packs(packs, compile_lexicon(vocabulary), knowledge_hash(pack.folder for pack in packs))
    curated = curation(packs, library)
    tell("loading weights")
    model, name = load_weights(weights)
    tell(f"embedding {len(library.places)} units and {len(curated.questions)} questions")
    unit_texts = [place.unit.display for place in library.places]
    unit_vectors = embed(model, unit_texts)
    question_vectors = embed(model, curated.questions)
    near_miss_vectors = embed(model, curated.near_misses)
    tell("fitting the projection and the legs of search")
    legs = fit_legs(library, curated, unit_vectors, question_vectors, near_miss_vectors)
    facts = {
        "version": version,
        "knowledge": library.knowledge,
        "code": code_sha256(),
        "weights": {"name": name, "dimension": int(unit_vectors.shape[1]), "tokens": int(model.max_seq_length or 0)},
        "units": len(library.places),
        "questions": len(curated.questions),
    }
    with writing(folder, lambda: facts) as scratch:
        tell("exporting and comparing the model")
        export_onnx(model, scratch)
        long_texts = [" ".join([text] * _LONG_TEXT_REPEATS) for text in unit_texts[:: max(1, len(unit_texts) // 5)]]
        vectors = np.concatenate([unit_vectors, embed(model, long_texts)])
        check_export(scratch, [*unit_texts, *long_texts], vectors)
        tell("writing")
        library.save(scratch)
        save_legs(legs, scratch)
        speller = make_speller(library, vocabulary, curated)
        payload = {"domain": speller.domain, "english": speller.english}
        (scratch / SPELLING_FILE).write_text(json.dumps(payload, ensure_ascii=False), encoding="utf-8")
    return library


def save_legs(legs: Legs, folder: Path) -> None:
    """Write the legs of search into a folder."""
    for name in LEXICAL_LEGS:
        index: TermIndex = getattr(legs, name)
        index.save(folder, name)
    for vectors, file in ((legs.units, UNITS_FILE), (legs.questions, QUESTIONS_FILE)):
        if not isinstance(vectors, FaissVectors):
            raise TypeError(f"only vectors in FAISS are stored, found {type(vectors).__name__}")
        vectors.save(folder / file)
    np.save(folder / PROJECTION_FILE, legs.projection)


class _Steps:
    """Counts the steps told."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def __call__(self, name: str) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(name, self._done, self._total)
