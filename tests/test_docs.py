from __future__ import annotations

import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from corpus.errors import NelmError
from tests.conftest import ROOT
from web.cli import app

DOCS = ROOT / "docs"
PAGES = [
    "architecture",
    "conversation",
    "mcp",
    "completions",
    "web",
    "slack",
    "settings",
    "errors",
    "cli",
    "deploy",
    "api",
    "evaluation",
    "testing",
    "security",
    "changelog",
]
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
PRIVATE = re.compile(rb"/work/|/root/|(?<!\w)\.library\b|(?<![\w-])shared/")
MAY_NAME_THE_DEVELOPMENT_SET = ("tests/", ".ci/")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def families(error: type[NelmError]) -> Iterator[type[NelmError]]:
    yield error
    for below in error.__subclasses__():
        yield from families(below)


def errors() -> list[type[NelmError]]:
    for name in ("corpus", "index", "assistant", "web"):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(module.name)
    ours = ("corpus.", "index.", "assistant.", "web.")
    return [error for error in dict.fromkeys(families(NelmError)) if error.__module__.startswith(ours)]


def anchors(markdown: str) -> set[str]:
    """Anchors as GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", markdown), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path: Path) -> list[str]:
    links = re.findall(r"\]\(([^()\s]+)\)", FENCE.sub("", text_of(path)))
    broken = []
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in anchors(text_of(target))):
            broken.append(link)
    return broken


def private_paths(names: Iterable[str]) -> list[str]:
    """Lines of the checkout's files that name a place of the machine it was written on."""
    found = []
    for name in names:
        if name.startswith(MAY_NAME_THE_DEVELOPMENT_SET) or not (ROOT / name).is_file():
            continue
        for number, line in enumerate((ROOT / name).read_bytes().split(b"\n"), 1):
            if PRIVATE.search(line):
                found.append(f"{name}:{number}")
    return found


@pytest.mark.parametrize("name", PAGES)
def test_every_page_promised_is_there_and_begins_with_its_title(name: str) -> None:
    assert text_of(DOCS / f"{name}.md").startswith("# ")


def test_every_error_code_is_documented_and_no_other() -> None:
    codes = {error.code for error in errors()}
    documented = re.findall(r"^\|\s*`(\w+)`", text_of(DOCS / "errors.md"), re.MULTILINE)
    assert len(codes) > 15
    assert set(documented) == codes
    assert len(documented) == len(codes)


def test_every_error_has_a_code_of_its_own_and_a_hint() -> None:
    found = errors()
    codes = [error.code for error in found]
    assert [code for code in set(codes) if codes.count(code) > 1] == []
    assert all(error.hint for error in found)
    assert all(error.__doc__ for error in found)


@pytest.mark.parametrize("name", sorted(get_command(app).commands))  # type: ignore[attr-defined]
def test_every_command_and_its_options_are_documented(name: str) -> None:
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    rows = [line for line in text_of(DOCS / "cli.md").split("\n") if re.match(rf"\|\s*`nelm {name}\b", line)]
    assert rows
    documented = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", " ".join(rows)))
    parts = getattr(command, "commands", {}).values() or [command]
    parameters = [parameter for part in parts for parameter in part.params]
    options = {option for parameter in parameters for option in parameter.opts if option.startswith("-")}
    assert options - {"--help"} <= documented
    assert documented <= options


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    assert broken_links(path) == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(docs/(\w+)\.md", text_of(ROOT / "README.md")))
    assert linked >= set(PAGES)


def test_the_answer_in_the_readme_is_the_one_given_today(index_path: Path, tmp_path: Path) -> None:
    examples = [block for block in FENCE.findall(text_of(ROOT / "README.md")) if block.startswith('$ nelm ask "')]
    assert examples
    for block in examples:
        first, _, shown = block.partition("\n")
        question = re.fullmatch(r'\$ nelm ask "([^"]+)"', first)
        assert question is not None
        result = subprocess.run(
            [Path(sys.executable).with_name("nelm"), "ask", question.group(1)],
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, "NELM_INDEX": str(index_path), "PYTHONIOENCODING": "utf-8"},
            check=True,
        )
        assert shown == result.stdout.decode()


def test_no_file_under_version_control_names_a_place_of_one_machine() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run([git, "ls-files", "-z"], capture_output=True, cwd=ROOT, check=True).stdout
    names = [name for name in listed.decode().split("\0") if name]
    assert "pyproject.toml" in names
    assert private_paths(names) == []
