"""A term index with BM25 weights: every document's score for a bag of weighted terms.

Scores of all documents are wanted (they are standardised before fusion), so the postings are plain arrays and a
question costs microseconds; the weights equal those of the usual libraries (tested).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

K1 = 1.2


@dataclass(frozen=True)
class TermIndex:
    """Postings of n documents.

    Attributes:
        rows: Term to row of ``starts``.
        starts: ``(terms + 1,) int64``: where each term's postings begin.
        documents: ``(postings,) int32``: document numbers, ascending within a term.
        weights: ``(postings,) float64``: BM25 weight of the term in the document.
        size: Number of documents.
    """

    rows: Mapping[str, int]
    starts: NDArray[np.int64]
    documents: NDArray[np.int32]
    weights: NDArray[np.float64]
    size: int

    @classmethod
    def from_bags(cls, bags: Sequence[Mapping[str, float]], *, b: float = 0.75) -> TermIndex:
        """Index bags of weighted terms, one per document.

        Args:
            bags: Term to its (weighted) count in the document.
            b: BM25's length normalisation, 0 to 1.
        """
        frequency = Counter(term for bag in bags for term in bag)
        lengths = [sum(bag.values()) for bag in bags]
        mean = sum(lengths) / len(lengths) if lengths and sum(lengths) else 1.0
        idf = {t: math.log(1 + (len(bags) - n + 0.5) / (n + 0.5)) for t, n in frequency.items()}
        postings: dict[str, list[tuple[int, float]]] = {term: [] for term in sorted(frequency)}
        for number, (bag, length) in enumerate(zip(bags, lengths, strict=True)):
            for term, count in bag.items():
                saturated = count * (K1 + 1) / (count + K1 * (1 - b + b * length / mean))
                postings[term].append((number, idf[term] * saturated))
        starts = np.cumsum([0, *(len(p) for p in postings.values())], dtype=np.int64)
        flat = [posting for p in postings.values() for posting in p]
        return cls(
            {term: row for row, term in enumerate(postings)},
            starts,
            np.array([number for number, _ in flat], dtype=np.int32),
            np.array([weight for _, weight in flat], dtype=np.float64),
            len(bags),
        )

    def scores(self, query: Mapping[str, float]) -> NDArray[np.float64]:
        """Return every document's score, ``(size,) float64``; 0 where no term matches."""
        scores = np.zeros(self.size)
        for term, weight in query.items():
            row = self.rows.get(term)
            if row is not None:
                first, last = self.starts[row], self.starts[row + 1]
                scores[self.documents[first:last]] += weight * self.weights[first:last]
        return scores

    def idf(self, term: str) -> float:
        """Return the inverse document frequency of a term, that of one seen in no document where it is unknown."""
        row = self.rows.get(term)
        count = 0 if row is None else int(self.starts[row + 1] - self.starts[row])
        return math.log(1 + (self.size - count + 0.5) / (count + 0.5))

    def coverage(self, query: Mapping[str, float]) -> NDArray[np.float64]:
        """Return, for every document, the summed weights of the query's terms that occur in it, ``(size,) float64``."""
        covered = np.zeros(self.size)
        for term, weight in query.items():
            row = self.rows.get(term)
            if row is not None:
                covered[self.documents[self.starts[row] : self.starts[row + 1]]] += weight
        return covered

    def save(self, folder: Path, name: str) -> None:
        """Write the index as ``name.terms.json`` and ``name.npy``."""
        payload = {"terms": list(self.rows), "starts": self.starts.tolist(), "size": self.size}
        (folder / f"{name}.terms.json").write_text(json.dumps(payload, ensure_ascii=False), encoding="utf-8")
        np.save(folder / f"{name}.npy", np.stack([self.documents.astype(np.float64), self.weights]))

    @classmethod
    def load(cls, folder: Path, name: str) -> TermIndex:
        """Read what `save` wrote."""
        payload = json.loads((folder / f"{name}.terms.json").read_text(encoding="utf-8"))
        arrays = np.load(folder / f"{name}.npy", allow_pickle=False)
        rows = {term: row for row, term in enumerate(payload["terms"])}
        starts = np.array(payload["starts"], dtype=np.int64)
        return cls(rows, starts, arrays[0].astype(np.int32), arrays[1].copy(), payload["size"])
