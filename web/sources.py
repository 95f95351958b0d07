"""The source as pages: the whole review with a place marked, the same for the pane, and previews of a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.assistant import Assistant
from assistant.sections import document_of
from corpus.document import Document
from web.answer_view import PUBMED
from web.pages import render
from web.problems import RangeInvalidError
from web.reader import HASH_LENGTH, paragraph_around, reader_page
from web.source_part import range_of, units_at

_MOST_HITS = 50
_LONGEST_QUERY = 100
_CACHED = {"cache-control": "private, max-age=3600"}  # the address names version and range; nothing of a patient


@dataclass(frozen=True, slots=True)
class Attached:
    """What rests on a sentence of the source: a rule, or a note that it is odd."""

    kind: str
    sign: str
    words: str
    url: str


def source_router(assistant: Assistant) -> APIRouter:
    """Return the routes of the source."""
    router = APIRouter(include_in_schema=False)
    documents = assistant.library.document_by_id
    attached = {name: _attached(document, assistant) for name, document in documents.items()}
    searches = {name: _searches(document) for name, document in documents.items()}

    @router.get("/source/{document}")
    def current(document: str) -> Response:
        return RedirectResponse(f"/source/{document}/{_version(document_of(assistant.documents, document))}")

    @router.get("/source/{document}/{version}")
    def source(
        document: str,
        version: str,
        at: str | None = None,
        pane: int = 0,
        q: Annotated[str, Query(max_length=_LONGEST_QUERY)] = "",
    ) -> Response:
        found = document_of(assistant.documents, document)
        same = version == _version(found)  # offsets of another version would mark the wrong words
        page = reader_page(found, range_of(at, found) if same and at is not None else None, None if same else version)
        wanted = " ".join(q.split()).casefold()
        hits = [unit for unit in found.searchable if wanted and wanted in unit.display.casefold()]
        body = render(
            "pane.html" if pane else "source.html",
            page=page,
            citation=found.citation,
            attached=attached[document],
            searches=searches[document],
            version_of=_version(found),
            wanted=q,
            hits=hits[:_MOST_HITS],
        )
        return HTMLResponse(body, headers=_CACHED)

    @router.get("/preview/{document}/{version}")
    def preview(document: str, version: str, at: str) -> Response:
        found = document_of(assistant.documents, document)
        if version != _version(found):
            raise RangeInvalidError("the range is of another version of the source")
        start, end = range_of(at, found)
        unit = units_at(found, start, end)[0]
        pieces = paragraph_around(found, unit, start, end)
        body = render("preview.html", path=found.path(unit), pieces=pieces, references=unit.references)
        return HTMLResponse(body, headers=_CACHED)

    return router


def _attached(document: Document, assistant: Assistant) -> Mapping[str, tuple[Attached, ...]]:
    """What attaches to each unit: every rule by its quote, every note by its units."""
    book, name = assistant.patients.book, document.citation.id
    of_rules = [key for key, rule in book.rules.items() if rule.document == name]
    rules = _by_unit((place.unit.id, key) for key in of_rules for place in assistant.criteria([key]))
    notes = _by_unit((unit, note.text) for note in book.notes.values() if note.document == name for unit in note.units)
    return MappingProxyType({unit: (*_rules(rules, unit), *_notes(notes, unit)) for unit in {*rules, *notes}})


def _by_unit(pairs: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for unit, held in pairs:
        found.setdefault(unit, []).append(held)
    return found


def _rules(rules: Mapping[str, list[str]], unit: str) -> Iterator[Attached]:
    if held := rules.get(unit):
        names = ", ".join(key.rpartition("/")[2] for key in held)
        told = f"{len(held)} rule{'s rest' if len(held) > 1 else ' rests'} on this: {names}"
        yield Attached("rule", "R", told, f"/rules#{quote(held[0])}")


def _notes(notes: Mapping[str, list[str]], unit: str) -> Iterator[Attached]:
    if held := notes.get(unit):
        yield Attached("note", "!", " ".join(held), "/about")


def _searches(document: Document) -> Mapping[int, str]:
    return {r.number: PUBMED + quote(r.title) for r in document.references if r.title}


def _version(document: Document) -> str:
    return document.citation.sha256[:HASH_LENGTH]
