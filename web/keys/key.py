"""A key: what is known of it, how it is made, and telling whether one given is it. The key itself is never kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a key may do."""

    ASK = "ask"
    READ = "read"
    ADMIN = "admin"


_SHAPE = re.compile(r"nelm_([0-9a-f]{12})_[\w-]{43}", re.ASCII)
_NONE = hashlib.sha256(b"nelm no key").hexdigest()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept.

    Attributes:
        id: Stands in the key itself and in lists; no secret.
        digest: SHA-256 of the whole key, in hexadecimal.
        per_minute: Requests a minute, all workers together.
        revoked: When it was; ``None`` while it holds.
    """

    id: str
    name: str
    digest: str = field(repr=False)
    scopes: tuple[Scope, ...]
    per_minute: int
    created: datetime
    revoked: datetime | None = None

    def allows(self, any_of: frozenset[Scope]) -> bool:
        """Whether it has one of the scopes; ``admin`` has all."""
        return Scope.ADMIN in self.scopes or not any_of.isdisjoint(self.scopes)


def new_secret() -> tuple[str, str]:
    """Return the id of a new key, and the key, 256 random bits in it."""
    name = secrets.token_hex(6)
    return name, f"nelm_{name}_{secrets.token_urlsafe(32)}"


def digest_of(secret: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def id_of(secret: str) -> str | None:
    """Return the id that stands in a key; ``None`` where it has not the shape of one."""
    found = _SHAPE.fullmatch(secret)
    return found.group(1) if found else None


def is_key(secret: str, key: ApiKey | None) -> bool:
    """Whether a key given is the one known under its id; takes as long whether there is one or not."""
    kept = _NONE if key is None else key.digest
    return hmac.compare_digest(digest_of(secret), kept) and key is not None
