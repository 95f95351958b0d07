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

from assistant.assistant import Assistant
from web.app import create_app
from web.settings import Settings, load_settings
from web.store.database import DatabaseStore
from web.store.location import database_url

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
    store = open_store(settings)
    app = create_app(assistant, store, retention_days=settings.retention_days)
    app.router.lifespan_context = _running(f"http://{host}:{port}", store, settings.retention_days)
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


def open_store(settings: Settings) -> DatabaseStore | None:
    """Open the store the settings name; ``None`` where nothing may be kept.

    Raises:
        StoreError: If the database cannot be opened.
    """
    if settings.retention_days == 0:
        return None
    return DatabaseStore.open(database_url(settings.database_url))


def _running(
    address: str, store: DatabaseStore | None, days: int
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        purging = asyncio.create_task(_purged(store, days)) if store is not None else None
        sys.stdout.write(f"Serving on {address} (Ctrl-C stops)\n")
        sys.stdout.flush()
        yield
        if purging is not None and store is not None:
            purging.cancel()
            with suppress(asyncio.CancelledError):
                await purging
            store.close()

    return lifespan


async def _purged(store: DatabaseStore, days: int) -> None:
    """Remove at the start and every hour what is past its retention."""
    while True:
        if await run_in_threadpool(store.purge, days):
            await run_in_threadpool(store.audit, "purge", "service")
        await asyncio.sleep(_PURGED_EVERY_S)
