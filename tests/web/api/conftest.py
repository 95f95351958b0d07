from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from assistant import Assistant
from tests.web.api.calling import ApiClient
from web.app import create_app
from web.store.keeping import MemoryKeeping


@pytest.fixture(scope="package")
def store() -> MemoryKeeping:
    return MemoryKeeping()


@pytest.fixture(scope="package")
def app(assistant: Assistant, store: MemoryKeeping) -> FastAPI:
    return create_app(assistant, store)


@pytest.fixture(scope="package")
def client(app: FastAPI) -> Iterator[TestClient]:
    with ApiClient(app, raise_server_exceptions=False) as client:
        yield client
