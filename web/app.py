"""The application: routes to pages and operations, over one open assistant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig

from assistant.assistant import Assistant
from assistant.version import VERSION
from web import problems
from web.api.routes import include_api
from web.catalogue import catalogue_router
from web.completions import routes as completions
from web.completions.errors import error_body
from web.conversations import conversation_router
from web.headers import SafetyHeaders
from web.health import Check, health_router
from web.keys.admission import Admission
from web.keys.guard import KeyGuard
from web.keys.sign_in import sign_in_router
from web.limits import BodyLimit, HeadLimit
from web.metrics import Metrics
from web.observing import Observing
from web.sources import source_router
from web.store.keeping import Keeping, MemoryKeeping

if TYPE_CHECKING:
    from web.slack.bot import Bot

STATIC = Path(__file__).parent / "static"
_TOLD_TO_NOBODY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,  # they hold what an exception says, and that may be a patient's text
    "operation_spans": False,
    "auto_configure": False,
}
"""Whatever the environment says; `web.observing` notes what is noted."""


def create_app(
    assistant: Assistant,
    store: Keeping | None = None,
    *,
    retention_days: int = 0,
    admission: Admission | None = None,
    metrics: Metrics | None = None,
    checks: Mapping[str, Check] | None = None,
    slack: Bot | None = None,
) -> FastAPI:
    """Return the application.

    Args:
        assistant: Asked by every route; safe to share among threads.
        store: Where conversations are kept; in the memory of this process where there is none.
        retention_days: How long the store keeps them, as the pages say it.
        admission: Who is let in; everybody, if not said.
        metrics: What counts the requests.
        checks: What besides the index has to work for the service to be ready.
        slack: The Slack bot, where it is set up.
    """
    store = MemoryKeeping() if store is None else store
    admission = Admission() if admission is None else admission
    metrics = Metrics() if metrics is None else metrics
    app = FastAPI(
        title="NELM guideline assistant",
        version=VERSION,
        openapi_url=None,  # `web.api.description` serves it
        docs_url=None,  # the usual page loads scripts from elsewhere
        redoc_url=None,
        telemetry=_TOLD_TO_NOBODY,
    )
    app.include_router(conversation_router(assistant, store, retention_days))
    app.include_router(source_router(assistant))
    app.include_router(catalogue_router(assistant, retention_days, slack=slack is not None))
    if admission.locked:
        app.include_router(sign_in_router(admission))
    checks = {**(checks or {}), **({"slack": slack.check} if slack is not None else {})}
    app.include_router(health_router(assistant, metrics, checks))
    include_api(app, assistant, store)
    app.include_router(completions.completion_router(assistant))
    if slack is not None:
        from web.slack.routes import slack_router

        app.include_router(slack_router(slack))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    problems.install(app)
    problems.speak_otherwise(app, f"{completions.PREFIX}/", error_body)
    app.add_middleware(BodyLimit)
    app.add_middleware(KeyGuard, admission=admission)
    app.add_middleware(HeadLimit)
    app.add_middleware(SafetyHeaders)
    app.add_middleware(Observing, metrics=metrics)  # what is added last is met first
    return app
