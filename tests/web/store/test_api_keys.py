from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from web.keys.key import Scope, digest_of
from web.store.api_keys import KeyMissingError, KeyStore


@pytest.fixture
def keys(url: str) -> Iterator[KeyStore]:
    store = KeyStore.open(url)
    yield store
    store.close()


def test_a_key_is_listed_as_it_was_made(keys: KeyStore) -> None:
    key, secret = keys.create(" Tumour\n board ", [Scope.ASK, Scope.READ], 90)
    assert (key.name, key.scopes, key.per_minute, key.revoked) == ("Tumour board", ("ask", "read"), 90, None)
    assert key.digest == digest_of(secret)
    assert list(keys.listed()) == [key]


def test_a_revoked_key_is_listed_and_not_in_force(keys: KeyStore) -> None:
    first, _ = keys.create("one", [Scope.ASK], 1)
    second, _ = keys.create("two", [Scope.ADMIN], 1)
    keys.revoke(first.id)
    revoked, other = keys.listed()
    assert (revoked.id, other) == (first.id, second)
    assert revoked.revoked is not None


def test_only_a_key_in_force_can_be_revoked(keys: KeyStore) -> None:
    key, _ = keys.create("one", [Scope.ASK], 1)
    keys.revoke(key.id)
    for name in (key.id, "nothing", ""):
        with pytest.raises(KeyMissingError):
            keys.revoke(name)


def test_the_key_itself_is_nowhere_in_the_database(sqlite_url: str) -> None:
    store = KeyStore.open(sqlite_url)
    key, secret = store.create("one", [Scope.ASK], 1)
    store.close()
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    written = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert key.digest.encode() in written
    assert secret.encode() not in written
    assert secret.rpartition("_")[2].encode() not in written
    assert key.digest not in repr(key)
