from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.conversation.store import say
from assistant.errors import KeyReusedError
from tests.web.api.calling import ApiClient
from tests.web.keys.made import Kept
from web.app import create_app
from web.keys.admission import Admission
from web.store.database import DatabaseStore
from web.store.keeping import MemoryKeeping

KEY = {"idempotency-key": "one"}


def begun(client: TestClient, title: str = "") -> str:
    response = client.post("conversations", json={"title": title})
    assert response.status_code == 201
    assert response.headers["location"] == f"/api/v1/conversations/{response.json()['id']}"
    return str(response.json()["id"])


def said(client: TestClient, name: str, question: str, **headers: str) -> dict[str, Any]:
    response = client.post(f"conversations/{name}/turns", json={"question": question}, headers=headers)
    assert response.status_code == 201
    turn: dict[str, Any] = response.json()
    assert response.headers["location"] == f"/api/v1/conversations/{name}/turns/{turn['number']}"
    return turn


def test_a_conversation_is_held_as_in_python_and_read_again(client: TestClient, assistant: Assistant) -> None:
    name, python = begun(client), assistant.conversation()
    turns = [said(client, name, text) for text in ("62F, NELM G2, prior Whipple. TACE?", "What is TARE?", "why?")]
    for text in ("62F, NELM G2, prior Whipple. TACE?", "What is TARE?", "why?"):
        python.say(text)
    assert [turn["answer"] for turn in turns] == [json.loads(turn.answer.to_json()) for turn in python]
    assert [turn["patient"] for turn in turns] == [turn.patient or None for turn in python]
    whole = client.get(f"conversations/{name}").json()
    assert whole["turns"] == turns
    assert (whole["id"], whole["title"], whole["length"]) == (name, "62F, NELM G2, prior Whipple. TACE?", 3)
    assert client.get(f"conversations/{name}/turns/2").json() == turns[1]


def test_the_same_key_and_message_give_the_very_same_turn(client: TestClient) -> None:
    name = begun(client)
    body = {"question": "62M, NELM G2. TACE?", "facts": {"ascites": True}, "confirmed": ["tace"]}
    first = client.post(f"conversations/{name}/turns", json=body, headers=KEY)
    said(client, name, "What is TARE?")
    again = client.post(f"conversations/{name}/turns", json=body, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["location"] == first.headers["location"]
    changes: list[dict[str, Any]] = [{"question": "TAE?"}, {"facts": {"ascites": False}}, {"confirmed": []}]
    for changed in changes:
        other = client.post(f"conversations/{name}/turns", json={**body, **changed}, headers=KEY)
        assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    asked = client.post("ask", json={**body, "conversation": name}, headers=KEY)
    assert asked.json() == first.json()["answer"]
    assert client.get(f"conversations/{name}").json()["length"] == 2
    assert said(client, begun(client), "What is TAE?", **KEY)["number"] == 1
    assert said(client, name, "What is TARE?")["number"] == 3


def test_a_stored_answer_is_the_very_same_after_the_service_began_anew(assistant: Assistant, tmp_path: Path) -> None:
    given = []
    name = ""
    for _ in range(2):
        store = DatabaseStore.open(f"sqlite:///{tmp_path / 'kept.sqlite3'}")
        name = name or store.create("api")
        given.append(say(assistant.dialogue, store, name, "What is TARE?", key="one").answer.to_json())
        with pytest.raises(KeyReusedError):
            say(assistant.dialogue, store, name, "What is TAE?", key="one")
        assert store.answer_json(name, 1) == given[-1]
        assert store.kept(name).turns == 1
        store.close()
    assert given[0] == given[1]


def test_the_list_goes_on_by_its_links_and_the_last_used_comes_first(client: TestClient) -> None:
    names = [begun(client, f"Board {n}") for n in range(5)]
    client.post(f"conversations/{names[0]}/turns", json={"question": "thanks"})
    found: list[str] = []
    link = "/api/v1/conversations?limit=2"
    while link:
        response = client.get(link)
        assert response.headers["cache-control"] == "no-store"
        found += [item["id"] for item in response.json()["items"]]
        link = response.json()["next"]
        assert response.headers.get("link") == (f'<{link}>; rel="next"' if link else None)
    assert found[:5] == [names[0], *reversed(names[1:])]
    assert response.json()["total"] == len(found) == len(set(found))


def test_exports_are_those_of_the_page(client: TestClient) -> None:
    name = begun(client)
    said(client, name, "What is TARE?")
    for ending in ("json", "md"):
        ours, page = client.get(f"conversations/{name}/export.{ending}"), client.get(f"/c/{name}/export.{ending}")
        assert ours.content == page.content
        assert ours.headers["content-disposition"] == page.headers["content-disposition"]
        assert ours.headers["cache-control"] == "no-store"


def test_what_is_deleted_is_gone_and_what_was_done_is_noted_without_content(
    client: TestClient, store: MemoryKeeping
) -> None:
    name = begun(client)
    said(client, name, "What is TARE?")
    client.get(f"conversations/{name}")
    client.get(f"conversations/{name}/turns/1")
    client.get(f"conversations/{name}/export.md")
    assert client.delete(f"conversations/{name}").status_code == 204
    noted = [(note.action, note.interface) for note in store.audits() if note.conversation == name]
    assert noted == [("read", "api"), ("read", "api"), ("export", "api"), ("delete", "api")]
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/turns/1"), ("GET", "/export.json")):
        response = client.request(method, f"conversations/{name}{path}")
        assert (response.status_code, response.json()["code"]) == (404, "conversation_missing")
    response = client.post(f"conversations/{name}/turns", json={"question": "TACE?"})
    assert (response.status_code, response.json()["code"]) == (404, "conversation_missing")


def test_feedback_is_kept_with_its_turn(client: TestClient, store: MemoryKeeping) -> None:
    name = begun(client)
    said(client, name, "What is TARE?")
    path = f"conversations/{name}/turns/1/feedback"
    assert client.post(path, json={"verdict": "wrong", "reason": "another treatment"}).status_code == 204
    (kept,) = store.feedbacks(name)
    assert (kept.turn, kept.verdict, kept.reason) == (1, "wrong", "another treatment")
    assert client.post(path, json={"verdict": "perhaps"}).json()["code"] == "request_invalid"
    for number, status in ((2, 404), (0, 422)):
        path = f"conversations/{name}/turns/{number}/feedback"
        assert client.post(path, json={"verdict": "helpful"}).status_code == status


def test_a_turn_beyond_the_last_is_missing(client: TestClient) -> None:
    response = client.get(f"conversations/{begun(client)}/turns/1")
    assert (response.status_code, response.json()["code"]) == (404, "conversation_missing")


@pytest.mark.parametrize("query", ["offset=-1", "limit=0", "limit=201", "offset=x", "offset=1e3"])
def test_a_part_of_a_list_that_cannot_be_is_refused(client: TestClient, query: str) -> None:
    response = client.get(f"conversations?{query}")
    assert (response.status_code, response.json()["code"]) == (422, "request_invalid")


def test_a_key_opens_the_conversations_made_by_it_and_no_others(assistant: Assistant) -> None:
    kept = Kept()
    mine, other = ({"authorization": f"Bearer {kept.make('ask', 'read')}"} for _ in range(2))
    app = create_app(assistant, admission=Admission(kept.ring))
    with ApiClient(app) as client:
        name = client.post("conversations", json={}, headers=mine).json()["id"]
        assert [item["id"] for item in client.get("conversations", headers=mine).json()["items"]] == [name]
        assert client.get("conversations", headers=other).json()["items"] == []
        for method, path in (("GET", ""), ("GET", "/export.json"), ("GET", "/turns/1"), ("DELETE", "")):
            assert client.request(method, f"conversations/{name}{path}", headers=other).status_code == 404
        path = f"conversations/{name}/turns"
        assert client.post(path, json={"question": "TACE?"}, headers=other).status_code == 404
        assert client.post(f"{path}/1/feedback", json={"verdict": "wrong"}, headers=other).status_code == 404
        assert client.post(path, json={"question": "TACE?"}, headers=mine).status_code == 201
