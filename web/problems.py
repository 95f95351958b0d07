"""Errors on the wire: RFC 9457 problem documents for programs, a page for people, both with our code and hint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from assistant.errors import (
    BatchError,
    ConversationMissingError,
    KeyReusedError,
    SectionMissingError,
    TurnTakenError,
)
from assistant.patient_text.structured import FactError
from corpus.errors import NelmError
from web.headers import SAFETY
from web.pages import error_page, request_id_of
from web.store.errors import StoreError

MEDIA_TYPE = "application/problem+json"


class WebError(NelmError):
    """Root of the web family.

    Attributes:
        status: The HTTP status of a subclass.
        headers: Header fields that go with it.
        place: What of the request is wrong, such as ``messages.0.content``; empty where that is not known.
    """

    code = "web_error"
    status = HTTPStatus.BAD_REQUEST
    headers: Mapping[str, str] = MappingProxyType({})
    place = ""

    def __init__(self, message: str, *, hint: str | None = None, place: str = "") -> None:
        super().__init__(message, hint=hint)
        if place:
            self.place = place


class NotFoundError(WebError):
    """There is nothing at this address."""

    code = "not_found"
    hint = "Start at /."
    status = HTTPStatus.NOT_FOUND


class RangeInvalidError(WebError):
    """``at`` is no range of the source."""

    code = "range_invalid"
    hint = "Use a link as an answer gives it: ?at=START-END, offsets in code points."


class RequestInvalidError(WebError):
    """The request's body is not what the operation takes."""

    code = "request_invalid"
    hint = 'Send JSON such as {"question": "…"}.'
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class MediaTypeError(WebError):
    """The body is of another type than the operation takes."""

    code = "media_type_unsupported"
    hint = "Send a batch as application/x-ndjson: one JSON object a line."
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class TooLargeError(WebError):
    """The request's body is larger than any question needs."""

    code = "request_too_large"
    hint = "Send at most 1 MB; of a message the first 20,000 characters are read."
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class AddressTooLongError(WebError):
    """The address is longer than any of ours."""

    code = "address_too_long"
    hint = "Send questions in the body of a POST, not in the address."
    status = HTTPStatus.REQUEST_URI_TOO_LONG


class HeadersTooLargeError(WebError):
    """The request's header fields are larger than any request needs."""

    code = "headers_too_large"
    hint = "Send fewer and smaller header fields; cookies of other services under the same name may be the cause."
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


class UnexpectedError(WebError):
    """Something failed that should not."""

    code = "internal_error"
    hint = "Try again; if it stays, run `nelm check` on the server."
    status = HTTPStatus.INTERNAL_SERVER_ERROR


_OF_OTHERS: dict[type[NelmError], HTTPStatus] = {
    FactError: HTTPStatus.UNPROCESSABLE_ENTITY,  # what was sent, not what was found
    BatchError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SectionMissingError: HTTPStatus.NOT_FOUND,
    ConversationMissingError: HTTPStatus.NOT_FOUND,
    KeyReusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    TurnTakenError: HTTPStatus.CONFLICT,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The status of errors of other families."""
Body = Callable[[NelmError, HTTPStatus], dict[str, Any]]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def unexpected() -> UnexpectedError:
    """Return the error that is told in place of one that is not ours."""
    return UnexpectedError("something failed that should not")


def install(app: FastAPI) -> None:
    """Make every error of an application a problem document or a page."""

    @app.exception_handler(NelmError)
    def _expected(request: Request, error: NelmError) -> Response:
        return respond(request, error)

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        return respond(request, invalid(error.errors()))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        found = HTTPStatus(error.status_code)
        if found is HTTPStatus.BAD_REQUEST:  # a body of JSON that nobody can read
            return respond(request, RequestInvalidError("the body cannot be read"))
        problem = (
            NotFoundError("there is nothing at this address")
            if found is HTTPStatus.NOT_FOUND
            else WebError(found.description or found.phrase, hint="Check the method and the address.")
        )
        response = respond(request, problem, status=found)
        response.headers.update(error.headers or {})
        if found is HTTPStatus.METHOD_NOT_ALLOWED:
            response.headers["allow"] = ", ".join(_allowed(request))
        return response

    @app.exception_handler(Exception)
    def _unexpected(request: Request, _error: Exception) -> Response:
        return respond(request, unexpected())


def _allowed(request: Request) -> list[str]:
    """The methods of an address, of all its routes: the router itself names those of the first alone."""
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    return [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    ]


def invalid(errors: Iterable[Mapping[str, Any]], *, hint: str | None = None) -> RequestInvalidError:
    """Return what pydantic found as one error that names places, never values."""
    places = sorted({_place(error) for error in errors})
    said = f"the request is not valid at {', '.join(places)}"
    return RequestInvalidError(said, hint=hint, place=places[0].removeprefix("body."))


def _place(error: Mapping[str, Any]) -> str:
    """The place of an error; a name that is none of ours is what somebody sent, and not repeated."""
    unknown = error["type"] == "extra_forbidden"
    parts = [*error["loc"][:-1], "(a field of another name)"] if unknown else error["loc"]
    return ".".join(str(part) for part in parts)


def respond(request: Request, error: NelmError, *, status: HTTPStatus | None = None) -> Response:
    """Return an error as a page where a browser asks, else as a problem document."""
    if status is None:
        status = status_of(error)
    path: str = request.scope["path"]
    body = _body(request, path)
    if body is not None:
        response: Response = JSONResponse(body(error, status), status_code=status, headers=SAFETY)
    elif not path.startswith("/api/") and "text/html" in request.headers.get("accept", ""):
        response = error_page(request, error, status)
    else:
        response = _document(error, status, request_id_of(request))
    if isinstance(error, WebError):
        response.headers.update(error.headers)
    return response


def _body(request: Request, path: str) -> Body | None:
    app = request.scope.get("app")
    bodies: Mapping[str, Body] = getattr(app.state, "error_bodies", {}) if app is not None else {}
    return next((body for prefix, body in bodies.items() if path.startswith(prefix)), None)


def _document(error: NelmError, status: HTTPStatus, request_id: str) -> Response:
    whole = problem(error, status, request_id)
    return JSONResponse(whole, status_code=status, media_type=MEDIA_TYPE, headers=SAFETY)


def speak_otherwise(app: FastAPI, prefix: str, body: Body) -> None:
    """Give errors below a path the JSON body that a protocol of others prescribes, instead of a problem document."""
    app.state.error_bodies = {**getattr(app.state, "error_bodies", {}), prefix: body}


def status_of(error: NelmError) -> HTTPStatus:
    """Return the HTTP status of an error."""
    for kind, status in _OF_OTHERS.items():
        if isinstance(error, kind):
            return status
    return error.status if isinstance(error, WebError) else HTTPStatus.INTERNAL_SERVER_ERROR


def problem(error: NelmError, status: HTTPStatus, request_id: str = "") -> dict[str, Any]:
    """Return the members of a problem document."""
    members = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": str(error),
        "code": error.code,
        "hint": error.hint,
    }
    return {**members, "request_id": request_id} if request_id else members
