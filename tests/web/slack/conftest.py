from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from assistant import Assistant
from index.opening import SearchIndex
from tests.web.slack.serving import PUBLIC, Service, service
from tests.web.slack.stub import StubSlack, Workspace, stub_slack
from web.store.opening import open_engine
from web.store.outbox import Outbox


@pytest.fixture(scope="session")
def linked(search_index: SearchIndex) -> Assistant:
    """The assistant as a service with a public address opens it."""
    return Assistant(search_index, public_url=PUBLIC)


@pytest.fixture
def stub() -> Iterator[StubSlack]:
    with stub_slack() as running:
        yield running
    assert running.problems == []


@pytest.fixture(scope="session")
def one_service(linked: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One running service for all tests that need no other."""
    url = f"sqlite:///{tmp_path_factory.mktemp('slack') / 'store.sqlite3'}"
    with stub_slack() as stub, service(linked, url, stub) as found:
        yield found


@pytest.fixture
def running(one_service: Service) -> Iterator[Service]:
    """The running service, owing nothing from before."""
    stub, outbox = one_service.workspace.stub, Outbox(one_service.engine)
    stub.clear()
    yield one_service
    end = time.monotonic() + 30
    while outbox.next_due() is not None:
        assert time.monotonic() < end, "it still owes something"
        time.sleep(0.01)
    assert stub.problems == []


@pytest.fixture
def workspace(running: Service) -> Workspace:
    return running.workspace


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    yield opened
    opened.dispose()
