"""The assistant: a question in, an answer out."""

from __future__ import annotations

from pathlib import Path

from assistant.answer import Answer
from assistant.composition import Composer
from assistant.evidence import choose_evidence
from assistant.question import not_a_question, readable
from assistant.version import VERSION
from corpus.document import Document
from index.library import Library
from index.location import index_folder
from index.opening import SearchIndex
from index.passage import Passage


class Assistant:
    """Answers from an open index. Holds no state of a question: any number of threads may ask at once."""

    def __init__(self, index: SearchIndex, *, public_url: str = "") -> None:
        self._index = index
        self._composer = Composer(index.library, index=index.manifest.sha256, version=VERSION, public_url=public_url)

    @classmethod
    def open(cls, folder: Path | None = None, *, public_url: str = "") -> Assistant:
        """Open the index at a folder, or where `index.location.index_folder` says.

        Args:
            public_url: Put before every citation's link, for places outside the web page.

        Raises:
            SearchIndexError: If there is no index, or it is corrupt or stale.
        """
        return cls(SearchIndex.open(index_folder() if folder is None else folder), public_url=public_url)

    @property
    def library(self) -> Library:
        """The documents and what the packs know of them."""
        return self._index.library

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents that answers come from."""
        return self._index.library.documents

    def ask(self, question: str) -> Answer:
        """Answer a question from the documents.

        The same question, index and version give the same bytes. A message that cannot be read, or shares no word with
        the documents and their vocabulary, is answered with ``not_covered``; nothing raises on account of its content.

        Raises:
            QuoteMismatchError: If a sentence to be shown is not in the source at its offsets.
        """
        text = readable(question)
        query = self._index.search.read(text)
        reason = not_a_question(query)
        if reason in {"unreadable", "too_vague"}:
            return self._composer.not_covered(text, query.mended, reason, self._index.search.first_passages())
        ranking = self._index.rank(query)
        passages = self._index.search.passages(ranking)
        if reason is not None:
            return self._composer.not_covered(text, query.mended, reason, passages)
        return self._composer.answered(text, query.mended, choose_evidence(ranking, self.library), passages)

    def search(self, question: str, count: int = 10) -> tuple[Passage, ...]:
        """Return the passages closest to a question, best first."""
        query = self._index.search.read(readable(question))
        if not query.text:
            return self._index.search.first_passages(count)
        return self._index.search.passages(self._index.rank(query), count)
