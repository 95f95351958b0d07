"""The assistant: a question in, an answer out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from assistant.answer import Answer
from assistant.composition import Asked, Composer
from assistant.decision import Model, decision_features, explain_silence
from assistant.evidence import Chooser
from assistant.instructions import without_instructions
from assistant.question import claims_something, not_a_question, readable
from assistant.ranker import Ranker
from assistant.version import VERSION
from assistant.wording import Wording
from corpus.document import Document
from index.library import Library
from index.location import index_folder
from index.opening import SearchIndex
from index.passage import Passage
from index.search import Query, Ranking

_NEAREST = 2


class Assistant:
    """Answers from an open index. Holds no state of a question: any number of threads may ask at once."""

    def __init__(self, index: SearchIndex, *, public_url: str = "") -> None:
        self._index = index
        models = index.manifest.facts["models"]
        self._chooser = Chooser(index.library, index.search, Ranker.from_values(models["ranker"]), index.encoder.encode)
        self._decision = Model(**models["decision"])
        self._wording = Wording(models["wording"])
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

        The same question, index and version give the same bytes. What the documents do not answer is said to be
        ``not_covered``, with the reason; instructions are set aside, and a message of nothing else is ``declined``.
        Nothing raises on account of a message's content.

        Raises:
            QuoteMismatchError: If a sentence to be shown is not in the source at its offsets.
        """
        text = readable(question)
        remaining, instructed = without_instructions(text)
        query = self._index.search.read(remaining or text)
        reason = not_a_question(query)
        if reason in {"unreadable", "too_vague"}:
            return self._composer.abstained(Asked(text, query.mended, self._index.search.first_passages()), reason)
        ranking = self._index.rank(query)
        asked = Asked(text, query.mended, self._index.search.passages(ranking))
        if instructed and not remaining:
            nearest = [hit.place for hit in ranking.hits(_NEAREST)]
            return self._composer.abstained(replace(asked, resolved=""), None, nearest=nearest)
        if reason is not None:
            return self._composer.abstained(asked, reason)
        return self._decided(asked, query, ranking)

    def _decided(self, asked: Asked, query: Query, ranking: Ranking) -> Answer:
        """Answer or abstain, as the calibrated decision says."""
        choice = self._chooser.choose(query, ranking)
        features = decision_features(
            query, ranking, choice.features, choice.best, self._index.search.speller, self._wording
        )
        probability = self._decision.probability(features)
        if probability < self._decision.threshold:
            silence = explain_silence(ranking, self.library)
            asked = replace(asked, confidence=round(1 - probability, 2))
            return self._composer.abstained(asked, silence.reason, says=silence.says, nearest=silence.nearest)
        asked = replace(asked, confidence=round(probability, 2))
        return self._composer.answered(asked, choice.evidence, heads=claims_something(query.mended))

    def search(self, question: str, count: int = 10) -> tuple[Passage, ...]:
        """Return the passages closest to a question, best first."""
        query = self._index.search.read(readable(question))
        if not query.text:
            return self._index.search.first_passages(count)
        return self._index.search.passages(self._index.rank(query), count)
