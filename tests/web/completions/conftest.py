from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant import Assistant
from tests.web.listening import listening
from web.app import create_app


@pytest.fixture(scope="session")
def service(assistant: Assistant) -> Iterator[str]:
    """The address of one server for all tests of chat completions."""
    with listening(create_app(assistant)) as address:
        yield address
