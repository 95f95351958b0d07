"""Failures of the database, told without the data."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from web.store.errors import StoreUnavailableError


@contextmanager
def told() -> Iterator[None]:
    """Turn what the database says into an error without a word of the data.

    The driver's own message may print a whole row, so that it is neither repeated nor chained.

    Raises:
        StoreUnavailableError: If the database fails within.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as exc:
        raise StoreUnavailableError(f"the database failed: {_kind(exc)}") from None


def _kind(exc: Exception) -> str:
    """Return the class of a failure and the database's own short code, such as ``SQLITE_FULL`` or ``53300``."""
    cause = getattr(exc, "orig", None) or exc
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{type(cause).__name__} ({code})" if code else type(cause).__name__
