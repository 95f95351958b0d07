from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from assistant import Assistant
from tests.web.observed import logged
from web.health import health_router
from web.metrics import Metrics
from web.store.errors import StoreUnavailableError
from web.store.opening import answers, open_engine


def client(assistant: Assistant, **checks: Callable[[], object]) -> TestClient:
    app = FastAPI()
    app.include_router(health_router(assistant, Metrics(), checks))
    return TestClient(app)


def test_it_is_ready_where_everything_works(assistant: Assistant) -> None:
    response = client(assistant, store=lambda: None).get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ready", "failed": []})
    assert response.headers["cache-control"] == "no-store"


def test_what_does_not_work_is_named_and_nothing_else_is_told(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailableError("postgresql://me:geheim@host")

    with logged() as out:
        response = client(assistant, store=fail).get("/readyz")
    assert (response.status_code, response.json()) == (503, {"status": "unavailable", "failed": ["store"]})
    assert [(event["part"], event["error"]) for event in out.of("not_ready")] == [
        ("store", "web.store.errors.StoreUnavailableError")
    ]
    monkeypatch.setattr(assistant, "respond", fail)
    assert client(assistant, store=fail).get("/readyz").json()["failed"] == ["index", "store"]
    assert "geheim" not in out.getvalue() + response.text
    assert client(assistant, store=fail).get("/healthz").status_code == 200


def test_a_database_that_is_gone_does_not_answer(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    engine = open_engine(f"sqlite:///{folder}/a.sqlite3")
    answers(engine)
    engine.dispose()
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailableError):
        answers(engine)
    engine.dispose()
