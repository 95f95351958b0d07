"""Composing the answer, and comparing every quote with the source before it leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.answer import (
    Answer,
    Citation,
    CitedCell,
    Premise,
    RankedPassage,
    Reason,
    SourceDocument,
    Statement,
    Status,
)
from assistant.conclusions import CitedPlaces, Conclusions
from assistant.errors import QuoteMismatchError
from assistant.evidence import Evidence
from assistant.figures import Line
from assistant.studies import design_of, works_of
from assistant.works import cited_in
from corpus.document import Document
from corpus.markup import clean
from index.library import Library, Place
from index.passage import Passage
from index.search import SCORE_DECIMALS

_LEAD = "The review says:"
_OTHERWISE = "The review says otherwise:"
_NEAREST = "Nearest in the review:"
NOT_COVERED: dict[Reason, str] = {
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

    def answered(
        self,
        asked: Asked,
        evidence: Sequence[Evidence],
        *,
        heads: bool = False,
        line: Line | None = None,
        contradicted_by: Place | None = None,
        before: Iterable[tuple[str, tuple[Place, ...]]] = (),
    ) -> Answer:
        """Compose an answer from evidence.

        Args:
            heads: Whether "The review says:" stands above the sentences, as where the question claims something.
            line: A direct line that leads.
            contradicted_by: The unit that contradicts what the question claims: then that is said, and no line leads.
            before: Derived lines that stand above all, each with the places it rests on, which are of the evidence.

        Raises:
            QuoteMismatchError: If a sentence is not in the source at its offsets.
        """
        citations = tuple(self.cite(n, item.place) for n, item in enumerate(evidence, 1))
        number = {item.place.key: n for n, item in enumerate(evidence, 1)}
        statements = [
            Statement(citation.display, "quote", item.role, (citation.n,))
            for item, citation in zip(evidence, citations, strict=True)
        ]
        premise = None
        if contradicted_by is not None:
            cited = (number[contradicted_by.key],)
            premise = Premise(asked.resolved, "contradicted", cited)
            statements.insert(0, Statement(_OTHERWISE, "derived", "premise", cited))
        elif heads:
            statements.insert(0, Statement(_LEAD, "derived", "lead", tuple(c.n for c in citations)))
        elif line is not None:
            statements = [
                *(Statement(text, "derived", "lead", (number[place.key],)) for text, place in line.parts),
                *statements,
            ]
        above = [Statement(t, "derived", "lead", tuple(number[p.key] for p in places)) for t, places in before]
        statements = [*above, *statements, *self._as_of(evidence, citations)]
        return self._answer(asked, "answered", None, statements, citations, premise)

    def told(self, asked: Asked, lines: Iterable[str], *, declined: bool = False) -> Answer:
        """Compose an answer from the conversation alone; nothing of the documents is asserted."""
        statements = [Statement(line, "derived", "lead", ()) for line in lines]
        return self._answer(asked, "declined" if declined else "answered", None, statements, ())

    def case(
        self,
        asked: Asked,
        status: Status,
        conclusions: Conclusions,
        cited: CitedPlaces,
        evidence: Sequence[Evidence] = (),
    ) -> Answer:
        """Compose an answer about a patient: what the rules conclude, then the sentences that answer the question.

        Args:
            cited: Places in the order of their numbers, those of the conclusions included.
        """
        shown = {citation for statement in conclusions.statements for citation in statement.citations}
        quoted: list[Statement] = []
        for item in evidence:
            number = cited.number(item.place)
            if number not in shown:
                quoted.append(Statement(item.place.unit.display, "quote", item.role, (number,)))
        citations = tuple(self.cite(n, place) for n, place in enumerate(cited.places, 1))
        leads = [s for s in conclusions.statements if s.role != "caveat"]
        caveats = [s for s in conclusions.statements if s.role == "caveat"]
        dated = self._as_of([item for item in evidence if cited.number(item.place) not in shown], citations)
        answer = self._answer(asked, status, None, [*leads, *quoted, *caveats, *dated], citations)
        return replace(
            answer,
            facts=conclusions.facts,
            recommendations=conclusions.recommendations,
            therapies=conclusions.therapies,
            ask=conclusions.ask,
            notes=conclusions.notes,
        )

    def works(self, asked: Asked, places: Sequence[Place]) -> Answer:
        """Compose an answer of entries of the reference list, with the sections that cite each."""
        citations = tuple(self.cite(n, place) for n, place in enumerate(places, 1))
        statements: list[Statement] = []
        for place, citation in zip(places, citations, strict=True):
            statements.append(Statement(citation.display, "quote", "answer", (citation.n,)))
            sections = cited_in(self._library, place)
            said = f"Cited in: {', '.join(sections)}." if sections else "No sentence cites it."
            statements.append(Statement(said, "derived", "caveat", (citation.n,)))
        return self._answer(asked, "answered", None, statements, citations)

    def abstained(
        self, asked: Asked, reason: Reason | None, *, says: str = "", nearest: Sequence[Place] = ()
    ) -> Answer:
        """Compose an abstention: what is amiss, the nearest sentences as such, and nothing asserted.

        Args:
            reason: ``None`` where the message is declined.
            says: What a known gap says of it, instead of the reason's general words.
        """
        citations = tuple(self.cite(n, place) for n, place in enumerate(nearest, 1))
        said = says or (_DECLINED if reason is None else NOT_COVERED[reason])
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
        premise: Premise | None = None,
    ) -> Answer:
        by_number = {citation.n: citation for citation in citations}
        shown = [_shown(statement, by_number) for statement in statements if statement.role != "nearest"]
        return Answer(
            question=asked.question,
            resolved_question=asked.resolved,
            status=status,
            reason=reason,
            premise=premise,
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
        numbers = {f"{citation.document}/{citation.unit}": citation for citation in citations}
        for item in evidence:
            citation = numbers[item.place.key]
            if _AS_OF.search(citation.display):
                year, month, _ = item.place.document.citation.published.split("-")
                dated.setdefault(f"{_MONTHS[int(month) - 1]} {year}", []).append(citation.n)
        return [
            Statement(f"“Ongoing”, “recent” and “current” mean as of {when}.", "derived", "caveat", tuple(numbers))
            for when, numbers in dated.items()
        ]

    def cite(self, n: int, place: Place) -> Citation:
        """Return the citation of a place under a number.

        Raises:
            QuoteMismatchError: If the sentence is not in the source at its offsets.
        """
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
            design=design_of(place, self._library),
            works=works_of(place),
        )


def amended(answer: Answer, *, first: Sequence[Statement] = (), last: Sequence[Statement] = ()) -> Answer:
    """Return an answer with statements put before and behind its own; its citations stay."""
    statements = (*first, *answer.statements, *last)
    by_number = {citation.n: citation for citation in answer.citations}
    shown = [_shown(statement, by_number) for statement in statements if statement.role != "nearest"]
    return replace(answer, statements=statements, text="\n\n".join(shown))


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
        marks = "" if statement.text.endswith(":") else "".join(f" [{n}]" for n in statement.citations)
        return statement.text + marks
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
