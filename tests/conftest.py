"""What tests share: the built index, the read review, the development set where it is present, and tools."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from assistant import Assistant
from corpus.document import Document
from corpus.integrity import GUIDELINES
from corpus.pack import load_pack
from corpus.vocabulary import Vocabulary, load_vocabulary
from index.library import Library
from index.location import index_folder
from index.opening import SearchIndex

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
REVIEW = "criss-makary-2024"
EARLY = (
    "tests/corpus/",
    "tests/assistant/patient_text/",
    "tests/assistant/rules/",
    "tests/web/keys/",
    "tests/web/store/",
)
"""Folders of which `make test` runs, while the index is being built, what does not ask for it."""


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs no index, and let the files with a browser, which take longest, begin first.

    Then no process waits for another at the end.
    """
    for item in items:
        needs_index = "index_path" in getattr(item, "fixturenames", ())
        if item.path.relative_to(ROOT).as_posix().startswith(EARLY) and not needs_index:
            item.add_marker("early")
    slow = {item.path for item in items if item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in slow)


def require_tool(name: str) -> str:
    """Return the path of a program; skip without it, fail without it under CI."""
    path = shutil.which(name)
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return path


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the development set."""
    if not SHARED.is_dir():
        pytest.skip("the development set is not beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


@pytest.fixture(scope="session")
def review(vocabulary: Vocabulary) -> Document:
    return load_pack(GUIDELINES / REVIEW, vocabulary).document


@pytest.fixture(scope="session")
def index_path() -> Path:
    """The built index; `make test` builds it first."""
    return index_folder()


@pytest.fixture(scope="session")
def search_index(index_path: Path) -> SearchIndex:
    return SearchIndex.open(index_path)


@pytest.fixture(scope="session")
def assistant(search_index: SearchIndex) -> Assistant:
    return Assistant(search_index)


@pytest.fixture(scope="session")
def library(assistant: Assistant) -> Library:
    return assistant.library
