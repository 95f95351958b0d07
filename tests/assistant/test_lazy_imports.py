from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import assistant

HEAVY = [
    "fastapi",
    "starlette",
    "uvicorn",
    "sqlalchemy",
    "alembic",
    "structlog",
    "pydantic_settings",
    "jinja2",
    "mcp",
    "scipy",
    "tqdm",
    "torch",
    "transformers",
    "sentence_transformers",
    "sklearn",
    "prometheus_client",
    "slack_sdk",
    "yaml",
    "rich",
]
ASK = "from assistant import Assistant\nassert Assistant.open().ask('Who should not have TACE?').citations\n"
COMMAND = (
    "import sys\nsys.argv = ['nelm', 'ask', 'Who should not have TACE?']\nimport web.cli\n"
    "try:\n    web.cli.main()\nexcept SystemExit as exc:\n    assert not exc.code, exc.code\n"
)
REPORT = "\nimport sys\nsys.stderr.write('\\n'.join(sorted(sys.modules)))\n"


def run(script: str, index_path: Path, folder: Path) -> tuple[str, set[str]]:
    result = subprocess.run(
        [sys.executable, "-c", script + REPORT],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "NELM_INDEX": str(index_path)},
    )
    return result.stdout, set(result.stderr.split("\n"))


def test_a_question_from_python_loads_no_server_no_build_and_no_yaml(index_path: Path, tmp_path: Path) -> None:
    _, loaded = run(ASK, index_path, tmp_path)
    assert {"assistant.assistant", "onnxruntime", "faiss"} <= loaded
    assert loaded & set(HEAVY) == set()


def test_a_question_at_the_command_line_loads_no_server_no_build_and_no_yaml(index_path: Path, tmp_path: Path) -> None:
    said, loaded = run(COMMAND, index_path, tmp_path)
    assert "[1]" in said
    assert {"web.cli", "web.terminal", "onnxruntime", "faiss"} <= loaded
    assert loaded & set(HEAVY) == set()


@pytest.mark.parametrize("package", ["web", "assistant"])
def test_importing_a_package_imports_nothing_from_elsewhere(package: str, index_path: Path, tmp_path: Path) -> None:
    script = (
        f"import sys\nbefore = set(sys.modules)\nimport {package}\nadded = set(sys.modules) - before\nprint(*added)\n"
    )
    said, _ = run(script, index_path, tmp_path)
    added = {name.partition(".")[0] for name in said.split()}
    assert package in added
    assert added - {package} <= sys.stdlib_module_names


@pytest.mark.parametrize("name", ["Answer", "Assistant"])
def test_the_names_of_the_package_lead_to_their_classes(name: str) -> None:
    assert getattr(assistant, name).__module__ == f"assistant.{name.lower()}"
    assert name in assistant.__all__


def test_a_name_the_package_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'assistant' has no attribute 'Oracle'"):
        assistant.Oracle  # noqa: B018
