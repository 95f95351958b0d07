"""What docs/completions.md tells people to type works."""

from __future__ import annotations

import json
import re
import shlex
import subprocess

import pytest

from tests.conftest import ROOT, require_tool

TEXT = (ROOT / "docs" / "completions.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```\w*\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
DOCUMENTED = "http://127.0.0.1:8000"


def example(beginning: str, address: str) -> str:
    (body,) = [body for body in FENCES if body.startswith(beginning)]
    assert DOCUMENTED in body
    return str(body.replace(DOCUMENTED, address))


def test_the_example_in_python_prints_an_answer(service: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    exec(example("from openai", service), names)
    names["client"].close()  # type: ignore[attr-defined]
    printed = capsys.readouterr().out
    assert "“" in printed
    assert printed.endswith("answered\n")


def test_the_request_by_hand_is_answered(service: str) -> None:
    require_tool("curl")
    words = shlex.split(example("curl", service).replace("\\\n", ""))
    result = subprocess.run(words, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout)["nelm_answer"]["status"] == "answered"
