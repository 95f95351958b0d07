"""Words of a patient planted wherever somebody may put them: they come back in answers, and nowhere else."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from assistant import Assistant
from tests.web.observed import Logged, logged
from web.app import create_app
from web.bench import serving
from web.metrics import Metrics
from web.served import ServedAssistant
from web.store.database import DatabaseStore

CANARIES = ("Zebrafishson", "1947-03-02", "MRN-4711-0815", "Whippleby")
WORDS = f"{CANARIES[0]} {CANARIES[3]}, born {CANARIES[1]}, {CANARIES[2]}: bilirubin 3.1 mg/dL, TACE?"
PLACE = WORDS.replace("/", " per ")
"""The same as one part of an address."""
BROWSER = {"accept": "text/html"}
JSON = {"content-type": "application/json"}


class Failing(ServedAssistant):
    """Fails with the question in its message, and in its cause's, whenever the question says so."""

    def ask(self, question: str, **given: Any) -> Any:
        if "explode" in question:
            try:
                int(question)
            except ValueError as exc:
                raise RuntimeError(question) from exc
        return super().ask(question, **given)


class Planted:
    """A service on which the words are planted, and everything that it said besides answers."""

    def __init__(self, client: TestClient, metrics: Metrics, log: Logged) -> None:
        self.client = client
        self.metrics = metrics
        self.log = log
        self.errors: list[str] = []
        self.statuses: list[int] = []

    def send(self, method: str, address: str, **given: Any) -> Response:
        """Send a request; keep the heads of all responses, and the bodies of errors."""
        response = self.client.request(method, address, **given)
        for each in (*response.history, response):
            self.errors.append("\n".join(f"{name}: {value}" for name, value in each.headers.items()))
            self.statuses.append(each.status_code)
        if response.status_code >= 400:
            self.errors.append(response.text)
        return response


@pytest.fixture
def planted(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Planted]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    metrics = Metrics()
    store = DatabaseStore.open(f"sqlite:///{tmp_path}/kept/conversations.sqlite3")
    app = create_app(Failing(assistant._index, count=metrics.answered), store, retention_days=30, metrics=metrics)
    with logged() as log, TestClient(app) as client:
        yield Planted(client, metrics, log)
    store.close()


def found(text: str) -> list[str]:
    return [canary for canary in (*CANARIES, "zebrafish") if canary.lower() in text.lower()]


def plant_programs(planted: Planted) -> None:
    ask, recommend = "/api/v1/ask", "/api/v1/recommend"
    planted.send("POST", ask, json={"question": WORDS})
    planted.send("POST", ask, json={"question": f"explode {WORDS}"})
    planted.send("POST", ask, json={"question": WORDS, CANARIES[0]: WORDS})
    planted.send("POST", ask, json={"question": [WORDS]})
    planted.send("POST", ask, json=[WORDS])
    planted.send("POST", ask, content=f'{{"question": "{WORDS}'.encode(), headers=JSON)
    planted.send("POST", ask, json={"question": "x", "facts": {"ascites": WORDS}})
    planted.send("POST", ask, json={"question": "x", "facts": {"bilirubin_mg_dl": {CANARIES[0]: WORDS}}})
    planted.send("POST", ask, json={"question": "x", "facts": {CANARIES[0]: True, WORDS: "1"}})
    planted.send("POST", ask, json={"question": "x", "confirmed": [WORDS]})
    planted.send("POST", "/v1/chat/completions", json={"model": WORDS, "messages": [{"role": WORDS, "content": WORDS}]})
    planted.send("POST", "/v1/chat/completions", json={"messages": WORDS, CANARIES[0]: 1})
    planted.send("POST", ask, json={"question": "x", "confirmed": [5, {"x": WORDS}]})
    planted.send("POST", recommend, json={"case": WORDS, "facts": {"ascites": True}})
    planted.send("POST", recommend, json={"case": [WORDS]})
    for name in ("x-request-id", "user-agent", "referer", "authorization", "cookie", "accept", "host", "via"):
        planted.send("POST", ask, json={"question": "x"}, headers={name: WORDS})
    planted.send("GET", ask, params={"q": WORDS})
    planted.send("POST", f"/api/v1/{CANARIES[0]}", params={CANARIES[0]: WORDS})
    planted.send("GET", f"/{PLACE}/{PLACE}")
    planted.send("ZEBRAFISHSON", "/api/v1/ask")


def plant_conversations(planted: Planted) -> None:
    api = "/api/v1"
    name = planted.send("POST", f"{api}/conversations", json={}).json()["id"]
    turns = f"{api}/conversations/{name}/turns"
    planted.send("POST", turns, json={"message": WORDS, "question": WORDS})
    for field in ("message", "question", "text"):
        for accept in ("application/json", "text/event-stream"):
            headers = {"accept": accept, "idempotency-key": WORDS}
            planted.send("POST", turns, json={field: WORDS}, headers=headers)
            planted.send("POST", turns, json={field: WORDS, "facts": {"ascites": WORDS}}, headers={"accept": accept})
    changed = {"case": WORDS, "changed": {"ascites": WORDS}, "therapy": "tace"}
    for kind in ("rule", "therapy", "what-if", "changes"):
        planted.send("POST", f"{api}/explain/{kind}", json={"case": WORDS, "rule": WORDS, "therapy": WORDS})
        planted.send("POST", f"{api}/explain/{kind}", json=changed)
    planted.send("POST", f"{api}/search", json={"question": WORDS, "count": WORDS})
    lines = f'{{"id": 1, "question": 5, "x": "{WORDS}"}}\nzebrafish\n{{"id": 2, "question": "explode {WORDS}"}}'
    for kind in ("application/x-ndjson", WORDS):
        planted.send("POST", f"{api}/batch", content=lines.encode(), headers={"content-type": kind})
    source = "sources/criss-makary-2024/sections"
    for way in ("facts", "therapies", "rules/x", "sources", source, "outcomes/x", "conversations"):
        planted.send("GET", f"{api}/{way}/{PLACE}")
        planted.send("GET", f"{api}/{way}", params={"q": WORDS, "limit": WORDS, "cursor": WORDS, "offset": WORDS})
    planted.send("POST", "/slack/events", content=WORDS.encode())
    planted.send("POST", "/mcp", json={"jsonrpc": "2.0", "id": WORDS, "method": WORDS, "params": {"x": WORDS}})


def plant_pages(planted: Planted) -> None:
    token = planted.client.get("/").text.partition('name="token" value="')[2].partition('"')[0]
    form = {"token": token}
    kept = planted.send("POST", "/ask", data={**form, "question": WORDS})
    name = kept.url.path.rpartition("/")[2]
    planted.send("POST", "/ask", data={"token": WORDS, "question": WORDS}, headers=BROWSER)
    planted.send("POST", "/ask", data={**form, "conversation": WORDS, "question": "x"}, headers=BROWSER)
    planted.send("POST", "/ask", data={**form, "fact": WORDS, "value": WORDS})
    planted.send("POST", "/ask", data={**form, "confirmed": WORDS})
    planted.send("POST", "/ask", files={"question": ("patient.txt", WORDS.encode() * 900)}, data=form)
    planted.send("POST", "/ask", data={**form, "question": WORDS}, headers={"accept": "text/event-stream"})
    planted.send("POST", f"/c/{name}/rename", data={**form, "title": WORDS})
    planted.send("POST", f"/c/{name}/feedback", data={**form, "turn": "1", "verdict": "wrong", "reason": WORDS})
    planted.send("POST", f"/c/{name}/feedback", data={**form, "turn": WORDS, "verdict": WORDS})
    for address in (f"/c/{PLACE}", f"/c/{name}/turns/{PLACE}/report", f"/c/{name}/turns/1/therapies/{PLACE}"):
        planted.send("GET", address, headers=BROWSER)
    for way in ("export.json", "export.md", "print", "turns/1/report"):
        planted.send("GET", f"/c/{name}/{way}")
    for address in ("/source/criss-makary-2024", f"/source/{PLACE}", "/evidence", "/rules", "/", "/sign-in"):
        planted.send("GET", address, params={"q": WORDS, "at": WORDS, "back": WORDS}, headers=BROWSER)


def test_a_patient_s_words_are_in_no_log_metric_error_redirect_or_temporary_file(
    planted: Planted, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    plant_programs(planted)
    plant_conversations(planted)
    plant_pages(planted)
    assert {200, 303, 403, 404, 405, 422, 500} <= set(planted.statuses)
    assert len(planted.log.of("request")) > 80
    assert planted.log.of("failed")
    assert found(planted.log.getvalue()) == []
    assert found(planted.metrics.text().decode()) == []
    assert found("".join(capfd.readouterr())) == []
    assert [error for error in planted.errors if found(error)] == []
    left = [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()]
    assert [path for path in left if found(path.read_bytes().decode("latin-1"))] == []


@pytest.mark.thorough
def test_what_is_no_http_is_in_no_line_of_a_running_service(
    index_path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    heads = [
        f"{WORDS}\r\n\r\n",
        f"GET /{PLACE} HTTP/9.9\r\n\r\n",
        f"GET /x HTTP/1.1\r\n{WORDS}\r\n\r\n",
        f"GET /x HTTP/1.1\r\nhost: {'x' * 70_000}{WORDS}\r\n\r\n",
        f"POST /api/v1/ask HTTP/1.1\r\nhost: x\r\ncontent-length: {CANARIES[0]}\r\n\r\n{WORDS}",
        f"POST /api/v1/ask HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{WORDS}\r\n",
        f"POST /api/v1/ask HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\n{WORDS}",
    ]
    database = f"sqlite:///{tmp_path}/kept.sqlite3"
    with serving(index_path, NELM_LOG_LEVEL="debug", NELM_DATABASE_URL=database) as (_, address):
        place = urlsplit(address)
        for head in heads:
            with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=30) as connection:
                connection.sendall(head.encode())
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass
    said = "".join(capfd.readouterr())
    assert '"event": "library"' in said
    assert found(said) == []
