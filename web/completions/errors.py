"""What chat clients can ask for in vain, and every error in the shape they expect."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from corpus.errors import NelmError
from web.problems import WebError

ADDRESS = "/v1/"


class ModelMissingError(WebError):
    """There is no such model."""

    code = "model_not_found"
    hint = "The one there is is called nelm; it is no language model."
    status = HTTPStatus.NOT_FOUND
    place = "model"


class ParameterRefusedError(WebError):
    """An answer is asked for in a way in which there is none."""

    code = "parameter_refused"
    hint = "Leave it out: an answer is one text of sentences quoted word for word."

    def __init__(self, place: str, message: str = "", *, hint: str | None = None) -> None:
        super().__init__(message or f"{place} asks for what is not given here", hint=hint)
        self.place = place


def error_body(error: NelmError, status: HTTPStatus) -> dict[str, Any]:
    """Return an error as OpenAI's clients read it, the hint within the message."""
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    place = error.place if isinstance(error, WebError) else ""
    return {"error": {"message": f"{error}: {error.hint}", "type": kind, "code": error.code, "param": place or None}}
