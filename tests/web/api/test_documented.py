"""What docs/api.md tells people to type works."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from assistant import Assistant
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
SHELL = [body for kind, body in FENCES if kind == "sh"]
CALLS = [shlex.split(call) for body in SHELL for call in re.split(r"^(?=curl )", body, flags=re.MULTILINE)]
HOST = "http://127.0.0.1:8000"


def sent(client: TestClient, words: list[str], name: str) -> Response:
    """Do what a call of curl does."""
    program, *rest = words
    assert program == "curl"
    method, headers, data, address = "GET", {}, None, ""
    while rest:
        word = rest.pop(0)
        if word == "-H":
            key, _, value = rest.pop(0).partition(": ")
            headers[key] = value
        elif word in {"-d", "--data-binary"}:
            data, method = rest.pop(0).encode(), "POST"
        elif word == "-X":
            method = rest.pop(0)
        else:
            assert word.startswith(HOST)
            address = word.removeprefix(HOST).replace("/ID", f"/{name}")
    return client.request(method, address, content=data, headers=headers)


def test_every_call_is_answered(client: TestClient) -> None:
    name, done = "", 0
    for words in filter(None, CALLS):
        response = sent(client, words, name)
        assert response.status_code in {200, 201, 204}, words
        if words[1].endswith("/conversations"):
            name = response.json()["id"]
        if words[1].endswith("/batch"):
            rows = [json.loads(line) for line in response.text.splitlines()]
            assert [row["id"] for row in rows] == [1, 2, 3]
            assert not any("problem" in row for row in rows)
        done += 1
    assert done == 14


def test_the_examples_in_python_run_one_after_the_other(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Assistant, "open", lambda: assistant)
    blocks = [body for kind, body in FENCES if kind == "python"]
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/api.md", "exec"), names)
    said = capsys.readouterr().out
    assert len(blocks) == 3
    assert "tace contraindicated" in said
    assert "TARE" in said
    assert "2 ascites: " in said


def test_every_operation_is_documented_and_no_other(client: TestClient) -> None:
    paths = client.get("openapi.json").json()["paths"]
    there = {f"{m.upper()} {path.removeprefix('/api/v1')}" for path, methods in paths.items() for m in methods}
    told = re.findall(r"`((?:GET|POST|DELETE) /[^`]+)`", TEXT[TEXT.index("| operation |") : TEXT.index("```sh")])
    assert set(told) == there
    assert len(told) == len(set(told))
