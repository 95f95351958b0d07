"""How many requests a key may make: a bucket of tokens a key, filled again evenly, in this process alone."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from web.keys.key import ApiKey

_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is left after a request.

    Attributes:
        limit: Requests a minute in this process.
        left: Requests that may follow at once; -1 where this one was too much.
        reset_s: Seconds until as many as the limit may follow at once.
        wait_s: Seconds until the next may come; 0 where it may now.
    """

    limit: int
    left: int
    reset_s: int
    wait_s: int

    @property
    def headers(self) -> dict[str, str]:
        """The header fields that tell it."""
        told = {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(max(self.left, 0)),
            "ratelimit-reset": str(self.reset_s),
        }
        return told if self.left >= 0 else {**told, "retry-after": str(self.wait_s)}


class Allowances:
    """A bucket for each key. Every worker has its own, of its share of the limit."""

    def __init__(self, workers: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._workers = workers
        self._clock = clock
        self._lock = Lock()
        self._buckets: dict[str, tuple[float, float]] = {}  # id of a key -> tokens, and when they were counted

    def take(self, key: ApiKey) -> Allowed:
        """Take a token for a request, if there is one."""
        limit = max(1, key.per_minute // self._workers)
        pace = limit / _MINUTE_S
        with self._lock:
            now = self._clock()
            tokens, then = self._buckets.get(key.id, (float(limit), now))
            tokens = min(float(limit), tokens + (now - then) * pace)
            taken = tokens >= 1
            tokens -= taken
            self._buckets[key.id] = tokens, now
        reset = math.ceil((limit - tokens) / pace)
        if taken:
            return Allowed(limit, int(tokens), reset, 0)
        return Allowed(limit, -1, reset, math.ceil((1 - tokens) / pace))
