"""The service in several processes, on either kind of database, and how it stops."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

from web.bench import serving
from web.keys.key import Scope
from web.load import workers
from web.store.api_keys import KeyStore
from web.store.database import DatabaseStore

TOKEN = re.compile(r'name="token" value="(\w+)"')
TURNS = 12


def becomes(wanted: int, status: Callable[[], int]) -> float:
    """Ask until a status is the one wanted; return after how many seconds."""
    began = time.monotonic()
    while status() != wanted:
        assert time.monotonic() - began < 30
    return time.monotonic() - began


def converse(address: str) -> str:
    """Ask question after question in one conversation, each on a connection of its own; return its id."""
    with httpx.Client(base_url=address, timeout=60) as client:
        found = TOKEN.search(client.get("/").text)
        assert found is not None
        token, cookies = found.group(1), dict(client.cookies)
    name = ""
    for number in range(TURNS):
        data = {"token": token, "conversation": name, "question": f"What is TACE? ({number})"}
        with httpx.Client(base_url=address, timeout=60, cookies=cookies) as client:
            answer = client.post("/ask", data=data)
        assert answer.status_code == 303
        name = answer.headers["location"].split("/c/")[1].partition("#")[0]
    return name


@pytest.mark.thorough
def test_workers_share_conversations_counts_and_keys(index_path: Path, url: str) -> None:
    settings = {"NELM_WORKERS": "2", "NELM_DATABASE_URL": url}
    with serving(index_path, **settings) as (process, address):
        becomes(200, lambda: httpx.get(f"{address}/readyz", timeout=60).status_code)
        assert len(list(workers(process.pid))) == 2
        with httpx.Client(base_url=address, timeout=60) as client:
            assert min(client.get("/healthz").elapsed.total_seconds() for _ in range(20)) < 0.03, "held back"
        name = converse(address)
        store = DatabaseStore.open(url)
        assert [turn.number for turn in store.turns(name)] == list(range(1, TURNS + 1))
        store.close()
        counted = httpx.get(f"{address}/metrics", timeout=60).text
        assert f'nelm_requests_total{{method="POST",route="/ask",status="303"}} {TURNS}.0' in counted
        assert f'nelm_answers_total{{status="answered"}} {TURNS}.0' in counted

        keys = KeyStore.open(url)
        key, secret = keys.create("somebody", [Scope.ASK], 6_000)
        ask = f"{address}/api/v1/ask"
        given = {"authorization": f"Bearer {secret}"}
        assert becomes(401, lambda: httpx.post(ask, json={"question": "x"}, timeout=60).status_code) < 30
        assert httpx.post(ask, json={"question": "x"}, headers=given, timeout=60).status_code == 200
        keys.revoke(key.id)
        keys.create("another", [Scope.ASK], 6_000)
        becomes(401, lambda: httpx.post(ask, json={"question": "x"}, headers=given, timeout=60).status_code)
        keys.close()


@pytest.mark.thorough
def test_what_is_being_answered_when_the_service_is_told_to_stop_is_finished(index_path: Path, sqlite_url: str) -> None:
    body = json.dumps({"question": "What is TACE?"}).encode()
    fields = f"host: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    head = f"POST /api/v1/ask HTTP/1.1\r\n{fields}\r\n"
    with serving(index_path, NELM_DATABASE_URL=sqlite_url) as (process, address):
        parts = urlsplit(address)
        place = (str(parts.hostname), int(parts.port or 0))
        with socket.create_connection(place, timeout=60) as connection:
            connection.sendall(head.encode() + body[:5])
            process.terminate()
            while True:
                try:
                    socket.create_connection(place, timeout=5).close()
                except OSError:
                    break  # it takes no more
            connection.sendall(body[5:])
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
        assert process.wait(60) in {0, -15}
