"""The service's log: one JSON line an event on standard error, of what is known to hold nobody's words.

Our own events name their fields. What libraries log is reduced to where it comes from and what kind of failure it tells
of: their messages may hold what was sent.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NoReturn, TextIO

import structlog

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["json", "text"]

_HOUSE = Path(__file__).parent.parent
_ROOMS = ("corpus", "index", "assistant", "web")
_SPEAKS_PLAINLY = "uvicorn"
"""The library whose templates are worth reading; its values are left out all the same."""


def _silent(_logger: object, _method: str, _event: MutableMapping[str, Any]) -> NoReturn:
    raise structlog.DropEvent


structlog.configure(processors=[_silent])  # until a service sets it up: standard output may belong to a protocol
log = structlog.get_logger("nelm")
"""What our code logs with: an event's name and fields that hold no words of anybody."""


def set_up(level: Level, form: Form, stream: TextIO | None = None) -> None:
    """Log from now on to a stream, standard error if none is given; libraries from warnings on."""
    out = sys.stderr if stream is None else stream
    shown: Any = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
    )
    root = logging.getLogger()
    root.handlers = [Reduced()]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_failed


class Reduced(logging.Handler):
    """Logs where a library's record comes from and what kind of failure it carries; no message, no value."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record."""
        fields: dict[str, Any] = {"logger": record.name, "at": f"{record.module}:{record.lineno}"}
        if record.name.startswith(_SPEAKS_PLAINLY) and isinstance(record.msg, str):
            fields["template"] = record.msg.strip()
        if record.exc_info and record.exc_info[1] is not None:
            fields.update(failure(record.exc_info[1]))
        log.log(min(record.levelno, logging.ERROR), "library", **fields)


def failure(error: BaseException) -> dict[str, Any]:
    """Return the kinds of a failure and of those behind it, and our own lines it went through, innermost last."""
    kinds = [f"{type(cause).__module__}.{type(cause).__qualname__}" for cause in _causes(error)]
    return {"error": kinds[0], "behind": kinds[1:], "frames": list(_own_frames(error.__traceback__))}


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    seen: set[int] = set()
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or found.__context__


def _own_frames(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        code = traceback.tb_frame.f_code
        place = Path(code.co_filename)
        if place.is_relative_to(_HOUSE) and place.relative_to(_HOUSE).parts[0] in _ROOMS:
            yield f"{place.relative_to(_HOUSE).as_posix()}:{traceback.tb_lineno} {code.co_name}"
        traceback = traceback.tb_next


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        log.error("thread", **failure(failed.exc_value))
