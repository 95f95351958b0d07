"""The documents: what they are, their sections sentence by sentence, and the passages closest to a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from assistant.answer import RankedPassage, SourceDocument
from assistant.assistant import Assistant
from assistant.composition import source_document
from assistant.errors import SectionMissingError
from assistant.sections import SourceSection
from corpus.document import Document
from web.api.asking import BODY_REFUSED
from web.api.bodies import SearchRequest
from web.api.paging import Limit, Offset, Page, page
from web.api.refusals import described
from web.api.replies import KNOWN, IfNoneMatch, known, told
from web.problems import RequestInvalidError

_HEADER = RequestInvalidError("the request is not valid at header.if-none-match")


@dataclass(frozen=True, slots=True)
class SectionEntry:
    """A section: its printed label, the headings above it, and how many units it has."""

    section: str
    path: tuple[str, ...]
    units: int


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A document with its attributes and sections; ``sha256`` is of the untouched file."""

    id: str
    title: str
    authors: tuple[str, ...]
    journal: str
    year: int
    volume: str
    pages: str
    doi: str
    received: str
    accepted: str
    published: str
    licence: str
    licence_url: str
    attribution: str
    sha256: str
    superseded_by: str | None
    characters: int
    references: int
    sections: tuple[SectionEntry, ...]
    url: str


@dataclass(frozen=True, slots=True)
class Found:
    """Passages, best first, and the documents they are of, to be named wherever their text is shown."""

    passages: tuple[RankedPassage, ...]
    documents: tuple[SourceDocument, ...]


def source_entry(document: Document, public_url: str) -> SourceEntry:
    """Return a document as it is listed."""
    c = document.citation
    counts = dict.fromkeys(document.section_by_label, 0)
    for unit in document.searchable:
        counts[unit.section] += 1
    sections = tuple(SectionEntry(s.label, s.path, counts[s.label]) for s in document.sections)
    return SourceEntry(
        id=c.id,
        title=c.title,
        authors=c.authors,
        journal=c.journal,
        year=c.year,
        volume=c.volume,
        pages=c.pages,
        doi=c.doi,
        received=c.received,
        accepted=c.accepted,
        published=c.published,
        licence=c.licence,
        licence_url=c.licence_url,
        attribution=c.attribution,
        sha256=c.sha256,
        superseded_by=c.superseded_by,
        characters=len(document.source),
        references=len(document.references),
        sections=sections,
        url=f"{public_url}/source/{c.id}",
    )


def search(assistant: Assistant, question: str, k: int) -> Found:
    """Return the passages closest to a question, as an answer carries them."""
    passages = assistant.search(question, k)
    held = {passage.document for passage in passages}
    return Found(passages, tuple(source_document(d) for d in assistant.documents if d.citation.id in held))


def source_router(assistant: Assistant) -> APIRouter:
    """Return the routes ``/search`` and ``/sources``."""
    router = APIRouter()
    sources = {document.citation.id: source_entry(document, assistant.public_url) for document in assistant.documents}

    @router.post("/search", response_model=Found, responses=described(*BODY_REFUSED), summary="Find passages")
    def search_passages(body: SearchRequest) -> Response:
        """Find the passages closest to a question. What is looked for stands in the body, never in an address."""
        return told(search(assistant, body.question, body.k))

    @router.get(
        "/sources",
        response_model=Page[SourceEntry],
        responses=KNOWN | described(RequestInvalidError("the request is not valid at query.offset")),
        summary="List the documents",
    )
    def list_sources(
        request: Request, limit: Limit = 50, offset: Offset = 0, if_none_match: IfNoneMatch = ""
    ) -> Response:
        """List the documents that answers come from, with their sections."""
        return known(request, *page(request, tuple(sources.values()), limit, offset))

    @router.get(
        "/sources/{document}",
        response_model=SourceEntry,
        responses=KNOWN | described(SectionMissingError("there is no such document"), _HEADER),
        summary="One document",
    )
    def source(request: Request, document: str, if_none_match: IfNoneMatch = "") -> Response:
        """Tell what a document is."""
        if document not in sources:
            raise SectionMissingError("there is no such document", hint=f"One of: {', '.join(sources)}.")
        return known(request, sources[document])

    @router.get(
        "/sources/{document}/sections/{section}",
        response_model=SourceSection,
        responses=KNOWN | described(SectionMissingError("there is no such section"), _HEADER),
        summary="One section",
    )
    def section(
        request: Request,
        document: str,
        section: Annotated[str, Path(description="Its printed label.")],
        if_none_match: IfNoneMatch = "",
    ) -> Response:
        """Read a section sentence by sentence, each with its offsets, and the works that it cites."""
        return known(request, assistant.source(section, document))

    return router
