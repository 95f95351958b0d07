"""Every route of the whole application, and what it takes to be let in."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from assistant import Assistant
from tests.web.keys.made import Kept
from web.app import create_app
from web.keys.admission import Admission
from web.keys.scopes import area_of, scopes_of

OPEN = {"/healthz", "/readyz", "/sign-in", "/sign-out"}
KNOWLEDGE = {"sources", "rules", "facts", "therapies", "outcomes", "knowledge"}


@pytest.fixture(scope="module")
def routes(assistant: Assistant) -> list[tuple[str, str]]:
    app = create_app(assistant, admission=Admission(Kept().ring, locked=True))
    found = [(route.path or "", route.methods or {"GET"}) for route in iter_route_contexts(app.routes)]
    return [(path, method) for path, methods in found for method in sorted(methods - {"HEAD"})]


def test_no_route_is_open_but_those_that_hold_nothing(routes: list[tuple[str, str]]) -> None:
    assert len(routes) > 40
    assert {path for path, _ in routes if area_of(path) == "open"} == OPEN
    programs = {path for path, _ in routes if area_of(path) == "programs"}
    assert {path for path, _ in routes if path.startswith(("/api", "/v1", "/mcp", "/metrics"))} == programs


def test_reading_the_knowledge_takes_read_and_asking_takes_ask(routes: list[tuple[str, str]]) -> None:
    for path, method in routes:
        found = re.match(r"/api/v1/(\w+)", path)
        if found is not None and found.group(1) not in {"search", "openapi"}:
            reads = method == "GET" and found.group(1) in KNOWLEDGE
            assert scopes_of(method, path) == ({"read"} if reads else {"ask"}), (method, path)


def test_without_a_key_every_other_route_of_a_locked_service_refuses(
    assistant: Assistant, routes: list[tuple[str, str]]
) -> None:
    kept = Kept()
    kept.make("admin")
    client = TestClient(create_app(assistant, admission=Admission(kept.ring, locked=True)), follow_redirects=False)
    for path, method in routes:
        if path not in OPEN and path != "/static":
            response = client.request(method, re.sub(r"\{[^}]*\}", "x", path))
            assert response.status_code == 401, (method, path)
            assert response.headers["www-authenticate"].startswith("Bearer")


def test_every_page_offers_to_sign_out_whom_it_knows_and_nobody_else(assistant: Assistant) -> None:
    kept = Kept()
    app = create_app(assistant, admission=Admission(kept.ring, locked=True))
    client, secret = TestClient(app, headers={"accept": "text/html"}), kept.make("ask", "read")
    offer, pages = '<a href="/sign-in">Sign out</a>', ("/", "/about", "/rules", "/evidence", "/conversations")
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', client.get("/").text))
    assert client.post("/sign-in", data={**form, "key": secret}).status_code == 200
    assert [path for path in pages if offer not in client.get(path).text] == []
    asked = client.get("/").text
    token = re.findall(r'name="token" value="(\w+)"', asked)[0]
    assert offer in client.post("/ask", data={"token": token, "question": "What is TARE?"}).text
    assert offer not in client.post("/sign-out", data={"token": token}).text
    by_key = TestClient(app, headers={"accept": "text/html", "authorization": f"Bearer {secret}"})
    assert by_key.get("/about").status_code == 200
    assert offer not in by_key.get("/about").text
    assert offer not in TestClient(create_app(assistant)).get("/about").text
