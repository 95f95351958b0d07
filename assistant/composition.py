"""Composing the answer, and comparing every quote with the source before it leaves."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answer import (
    Answer,
    Citation,
    CitedCell,
    RankedPassage,
    Reason,
    SourceDocument,
    Statement,
)
from assistant.errors import QuoteMismatchError
from assistant.evidence import Evidence
from corpus.document import Document
from corpus.markup import clean
from index.library import Library, Place
from index.passage import Passage
from index.search import SCORE_DECIMALS

NOT_JUDGED = "Closest sentences in the review; not yet judged whether they answer:"
_NOT_COVERED: dict[Reason, str] = {
    "unreadable": "This cannot be read as a question.",
    "too_vague": "This says too little to look for: name a treatment, a finding or a figure.",
    "outside_subject": "No word of this question occurs in the review or in its field's vocabulary.",
}


class Composer:
    """Composes answers from one library; holds what all of them share."""

    def __init__(self, library: Library, *, index: str, version: str, public_url: str = "") -> None:
        self._library = library
        self._index = index
        self._version = version
        self._public_url = public_url.rstrip("/")
        self._documents = tuple(source_document(document) for document in library.documents)

    def answered(
        self, question: str, resolved: str, evidence: Sequence[Evidence], passages: Sequence[Passage]
    ) -> Answer:
        """Compose an answer from evidence.

        Raises:
            QuoteMismatchError: If a sentence is not in the source at its offsets.
        """
        citations = tuple(self._citation(n, item.place) for n, item in enumerate(evidence, 1))
        quotes = tuple(
            Statement(citation.display, "quote", item.role, (citation.n,))
            for item, citation in zip(evidence, citations, strict=True)
        )
        lead = Statement(NOT_JUDGED, "derived", "lead", tuple(c.n for c in citations))
        shown = [f"{_place_in_table(c)}“{c.display}” [{c.n}]" for c in citations]
        return Answer(
            question=question,
            resolved_question=resolved,
            status="answered",
            text="\n\n".join([NOT_JUDGED, *shown]),
            statements=(lead, *quotes),
            citations=citations,
            passages=ranked(passages, self._public_url),
            documents=self._documents,
            knowledge=self._library.knowledge,
            index=self._index,
            version=self._version,
        )

    def not_covered(self, question: str, resolved: str, reason: Reason, passages: Sequence[Passage]) -> Answer:
        """Compose an abstention: what is amiss, and nothing asserted."""
        said = _NOT_COVERED[reason]
        return Answer(
            question=question,
            resolved_question=resolved,
            status="not_covered",
            reason=reason,
            text=said,
            statements=(Statement(said, "derived", "lead", ()),),
            citations=(),
            passages=ranked(passages, self._public_url),
            documents=self._documents,
            knowledge=self._library.knowledge,
            index=self._index,
            version=self._version,
        )

    def _citation(self, n: int, place: Place) -> Citation:
        unit, document = place.unit, place.document
        quote = document.quote(unit)
        check_quote(document, unit.start, unit.end, quote, unit.display)
        locator = unit.locator
        return Citation(
            n=n,
            document=document.citation.id,
            unit=unit.id,
            section=unit.section,
            path=document.path(unit),
            locator=None if locator is None else CitedCell(locator.row, locator.column, locator.item),
            quote=quote,
            display=unit.display,
            start=unit.start,
            end=unit.end,
            references=unit.references,
            url=self._public_url + source_url(document, unit.start, unit.end),
        )


def source_url(document: Document, start: int, end: int) -> str:
    """Return the path that opens the source at a range: the version's first eight characters and the offsets."""
    return f"/source/{document.citation.id}/{document.citation.sha256[:8]}?at={start}-{end}#cited"


def check_quote(document: Document, start: int, end: int, quote: str, display: str) -> None:
    """Compare a quote with the source.

    Raises:
        QuoteMismatchError: If ``source[start:end]`` is not the quote, or does not render as what is displayed.
    """
    actual = document.source[start:end]
    if not quote or actual != quote or clean(actual) != display:
        raise QuoteMismatchError(f"{document.citation.id}: the sentence at {start}-{end} is not the one to be shown")


def source_document(document: Document) -> SourceDocument:
    """Return what an answer says of a document."""
    c = document.citation
    return SourceDocument(c.id, c.title, c.published, c.sha256, c.licence, c.attribution, c.superseded_by)


def _place_in_table(citation: Citation) -> str:
    return "" if citation.locator is None else f"{citation.section}, {citation.locator.row}: "


def ranked(passages: Sequence[Passage], public_url: str = "") -> tuple[RankedPassage, ...]:
    """Return passages as an answer carries them."""
    return tuple(
        RankedPassage(
            rank=passage.rank,
            document=passage.document.citation.id,
            section=passage.places[0].unit.section,
            score=round(passage.score, SCORE_DECIMALS),
            start=passage.start,
            end=passage.end,
            text=passage.text,
            url=public_url + source_url(passage.document, passage.start, passage.end),
        )
        for passage in passages
    )
