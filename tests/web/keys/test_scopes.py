from __future__ import annotations

import pytest

from web.keys.scopes import area_of, scopes_of


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("/healthz", "open"),
        ("/readyz", "open"),
        ("/slack/events", "open"),
        ("/static/style.css", "open"),
        ("/sign-in", "open"),
        ("/sign-in/elsewhere", "pages"),
        ("/healthz/x", "pages"),
        ("/api/v1/ask", "programs"),
        ("/api/", "programs"),
        ("/v1/chat/completions", "programs"),
        ("/mcp", "programs"),
        ("/mcp/", "programs"),
        ("/metrics", "programs"),
        ("/", "pages"),
        ("/c/x", "pages"),
        ("/source/x", "pages"),
        ("/api", "pages"),
        ("/anything", "pages"),
    ],
)
def test_an_address_is_for_whom_it_is(path: str, area: str) -> None:
    assert area_of(path) == area


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("POST", "/api/v1/ask", {"ask"}),
        ("POST", "/api/v1/recommend", {"ask"}),
        ("POST", "/api/v1/search", {"ask", "read"}),
        ("GET", "/api/v1/search", {"ask", "read"}),
        ("GET", "/api/v1/rules", {"read"}),
        ("GET", "/api/v1/sources/x", {"read"}),
        ("GET", "/api/v1/conversations/x", {"ask"}),
        ("DELETE", "/api/v1/conversations/x", {"ask"}),
        ("DELETE", "/api/v1/rules", {"ask"}),
        ("POST", "/v1/chat/completions", {"ask"}),
        ("GET", "/v1/models", {"ask", "read"}),
        ("GET", "/mcp", {"ask"}),
        ("GET", "/metrics", {"admin"}),
        ("POST", "/ask", {"ask"}),
        ("GET", "/c/x", {"ask"}),
        ("GET", "/evidence", {"ask", "read"}),
    ],
)
def test_an_address_takes_its_scope(method: str, path: str, scopes: set[str]) -> None:
    assert scopes_of(method, path) == scopes
