"""The Model Context Protocol over HTTP: one address of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.routing import Route

from assistant.assistant import Assistant

ADDRESS = "/mcp"
_LOCAL = ("127.0.0.1:*", "localhost:*", "[::1]:*")


def mount(app: FastAPI, assistant: Assistant) -> None:
    """Add `ADDRESS` to an application; call it when the application's lifespan is set.

    Every request stands alone, so that any process of the service may answer it. Only requests that name this machine
    or the public address are answered: a page from elsewhere cannot reach the service under a name of its own.
    """
    from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings

    from web.mcp.server import mcp_server

    public = urlsplit(assistant.public_url)
    hosts, origins = list(_LOCAL), [f"http://{host}" for host in _LOCAL]
    if public.netloc:
        hosts.append(public.netloc)
        origins.append(f"{public.scheme}://{public.netloc}")
    manager = StreamableHTTPSessionManager(
        app=mcp_server(assistant),
        json_response=True,
        stateless=True,
        security_settings=TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins),
    )
    running = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with manager.run(), running(app) as state:
            yield state

    app.router.lifespan_context = lifespan
    app.router.routes.append(Route(ADDRESS, endpoint=StreamableHTTPASGIApp(manager)))
