"""The pages as HTML: templates, escaped and strict about names, and what they are given."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from assistant.answer import Answer
from assistant.assistant import Assistant
from assistant.version import VERSION
from corpus.errors import NelmError
from corpus.markup import clean
from web.case_view import case_view
from web.headers import SAFETY
from web.reader import ReaderPage

TEMPLATES = Path(__file__).parent / "templates"
_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["clean"] = clean


def render(template: str, **context: Any) -> str:
    """Return a template filled in."""
    return _environment.get_template(template).render(version=VERSION, **context)


def _page(template: str, *, status: HTTPStatus = HTTPStatus.OK, **context: Any) -> HTMLResponse:
    return HTMLResponse(render(template, **context), status_code=status)


def chat_page(assistant: Assistant, answer: Answer | None, carried: tuple[tuple[str, str], ...] = ()) -> HTMLResponse:
    """The form, and below it the answer if there is one; of a patient, also what was understood and concluded."""
    book = assistant.patients.book
    case = case_view(answer, book, carried) if answer is not None and answer.facts else None
    citations = [document.citation for document in assistant.documents]
    return _page("chat.html", documents=citations, answer=answer, case=case)


def source_page(page: ReaderPage) -> HTMLResponse:
    """The whole source, readable, with the cited occurrence marked."""
    return _page("source.html", page=page, citation=page.document.citation)


def error_page(_request: Request, error: NelmError, status: HTTPStatus) -> HTMLResponse:
    """An error for people."""
    page = _page("error.html", status=status, error=error, title=status.phrase)
    page.headers.update(SAFETY)
    return page
