from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.testclient import TestClient

from tests.web.observed import Logged, logged
from web import problems
from web.headers import SafetyHeaders
from web.metrics import Metrics
from web.observing import Observing, request_id
from web.pages import TEMPLATES

GIVEN = "0123456789abcdef-0123456789ABCDEF"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def client(metrics: Metrics) -> TestClient:
    app, router, inner = FastAPI(openapi_url=None), APIRouter(), APIRouter()

    @inner.get("/things/{thing}")
    def thing(thing: str, request: Request) -> dict[str, Any]:
        return {"id": request.state.request_id}

    @inner.get("/broken/{thing}")
    def broken(thing: str) -> None:
        raise RuntimeError(thing)

    @router.get("/cut")
    def cut() -> StreamingResponse:
        def parts() -> Iterator[str]:
            yield "begun"
            raise RuntimeError("zebrafish")

        return StreamingResponse(parts())

    router.include_router(inner, prefix="/inner")
    app.include_router(router, prefix="/api/v1")
    app.mount("/static", StaticFiles(directory=TEMPLATES), name="static")
    problems.install(app)
    app.add_middleware(SafetyHeaders)
    app.add_middleware(Observing, metrics=metrics)
    return TestClient(app)


@pytest.fixture
def log() -> Iterator[Logged]:
    with logged() as out:
        yield out


def test_a_request_is_a_line_with_the_template_of_its_route(client: TestClient, log: Logged) -> None:
    client.get("/api/v1/inner/things/zebrafish?zebra=zebrafish")
    (event,) = log.of("request")
    assert (event["method"], event["route"], event["status"]) == ("GET", "/api/v1/inner/things/{thing}", 200)
    assert event["ms"] >= 0
    assert "zebra" not in log.getvalue()


@pytest.mark.parametrize(
    ("method", "path", "route", "status", "level"),
    [
        ("GET", "/zebrafish", "none", 404, "info"),
        ("POST", "/api/v1/inner/things/zebrafish", "/api/v1/inner/things/{thing}", 405, "info"),
        ("GET", "/static/error.html", "/static/*", 200, "debug"),
        ("GET", "/static/zebrafish", "/static/*", 404, "debug"),
        ("ZEBRAFISH", "/api/v1/inner/things/x", "/api/v1/inner/things/{thing}", 405, "info"),
    ],
)
def test_no_line_holds_what_an_address_or_a_method_is_made_of(
    client: TestClient, log: Logged, method: str, path: str, route: str, status: int, level: str
) -> None:
    client.request(method, path)
    (event,) = log.of("request")
    assert (event["route"], event["status"], event["level"]) == (route, status, level)
    assert event["method"] == (method if method in {"GET", "POST"} else "other")
    assert "zebra" not in log.getvalue().lower()


def test_an_id_that_is_well_formed_is_taken_over_and_returned(client: TestClient, log: Logged) -> None:
    response = client.get("/api/v1/inner/things/x", headers={"x-request-id": GIVEN})
    assert response.headers["x-request-id"] == response.json()["id"] == GIVEN
    assert log.of("request")[0]["request_id"] == GIVEN


@pytest.mark.parametrize(
    "given", ["", "abc", "zebrafish-zebrafish", "a" * 65, "0123456789abcdef\n", "Mrs Smith 0123456789"]
)
def test_another_id_is_replaced(given: str) -> None:
    made = request_id(given)
    assert made != given
    assert request_id(made) == made
    assert made != request_id("")


def test_an_error_names_the_request_for_programs_and_for_people(client: TestClient) -> None:
    headers = {"x-request-id": GIVEN}
    assert client.get("/nothing", headers=headers).json()["request_id"] == GIVEN
    assert GIVEN in client.get("/nothing", headers={**headers, "accept": "text/html"}).text


def test_a_failure_nobody_expected_is_an_error_without_its_words(client: TestClient, log: Logged) -> None:
    response = client.get("/api/v1/inner/broken/zebrafish", headers={"x-request-id": GIVEN})
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert response.headers["x-request-id"] == response.json()["request_id"] == GIVEN
    assert response.headers["x-content-type-options"] == "nosniff"
    failed, request = log.events
    assert (failed["event"], failed["error"], failed["request_id"]) == ("failed", "builtins.RuntimeError", GIVEN)
    assert any(frame.startswith("web/observing.py:") for frame in failed["frames"])
    assert (request["event"], request["status"]) == ("request", 500)
    assert "zebrafish" not in log.getvalue() + response.text


def test_a_failure_after_the_response_has_begun_is_told_in_the_log(client: TestClient, log: Logged) -> None:
    client.get("/api/v1/cut")
    assert [event["event"] for event in log.events] == ["failed", "request"]
    assert "zebrafish" not in log.getvalue()


def test_requests_are_counted_by_template_method_and_status(client: TestClient, metrics: Metrics) -> None:
    for thing in ("zebrafish", "trout"):
        client.get(f"/api/v1/inner/things/{thing}")
    client.get("/zebrafish")
    metrics.answered("answered")
    text = metrics.text().decode()
    assert 'nelm_requests_total{method="GET",route="/api/v1/inner/things/{thing}",status="200"} 2.0' in text
    assert 'nelm_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert 'nelm_request_seconds_count{method="GET",route="/api/v1/inner/things/{thing}"} 2.0' in text
    assert 'nelm_answers_total{status="answered"} 1.0' in text
    assert "process_resident_memory_bytes" in text
    assert "zebrafish" not in text


def test_what_several_workers_count_is_added_up(tmp_path: Path) -> None:
    script = (
        "from web.metrics import Metrics\nmetrics = Metrics()\nmetrics.answered('declined')\n"
        "print(metrics.text().decode())\n"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for count in (1, 2):
        told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=environment)
        assert f'nelm_answers_total{{status="declined"}} {count}.0' in told.stdout.decode()
