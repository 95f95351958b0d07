from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from web.store import sqlite
from web.store.database import DatabaseStore
from web.store.errors import StoreUnavailableError
from web.store.guard import told


def test_what_the_driver_itself_says_is_told_without_its_words() -> None:
    with pytest.raises(StoreUnavailableError, match="DatabaseError") as refused, told():
        raise sqlite3.DatabaseError("canary")
    assert "canary" not in str(refused.value)


def test_whoever_waits_for_others_to_write_waits_once(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DatabaseStore.open(sqlite_url)
    other = sqlite3.connect(Path(sqlite_url.removeprefix("sqlite:///")), isolation_level=None)
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    with sqlite._BEGINNING:  # as if another thread of this process asked without an end
        assert store.create()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="SQLITE_BUSY"):
            store.create()
    other.close()
    store.close()
