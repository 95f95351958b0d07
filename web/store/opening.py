"""Opening a database: its URL, and bringing the tables up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from web.store.errors import DatabaseUrlError, StoreVersionError
from web.store.guard import told
from web.store.sqlite import BEGIN, WRITING, sqlite_engine

_MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE_S = 10
"""Seconds that a server of PostgreSQL has to take a connection."""
_LOCK = 5_206_813
"""Key of the lock that PostgreSQL holds while tables are brought up to date; any number will do."""


def open_engine(named: str) -> Engine:
    """Open a database, made if it is a file that is not there, with its tables up to date.

    Raises:
        DatabaseUrlError: If the URL cannot be read, is of another kind of database, or its driver is absent.
        StoreUnavailableError: If the database cannot be reached or written.
        StoreVersionError: If it was written by a release that this one cannot read.
    """
    url = _read(named)
    engine = sqlite_engine(url) if is_sqlite(url) else _postgresql(url)
    try:
        with told(), engine.execution_options(**{BEGIN: WRITING}).begin() as connection:
            _migrate(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def answers(engine: Engine) -> None:
    """Ask the database for nothing, to see whether it answers.

    Raises:
        StoreUnavailableError: If it does not.
    """
    with told(), engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")


def is_sqlite(url: URL) -> bool:
    """Whether it is SQLite's."""
    return url.get_backend_name() == "sqlite"


def migrations(connection: Connection | None = None) -> Config:
    """Return where the steps between versions of the tables stand, to be taken on a connection."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _read(named: str) -> URL:
    try:
        url = make_url(named)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise DatabaseUrlError("the database's URL cannot be read") from None
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or url.query:
        raise DatabaseUrlError("the database's URL is neither of a file of SQLite nor of PostgreSQL")
    if url.database in {None, "", ":memory:"}:
        raise DatabaseUrlError("the database's URL names no file")
    return url.set(drivername="sqlite")


def _postgresql(url: URL) -> Engine:
    try:
        patience = {"connect_timeout": _PATIENCE_S}
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=patience)
    except ImportError:
        raise DatabaseUrlError("psycopg is not installed") from None


def _migrate(connection: Connection) -> None:
    """Bring the tables up to date; of several processes one does, the others wait."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    try:
        command.upgrade(migrations(connection), "head")
    except CommandError:
        raise StoreVersionError("the database's tables are not known to this release") from None
