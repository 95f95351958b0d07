"""The protocol over HTTP, at a running service."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx2 as httpx
import pytest
from fastapi import FastAPI
from mcp import Client

from assistant import Assistant
from index.opening import SearchIndex
from tests.web.listening import listening
from tests.web.mcp.connecting import connected, object_of
from web.bench import serving
from web.headers import SafetyHeaders
from web.limits import BodyLimit
from web.mcp.mounting import ADDRESS, mount

PUBLIC = "https://nelm.example.org"
QUESTION = "Who should not have TACE?"
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPT = {"accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def public(search_index: SearchIndex) -> Assistant:
    return Assistant(search_index, public_url=PUBLIC)


@pytest.fixture(scope="module")
def address(public: Assistant) -> Iterator[str]:
    app = FastAPI(openapi_url=None)
    app.add_middleware(BodyLimit)
    app.add_middleware(SafetyHeaders)
    mount(app, public)
    with listening(app) as address:
        yield f"{address}{ADDRESS}"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_clients_side_by_side_are_answered_as_in_python(address: str, public: Assistant, mode: str) -> None:
    expected = json.loads(public.ask(QUESTION).to_json())
    assert expected["citations"][0]["url"].startswith(f"{PUBLIC}/source/")

    async def use(client: Client) -> None:
        answers = []

        async def ask() -> None:
            answers.append(object_of(await client.call_tool("ask", {"question": QUESTION})))

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(ask)
        assert answers == [expected] * 3
        assert (await client.call_tool("read_source", {"section": "9.9"})).is_error

    connected(address, use, mode)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "nelm.example.org"}, 200),
        ({"host": "evil.example.org"}, 421),
        ({"host": "evil.example.org", "origin": "http://evil.example.org"}, 421),
        ({"origin": "https://nelm.example.org"}, 200),
        ({"origin": "http://localhost:3000"}, 200),
        ({"origin": "http://evil.example.org"}, 403),
        ({"content-type": "text/plain"}, 400),
    ],
)
def test_only_requests_under_our_own_names_are_answered(address: str, headers: dict[str, str], status: int) -> None:
    response = httpx.post(address, json=LIST, headers={**ACCEPT, **headers})
    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"


def test_a_body_that_is_too_large_or_no_message_is_refused(address: str) -> None:
    assert httpx.post(address, content=b" " * 1_000_001, headers=ACCEPT).status_code == 413
    response = httpx.post(address, content=b"{", headers={**ACCEPT, "content-type": "application/json"})
    assert response.status_code == 400


@pytest.mark.thorough
def test_the_service_has_it_with_links_that_lead_back_and_ends_while_a_client_is_there(index_path: Path) -> None:
    with serving(index_path, NELM_RETENTION_DAYS="0", NELM_PUBLIC_URL=PUBLIC) as (process, address):

        async def use(client: Client) -> None:
            answer = object_of(await client.call_tool("ask", {"question": QUESTION}))
            found = object_of(await client.call_tool("search", {"query": QUESTION}))
            links = [place["url"] for place in (*answer["citations"], *answer["passages"], *found["passages"])]
            assert all(link.startswith(f"{PUBLIC}/source/") for link in links)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in {0, -signal.SIGTERM}

        connected(f"{address}{ADDRESS}", use, "legacy")
