"""Keys in the database: made, listed, revoked, read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, bindparam, insert, select, update

from assistant.question import readable
from web.keys.key import ApiKey, Scope, digest_of, new_secret
from web.store.errors import StoreError
from web.store.guard import told
from web.store.opening import open_engine
from web.store.sqlite import BEGIN, WRITING
from web.store.tables import api_keys

_ALL = select(
    api_keys.c.id,
    api_keys.c.name,
    api_keys.c.digest,
    api_keys.c.scopes,
    api_keys.c.per_minute,
    api_keys.c.created,
    api_keys.c.revoked,
).order_by(api_keys.c.created, api_keys.c.id)
_CREATE = insert(api_keys)
_REVOKE = (
    update(api_keys)
    .where(api_keys.c.id == bindparam("key"), api_keys.c.revoked.is_(None))
    .values(revoked=bindparam("now"))
)
_LONGEST_NAME = 80


class KeyMissingError(StoreError):
    """There is no key of this id that could be revoked."""

    code = "key_missing"
    hint = "`nelm keys list` prints the ids."


class KeyStore:
    """The keys of a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{BEGIN: WRITING})

    @classmethod
    def open(cls, url: str) -> KeyStore:
        """Open a database by its URL.

        Raises:
            DatabaseUrlError: If the URL cannot be used.
            StoreUnavailableError: If the database cannot be reached or written.
            StoreVersionError: If it was written by a release that this one cannot read.
        """
        return cls(open_engine(url))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def create(self, name: str, scopes: Sequence[Scope], per_minute: int) -> tuple[ApiKey, str]:
        """Make a key; return what is kept of it, and the key, which nothing will tell again.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        label = " ".join(readable(name).split())[:_LONGEST_NAME]
        number, secret = new_secret()
        key = ApiKey(number, label, digest_of(secret), tuple(scopes), per_minute, datetime.now(UTC))
        with told(), self._writer.begin() as connection:
            connection.execute(
                _CREATE,
                {
                    "id": key.id,
                    "name": key.name,
                    "digest": key.digest,
                    "scopes": " ".join(key.scopes),
                    "per_minute": key.per_minute,
                    "created": key.created,
                },
            )
        return key, secret

    def listed(self) -> Sequence[ApiKey]:
        """Return every key, the revoked ones too, oldest first.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        with told(), self._engine.begin() as connection:
            return [_key(tuple(row)) for row in connection.execute(_ALL)]

    def revoke(self, key: str) -> None:
        """Revoke a key for ever; running services know within seconds.

        Raises:
            KeyMissingError: If there is none of this id, or it is revoked.
            StoreUnavailableError: If the database fails.
        """
        with told(), self._writer.begin() as connection:
            if not connection.execute(_REVOKE, {"key": key, "now": datetime.now(UTC)}).rowcount:
                raise KeyMissingError("no key of this id is in force")


def _key(row: Sequence[Any]) -> ApiKey:
    number, name, digest, scopes, per_minute, created, revoked = row
    return ApiKey(number, name, digest, tuple(map(Scope, scopes.split())), per_minute, created, revoked)
