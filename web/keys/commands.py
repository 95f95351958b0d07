"""``nelm keys``: making, listing and revoking the keys of a database."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from web.keys.key import Scope
from web.options import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web.store.api_keys import KeyStore

_USUAL_PER_MINUTE = 600
_MOST_PER_MINUTE = 1_000_000
keys = typer.Typer(
    help="Keys of those who may use the service.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)


@contextmanager
def _opened(url: str | None) -> Iterator[KeyStore]:
    from web.store.api_keys import KeyStore
    from web.store.location import database_url

    store = KeyStore.open(database_url(url))
    try:
        yield store
    finally:
        store.close()


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is, as lists show it.")],
    *,
    scope: Annotated[list[Scope], typer.Option(help="What it may do; may be given several times.")],
    per_minute: Annotated[
        int, typer.Option(help="Requests a minute.", min=1, max=_MOST_PER_MINUTE)
    ] = _USUAL_PER_MINUTE,
    database: Database = None,
) -> None:
    """Make a key and print it: this once, for only its SHA-256 is kept."""
    with _opened(database) as store:
        key, secret = store.create(name, tuple(dict.fromkeys(scope)), per_minute)
    sys.stderr.write(f"key {key.id} ({', '.join(key.scopes)}; {key.per_minute} a minute); it is shown only now:\n")
    sys.stdout.write(f"{secret}\n")


@keys.command("list")
def listed(*, database: Database = None) -> None:
    """Print id, date, scopes, requests a minute and name of every key, and whether it is revoked."""
    with _opened(database) as store:
        for key in store.listed():
            state = f"revoked {key.revoked:%Y-%m-%d}" if key.revoked else "in force"
            scopes = ",".join(key.scopes)
            sys.stdout.write(f"{key.id}  {key.created:%Y-%m-%d}  {scopes}  {key.per_minute}  {state}  {key.name}\n")


@keys.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, as `nelm keys list` prints it.")],
    *,
    database: Database = None,
) -> None:
    """Revoke a key for ever; running services know within five seconds."""
    with _opened(database) as store:
        store.revoke(key)
    sys.stdout.write("revoked\n")
