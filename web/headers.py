"""Headers that keep a page to itself: nothing from elsewhere, no sniffing, no referrer; answers are not cached."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFETY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), clipboard-write=(self)",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
_ALWAYS = {name.encode("latin-1"): value.encode("latin-1") for name, value in SAFETY.items()}
_OF_POSTS = {**_ALWAYS, b"cache-control": b"no-store"}


class SafetyHeaders:
    """Adds `SAFETY` to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and add headers to its response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = _OF_POSTS if scope.get("method") == "POST" else _ALWAYS
                kept = [pair for pair in message["headers"] if pair[0] not in added]
                message = {**message, "headers": [*kept, *added.items()]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
