"""Running the service: settings, the assistant, the store, the server.

The server's own access log is off: it would write addresses. `web.observing` says what is logged instead.
"""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import uvicorn
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine
from uvicorn.supervisors import Multiprocess

from assistant.assistant import Assistant
from corpus.errors import NelmError
from index.location import index_folder
from index.opening import SearchIndex, refuse_stale
from index.store import read_manifest, verify_files
from web.app import create_app
from web.keys.admission import Admission, check_binding, is_loopback, names_of
from web.keys.allowance import Allowances
from web.keys.keyring import Keyring
from web.keys.sessions import Sessions
from web.logs import log, set_up
from web.mcp.extra import is_installed as mcp_installed
from web.mcp.mounting import mount as mount_mcp
from web.metrics import FOLDER as COUNTS_FOLDER
from web.metrics import Metrics
from web.served import ServedAssistant
from web.settings import PREFIX, Settings, SettingsError, load_settings
from web.store.api_keys import KeyStore
from web.store.database import DatabaseStore
from web.store.keeping import Keeping, MemoryKeeping
from web.store.location import database_url
from web.store.opening import answers, open_engine

if TYPE_CHECKING:
    from web.slack.bot import Bot

_PURGED_EVERY_S = 3600
_THREADS = 8
"""Requests at work in a process at once, the database's share of them included; more wait in line."""
_SHUTDOWN_S = 20
"""Seconds for which requests going on are waited for when the service is to stop."""


def run(*, host: str, port: int, workers: int, open_to_everyone: bool, sign_in: bool) -> None:
    """Serve until stopped; each worker makes its `application` from the environment.

    Raises:
        BindingRefusedError: If others reach the address, no key is in force, and nobody has said that it is open.
        SettingsError: If a setting is unknown or invalid.
        SearchIndexError: If the index cannot be opened.
        StoreError: If the database cannot be opened.
    """
    said = {"host": host, "port": port, "workers": workers, "open_to_everyone": open_to_everyone, "sign_in": sign_in}
    settings = load_settings().model_copy(update=said)
    _check(settings)
    set_up(settings.log_level, settings.log_format)
    os.environ.update({f"{PREFIX}{name.upper()}": str(value) for name, value in said.items()})
    if not settings.session_secret:  # all workers sign with the same
        os.environ[f"{PREFIX}SESSION_SECRET"] = secrets.token_urlsafe(32)
    if workers > 1:
        _tell(f"Serving on http://{host}:{port} with {workers} workers (Ctrl-C stops)")
    options: dict[str, Any] = {
        "app": "web.service:application",
        "factory": True,
        "host": host,
        "port": port,
        "log_config": None,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": _SHUTDOWN_S,
    }
    if workers == 1:
        uvicorn.run(**options)
        return
    with _counting_together():
        _run_workers(uvicorn.Config(**options, workers=workers))


def _run_workers(config: uvicorn.Config) -> None:
    """Run several workers on one socket.

    `uvicorn.run` does the same, but on its socket the end of every answer waits until the client has acknowledged the
    beginning: 40 ms.
    """
    with config.bind_socket() as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # its connections take it over
        Multiprocess(config, sockets=[listening]).run()


@contextmanager
def _counting_together() -> Iterator[None]:
    """Give several workers a folder in which their counts meet; it holds names of routes and numbers."""
    with TemporaryDirectory(prefix="nelm-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault(COUNTS_FOLDER, folder)
        yield


def _check(settings: Settings) -> None:
    """Fail here, once and in words, where every worker would fail."""
    if settings.workers > 1:
        if not settings.retention_days:
            raise SettingsError(f"{PREFIX}RETENTION_DAYS=0 keeps conversations in one process, not in several workers")
        folder = settings.index or index_folder()
        manifest = read_manifest(folder)
        verify_files(folder, manifest)
        refuse_stale(manifest)
    engine = open_engine(database_url(settings.database_url))
    try:
        keyring = Keyring(KeyStore(engine).listed)
        check_binding(settings.host, keyring, open_to_everyone=settings.open_to_everyone)
    finally:
        engine.dispose()


@dataclass(frozen=True, slots=True)
class Opened:
    """What a running service holds open.

    Attributes:
        store: ``None`` where conversations are kept in memory alone.
        slack: ``None`` where no bot is set up.
    """

    settings: Settings
    engine: Engine
    store: DatabaseStore | None
    slack: Bot | None


def application() -> FastAPI:
    """Return the application that the environment describes; what every worker runs.

    Raises:
        SettingsError: If a setting is unknown or invalid.
        SearchIndexError: If the index cannot be opened.
        StoreError: If the database cannot be opened.
    """
    settings = load_settings()
    set_up(settings.log_level, settings.log_format)
    metrics = Metrics()
    index = SearchIndex.open(settings.index or index_folder())
    assistant = ServedAssistant(index, public_url=settings.public_url, count=metrics.answered)
    engine = open_engine(database_url(settings.database_url))
    store = DatabaseStore(engine) if settings.retention_days else None
    keeping: Keeping = MemoryKeeping() if store is None else store
    slack = _slack(settings, assistant, keeping, engine)
    app = create_app(
        assistant,
        keeping,
        retention_days=settings.retention_days,
        admission=_admission(settings, KeyStore(engine)),
        metrics=metrics,
        checks={"store": lambda: answers(engine)},
        slack=slack,
    )
    app.router.lifespan_context = _running(Opened(settings, engine, store, slack))
    if mcp_installed():
        mount_mcp(app, assistant)
    return app


def _slack(settings: Settings, assistant: Assistant, store: Keeping, engine: Engine) -> Bot | None:
    """Return the Slack bot where it is set up; its library is loaded only then."""
    if not settings.slack_bot_token:
        return None
    from web.slack.bot import bot_of

    return bot_of(settings, assistant, store, engine)


def _admission(settings: Settings, keys: KeyStore) -> Admission:
    secret = settings.session_secret or secrets.token_urlsafe(32)
    local = is_loopback(settings.host)
    return Admission(
        Keyring(keys.listed),
        locked=settings.sign_in or not (local or settings.open_to_everyone),
        hosts=names_of(settings.public_url) if local and not settings.open_to_everyone else frozenset(),
        sessions=Sessions(secret),
        allowances=Allowances(settings.workers),
    )


def _running(opened: Opened) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    settings = opened.settings

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with _background(_purged(opened.store, settings.retention_days)):
            anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
            if opened.slack is not None:
                opened.slack.start()
            gc.collect()
            gc.freeze()  # the index is never garbage: looking through it stops every answer for a tenth of a second
            log.info("started", pid=os.getpid())
            if settings.workers == 1:
                _tell(f"Serving on http://{settings.host}:{settings.port} (Ctrl-C stops)")
            yield
            if opened.slack is not None:
                await run_in_threadpool(opened.slack.stop)
        opened.engine.dispose()
        log.info("stopped", pid=os.getpid())

    return lifespan


@asynccontextmanager
async def _background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Do something beside answering, until the service stops."""
    task = asyncio.create_task(work)
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _purged(store: DatabaseStore | None, days: int) -> None:
    """Remove at the start and every hour what is past its retention; a failure is made up for the next time."""
    while store is not None:
        try:
            if gone := await run_in_threadpool(store.purge, days):
                await run_in_threadpool(store.audit, "purge", "service")
                log.info("purged", conversations=gone)
        except NelmError as error:
            log.warning("not_purged", code=error.code)
        await asyncio.sleep(_PURGED_EVERY_S)


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
