from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from tests.conftest import ROOT
from tests.web.store.made import made_turn
from web.store import location
from web.store.database import DatabaseStore
from web.store.errors import DatabaseUrlError, StoreError, StoreUnavailableError, StoreVersionError
from web.store.location import database_url
from web.store.opening import migrations
from web.store.tables import metadata

OPEN = "import sys\nfrom web.store.database import DatabaseStore\nDatabaseStore.open(sys.argv[1]).create()\n"
WORDS = ("Jaundiced", "Whipple", "reasonable", "Ownerson")


def bits(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files(url: str) -> list[Path]:
    """The database's file and those SQLite has beside it."""
    file = Path(url.removeprefix("sqlite:///"))
    return sorted(file.parent.glob(f"{file.name}*"))


def found_in(url: str) -> set[str]:
    everything = b"".join(path.read_bytes() for path in files(url))
    return {word for word in WORDS if word.encode() in everything}


def test_migrations_and_tables_agree(store: DatabaseStore) -> None:
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        for table in metadata.tables.values():
            keys = inspect(connection).get_foreign_keys(table.name)
            assert all(key["options"].get("ondelete") == "CASCADE" for key in keys)
            checks = {check["name"] for check in inspect(connection).get_check_constraints(table.name)}
            assert checks == {item.name for item in table.constraints if str(item.name).startswith("ck_")}


def test_every_migration_can_be_taken_back(url: str) -> None:
    from alembic import command

    store = DatabaseStore.open(url)
    try:
        with store._engine.begin() as connection:
            command.downgrade(migrations(connection), "base")
            assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    finally:
        store.close()
    again = DatabaseStore.open(url)
    assert again.turns(again.create()) == ()
    again.close()


def test_there_is_one_line_of_migrations_and_a_template_for_the_next(tmp_path: Path) -> None:
    script = ScriptDirectory.from_config(migrations())
    assert len(script.get_heads()) == 1
    assert Path(script.dir, "script.py.mako").is_file()


def test_a_database_of_a_later_release_is_refused(url: str) -> None:
    store = DatabaseStore.open(url)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(StoreVersionError):
        DatabaseStore.open(url)


def test_several_processes_may_open_an_empty_database_at_once(url: str) -> None:
    running = [subprocess.Popen([sys.executable, "-c", OPEN, url], cwd=ROOT) for _ in range(3)]
    assert [process.wait(120) for process in running] == [0] * 3
    store = DatabaseStore.open(url)
    assert len(store.all()) == 3
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nelm",
        "://",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:a?mode=memory&uri=true",
        "mysql://me:geheim@localhost/nelm",
        "postgresql+nothing://me:geheim@localhost:port/nelm",
        "nonsense://me:geheim@localhost/nelm",
    ],
)
def test_a_url_of_no_use_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUrlError) as caught:
        DatabaseStore.open(url)
    assert "geheim" not in f"{caught.value} {caught.value.hint}"


def test_a_server_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError) as caught:
        DatabaseStore.open(f"postgresql://me:geheim@/nelm?host={tmp_path}")
    assert str(caught.value) == "the database failed: OperationalError"


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 100])
def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(StoreUnavailableError, match="SQLITE_NOTADB"):
        DatabaseStore.open(f"sqlite:///{file}")
    assert file.read_bytes() == content


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match="cannot be made"):
        DatabaseStore.open(f"sqlite:///{tmp_path / 'file' / 'below' / 'store.sqlite3'}")


def test_the_files_are_their_owner_s_alone(sqlite_url: str) -> None:
    mask = os.umask(0)
    try:
        store = DatabaseStore.open(sqlite_url)
        store.append(store.create(), made_turn(1))
        assert {path.name.partition("sqlite3")[2]: bits(path) for path in files(sqlite_url)} == dict.fromkeys(
            ("", "-wal", "-shm"), 0o600
        )
        for path in files(sqlite_url):
            path.chmod(0o644)
        DatabaseStore.open(sqlite_url).close()
        assert {bits(path) for path in files(sqlite_url)} == {0o600}
        store.close()
    finally:
        os.umask(mask)


def test_how_sqlite_is_set(sqlite_url: str) -> None:
    store = DatabaseStore.open(sqlite_url)
    with store._engine.connect() as connection:
        expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "temp_store": 2}
        for name, value in {**expected, "busy_timeout": 10_000}.items():
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() == value
    store.close()


@pytest.mark.parametrize("way", ["delete", "purge"])
def test_nothing_deleted_is_left_in_the_files(sqlite_url: str, way: str) -> None:
    store = DatabaseStore.open(sqlite_url)
    stays = store.create("somebody")
    gone = store.create("Ownerson")
    for number in range(1, 31):
        store.append(gone, made_turn(number, f"Jaundiced, {number} " * 200), inputs={"facts": {"a": "Whipple"}})
        store.append(stays, made_turn(number, "kept words" * 300))
    store.feedback(gone, 1, "wrong", "reasonable")
    assert found_in(sqlite_url) == set(WORDS)
    if way == "delete":
        store.delete(gone)
    else:
        assert store.purge(0) == 2
    assert found_in(sqlite_url) == set()
    assert (b"kept words" in b"".join(path.read_bytes() for path in files(sqlite_url))) == (way == "delete")
    store.close()


def test_a_deletion_that_cannot_clean_up_says_so_and_the_next_purge_does(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.store.sqlite.PATIENCE", 0.1)
    store = DatabaseStore.open(sqlite_url)
    gone = store.create()
    store.append(gone, made_turn(1, "Jaundiced"))
    with store._engine.begin() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM turns")
        with pytest.raises(
            StoreUnavailableError, match="it is deleted, but its words may stand in free room"
        ) as caught:
            store.delete(gone)
    assert "Jaundiced" not in str(caught.value)
    assert list(store.all()) == []
    assert store.purge(30) == 0
    assert found_in(sqlite_url) == set()
    store.close()


def test_where_the_database_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert database_url("postgresql://elsewhere") == "postgresql://elsewhere"
    assert database_url() == database_url("") == f"sqlite:///{ROOT / 'var' / 'conversations.sqlite3'}"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(location, "__file__", str(tmp_path / "web" / "store" / "location.py"))
    assert database_url() == f"sqlite:///{tmp_path / 'nelm' / 'conversations.sqlite3'}"


def test_the_command_line_begins_without_a_database() -> None:
    script = (
        "import sys, web, web.cli\nprint({name.partition('.')[0] for name in sys.modules} & {'sqlalchemy', 'alembic'})"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert said == "set()\n"


def test_the_family_of_errors() -> None:
    assert {error.code for error in StoreError.__subclasses__()} >= {
        "database_url_invalid",
        "store_unavailable",
        "store_version",
    }
