"""What is noted of every request: an id, a line in the log, counts; and what becomes of failures nobody expected."""

from __future__ import annotations

import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.logs import failure, log
from web.metrics import Metrics
from web.problems import UnexpectedError, respond
from web.routes import Templates

REQUEST_ID = "x-request-id"
_GIVEN = re.compile(r"[0-9a-fA-F-]{16,64}", re.ASCII)
"""Ids that are taken over: hexadecimal digits and hyphens, as proxies make them, in which no name can be written."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = ("/healthz", "/readyz", "/metrics", "/static/*")
"""Routes that machines ask all the time; their lines are of use in a search for faults alone."""
_GONE = 499
"""Noted where the client went away before anything was sent."""


class Observing:
    """Meets a request first and a response last."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._templates: Templates | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; whatever it raises becomes an error that tells nothing of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = request_id(Headers(scope=scope).get(REQUEST_ID, ""))
        scope.setdefault("state", {})["request_id"] = number
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = number
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:  # noqa: BLE001 - told without its message, which may hold anything
            log.error("failed", request_id=number, **failure(error))
            if not status:
                unexpected = UnexpectedError("something failed that should not")
                await respond(Request(scope), unexpected)(scope, receive, noting)
        finally:
            self._note(scope, number, status or _GONE, time.perf_counter() - began)

    def _note(self, scope: Scope, number: str, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        if self._templates is None:  # the routes are complete by now
            self._templates = Templates(scope["app"])
        route = self._templates.of(scope)
        self._metrics.requested(method, route, status, seconds)
        tell = log.debug if route in _QUIET else log.info
        tell("request", request_id=number, method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def request_id(given: str) -> str:
    """Return the id that a proxy gave a request, where it is well-formed, else a new one."""
    return given if _GIVEN.fullmatch(given) else secrets.token_hex(16)
