"""Limits on the size of requests: their bodies, announced or not, and their heads."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.problems import AddressTooLongError, HeadersTooLargeError, TooLargeError, WebError, respond

LARGEST_BODY = 1_000_000
LONGEST_ADDRESS = 8_192
LARGEST_HEADERS = 32_768
MOST_HEADERS = 100


class HeadLimit:
    """Refuses addresses over `LONGEST_ADDRESS` bytes, and headers over `LARGEST_HEADERS` or `MOST_HEADERS` of them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        error = _too_large(scope) if scope["type"] == "http" else None
        if error is None:
            await self._app(scope, receive, send)
        else:
            await respond(Request(scope), error)(scope, receive, send)


def _too_large(scope: Scope) -> WebError | None:
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_ADDRESS:
        return AddressTooLongError(f"the address is longer than {LONGEST_ADDRESS} bytes")
    headers = scope["headers"]
    if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > LARGEST_HEADERS:
        return HeadersTooLargeError(f"the headers are more than {MOST_HEADERS} or {LARGEST_HEADERS} bytes")
    return None


class BodyLimit:
    """Refuses bodies over `LARGEST_BODY` bytes, announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return  # half a message is none: its end may be what matters
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > LARGEST_BODY:
                error = TooLargeError(f"the body is larger than {LARGEST_BODY} bytes")
                await respond(Request(scope), error)(scope, receive, send)
                return
            chunks.append(chunk)
            more = bool(message.get("more_body", False))
        body = iter([{"type": "http.request", "body": b"".join(chunks), "more_body": False}])

        async def replay() -> Message:
            return next(body, None) or await receive()

        await self._app(scope, replay, send)
