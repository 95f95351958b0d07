"""The build: packs and vocabulary to one self-contained index folder.

Needs the extra ``build`` (torch, sentence-transformers, onnx, wordfreq); nothing of it is imported when serving.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from index.projection import ProjectionData, ProjectionSettings, fit_projection, fitting_aside, project
from index.search import Legs, lexical_legs
from index.spelling import Speller
from index.store import code_sha256, writing
from index.weights import check_export, embed, export_onnx, load_weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_ENGLISH_WORDS = 30_000
_LONG_TEXT_REPEATS = 40

Progress = Callable[[str, int, int], None]
"""Called with the step's name, its number and the number of steps."""


@dataclass(frozen=True)
class Curation:
    """The curated texts of all packs, in the order of the library's rows and silences.

    Attributes:
        questions: Answerable; ``Library.question_rows`` tells of which unit.
        unanswerable: ``Library.silences`` tells what is known of each.
        disputed: ``Library.disputes`` tells of which tension.
    """

    questions: tuple[str, ...]
    unanswerable: tuple[str, ...]
    disputed: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts, in the order in which their vectors are stored."""
        return (*self.questions, *self.unanswerable, *self.disputed)


def curation(packs: Iterable[Pack]) -> Curation:
    """Flatten the curated texts of packs."""
    packs = tuple(packs)
    units = [curated for pack in packs for curated in pack.curated]
    misses = (miss.text for curated in units for miss in curated.near_misses)
    gaps = (question for pack in packs for gap in pack.gaps for question in gap.questions)
    return Curation(
        tuple(question for curated in units for question in curated.questions),
        (*misses, *gaps),
        tuple(question for pack in packs for _, question in pack.disputed),
    )


def same_rows(library: Library) -> dict[int, tuple[int, ...]]:
    """Return, for each row, the rows of units that state the same fact."""
    return {
        place.row: tuple(library.row(place.document.citation.id, unit) for unit in same)
        for place in library.places
        if (same := library.knowledge_of(place).same_as)
    }


@dataclass(frozen=True)
class Vectors:
    """Frozen vectors of units and of curated texts, each ``(n, d) float32`` in the order of library and curation."""

    units: NDArray[np.float32]
    questions: NDArray[np.float32]
    unanswerable: NDArray[np.float32]
    disputed: NDArray[np.float32]

    @property
    def curated(self) -> NDArray[np.float32]:
        """Of all curated texts, in the order of `Curation.texts`."""
        return np.concatenate([self.questions, self.unanswerable, self.disputed])


def embedded(model: SentenceTransformer, units: Sequence[str], curated: Curation) -> Vectors:
    """Embed units and curated texts."""
    return Vectors(
        *(embed(model, texts) for texts in (units, curated.questions, curated.unanswerable, curated.disputed))
    )


def projection_data(library: Library, vectors: Vectors) -> ProjectionData:
    """Return what the projection is fitted on."""
    asked_rows = sorted({*library.question_rows, *(row for silence in library.silences for row in silence.rows)})
    position = {row: number for number, row in enumerate(asked_rows)}
    return ProjectionData(
        units=vectors.units[asked_rows],
        questions=vectors.questions,
        question_unit=[position[row] for row in library.question_rows],
        near_misses=vectors.unanswerable,
        near_miss_unit=[position[s.rows[0]] if s.rows else -1 for s in library.silences],
        same_as={
            position[row]: [position[other] for other in same if other in position]
            for row, same in same_rows(library).items()
            if row in position
        },
    )


def fit_legs(
    library: Library,
    curated: Curation,
    vectors: Vectors,
    settings: ProjectionSettings | None = None,
    matrix: NDArray[np.float32] | None = None,
) -> Legs:
    """Build every leg of search.

    Args:
        matrix: The projection fitted already on `projection_data`; fitted here where there is none.
    """
    if matrix is None:
        matrix = fit_projection(projection_data(library, vectors), settings)
    words, asked_words, concepts = lexical_legs(library, curated.questions, library.question_rows)
    units = FaissVectors.from_array(project(vectors.units, matrix))
    questions = FaissVectors.from_array(project(vectors.curated, matrix))
    return Legs(words, asked_words, concepts, units, questions, matrix)


def without(
    library: Library, curated: Curation, vectors: Vectors, questions: Sequence[int], silences: Sequence[int]
) -> tuple[Library, Curation, Vectors]:
    """Return library, curation and vectors with no other questions and silences than those numbered."""
    asked, silent = list(questions), list(silences)
    return (
        replace(
            library,
            question_rows=tuple(library.question_rows[n] for n in asked),
            silences=tuple(library.silences[n] for n in silent),
        ),
        replace(
            curated,
            questions=tuple(curated.questions[n] for n in asked),
            unanswerable=tuple(curated.unanswerable[n] for n in silent),
        ),
        replace(vectors, questions=vectors.questions[asked], unanswerable=vectors.unanswerable[silent]),
    )


def make_speller(library: Library, vocabulary: Vocabulary, curated: Curation) -> Speller:
    """Collect the words that are spelt right."""
    from wordfreq import top_n_list

    terms = (term for entry in vocabulary.entries for term in (*entry.synonyms, *entry.exact, *entry.lay))
    texts = (*(place.unit.display for place in library.places), *terms)
    return Speller.from_texts(texts, curated.questions, top_n_list("en", _ENGLISH_WORDS))


@dataclass(frozen=True)
class FitData:
    """What the models of the layer above are fitted on."""

    library: Library
    curated: Curation
    vectors: Vectors
    speller: Speller


def build_index(
    folder: Path,
    *,
    weights: str | None = None,
    version: str = "",
    progress: Progress | None = None,
    fit_models: Callable[[FitData], dict[str, Any]] | None = None,
    compile_files: Callable[[Vocabulary, tuple[Pack, ...]], Mapping[str, str]] | None = None,
) -> Library:
    """Build the index folder from the packs and vocabulary of this installation.

    Args:
        folder: Put in place whole, or left as it was.
        weights: A sentence-transformers folder or name; ``None`` for the default weights.
        version: Of this distribution, for the manifest.
        fit_models: Fits what the layer above needs (the choice of sentences, the decision to answer); its result stands
            in the manifest under ``models``.
        compile_files: Compiles further knowledge of the packs; file names to texts, written beside the index's own.

    Raises:
        CorpusError: If a pack or the vocabulary is not as it must be.
        WeightsError: If the weights cannot be used.
    """
    tell = _Steps(progress, 6)
    tell("reading packs")
    vocabulary = load_vocabulary()
    packs = load_packs(vocabulary)
    library = Library.from_packs(packs, compile_lexicon(vocabulary), knowledge_hash(pack.folder for pack in packs))
    files = compile_files(vocabulary, packs) if compile_files else {}
    curated = curation(packs)
    tell("loading weights")
    model, name = load_weights(weights)
    tell(f"embedding {len(library.places)} units and {len(curated.texts)} questions")
    unit_texts = [place.unit.display for place in library.places]
    vectors = embedded(model, unit_texts, curated)
    tell("fitting the projection, the choice of sentences and the decision to answer")
    with fitting_aside(projection_data(library, vectors)) as matrix:
        speller = make_speller(library, vocabulary, curated)
        models = fit_models(FitData(library, curated, vectors, speller)) if fit_models else {}
        legs = fit_legs(library, curated, vectors, matrix=matrix())
    facts = {
        "version": version,
        "knowledge": library.knowledge,
        "code": code_sha256(),
        "weights": {"name": name, "dimension": int(vectors.units.shape[1]), "tokens": int(model.max_seq_length or 0)},
        "units": len(library.places),
        "questions": len(curated.questions),
        "models": models,
    }
    with writing(folder, lambda: facts) as scratch:
        tell("exporting and comparing the model")
        export_onnx(model, scratch)
        long_texts = [" ".join([text] * _LONG_TEXT_REPEATS) for text in unit_texts[:: max(1, len(unit_texts) // 5)]]
        expected = np.concatenate([vectors.units, embed(model, long_texts)])
        check_export(scratch, [*unit_texts, *long_texts], expected)
        tell("writing")
        library.save(scratch)
        for file, text in files.items():
            (scratch / file).write_text(text, encoding="utf-8")
        save_legs(legs, scratch)
        payload = {"domain": speller.domain, "english": speller.english, "short": sorted(speller.short)}
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
