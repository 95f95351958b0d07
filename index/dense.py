"""Vectors and their neighbours: the seam behind which FAISS stands, or another engine for corpora that outgrow it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self

import faiss
import numpy as np
from numpy.typing import NDArray

faiss.omp_set_num_threads(1)
_BELOW_ANY_COSINE = -2.0


class VectorSearch(Protocol):
    """What search asks of a vector engine."""

    size: int

    def nearest(self, vector: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the numbers and cosine similarities of the ``k`` nearest vectors, in any order."""
        ...


class FaissVectors:
    """Exact search over unit vectors by FAISS."""

    def __init__(self, index: faiss.IndexFlatIP) -> None:
        self._index = index
        self.size: int = index.ntotal

    @classmethod
    def from_array(cls, vectors: NDArray[np.float32]) -> Self:
        """Index the rows of ``(n, d) float32`` unit vectors."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an index file."""
        index = faiss.read_index(str(path))
        if not isinstance(index, faiss.IndexFlatIP):
            raise TypeError(f"expected a flat inner-product index, found {type(index).__name__}")
        return cls(index)

    def save(self, path: Path) -> None:
        """Write an index file."""
        faiss.write_index(self._index, str(path))

    def vectors(self) -> NDArray[np.float32]:
        """Return the stored vectors, ``(n, d) float32``."""
        rows: NDArray[np.float32] = self._index.reconstruct_n(0, self.size)
        return rows

    def nearest(self, vector: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the numbers and similarities of the ``k`` nearest vectors, in any order."""
        if k >= self.size:  # all of them: a scan without a heap
            _, similarities, numbers = self._index.range_search(vector[np.newaxis, :], _BELOW_ANY_COSINE)
            return numbers, similarities
        similarities, numbers = self._index.search(vector[np.newaxis, :], k)
        return numbers[0], similarities[0]
