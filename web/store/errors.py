"""What can go wrong with the database; a message never carries what was said, nor a password."""

from __future__ import annotations

from corpus.errors import NelmError


class StoreError(NelmError):
    """Root of the store family."""

    code = "store_error"


class DatabaseUrlError(StoreError):
    """``NELM_DATABASE_URL`` names no database that can be used."""

    code = "database_url_invalid"
    hint = "Use sqlite:////a/file.sqlite3, or postgresql+psycopg://… with the extra `postgresql` installed."


class StoreUnavailableError(StoreError):
    """The database cannot be reached, is busy, full or damaged, or refused."""

    code = "store_unavailable"
    hint = "Look whether the database runs, its disk has room and its file may be written; then try again."


class StoreVersionError(StoreError):
    """The database was written by another release, which this one cannot read."""

    code = "store_version"
    hint = "Install the release that wrote it, or set NELM_DATABASE_URL to another database."
