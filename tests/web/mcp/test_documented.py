"""What docs/mcp.md tells people to type works."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from tests.conftest import ROOT, require_tool
from web import cli
from web.bench import serving
from web.mcp.mounting import ADDRESS

TEXT = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
FENCES = FENCE.findall(TEXT)


def test_every_configuration_is_json_that_names_our_command_or_our_address() -> None:
    found = [json.loads(body) for language, body in FENCES if language == "json"]
    assert len(found) == 3
    for configuration in found:
        ((_, servers),) = configuration.items()
        server = servers["nelm"]
        if "url" in server:
            assert server["url"].endswith(f":8000{ADDRESS}")
        else:
            assert server["command"] == "nelm"
            assert server["args"] == ["mcp"]
            assert set(server.get("env", ())) <= {"NELM_PUBLIC_URL"}
    assert "mcp" in get_command(cli.app).commands  # type: ignore[attr-defined]


@pytest.mark.thorough
def test_the_example_in_python_prints_an_answer(index_path: Path, tmp_path: Path) -> None:
    (body,) = [body for language, body in FENCES if language == "python"]
    nelm = tmp_path / "nelm"
    nelm.write_text(f"#!{sys.executable}\nfrom web.cli import main\nmain()\n", encoding="utf-8")
    nelm.chmod(0o755)
    settings = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "NELM_INDEX": str(index_path), "PYTHONPATH": str(ROOT)}
    served = body.replace('args=["mcp"]', f'args=["mcp"], env={settings!r}')
    assert served != body
    result = subprocess.run(
        [sys.executable, "-c", served], env={**os.environ, **settings}, capture_output=True, text=True, check=True
    )
    assert "“" in result.stdout
    assert result.stdout.endswith("answered\n")


@pytest.mark.thorough
def test_the_request_by_hand_finds_passages(index_path: Path) -> None:
    require_tool("curl")
    (body,) = [body for _, body in FENCES if body.startswith("curl")]
    with serving(index_path, NELM_RETENTION_DAYS="0") as (_, address):
        words = shlex.split(body.replace("http://127.0.0.1:8000", address).replace("\\\n", ""))
        result = subprocess.run(words, capture_output=True, text=True, check=True)
    told = json.loads(result.stdout)["result"]
    assert [passage["rank"] for passage in told["structuredContent"]["passages"]] == [1, 2, 3, 4, 5]
