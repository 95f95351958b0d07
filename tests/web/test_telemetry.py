"""No library reports to anybody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI

from assistant import Assistant
from web.app import create_app

ASK = "from assistant import Assistant\nassert Assistant.open().ask('What is TARE?').status == 'answered'\n"
COMMAND = "import sys; sys.argv = ['nelm', 'ask', 'What is TARE?']; import web.cli; web.cli.main()"
UNTOLD = (
    "import onnxruntime, os\n"
    "model = os.path.join(os.environ['NELM_INDEX'], 'model.onnx')\n"
    "onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])\n"
)


def left_at_home(script: str, home: Path, index_path: Path, **told: str) -> list[str]:
    """The files that a process leaves in its home, where no variable says that it is a test."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment = {**kept, **told, "HOME": str(home), "NELM_INDEX": str(index_path)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, timeout=120)
    return [path.name for path in home.rglob("*") if path.is_file()]


@pytest.mark.parametrize("script", [ASK, COMMAND])
def test_a_question_leaves_no_report_to_be_sent(tmp_path: Path, index_path: Path, script: str) -> None:
    assert left_at_home(script, tmp_path, index_path) == []


def test_nor_where_the_environment_asks_for_one(tmp_path: Path, index_path: Path) -> None:
    assert left_at_home(ASK, tmp_path, index_path, ORT_DISABLE_TELEMETRY="0") == []


def test_such_a_report_would_be_seen(tmp_path: Path, index_path: Path) -> None:
    """Of onnxruntime left to itself; should it no longer keep one, telling it not to may go."""
    assert "deviceid" in left_at_home(UNTOLD, tmp_path, index_path)


def test_what_the_server_library_could_export_is_off(assistant: Assistant) -> None:
    """Read off its own settings: none of its defaults is left, so that a new one is looked at."""
    kinds = {name for name, value in FastAPI()._telemetry.items() if isinstance(value, bool)}
    told = create_app(assistant)._telemetry
    assert {"tracing", "metrics", "logs"} < kinds
    assert {name: told[name] for name in kinds} == dict.fromkeys(kinds, False)  # type: ignore[literal-required]
