from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from web.headers import SafetyHeaders
from web.limits import LARGEST_BODY, LARGEST_HEADERS, LONGEST_ADDRESS, MOST_HEADERS, BodyLimit, HeadLimit


class Echo:
    """Sends the body back; notes what it was given."""

    def __init__(self) -> None:
        self.called = 0
        self.after: Message | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.called += 1
        if scope["type"] != "http":
            await send({"type": "lifespan.startup.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.after = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


def call(app: Any, chunks: Sequence[bytes], **scope: Any) -> tuple[list[Message], int]:
    """Send chunks through an application; return what it sent and how many chunks were left unread."""
    waiting: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": n < len(chunks)} for n, chunk in enumerate(chunks, 1)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    whole = {"type": "http", "method": "POST", "path": "/api/v1/ask", "headers": [], "query_string": b"", **scope}
    asyncio.run(app(whole, receive, send))
    return sent, len(waiting)


def status(sent: Sequence[Message]) -> int:
    return int(sent[0]["status"])


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=8))
def test_a_body_arrives_whole_however_it_was_cut(chunks: list[bytes]) -> None:
    echo = Echo()
    sent, unread = call(BodyLimit(echo), chunks)
    assert sent[1]["body"] == b"".join(chunks)
    assert unread == 0
    assert echo.after == {"type": "http.disconnect"}


@pytest.mark.parametrize(("size", "expected"), [(LARGEST_BODY - 1, 200), (LARGEST_BODY, 200), (LARGEST_BODY + 1, 413)])
@pytest.mark.parametrize("pieces", [1, 7])
def test_a_body_is_refused_from_one_byte_over_the_limit(size: int, expected: int, pieces: int) -> None:
    body = b"x" * size
    step = -(-size // pieces)
    echo = Echo()
    sent, _ = call(BodyLimit(echo), [body[n : n + step] for n in range(0, size, step)])
    assert status(sent) == expected
    assert echo.called == (expected == 200)


def test_a_body_without_end_is_not_read_to_its_end() -> None:
    sent, unread = call(BodyLimit(Echo()), [b"x" * 100_000] * 500)
    assert status(sent) == 413
    assert unread == 500 - 11


def test_a_body_announced_small_is_measured_all_the_same() -> None:
    sent, _ = call(BodyLimit(Echo()), [b"x" * (LARGEST_BODY + 1)], headers=[(b"content-length", b"5")])
    assert status(sent) == 413


def test_half_a_message_is_none() -> None:
    """What was cut off may have been the unit of a value."""
    echo = Echo()
    waiting: list[Message] = [{"type": "http.request", "body": b"question=bilirubin+2", "more_body": True}]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    whole = {"type": "http", "method": "POST", "path": "/ask", "headers": [], "query_string": b""}
    asyncio.run(BodyLimit(echo)(whole, receive, send))
    assert (echo.called, sent) == (0, [])


@pytest.mark.parametrize(("length", "expected"), [(LONGEST_ADDRESS, 200), (LONGEST_ADDRESS + 1, 414)])
def test_an_address_is_refused_from_one_byte_over_the_limit(length: int, expected: int) -> None:
    path = b"/source"
    sent, _ = call(HeadLimit(Echo()), [b""], raw_path=path, query_string=b"q" * (length - len(path)))
    assert status(sent) == expected
    sent, _ = call(HeadLimit(Echo()), [b""], raw_path=b"p" * length)
    assert status(sent) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"x", b"v" * (LARGEST_HEADERS - 1))], 200),
        ([(b"x", b"v" * LARGEST_HEADERS)], 431),
        ([(b"x", b"")] * MOST_HEADERS, 200),
        ([(b"x", b"")] * (MOST_HEADERS + 1), 431),
    ],
)
def test_headers_are_refused_that_are_too_large_or_too_many(headers: list[tuple[bytes, bytes]], expected: int) -> None:
    echo = Echo()
    sent, unread = call(HeadLimit(echo), [b"x"], headers=headers)
    assert status(sent) == expected
    assert (echo.called, unread) == ((1, 0) if expected == 200 else (0, 1))


def test_what_is_no_request_passes_untouched() -> None:
    for wrap in (BodyLimit, HeadLimit, SafetyHeaders):
        echo = Echo()
        sent, unread = call(wrap(echo), [b"x"], type="lifespan")
        assert sent == [{"type": "lifespan.startup.complete"}]
        assert unread == 1


@pytest.mark.parametrize(("method", "cached"), [("GET", None), ("POST", b"no-store")])
def test_headers_keep_a_page_to_itself_and_answers_out_of_caches(method: str, cached: bytes | None) -> None:
    sent, _ = call(SafetyHeaders(Echo()), [b""], method=method)
    headers = dict(sent[0]["headers"])
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"referrer-policy"] == b"no-referrer"
    assert headers.get(b"cache-control") == cached
    policy = dict(part.strip().split(" ", 1) for part in headers[b"content-security-policy"].decode().split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert {*policy.values()} <= {"'none'", "'self'"}


def test_a_refused_body_carries_the_headers_too() -> None:
    sent, _ = call(SafetyHeaders(BodyLimit(Echo())), [b"x" * (LARGEST_BODY + 1)])
    headers = dict(sent[0]["headers"])
    assert status(sent) == 413
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"x-content-type-options"] == b"nosniff"
