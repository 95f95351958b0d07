"""The service with the bot, in threads of this process or in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2 as httpx
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine

from assistant import Assistant
from tests.web.listening import listening
from tests.web.slack.stub import SECRET, TOKEN, StubSlack, Workspace
from web.app import create_app
from web.settings import Settings
from web.slack.bot import Bot
from web.slack.courier import Pace
from web.store.database import DatabaseStore
from web.store.keeping import Keeping, MemoryKeeping
from web.store.opening import open_engine

PUBLIC = "https://nelm.example.org"
AT_ONCE = Pace(between=timedelta(0), looks=timedelta(milliseconds=500))


@dataclass
class Service:
    """A running service and what it stands on."""

    workspace: Workspace
    store: Keeping
    engine: Engine


@contextmanager
def service(
    assistant: Assistant, url: str, stub: StubSlack, *, pace: Pace = AT_ONCE, **settings: Any
) -> Iterator[Service]:
    """Run a service on a free port, until the end of the block and what it still owes."""
    given = {"slack_signing_secret": SECRET, "slack_bot_token": TOKEN, "public_url": PUBLIC, **settings}
    set_up = Settings(slack_api_url=stub.url, **given)
    engine = open_engine(url)
    store: Keeping = DatabaseStore(engine) if set_up.retention_days else MemoryKeeping()
    bot = Bot(set_up, assistant, store, engine, pace=pace)
    app = create_app(assistant, store, retention_days=set_up.retention_days, slack=bot)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> Any:
        bot.start()
        yield
        await run_in_threadpool(bot.stop)
        engine.dispose()

    app.router.lifespan_context = lifespan
    with listening(app) as address, httpx.Client(timeout=30) as client:
        yield Service(Workspace(address, stub, client), store, engine)
