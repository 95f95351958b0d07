"""Batches: lines of questions in, lines of answers out as they are found, a problem where a line is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from assistant.assistant import Assistant
from web.api.refusals import described
from web.api.replies import giving
from web.batch import Line, answered, line_json, numbered
from web.problems import MediaTypeError, TooLargeError, problem, status_of

NDJSON = "application/x-ndjson"
LINES = '{"id": 1, "question": "Who should not have TACE?"}\n{"id": 2, "turns": ["What is TARE?", "And its risks?"]}\n'
_GIVEN = '{"id": 1, "answer": {…}}\n{"id": 2, "answers": [{…}, {…}]}\n{"line": 3, "problem": {…}}\n'


def batch_router(assistant: Assistant) -> APIRouter:
    """Return the route ``/batch``."""
    router = APIRouter()

    @router.post(
        "/batch",
        response_class=Response,
        responses=giving(NDJSON, _GIVEN)
        | described(TooLargeError("the body is larger than 1000000 bytes"), MediaTypeError("the body is no NDJSON")),
        openapi_extra={"requestBody": {"required": True, "content": {NDJSON: {"example": LINES}}}},
        summary="Answer many questions",
    )
    async def batch(request: Request) -> Response:
        """Answer lines of JSON in order, each as soon as it is answered.

        A line is `{"id": …, "question": "…"}` or `{"id": …, "turns": ["…", …]}` (one conversation), either with
        `facts` and `confirmed` where there are some. A line that cannot be answered gives
        `{"line": N, "id": …, "problem": {…}}` and stops nothing.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != NDJSON:
            raise MediaTypeError("the body is no NDJSON")
        return StreamingResponse(_lines(assistant, await request.body()), media_type=NDJSON)

    return router


def _lines(assistant: Assistant, content: bytes) -> Iterator[str]:
    for line in answered(assistant, numbered(content)):
        yield line_json(_row(line)) + "\n"


def _row(line: Line) -> dict[str, object]:
    if line.error is None:
        return line.row
    return {"line": line.number, **line.row, "problem": problem(line.error, status_of(line.error))}
