"""The pages as HTML: templates, escaped and strict about names, and what they are given."""

from __future__ import annotations

from contextvars import ContextVar
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from assistant.version import VERSION
from corpus.errors import NelmError
from corpus.markup import clean
from web.answer_view import figure_beside
from web.headers import SAFETY

SIGNS = {
    "contraindicated": "⊘",
    "not_eligible": "✕",
    "conflicting": "⇄",
    "undetermined": "…",
    "supported_with_caution": "△",
    "supported": "✓",
    "not_addressed": "–",
}
"""A shape beside each standing's word, so that it is never told by colour alone."""
TEMPLATES = Path(__file__).parent / "templates"
_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(clean=clean, beside=figure_beside, sign=lambda standing: SIGNS[standing])


signed_in: ContextVar[bool] = ContextVar("signed_in", default=False)
"""Whether whoever sends this request has signed in; then every page offers to sign out."""


def render(template: str, **context: Any) -> str:
    """Return a template filled in."""
    return _environment.get_template(template).render(version=VERSION, signed_in=signed_in.get(), **context)


def _page(template: str, *, status: HTTPStatus = HTTPStatus.OK, **context: Any) -> HTMLResponse:
    return HTMLResponse(render(template, **context), status_code=status)


def request_id_of(request: Request) -> str:
    """Return the id under which a request stands in the log; empty where nobody gave it one."""
    found: str = request.scope.get("state", {}).get("request_id", "")
    return found


def error_page(request: Request, error: NelmError, status: HTTPStatus) -> HTMLResponse:
    """An error for people."""
    number = request_id_of(request)
    page = _page("error.html", status=status, error=error, title=status.phrase, request_id=number)
    page.headers.update(SAFETY)
    return page
