"""Being signed in on the pages: a cookie that names a key and an end, signed; it holds no key and leads to none.

The signature is made with the digest of the key and a secret of the service together: neither who reads the database
nor who knows a key's id can make one, and a revoked key ends its sessions.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable

from web.keys.key import ApiKey
from web.keys.keyring import Keyring

COOKIE = "nelm_session"
LASTS_S = 12 * 3600
_SHAPE = re.compile(r"([0-9a-f]{12})\.(\d{1,12})\.([0-9a-f]{64})", re.ASCII)


class Sessions:
    """Makes and reads the cookies."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._clock = clock

    def begin(self, key: ApiKey) -> str:
        """Return the cookie of a session that begins now."""
        end = int(self._clock()) + LASTS_S
        return f"{key.id}.{end}.{self._signed(key, end)}"

    def read(self, cookie: str, keyring: Keyring) -> ApiKey | None:
        """Return the key of a session; ``None`` if it is over, was never begun, or its key is revoked."""
        found = _SHAPE.fullmatch(cookie)
        if found is None:
            return None
        key, end = keyring.get(found.group(1)), int(found.group(2))
        if key is None or not hmac.compare_digest(self._signed(key, end), found.group(3)):
            return None
        return key if self._clock() < end else None

    def _signed(self, key: ApiKey, end: int) -> str:
        words = f"nelm session {key.id} {end} {key.digest}".encode()
        return hmac.new(self._secret.encode(), words, hashlib.sha256).hexdigest()
