from __future__ import annotations

import pytest

from tests.web.keys.made import Clock, Kept
from web.keys.key import ApiKey
from web.keys.keyring import HELD_S, Keyring
from web.store.errors import StoreUnavailableError


def test_keys_are_read_once_in_a_while_and_not_for_every_question() -> None:
    kept = Kept()
    secret = kept.make("ask")
    for _ in range(100):
        kept.ring.refresh()
        assert kept.ring.find(secret) is not None
    assert kept.reads == 1
    kept.clock.now += HELD_S
    assert kept.ring.stale
    kept.ring.refresh()
    assert kept.reads == 2


def test_a_revoked_key_stops_within_five_seconds() -> None:
    kept = Kept()
    secret = kept.make("ask")
    kept.ring.refresh()
    kept.revoke()
    kept.clock.now += 5
    kept.ring.refresh()
    assert kept.ring.find(secret) is None
    assert kept.ring.empty


def test_what_cannot_be_read_anew_is_no_longer_believed() -> None:
    clock, tried = Clock(), []

    def fail() -> list[ApiKey]:
        tried.append(clock.now)
        raise StoreUnavailableError("gone")

    ring = Keyring(fail, clock)
    for _ in range(3):  # a database that is gone is not asked by every request
        with pytest.raises(StoreUnavailableError):
            ring.refresh()
        assert ring.stale
    assert len(tried) == 1
    clock.now += 1
    with pytest.raises(StoreUnavailableError):
        ring.refresh()
    assert len(tried) == 2


def test_a_database_that_is_back_is_believed_again() -> None:
    kept = Kept()
    secret = kept.make("ask")
    working, kept.ring._read = kept.ring._read, lambda: (_ for _ in ()).throw(StoreUnavailableError("gone"))
    with pytest.raises(StoreUnavailableError):
        kept.ring.refresh()
    kept.ring._read = working
    kept.clock.now += 1
    kept.ring.refresh()
    assert kept.ring.find(secret) is not None
