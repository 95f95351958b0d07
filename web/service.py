"""Running the service: settings, the assistant, the store, the server.

No access log: addresses and questions stay out of logs.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import uvicorn
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine

from assistant.assistant import Assistant
from web.app import create_app
from web.mcp.extra import is_installed as mcp_installed
from web.mcp.mounting import mount as mount_mcp
from web.settings import load_settings
from web.store.database import DatabaseStore
from web.store.location import database_url
from web.store.opening import open_engine

_PURGED_EVERY_S = 3600


def run(host: str, port: int) -> None:
    """Serve until stopped.

    Raises:
        SettingsError: If a setting is unknown or invalid.
        SearchIndexError: If the index cannot be opened.
        StoreError: If the database cannot be opened.
    """
    settings = load_settings()
    assistant = Assistant.open(settings.index, public_url=settings.public_url)
    engine = open_engine(database_url(settings.database_url))
    store = DatabaseStore(engine) if settings.retention_days else None
    app = create_app(assistant, store, retention_days=settings.retention_days)
    app.router.lifespan_context = _running(f"http://{host}:{port}", engine, store, settings.retention_days)
    if mcp_installed():
        mount_mcp(app, assistant, settings.public_url)
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


def _running(
    address: str, engine: Engine, store: DatabaseStore | None, days: int
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        purging = asyncio.create_task(_purged(store, days)) if store is not None else None
        sys.stdout.write(f"Serving on {address} (Ctrl-C stops)\n")
        sys.stdout.flush()
        yield
        if purging is not None:
            purging.cancel()
            with suppress(asyncio.CancelledError):
                await purging
        engine.dispose()

    return lifespan


async def _purged(store: DatabaseStore, days: int) -> None:
    """Remove at the start and every hour what is past its retention."""
    while True:
        if await run_in_threadpool(store.purge, days):
            await run_in_threadpool(store.audit, "purge", "service")
        await asyncio.sleep(_PURGED_EVERY_S)
