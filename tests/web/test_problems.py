from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request
from starlette.testclient import TestClient

from assistant.errors import QuoteMismatchError
from corpus.errors import NelmError
from index.errors import IndexCorruptError
from web.problems import (
    MEDIA_TYPE,
    NotFoundError,
    RangeInvalidError,
    RequestInvalidError,
    TooLargeError,
    UnexpectedError,
    WebError,
    install,
    problem,
    respond,
)

MEMBERS = ["type", "title", "status", "detail", "code", "hint"]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def request(path: str, accept: str = "*/*") -> Request:
    headers = [(b"accept", accept.encode())]
    return Request({"type": "http", "method": "GET", "path": path, "headers": headers, "query_string": b""})


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    install(app)

    def failing(error: Exception) -> Any:
        def fail() -> None:
            raise error

        return fail

    app.get("/api/quote")(failing(QuoteMismatchError("d: the sentence at 1-2 is not the one to be shown")))
    app.get("/api/teapot")(failing(HTTPException(418, "no coffee", headers={"x-kept": "yes"})))
    app.get("/api/broken")(failing(RuntimeError("the patient's words")))
    app.get("/page")(failing(NotFoundError("no <b>document</b>", hint="Try <i>another</i>.")))

    @app.get("/api/number/{value}")
    def number(value: int) -> int:
        return value

    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFoundError("x"), 404, "not_found"),
        (RangeInvalidError("x"), 400, "range_invalid"),
        (RequestInvalidError("x"), 422, "request_invalid"),
        (TooLargeError("x"), 413, "request_too_large"),
        (UnexpectedError("x"), 500, "internal_error"),
        (WebError("x"), 400, "web_error"),
        (QuoteMismatchError("x"), 500, "quote_mismatch"),
        (IndexCorruptError("x"), 500, "index_corrupt"),
    ],
)
def test_every_error_has_its_status_code_and_hint_on_the_wire(error: NelmError, status: int, code: str) -> None:
    response = respond(request("/api/v1/ask"), error)
    body = json.loads(bytes(response.body))
    assert list(body) == MEMBERS
    assert response.status_code == body["status"] == status
    assert (body["type"], body["title"], body["detail"]) == ("about:blank", HTTPStatus(status).phrase, "x")
    assert (body["code"], body["hint"]) == (code, error.hint)
    assert response.headers["content-type"] == MEDIA_TYPE == "application/problem+json"


def test_a_hint_of_the_occasion_takes_the_place_of_the_usual_one() -> None:
    assert problem(NotFoundError("x", hint="Here."), HTTPStatus.NOT_FOUND)["hint"] == "Here."
    assert problem(NotFoundError("x"), HTTPStatus.NOT_FOUND)["hint"] == "Start at /."


@pytest.mark.parametrize(
    ("path", "accept", "html"),
    [
        ("/source/x", BROWSER, True),
        ("/source/x", "*/*", False),
        ("/source/x", "application/json", False),
        ("/api/v1/ask", BROWSER, False),
    ],
)
def test_browsers_get_a_page_and_programs_a_problem_document(path: str, accept: str, *, html: bool) -> None:
    response = respond(request(path, accept), NotFoundError("nothing"))
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html" if html else "application/problem+json")


def test_a_page_shows_message_code_and_hint_escaped(client: TestClient) -> None:
    text = client.get("/page", headers={"accept": BROWSER}).text
    assert "no &lt;b&gt;document&lt;/b&gt;" in text
    assert "Try &lt;i&gt;another&lt;/i&gt;." in text
    assert "(not_found)" in text
    assert "<b>document" not in text


def test_an_unexpected_failure_tells_nothing_of_its_cause(client: TestClient) -> None:
    for accept in (BROWSER, "*/*"):
        response = client.get("/api/broken", headers={"accept": accept})
        assert response.status_code == 500
        assert "patient" not in response.text
        assert response.json()["code"] == "internal_error"


def test_an_error_of_ours_keeps_its_code(client: TestClient) -> None:
    body = client.get("/api/quote").json()
    assert (body["status"], body["code"]) == (500, "quote_mismatch")


def test_other_http_errors_become_problem_documents_with_their_headers(client: TestClient) -> None:
    response = client.get("/api/teapot")
    assert (response.status_code, response.json()["code"]) == (418, "web_error")
    assert response.headers["x-kept"] == "yes"
    assert list(response.json()) == MEMBERS


def test_an_invalid_value_is_named_by_its_place_and_not_repeated(client: TestClient) -> None:
    response = client.get("/api/number/Mrs-Smith")
    assert response.status_code == 422
    assert "path.value" in response.json()["detail"]
    assert "Smith" not in response.text
