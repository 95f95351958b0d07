"""Composing the answer, and comparing every quote with the source before it leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.answer import (
    Answer,
    Citation,
    CitedCell,
    RankedPassage,
    Reason,
    SourceDocument,
    Statement,
    Status,
)
from assistant.errors import QuoteMismatchError
from assistant.evidence import Evidence
from corpus.document import Document
from corpus.markup import clean
from index.library import Library, Place
from index.passage import Passage
from index.search import SCORE_DECIMALS

_LEAD = "The review says:"
_NEAREST = "Nearest in the review:"
_NOT_COVERED: dict[Reason, str] = {
    "unreadable": "This cannot be read as a question.",
    "too_vague": "This says too little to look for: name a treatment, a finding or a figure.",
    "outside_subject": "This is not a subject of the review.",
    "not_stated": "The review does not say this.",
    "only_in_references": "The review does not say this; it only cites works whose titles speak of it.",
    "trial_ongoing": "The review calls this ongoing and reports no result.",
}
_DECLINED = "Instructions in a message are not followed, and nothing is confirmed that the review does not print."
_AS_OF = re.compile(r"\b(?:ongoing|recent(?:ly)?|currently|current|in recent years)\b", re.IGNORECASE)
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Asked:
    """What every answer to a message carries, whatever it says.

    Attributes:
        confidence: Calibrated probability that answering, or abstaining, is right; ``None`` where nothing was decided.
    """

    question: str
    resolved: str
    passages: Sequence[Passage]
    confidence: float | None = None


class Composer:
    """Composes answers from one library; holds what all of them share."""

    def __init__(self, library: Library, *, index: str, version: str, public_url: str = "") -> None:
        self._library = library
        self._index = index
        self._version = version
        self._public_url = public_url.rstrip("/")
        self._documents = tuple(source_document(document) for document in library.documents)

    def answered(self, asked: Asked, evidence: Sequence[Evidence], *, heads: bool) -> Answer:
        """Compose an answer from evidence.

        Args:
            heads: Whether "The review says:" stands above the sentences, as where the question claims something.

        Raises:
            QuoteMismatchError: If a sentence is not in the source at its offsets.
        """
        citations = tuple(self._citation(n, item.place) for n, item in enumerate(evidence, 1))
        statements = [
            Statement(citation.display, "quote", item.role, (citation.n,))
            for item, citation in zip(evidence, citations, strict=True)
        ]
        if heads:
            statements.insert(0, Statement(_LEAD, "derived", "lead", tuple(c.n for c in citations)))
        statements += self._as_of(evidence, citations)
        return self._answer(asked, "answered", None, statements, citations)

    def abstained(
        self, asked: Asked, reason: Reason | None, *, says: str = "", nearest: Sequence[Place] = ()
    ) -> Answer:
        """Compose an abstention: what is amiss, the nearest sentences as such, and nothing asserted.

        Args:
            reason: ``None`` where the message is declined.
            says: What a known gap says of it, instead of the reason's general words.
        """
        citations = tuple(self._citation(n, place) for n, place in enumerate(nearest, 1))
        said = says or (_DECLINED if reason is None else _NOT_COVERED[reason])
        statements = [Statement(said, "derived", "lead", ())]
        if citations:
            statements.append(Statement(_NEAREST, "derived", "nearest", tuple(c.n for c in citations)))
        statements += [Statement(c.display, "quote", "nearest", (c.n,)) for c in citations]
        return self._answer(asked, "declined" if reason is None else "not_covered", reason, statements, citations)

    def _answer(
        self,
        asked: Asked,
        status: Status,
        reason: Reason | None,
        statements: Sequence[Statement],
        citations: tuple[Citation, ...],
    ) -> Answer:
        by_number = {citation.n: citation for citation in citations}
        shown = [_shown(statement, by_number) for statement in statements if statement.role != "nearest"]
        return Answer(
            question=asked.question,
            resolved_question=asked.resolved,
            status=status,
            reason=reason,
            confidence=asked.confidence,
            text="\n\n".join(shown),
            statements=tuple(statements),
            citations=citations,
            passages=ranked(asked.passages, self._public_url),
            documents=self._documents,
            knowledge=self._library.knowledge,
            index=self._index,
            version=self._version,
        )

    @staticmethod
    def _as_of(evidence: Sequence[Evidence], citations: Sequence[Citation]) -> list[Statement]:
        """Say when the document was published where a sentence speaks of its own time."""
        dated: dict[str, list[int]] = {}
        for item, citation in zip(evidence, citations, strict=True):
            if _AS_OF.search(citation.display):
                year, month, _ = item.place.document.citation.published.split("-")
                dated.setdefault(f"{_MONTHS[int(month) - 1]} {year}", []).append(citation.n)
        return [
            Statement(f"“Ongoing”, “recent” and “current” mean as of {when}.", "derived", "caveat", tuple(numbers))
            for when, numbers in dated.items()
        ]

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


def _shown(statement: Statement, citations: Mapping[int, Citation]) -> str:
    if statement.kind == "derived":
        return statement.text
    citation = citations[statement.citations[0]]
    return f"{_place_in_table(citation)}“{statement.text}” [{citation.n}]"


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
