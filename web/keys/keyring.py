"""The keys in force as a service holds them: read anew every few seconds, never once a request."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from corpus.errors import NelmError
from web.keys.key import ApiKey, id_of, is_key

HELD_S = 3.0
"""Seconds for which what was read is believed: so long a revoked key may still work."""
_RETRY_S = 1.0
"""Seconds after which a failure to read is tried again: requests do not wait in line for a database that is gone."""


class Keyring:
    """Keys by their ids, of all that were ever made. Thread-safe; of several threads one reads, the others wait."""

    def __init__(self, read: Callable[[], Sequence[ApiKey]], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._lock = Lock()
        self._keys: Mapping[str, ApiKey] = {}
        self._unused = True
        self._until = float("-inf")
        self._failed: tuple[float, NelmError] | None = None

    @property
    def stale(self) -> bool:
        """Whether it has to be read anew before it is asked."""
        return self._clock() >= self._until

    def refresh(self) -> None:
        """Read the keys anew where that is due.

        Raises:
            StoreUnavailableError: If they cannot be read; those read before are no longer believed then.
        """
        with self._lock:
            if not self.stale:
                return
            now = self._clock()
            if self._failed is not None and now < self._failed[0]:
                raise self._failed[1].with_traceback(None)
            try:
                every = self._read()
            except NelmError as error:
                self._failed = self._clock() + _RETRY_S, error
                raise
            self._keys = {key.id: key for key in every if key.revoked is None}
            self._until, self._failed, self._unused = now + HELD_S, None, not every

    @property
    def empty(self) -> bool:
        """Whether no key is in force."""
        return not self._keys

    @property
    def unused(self) -> bool:
        """Whether no key was ever made: to revoke the last one is not to open what it was for."""
        return self._unused

    def find(self, secret: str) -> ApiKey | None:
        """Return the key that was given; ``None`` if it is none, or none in force."""
        name = id_of(secret)
        key = self._keys.get(name) if name is not None else None
        return key if is_key(secret, key) else None

    def get(self, name: str) -> ApiKey | None:
        """Return the key of an id, if it is in force."""
        return self._keys.get(name)
