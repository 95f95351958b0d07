"""Running the service: settings, the assistant, the server. No access log: addresses and questions stay out of logs."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import uvicorn
from fastapi import FastAPI

from assistant.assistant import Assistant
from web.app import create_app
from web.settings import load_settings


def run(host: str, port: int) -> None:
    """Serve until stopped.

    Raises:
        SettingsError: If a setting is unknown or invalid.
        SearchIndexError: If the index cannot be opened.
    """
    settings = load_settings()
    app = create_app(Assistant.open(settings.index, public_url=settings.public_url))
    app.router.lifespan_context = _announced(f"http://{host}:{port}")
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


def _announced(address: str) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sys.stdout.write(f"Serving on {address} (Ctrl-C stops)\n")
        sys.stdout.flush()
        yield

    return lifespan
