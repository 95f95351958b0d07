"""Keys, and what a guarded application needs, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from web.keys.key import ApiKey, Scope, digest_of, new_secret
from web.keys.keyring import Keyring


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Kept:
    """What a database would hold: keys to be read, made and revoked; counts how often it is read."""

    def __init__(self) -> None:
        self.keys: list[ApiKey] = []
        self.reads = 0
        self.clock = Clock()
        self.ring = Keyring(self.read, self.clock)

    def read(self) -> list[ApiKey]:
        self.reads += 1
        return list(self.keys)

    def make(self, *scopes: str, per_minute: int = 600) -> str:
        name, secret = new_secret()
        made = datetime(2026, 1, 1, tzinfo=UTC)
        self.keys.append(ApiKey(name, f"key {name}", digest_of(secret), tuple(map(Scope, scopes)), per_minute, made))
        self.ring._until = 0.0
        return secret

    def revoke(self) -> None:
        self.keys = [replace(key, revoked=datetime(2026, 1, 2, tzinfo=UTC)) for key in self.keys]
