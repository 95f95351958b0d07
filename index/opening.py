"""Opening a built index folder: verified while it loads, refused when anything is not as it was written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from corpus.errors import NelmError
from corpus.integrity import GUIDELINES, knowledge_hash, pack_folders
from index.dense import FaissVectors
from index.encoder import OnnxEncoder
from index.errors import IndexCorruptError, IndexStaleError, SearchIndexError
from index.lexical import TermIndex
from index.library import Library
from index.search import Legs, Query, Ranking, UnitSearch
from index.spelling import Speller
from index.store import Manifest, code_sha256, read_manifest, verify_files

LEXICAL_LEGS = ("words", "asked_words", "concepts")
UNITS_FILE, QUESTIONS_FILE = "units.faiss", "questions.faiss"
PROJECTION_FILE, SPELLING_FILE = "projection.npy", "spelling.json"


@dataclass(frozen=True)
class SearchIndex:
    """An open index. Thread-safe.

    Attributes:
        folder: Where further compiled knowledge of the layer above lies.
    """

    folder: Path
    manifest: Manifest
    library: Library
    search: UnitSearch
    encoder: OnnxEncoder

    @classmethod
    def open(cls, folder: Path, *, packs: Path | None = GUIDELINES) -> SearchIndex:
        """Open and verify an index folder.

        Args:
            packs: The packs the index must have been built from; ``None`` skips the comparison.

        Raises:
            IndexMissingError: If there is no index.
            IndexCorruptError: If a part is absent, cut short or altered.
            IndexStaleError: If it was built from other knowledge or for another layout.
        """
        manifest = read_manifest(folder)
        if packs is not None:
            refuse_stale(manifest, packs)
        verification = _Verification(folder, manifest)
        try:
            opened = cls._load(folder, manifest)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, NelmError) as exc:
            verification.finish()
            raise IndexCorruptError("the index cannot be loaded") from exc
        except Exception:
            verification.finish()
            raise
        verification.finish()
        return opened

    @classmethod
    def _load(cls, folder: Path, manifest: Manifest) -> SearchIndex:
        library = Library.load(folder)
        spelling = json.loads((folder / SPELLING_FILE).read_text(encoding="utf-8"))
        words, asked_words, concepts = (TermIndex.load(folder, name) for name in LEXICAL_LEGS)
        units = FaissVectors.load(folder / UNITS_FILE)
        questions = FaissVectors.load(folder / QUESTIONS_FILE)
        projection: NDArray[np.float32] = np.load(folder / PROJECTION_FILE, allow_pickle=False)
        legs = Legs(words, asked_words, concepts, units, questions, projection)
        search = UnitSearch(
            library, legs, Speller(spelling["domain"], spelling["english"], frozenset(spelling["short"]))
        )
        return cls(folder, manifest, library, search, OnnxEncoder(folder))

    def rank(self, query: Query) -> Ranking:
        """Rank every unit for a question."""
        return self.search.rank(query, self.encoder.encode(query.mended))


def is_current(folder: Path) -> bool:
    """Whether there is an index with a sound manifest, built from the packs installed here."""
    try:
        refuse_stale(read_manifest(folder))
    except SearchIndexError:
        return False
    return True


def refuse_stale(manifest: Manifest, packs: Path = GUIDELINES) -> None:
    """Compare the index with the packs and the code it is the product of.

    Raises:
        IndexStaleError: If it was built from other packs, another vocabulary or by other code.
    """
    knowledge = knowledge_hash(pack_folders(packs))
    if manifest.facts.get("knowledge") != knowledge:
        raise IndexStaleError("the index was built from other packs or another vocabulary than those installed here")
    if manifest.facts.get("code") != code_sha256():
        raise IndexStaleError("the index was built by other code than that installed here")


class _Verification:
    """Hashes the files in a thread of its own while they are loaded."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._error: IndexCorruptError | None = None
        self._thread = Thread(target=self._run, args=(folder, manifest), daemon=True)
        self._thread.start()

    def _run(self, folder: Path, manifest: Manifest) -> None:
        try:
            verify_files(folder, manifest)
        except IndexCorruptError as exc:
            self._error = exc
        except OSError as exc:
            self._error = IndexCorruptError(f"a file cannot be read: {exc.strerror}")

    def finish(self) -> None:
        """Wait; raise what was found."""
        self._thread.join()
        if self._error is not None:
            raise self._error
