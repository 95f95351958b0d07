"""The application: routes to pages and operations, over one open assistant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict

from assistant.answer import Answer
from assistant.assistant import Assistant
from assistant.version import VERSION
from corpus.document import Document
from web import problems
from web.headers import SafetyHeaders
from web.limits import BodyLimit
from web.pages import chat_page, source_page
from web.problems import NotFoundError, RangeInvalidError
from web.reader import HASH_LENGTH, reader_page

STATIC = Path(__file__).parent / "static"
_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})")


class AskRequest(BaseModel):
    """The body of ``POST /api/v1/ask``."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"question": "Who should not have TACE?"}]}
    )

    question: str
    facts: dict[str, Any] | None = None
    confirmed: list[str] = []


class RecommendRequest(BaseModel):
    """The body of ``POST /api/v1/recommend``: a patient in words, by structured facts, or both."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"case": "62M, NET G2, prior Whipple. TACE?", "facts": {"ascites": False}}]},
    )

    case: str = ""
    facts: dict[str, Any] | None = None
    confirmed: list[str] = []


def create_app(assistant: Assistant) -> FastAPI:
    """Return the application.

    Args:
        assistant: Asked by every route; safe to share among threads.
    """
    app = FastAPI(
        title="NELM guideline assistant",
        version=VERSION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # the usual page loads scripts from elsewhere
        redoc_url=None,
    )
    app.include_router(_pages(assistant))
    app.include_router(_operations(assistant), prefix="/api/v1")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    problems.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(SafetyHeaders)
    return app


def _pages(assistant: Assistant) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    documents = {document.citation.id: document for document in assistant.documents}

    @router.api_route("/", methods=["GET", "POST"])  # one route, so that a wrong method is told of both
    def start(
        request: Request,
        question: Annotated[str, Form()] = "",
        confirmed: Annotated[tuple[str, ...], Form()] = (),
        corrected: Annotated[tuple[str, ...], Form()] = (),
        fact: Annotated[str, Form()] = "",
        value: Annotated[str, Form()] = "",
    ) -> Response:
        if request.method != "POST":
            return chat_page(assistant, None)
        corrections = (*corrected, f"{fact}={value}") if fact and value.strip() else corrected
        facts = {name: given for name, _, given in (item.partition("=") for item in corrections)}
        answer = assistant.ask(question, facts=facts or None, confirmed=confirmed)
        carried = [("confirmed", item) for item in confirmed] + [("corrected", f"{n}={v}") for n, v in facts.items()]
        return chat_page(assistant, answer, tuple(carried))

    @router.get("/source/{document}")
    def current(document: str) -> Response:
        return RedirectResponse(f"/source/{document}/{_version(_find(documents, document))}")

    @router.get("/source/{document}/{version}")
    def source(document: str, version: str, at: str | None = None) -> Response:
        found = _find(documents, document)
        if version != _version(found):  # offsets of another version would mark the wrong words
            return source_page(reader_page(found, None, other_version=version))
        return source_page(reader_page(found, _range(at, found)))

    @router.get("/healthz")
    def health() -> dict[str, str]:
        return {"status": "ok", "version": VERSION, "knowledge": assistant.library.knowledge}

    return router


def _operations(assistant: Assistant) -> APIRouter:
    router = APIRouter()

    @router.post("/ask", response_model=Answer, responses=problems.DESCRIBED, summary="Ask the review")
    def ask(body: AskRequest, _request: Request) -> Response:
        answer = assistant.ask(body.question, facts=body.facts, confirmed=body.confirmed)
        return Response(answer.to_json(), media_type="application/json")

    @router.post(
        "/recommend",
        response_model=Answer,
        responses=problems.DESCRIBED,
        summary="What the rules conclude for a patient",
    )
    def recommend(body: RecommendRequest, _request: Request) -> Response:
        answer = assistant.recommend(body.case, facts=body.facts, confirmed=body.confirmed)
        return Response(answer.to_json(), media_type="application/json")

    return router


def _find(documents: dict[str, Document], document: str) -> Document:
    if document not in documents:
        raise NotFoundError(f"no document {document!r}", hint=f"Documents: {', '.join(documents)}.")
    return documents[document]


def _version(document: Document) -> str:
    return document.citation.sha256[:HASH_LENGTH]


def _range(at: str | None, document: Document) -> tuple[int, int] | None:
    if at is None:
        return None
    match = _RANGE.fullmatch(at)
    start, end = (int(match.group(1)), int(match.group(2))) if match else (0, 0)
    if not start < end <= len(document.source):
        raise RangeInvalidError(f"{at[:40]!r} is no range of a source of {len(document.source)} characters")
    return start, end
