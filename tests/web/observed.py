"""The service's log as tests read it."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from web.logs import Form, Level, set_up


class Logged(io.StringIO):
    """What was logged, as text and as events."""

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == name]


@contextmanager
def logged(level: Level = "debug", form: Form = "json") -> Iterator[Logged]:
    """Log as a service does for a while."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, at, hook = list(root.handlers), root.level, threading.excepthook
    out = Logged()
    set_up(level, form, out)
    try:
        yield out
    finally:
        structlog.configure(**before)
        root.handlers, root.level = handlers, at
        threading.excepthook = hook
        logging.captureWarnings(capture=False)
