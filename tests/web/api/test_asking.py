from __future__ import annotations

import json
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.errors import QuoteMismatchError
from web.store.keeping import MemoryKeeping

QUESTION = "Who should not have TACE?"
EVENTS = {"accept": "text/event-stream"}


def events(response: Response) -> list[tuple[str, Any]]:
    assert response.headers["content-type"].startswith("text/event-stream")
    told = []
    for block in response.text.strip().split("\n\n"):
        name, data = block.split("\n")
        told.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return told


@pytest.mark.parametrize(
    "body",
    [
        {"question": QUESTION},
        {"question": "62M, NELM G2. TACE?", "facts": {"whipple_history": True}},
        {"question": "62M, NELM G2, bilobar. TAE?", "confirmed": ["tae"]},
        {"question": ""},
    ],
)
def test_an_answer_is_the_one_that_python_gives_and_nothing_is_kept(
    client: TestClient, assistant: Assistant, store: MemoryKeeping, body: dict[str, Any]
) -> None:
    before = len(store.listed("api"))
    response = client.post("ask", json=body)
    given = {name: value for name, value in body.items() if name != "question"}
    assert response.status_code == 200
    assert response.content == assistant.ask(body["question"], **given).to_json().encode()
    assert response.headers["cache-control"] == "no-store"
    assert len(store.listed("api")) == before


def test_the_same_answer_comes_as_an_event(client: TestClient, assistant: Assistant) -> None:
    response = client.post("ask", json={"question": QUESTION}, headers=EVENTS)
    answer = json.loads(assistant.ask(QUESTION).to_json())
    assert events(response) == [("working", {}), ("answer", answer)]
    assert response.headers["cache-control"] == "no-store"


def test_an_error_comes_as_an_event_with_its_problem_document(client: TestClient) -> None:
    body = {"question": "TACE?", "facts": {"ascites": "perhaps"}}
    plain = client.post("ask", json=body)
    assert (plain.status_code, plain.json()["code"]) == (422, "fact_invalid")
    (_, _), (name, problem) = events(client.post("ask", json=body, headers=EVENTS))
    assert name == "error"
    assert problem.pop("request_id") != plain.json()["request_id"]
    assert problem == {name: value for name, value in plain.json().items() if name != "request_id"}


@pytest.mark.parametrize("error", [QuoteMismatchError("not the one"), RuntimeError("zebrafish")])
def test_a_failure_within_is_told_as_an_event_without_the_words_of_others(
    client: TestClient, assistant: Assistant, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(assistant, "ask", fail)
    response = client.post("ask", json={"question": "zebrafish"}, headers=EVENTS)
    (_, _), (name, problem) = events(response)
    assert (name, problem["status"]) == ("error", 500)
    assert problem["code"] == getattr(error, "code", "internal_error")
    assert "zebrafish" not in response.text


def test_a_question_with_a_conversation_is_its_next_turn(
    client: TestClient, assistant: Assistant, store: MemoryKeeping
) -> None:
    name = store.create("api")
    client.post("ask", json={"question": "What is TARE?", "conversation": name})
    response = client.post("ask", json={"question": "And its risks?", "conversation": name})
    python = assistant.conversation()
    python.say("What is TARE?")
    assert response.content == python.say("And its risks?").to_json().encode()
    assert response.headers["content-location"] == f"/api/v1/conversations/{name}/turns/2"
    turn = client.get(response.headers["content-location"]).json()
    assert turn["answer"] == response.json()
    (_, _), (_, streamed) = events(
        client.post("ask", json={"question": "thanks", "conversation": name}, headers=EVENTS)
    )
    assert streamed["text"] == "You are welcome."
    assert store.kept(name).turns == 3


def test_a_conversation_that_is_not_there_or_anothers_is_missing(client: TestClient, store: MemoryKeeping) -> None:
    for name in ("nothing", store.create("somebody else"), store.create("")):
        response = client.post("ask", json={"question": QUESTION, "conversation": name})
        assert (response.status_code, response.json()["code"]) == (404, "conversation_missing")
        streamed = client.post("ask", json={"question": QUESTION, "conversation": name}, headers=EVENTS)
        assert events(streamed)[1][1]["code"] == "conversation_missing"


@pytest.mark.parametrize(
    "content", [b'{"question": "\xff\xfe"}', b'{"question": 1' + b"0" * 5_000 + b"}", b"[" * 9_999]
)
def test_a_body_that_nobody_can_read_is_refused_as_not_valid(client: TestClient, content: bytes) -> None:
    response = client.post("ask", content=content, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (422, "request_invalid")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "ask", "POST"),
        ("PUT", "conversations/x", "GET, DELETE"),
        ("PATCH", "conversations", "GET, POST"),
        ("DELETE", "rules", "GET"),
    ],
)
def test_a_wrong_method_is_told_every_right_one(client: TestClient, method: str, path: str, allowed: str) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert response.headers["content-type"] == "application/problem+json"
