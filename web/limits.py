"""A limit on the bodies of requests."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.problems import TooLargeError, respond

LARGEST_BODY = 1_000_000


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
