"""The template of the route that a request took: what logs and metrics may say of an address."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount
from starlette.types import Scope

NO_ROUTE = "none"
"""Told of a request that was refused before, or that no route takes."""


class Templates:
    """The templates of an application's routes, by what answers there; made when the first is asked for."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def of(self, scope: Scope) -> str:
        """Return the template of a request that has been answered, such as ``/c/{conversation}``."""
        endpoint = scope.get("endpoint")
        return NO_ROUTE if endpoint is None else self._by_endpoint.get(id(endpoint), NO_ROUTE)

    @cached_property
    def _by_endpoint(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for route in iter_route_contexts(self._app.routes):
            original: Any = route.original_route
            if isinstance(original, Mount):
                found[id(original.app)] = f"{original.path}/*"
            else:
                found[id(route.endpoint)] = str(route.path)
        return found
