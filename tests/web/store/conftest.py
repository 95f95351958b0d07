"""Every behaviour is tested on both kinds of database."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.store.servers import new_database, postgresql_server, programs
from web.store.database import DatabaseStore


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """The folder of a PostgreSQL server's socket; without the programs skip, under CI fail."""
    found = programs()
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("postgresql is not installed")
        pytest.skip("postgresql is not installed")
    with postgresql_server(found) as folder:
        yield folder


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new' / 'store.sqlite3'}"


@pytest.fixture
def postgresql_url(postgresql: Path) -> str:
    return new_database(postgresql, uuid.uuid4().hex)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a database that is not there yet, or is empty."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def store(url: str) -> Iterator[DatabaseStore]:
    opened = DatabaseStore.open(url)
    yield opened
    opened.close()
