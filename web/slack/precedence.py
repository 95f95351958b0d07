"""Deliveries before answers: while Slack waits for an acknowledgement, no answer is begun."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST_S = 0.5
"""How long an answer gives way: under a steady stream of deliveries too, answers are given."""


class Precedence:
    """Who goes first among the threads of a process, which share one interpreter."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = 0
        self._none_waits = threading.Event()
        self._none_waits.set()
        self._working = threading.Lock()

    @contextmanager
    def delivery(self) -> Iterator[None]:
        """Take a delivery."""
        with self._lock:
            self._waiting += 1
            self._none_waits.clear()
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1
                if not self._waiting:
                    self._none_waits.set()

    @contextmanager
    def answer(self) -> Iterator[None]:
        """Work on an answer: one at a time, and when no delivery waits."""
        with self._working:
            self._none_waits.wait(_LONGEST_S)
            yield
