"""The ways of keeping a copy that docs/deploy.md describes."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

from tests.web.store.made import made_turn
from tests.web.store.servers import new_database, programs
from web.keys.key import Scope, is_key
from web.store.api_keys import KeyStore
from web.store.database import DatabaseStore


def filled(url: str) -> tuple[DatabaseStore, str, str]:
    """A store with one conversation and a key."""
    keys = KeyStore.open(url)
    _, secret = keys.create("somebody", [Scope.ASK], 60)
    keys.close()
    store = DatabaseStore.open(url)
    name = store.create("somebody")
    for number in (1, 2):
        store.append(name, made_turn(number))
    return store, name, secret


def same(store: DatabaseStore, restored: str, name: str, secret: str) -> None:
    copy, keys = DatabaseStore.open(restored), KeyStore.open(restored)
    assert copy.turns(name) == store.turns(name)[:2]
    assert [copy.answer_json(name, n) for n in (1, 2)] == [store.answer_json(name, n) for n in (1, 2)]
    assert is_key(secret, keys.listed()[0])
    copy.close()
    keys.close()
    store.close()


def test_a_copy_of_sqlite_made_while_it_is_written_restores_everything(sqlite_url: str, tmp_path: Path) -> None:
    store, name, secret = filled(sqlite_url)
    target = tmp_path / "backup.sqlite3"
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as source, sqlite3.connect(target) as copy:
        source.backup(copy, pages=1, progress=lambda *_: store.turns(name) and None)
    source.close()
    copy.close()
    store.append(name, made_turn(3))
    same(store, f"sqlite:///{target}", name, secret)


def test_a_dump_of_postgresql_restores_everything(postgresql: Path, postgresql_url: str, tmp_path: Path) -> None:
    folder = programs()
    assert folder is not None
    store, name, secret = filled(postgresql_url)
    server = ["--host", str(postgresql), "--username", "nelm"]
    database = postgresql_url.partition("@/")[2].partition("?")[0]
    dump = tmp_path / "nelm.dump"
    subprocess.run([folder / "pg_dump", *server, "--format=custom", f"--file={dump}", database], check=True)
    store.append(name, made_turn(3))
    restored = new_database(postgresql, f"restored_{database}")
    target = restored.partition("@/")[2].partition("?")[0]
    subprocess.run([folder / "pg_restore", *server, "--exit-on-error", f"--dbname={target}", dump], check=True)
    same(store, restored, name, secret)
