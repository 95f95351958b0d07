"""Commands on what is kept: conversations, feedback, and stored answers computed anew."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from web.options import Database, IndexOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web.store.database import DatabaseStore

conversations = typer.Typer(
    help="Conversations kept in the database.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
Name = Annotated[str, typer.Argument(help="The conversation's id, as `nelm conversations list` prints it.")]


@contextmanager
def _opened(url: str | None) -> Iterator[DatabaseStore]:
    from web.store.database import DatabaseStore
    from web.store.location import database_url

    store = DatabaseStore.open(database_url(url))
    try:
        yield store
    finally:
        store.close()


@conversations.command("list")
def listed(*, database: Database = None) -> None:
    """Print id, last use, number of questions and title of every conversation."""
    with _opened(database) as store:
        for kept in store.all():
            sys.stdout.write(f"{kept.id}  {kept.updated:%Y-%m-%d %H:%M}  {kept.turns:>3}  {kept.title}\n")


@conversations.command()
def show(conversation: Name, *, database: Database = None, index: IndexOption = None) -> None:
    """Print a conversation with its answers."""
    from assistant.assistant import Assistant
    from web.terminal import whole_text

    with _opened(database) as store:
        turns = store.turns(conversation)
        store.audit("read", "cli", conversation)
    book = Assistant.open(index).patients.book
    for turn in turns:
        sys.stdout.write(f"{turn.number}. {turn.said}\n\n{whole_text(turn.answer, book)}\n\n")


@conversations.command()
def export(
    conversation: Name,
    *,
    form: Annotated[Literal["json", "md"], typer.Option("--as", help="What to write.")] = "json",
    database: Database = None,
    index: IndexOption = None,
) -> None:
    """Write a conversation to standard output: every answer whole, or as Markdown."""
    from assistant.assistant import Assistant
    from web.chat import markdown

    with _opened(database) as store:
        stored, turns = store.stored(conversation), store.turns(conversation)
        store.audit("export", "cli", conversation)
    if form == "md":
        sys.stdout.write(markdown(turns, Assistant.open(index).patients.book))
        return
    whole: list[str] = []
    for turn in stored:
        row = {"number": turn.number, "said": turn.said, "inputs": turn.inputs, "created": turn.created.isoformat()}
        whole.append(f'{json.dumps(row, ensure_ascii=False)[:-1]}, "answer": {turn.answer}}}')
    sys.stdout.write(f"[{','.join(whole)}]\n")


@conversations.command()
def delete(conversation: Name, *, database: Database = None) -> None:
    """Delete a conversation; nothing of it is left in the database's files."""
    with _opened(database) as store:
        store.delete(conversation)
        store.audit("delete", "cli", conversation)
    sys.stdout.write("deleted\n")


@conversations.command()
def purge(
    *,
    days: Annotated[int, typer.Option(help="Delete what was last used longer ago than this.", min=0)],
    database: Database = None,
) -> None:
    """Delete every conversation not used for some days."""
    with _opened(database) as store:
        gone = store.purge(days)
        if gone:
            store.audit("purge", "cli")
    sys.stdout.write(f"{gone} deleted\n")


def feedback(*, database: Database = None) -> None:
    """Print what people thought of answers, oldest first."""
    with _opened(database) as store:
        for item in store.feedbacks():
            said = f"{item.created:%Y-%m-%d %H:%M}  {item.conversation}  answer {item.turn}  {item.verdict}"
            sys.stdout.write(f"{said}  {item.reason}\n" if item.reason else f"{said}\n")
