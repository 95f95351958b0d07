from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from assistant import Assistant
from index.opening import SearchIndex
from web import service
from web.keys.admission import BindingRefusedError
from web.keys.key import Scope
from web.settings import SettingsError
from web.store.api_keys import KeyStore

BROWSER = {"accept": "text/html"}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'conversations.sqlite3'}"


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch, url: str, index_path: Path) -> Iterator[list[dict[str, Any]]]:
    """What the server was told, instead of a server; an environment of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NELM_")}
    monkeypatch.setattr(os, "environ", {**kept, "NELM_DATABASE_URL": url, "NELM_INDEX": str(index_path)})
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(uvicorn, "run", lambda **options: told.append({**options, "workers": 1}))
    monkeypatch.setattr(service, "_run_workers", lambda config: told.append(dict(vars(config))))
    return told  # type: ignore[return-value]


def run(**options: Any) -> None:
    usual = {"host": "127.0.0.1", "port": 8000, "workers": 1, "open_to_everyone": False, "sign_in": False}
    service.run(**{**usual, **options})


def made(url: str, *scopes: Scope) -> str:
    store = KeyStore.open(url)
    _, secret = store.create("somebody", scopes, 600)
    store.close()
    return secret


def test_another_address_is_refused_without_a_key_and_before_anything_is_served(served: list[dict[str, Any]]) -> None:
    with pytest.raises(BindingRefusedError):
        run(host="0.0.0.0")
    assert served == []
    run(host="0.0.0.0", open_to_everyone=True)
    run(host="127.0.0.1")
    assert [options["host"] for options in served] == ["0.0.0.0", "127.0.0.1"]


def test_another_address_is_served_where_a_key_is_in_force(served: list[dict[str, Any]], url: str) -> None:
    made(url, Scope.READ)
    run(host="0.0.0.0", workers=3)
    assert (served[0]["host"], served[0]["workers"], served[0]["access_log"]) == ("0.0.0.0", 3, False)
    assert os.environ["NELM_WORKERS"] == "3"
    assert len(os.environ["NELM_SESSION_SECRET"]) >= 32


def test_the_socket_of_several_workers_keeps_no_answer_back(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []

    class Workers:
        def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
            (self.listening,) = sockets

        def run(self) -> None:
            self.listening.listen()
            with socket.create_connection(self.listening.getsockname()), self.listening.accept()[0] as connection:
                told.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.undo()  # the workers are those of this test
    with monkeypatch.context() as patch:
        patch.setattr(service, "Multiprocess", Workers)
        service._run_workers(uvicorn.Config("x", host="127.0.0.1", port=0, log_config=None))
    assert told == [1]


def test_several_workers_need_a_database_that_keeps(served: list[dict[str, Any]]) -> None:
    os.environ["NELM_RETENTION_DAYS"] = "0"
    with pytest.raises(SettingsError, match="NELM_RETENTION_DAYS"):
        run(workers=2)
    run(workers=1)
    assert len(served) == 1


@pytest.mark.parametrize(
    ("settings", "page", "program"),
    [
        ({"host": "127.0.0.1"}, 200, 401),
        ({"host": "127.0.0.1", "sign_in": True}, 401, 401),
        ({"host": "0.0.0.0"}, 401, 401),
        ({"host": "0.0.0.0", "open_to_everyone": True}, 200, 401),
    ],
)
def test_pages_and_programs_need_a_key_as_the_address_says(
    monkeypatch: pytest.MonkeyPatch, assistant: Assistant, url: str, settings: dict[str, Any], page: int, program: int
) -> None:
    monkeypatch.setattr(SearchIndex, "open", lambda *_: assistant._index)
    secret = made(url, Scope.ASK)
    run(**settings)
    application: FastAPI = service.application()
    with TestClient(application, base_url="http://127.0.0.1") as client:
        assert client.get("/about", headers=BROWSER).status_code == page
        asked = client.post("/api/v1/ask", json={"question": "pizza"})
        assert asked.status_code == program
        let_in = {"authorization": f"Bearer {secret}"}
        assert client.post("/api/v1/ask", json={"question": "pizza"}, headers=let_in).status_code == 200
        assert client.get("/about", headers=let_in).status_code == 200
