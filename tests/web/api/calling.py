"""A client to whom a path is one of the API unless it begins at the root."""

from __future__ import annotations

from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient


class ApiClient(TestClient):
    """Calls an application in this process."""

    def request(self, method: str, url: Any, **given: Any) -> Response:
        path = str(url)
        return super().request(method, path if path.startswith("/") else f"/api/v1/{path}", **given)
