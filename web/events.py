"""Server-sent events: that it works, then what came of it, or the error."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from corpus.errors import NelmError

EVENTS = "text/event-stream"


def wants_events(request: Request) -> bool:
    """Whether a request asks for events."""
    return EVENTS in request.headers.get("accept", "")


def answered_by_events(
    name: str, work: Callable[[], dict[str, Any]], told: Callable[[Exception], dict[str, Any]]
) -> StreamingResponse:
    """Return the events ``working``, then one of a name with what the work gives, or ``error``.

    Args:
        work: Done in a thread.
        told: What is said of an error; of one that is not ours nothing of its words.
    """
    return StreamingResponse(_events(name, work, told), media_type=EVENTS, headers={"cache-control": "no-store"})


async def _events(
    name: str, work: Callable[[], dict[str, Any]], told: Callable[[Exception], dict[str, Any]]
) -> AsyncIterator[str]:
    yield _event("working", {})
    try:
        data = await run_in_threadpool(work)
    except NelmError as error:
        yield _event("error", told(error))
        return
    except Exception as error:
        yield _event("error", told(error))
        raise
    yield _event(name, data)


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
