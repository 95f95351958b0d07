"""What an address asks of who calls it: nothing, a scope for programs, or, where pages are guarded, to be signed in."""

from __future__ import annotations

from typing import Literal

from web.keys.key import Scope

Area = Literal["open", "programs", "pages"]
_OPEN = ("/healthz", "/readyz", "/static/", "/slack/", "/sign-in", "/sign-out")
"""Slack signs what it sends; the others hold nothing."""
_PROGRAMS = ("/api/", "/v1/", "/mcp", "/metrics")
_ASK, _READ, _ADMIN = (frozenset({scope}) for scope in Scope)
_EITHER = _ASK | _READ
_OF_PREFIXES: tuple[tuple[str, frozenset[Scope]], ...] = (
    ("/metrics", _ADMIN),
    ("/mcp", _ASK),
    ("/v1/models", _EITHER),
    ("/v1/", _ASK),
    ("/api/v1/openapi.json", _EITHER),
    ("/api/v1/search", _EITHER),
    ("/api/v1/conversations", _ASK),
    ("/api/v1/feedback", _ASK),
    ("/c/", _ASK),
)
"""The first that fits holds; otherwise reading takes ``read``, anything else ``ask``."""


def area_of(path: str) -> Area:
    """Return who is meant to come to an address; what nobody has thought of counts as a page."""
    if path.startswith(_PROGRAMS):
        return "programs"
    return "open" if path in _OPEN or path.startswith(tuple(p for p in _OPEN if p.endswith("/"))) else "pages"


def scopes_of(method: str, path: str) -> frozenset[Scope]:
    """Return the scopes of which one is needed."""
    for prefix, scopes in _OF_PREFIXES:
        if path.startswith(prefix):
            return scopes
    if method not in {"GET", "HEAD"}:
        return _ASK
    return _READ if path.startswith("/api/") else _EITHER
