from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from assistant import Assistant
from tests.conftest import REVIEW, ROOT
from web.terminal import answer_text

QUESTION = "Who should not have TACE?"
NETWORK = re.compile(
    r"No matching distribution found|Could not find a version|ConnectionError|NewConnectionError|ReadTimeout"
    r"|Failed to establish|Temporary failure in name resolution|Max retries exceeded|ProxyError|SSLError"
)
BUILD_ONLY = ["torch", "transformers", "sentence_transformers", "sklearn"]


def environment(**more: str) -> dict[str, str]:
    """This one's, without what would lead Python back into the checkout."""
    leaks = ("PYTHON", "VIRTUAL_ENV", "NELM_")
    return {name: value for name, value in os.environ.items() if not name.startswith(leaks)} | more


def fetch(*command: str | Path, folder: Path) -> None:
    """Run a command that needs the package index; without a network skip, under CI fail."""
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment(), check=False)
    if result.returncode == 0:
        return
    said = result.stdout[-1500:] + result.stderr[-1500:]
    if os.environ.get("CI") != "true" and NETWORK.search(result.stdout + result.stderr):
        pytest.skip(f"the package index cannot be reached: {said}")
    pytest.fail(said)


def files(folder: Path, *suffixes: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix in suffixes
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built, elsewhere = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("elsewhere")
    fetch(sys.executable, "-m", "build", "--wheel", "--outdir", built, ROOT, folder=elsewhere)
    (wheel,) = built.glob("nelm_assistant-*.whl")
    return wheel


def test_the_wheel_holds_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert files(ROOT / "corpus" / "guidelines", ".md", ".toml", ".yaml") <= names
    assert files(ROOT / "corpus" / "vocabulary", ".yaml") <= names
    assert files(ROOT / "web" / "templates", ".html") <= names
    assert files(ROOT / "web" / "static", ".css", ".svg") <= names
    assert files(ROOT / "web" / "store", ".py", ".mako") <= names
    assert {f"corpus/guidelines/{REVIEW}/source.md", "corpus/vocabulary/terms.yaml", "web/static/app.js"} <= names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"corpus", "index", "assistant", "web"}
    assert not [name for name in names if "__pycache__" in name or "/test" in name]
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]


@pytest.mark.install
def test_a_bundle_is_installed_and_answers_without_a_network(
    assistant: Assistant, index_path: Path, tmp_path: Path
) -> None:
    bundle, home, elsewhere = tmp_path / "bundle", tmp_path / "nelm", tmp_path / "elsewhere"
    elsewhere.mkdir()
    words = "import sys; from web.cli import main; sys.argv[0] = 'nelm'; main()"
    fetch(sys.executable, "-c", words, "bundle", bundle, "--index", index_path, folder=ROOT)
    assert not [path.name for path in (bundle / "wheels").iterdir() if path.name.startswith("torch")]

    alone: list[str | Path] = ["unshare", "--net"] if os.geteuid() == 0 and shutil.which("unshare") else []
    offline = environment(PYTHON=sys.executable, PIP_NO_INDEX="1", PYTHONIOENCODING="utf-8")
    installing: list[str | Path] = [*alone, "sh", bundle / "install.sh", home]
    installed = subprocess.run(installing, capture_output=True, text=True, cwd=elsewhere, env=offline, check=False)
    assert (installed.returncode, installed.stderr) == (0, "")
    asking: list[str | Path] = [*alone, home / "venv" / "bin" / "nelm", "ask", QUESTION]
    there = {**offline, "NELM_INDEX": str(home / "index")}
    answered = subprocess.run(asking, capture_output=True, text=True, cwd=elsewhere, env=there, check=False)
    assert (answered.returncode, answered.stderr) == (0, "")
    assert answered.stdout == answer_text(assistant.ask(QUESTION)) + "\n"

    (bundle / "index" / "spelling.json").write_bytes(b"{}")
    altered = subprocess.run([*installing[:-1], tmp_path / "other"], capture_output=True, env=offline, check=False)
    assert altered.returncode != 0
    assert not (tmp_path / "other").exists()


@pytest.mark.install
def test_the_wheel_answers_from_another_folder(
    wheel: Path, assistant: Assistant, index_path: Path, tmp_path: Path
) -> None:
    home, elsewhere = tmp_path / "venv", tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run([sys.executable, "-m", "venv", home], check=True, env=environment(), cwd=elsewhere)
    python, nelm = home / "bin" / "python", home / "bin" / "nelm"
    constraints = ROOT / "constraints.txt"
    fetch(python, "-m", "pip", "install", "--quiet", "-c", constraints, wheel, folder=elsewhere)

    installed = environment(NELM_INDEX=str(index_path), PYTHONIOENCODING="utf-8")
    script = (
        "import importlib.util, corpus, index, assistant, web\n"
        f"print([name for name in {BUILD_ONLY!r} if importlib.util.find_spec(name)])\n"
        "print(*(module.__file__ for module in (corpus, index, assistant, web)))\n"
    )
    said = subprocess.run([python, "-c", script], capture_output=True, env=installed, cwd=elsewhere, check=True)
    found, places = said.stdout.decode().strip().split("\n")
    assert found == "[]"
    assert all(place.startswith(str(home)) for place in places.split(" "))

    answered = subprocess.run([nelm, "ask", QUESTION], capture_output=True, env=installed, cwd=elsewhere, check=False)
    assert (answered.returncode, answered.stderr.decode()) == (0, "")
    assert answered.stdout.decode() == answer_text(assistant.ask(QUESTION)) + "\n"
