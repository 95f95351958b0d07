"""Programs of others over a real connection: httpx2, and nothing but the standard library."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import httpx2 as httpx
import pytest
from fastapi import FastAPI

from assistant import Assistant
from corpus.document import Document
from tests.conftest import REVIEW
from tests.web.listening import listening


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    with listening(app) as address:
        yield f"{address}/api/v1"


def fetch(address: str, body: Any = None, method: str | None = None, **headers: str) -> tuple[int, dict[str, str], Any]:
    data = None if body is None else json.dumps(body).encode()
    given = {"content-type": "application/json"} if data else {}
    request = Request(address, data, {**given, **headers}, method=method)
    try:
        with urlopen(request, timeout=30) as response:
            content = response.read()
            return response.status, dict(response.headers), json.loads(content) if content else None
    except HTTPError as refused:
        return refused.code, dict(refused.headers), json.loads(refused.read())


def test_the_standard_library_asks_holds_a_conversation_and_reads_a_section(
    address: str, assistant: Assistant, review: Document
) -> None:
    _, _, answer = fetch(f"{address}/ask", {"question": "Who should not have TACE?"})
    assert answer == json.loads(assistant.ask("Who should not have TACE?").to_json())
    status, headers, begun = fetch(f"{address}/conversations", {"title": "Board"})
    assert (status, headers["location"]) == (201, f"/api/v1/conversations/{begun['id']}")
    for number, text in enumerate(("What is TARE?", "And its risks?"), 1):
        _, _, turn = fetch(f"{address}/conversations/{begun['id']}/turns", {"question": text})
        assert turn["number"] == number
    assert "TARE" in turn["answer"]["resolved_question"]
    assert fetch(f"{address}/conversations/{begun['id']}", method="DELETE")[0] == 204
    assert fetch(f"{address}/conversations/{begun['id']}")[0] == 404
    _, _, section = fetch(f"{address}/sources/{REVIEW}/sections/{quote('Table 1')}")
    assert all(s["quote"] == review.source[s["start"] : s["end"]] for s in section["sentences"])


def test_httpx_streams_an_answer_and_is_told_that_nothing_has_changed(address: str, assistant: Assistant) -> None:
    with httpx.Client(timeout=30) as client:
        lines = []
        with client.stream(
            "POST", f"{address}/ask", json={"question": "What is TARE?"}, headers={"accept": "text/event-stream"}
        ) as response:
            lines = [line for line in response.iter_lines() if line]
        assert lines[0] == "event: working"
        assert lines[2] == "event: answer"
        assert json.loads(lines[3].removeprefix("data: ")) == json.loads(assistant.ask("What is TARE?").to_json())
        first = client.get(f"{address}/facts")
        again = client.get(f"{address}/facts", headers={"if-none-match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_a_batch_is_answered_line_by_line_while_it_is_read(
    address: str, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, may_go_on = assistant.ask, threading.Event()

    def held(question: str, **given: Any) -> Any:
        if question == "TAE":
            assert may_go_on.wait(30)  # not before the first line has arrived
        return ask(question, **given)

    monkeypatch.setattr(assistant, "ask", held)
    content = b'{"id": 1, "question": "TACE"}\n{oops\n{"id": 2, "question": "TAE"}\n'
    headers = {"content-type": "application/x-ndjson"}
    rows = []
    with httpx.stream("POST", f"{address}/batch", content=content, headers=headers, timeout=30) as response:
        for line in response.iter_lines():
            rows.append(json.loads(line))
            may_go_on.set()
    assert [row.get("id") for row in rows] == [1, None, 2]
    assert rows[1]["problem"]["code"] == "batch_line_invalid"


def test_many_at_once_under_one_key_get_one_turn(address: str) -> None:
    _, _, begun = fetch(f"{address}/conversations", {})
    numbers: list[int] = []

    def say() -> None:
        path = f"{address}/conversations/{begun['id']}/turns"
        _, _, turn = fetch(path, {"question": "What is TARE?"}, **{"Idempotency-Key": "one"})
        numbers.append(turn["number"])

    threads = [threading.Thread(target=say) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert numbers == [1] * 6
