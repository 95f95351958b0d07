"""What machines ask of the service: whether it lives, whether it can answer, what it has counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from assistant.assistant import Assistant
from assistant.version import VERSION
from web.logs import failure, log
from web.metrics import MEDIA_TYPE, Metrics

Check = Callable[[], object]
_BELIEVED_S = 1.0
_PROBE = "What are the contraindications of TACE?"


def health_router(assistant: Assistant, metrics: Metrics, checks: Mapping[str, Check]) -> APIRouter:
    """Return the routes.

    Args:
        checks: What else has to work, by name; a check raises where it does not.
    """
    router = APIRouter(include_in_schema=False)
    every: dict[str, Check] = {"index": lambda: assistant.respond(_PROBE, _PROBE, None), **checks}

    @router.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "ok", "version": VERSION, "knowledge": assistant.library.knowledge}

    believed: list[str] = []
    until = float("-inf")

    @router.get("/readyz")
    def ready() -> Response:
        nonlocal believed, until
        if time.monotonic() >= until:  # whoever asks all the time costs no more than whoever asks once a second
            believed = [name for name, check in every.items() if not _works(name, check)]
            until = time.monotonic() + _BELIEVED_S
        failed = believed
        status = HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK
        body = {"status": "unavailable" if failed else "ready", "failed": failed}
        return JSONResponse(body, status_code=status, headers={"cache-control": "no-store"})

    @router.get("/metrics")
    def counted() -> Response:
        return Response(metrics.text(), media_type=MEDIA_TYPE)

    return router


def _works(name: str, check: Check) -> bool:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not ready
        log.warning("not_ready", part=name, **failure(error))
        return False
    return True
