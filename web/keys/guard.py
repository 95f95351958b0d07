"""Lets requests in or keeps them out, before anything of them is read but their head."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corpus.errors import NelmError
from web.keys.admission import Admission
from web.keys.errors import HostRefusedError, KeyRequiredError, RateLimitedError, ScopeMissingError
from web.keys.key import ApiKey
from web.keys.scopes import area_of, scopes_of
from web.keys.sessions import COOKIE
from web.keys.sign_in import sign_in_page
from web.pages import signed_in
from web.problems import respond

NOBODY = "api"
"""The owner of what programs do where no key is asked for."""


class KeyGuard:
    """Asks for keys as an `Admission` says; sets ``request.state.owner`` to the key's id."""

    def __init__(self, app: ASGIApp, *, admission: Admission) -> None:
        self._app = app
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        request.state.owner = NOBODY
        try:
            told = await self._admit(request)
        except NelmError as error:
            await _refusal(request, error)(scope, receive, send)
            return
        await self._app(scope, receive, _telling(told, send) if told else send)

    async def _admit(self, request: Request) -> dict[str, str]:
        """Return the header fields that tell how much is left.

        Raises:
            WebError: If the request is not let in.
            StoreUnavailableError: If the keys cannot be read.
        """
        path: str = request.scope["path"]  # the address itself: what `request.url` says depends on the header Host
        area = area_of(path)
        if area != "open" and not self._admission.answers_to(request.headers.get("host", "")):
            raise HostRefusedError("the request names another host than this service's")
        if area == "open" or (area == "pages" and not self._admission.locked):
            return {}
        keyring = self._admission.keyring
        if keyring.stale:
            await run_in_threadpool(keyring.refresh)
        if keyring.unused and not self._admission.locked:
            return {}
        key = self._key(request, on_page=area == "pages")
        needed = scopes_of(request.method, path)
        if not key.allows(needed):
            raise ScopeMissingError(needed)
        request.state.owner = key.id
        if area == "pages":
            return {}
        allowed = self._admission.allowances.take(key)
        if allowed.left < 0:
            raise RateLimitedError(allowed)
        return allowed.headers

    def _key(self, request: Request, *, on_page: bool) -> ApiKey:
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        given = kind.lower() == "bearer"
        key = self._admission.keyring.find(secret.strip()) if given else None
        if key is None and on_page:
            key = self._admission.sessions.read(request.cookies.get(COOKIE, ""), self._admission.keyring)
            signed_in.set(key is not None)
        if key is None:
            raise KeyRequiredError(given=given, on_page=on_page)
        return key


def _refusal(request: Request, error: NelmError) -> Response:
    """Return what is sent instead: to a browser on a page the form to sign in, there and then."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if isinstance(error, KeyRequiredError) and wants_page and area_of(request.scope["path"]) == "pages":
        page = sign_in_page(request)
        page.headers.update(error.headers)
        return page
    return respond(request, error)


def _telling(told: dict[str, str], send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(told)
        await send(message)

    return send_with_headers
