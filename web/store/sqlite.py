"""SQLite's ways: the file and its access rights, how a connection is set, and leaving no deleted word in the file."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from web.store.errors import StoreUnavailableError
from web.store.guard import told

BEGIN = "nelm_begin"
"""Execution option: the statement that begins a transaction; ``None`` for none."""
WRITING = "BEGIN IMMEDIATE"
"""What whoever is going to write begins with: then nobody gets in between who read before."""
PATIENCE = 10.0
"""Seconds that one waits for others."""
_PAUSE = 0.02
_ASKED_AGAIN_S = 0.001
_BEGINNING = threading.Lock()
"""Held by the one of this process that asks to write."""
_WAIT = ("SQLITE_BUSY", "SQLITE_LOCKED")
_PRIVATE = 0o600
_PRAGMAS = ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY")


def sqlite_engine(url: URL) -> Engine:
    """Open a file, made if it is not there.

    Raises:
        StoreUnavailableError: If it cannot be made, read or written, or is no database.
    """
    _make_private(Path(url.database or ""))
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": PATIENCE})
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begun)
    try:
        # The journal beside the file: readers and the writer do not wait for one another. The file stays so.
        if not _patiently(lambda: _outside(engine, "PRAGMA journal_mode = WAL")[0] == "wal"):
            raise StoreUnavailableError("the database's file is busy, or lies where no journal can be kept beside it")
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def hasty(engine: Engine) -> Iterator[Connection]:
    """Write without waiting for the disk: a process that dies undoes nothing of it, a loss of power may."""
    with engine.execution_options(**{BEGIN: None}).connect() as connection:
        connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
        try:
            _begin_writing(connection)
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA synchronous = FULL")


def scrub(engine: Engine) -> bool:
    """Write the file anew without its free room, then empty the journal.

    Returns:
        Whether it was done: not, where others read or write all the time.

    Raises:
        StoreUnavailableError: If the database fails otherwise.
    """

    def done() -> bool:
        _outside(engine, "VACUUM")
        busy, *_ = _outside(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
        return busy == 0

    return _patiently(done)


def _make_private(file: Path) -> None:
    """Make the file with its owner's rights alone; SQLite gives the same to the files beside it.

    A file that is there is not opened: closing it would take away the locks this process may hold on it.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE))
        except FileExistsError:
            for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
                if (there := file.with_name(name)).is_file():
                    there.chmod(_PRIVATE)
    except OSError as exc:
        raise StoreUnavailableError(f"{file} cannot be made: {exc.strerror}") from exc


def _connected(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begun` does
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begun(connection: Connection) -> None:
    statement = connection.get_execution_options().get(BEGIN, "BEGIN")
    if statement == WRITING:
        _begin_writing(connection)
    elif statement is not None:
        connection.exec_driver_sql(statement)


def _begin_writing(connection: Connection) -> None:
    """Begin as the one who writes, asking again and again at short intervals.

    SQLite itself asks at longer and longer ones: among many that write, whoever has waited longest waits longer still.
    """
    driver = connection.connection.driver_connection
    if driver is None:
        return
    end = time.monotonic() + PATIENCE
    first = _BEGINNING.acquire(timeout=PATIENCE)  # whoever does not get it asks once, then fails
    try:
        driver.execute("PRAGMA busy_timeout = 0")
        try:
            while not _begins(connection, last=time.monotonic() >= end):
                time.sleep(_ASKED_AGAIN_S)
        finally:
            driver.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
    finally:
        if first:
            _BEGINNING.release()


def _begins(connection: Connection, *, last: bool) -> bool:
    """Whether nobody else writes; the last time that is an error. SQLAlchemy's own errors cost more than the wait."""
    driver = connection.connection.driver_connection
    try:
        if last or driver is None:
            connection.exec_driver_sql(WRITING)
        else:
            driver.execute(WRITING)
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorname.startswith(_WAIT):
            return False
        connection.exec_driver_sql(WRITING)  # fails again, told as SQLAlchemy tells it
    return True


def _outside(engine: Engine, statement: str) -> tuple[object, ...]:
    """Carry out a statement outside of any transaction and return the row it gives, if any."""
    with engine.execution_options(**{BEGIN: None}).connect() as connection:
        result = connection.exec_driver_sql(statement)
        return tuple(result.one()) if result.returns_rows else ()


def _patiently(attempt: Callable[[], bool]) -> bool:
    """Try until it is done or patience ends: for some locks SQLite itself does not wait."""
    end = time.monotonic() + PATIENCE
    while True:
        with told():
            try:
                if attempt():
                    return True
            except OperationalError as exc:
                if not _locked(exc):
                    raise
        if time.monotonic() > end:
            return False
        time.sleep(_PAUSE)


def _locked(exc: OperationalError) -> bool:
    return str(getattr(exc.orig, "sqlite_errorname", "")).startswith(_WAIT)
