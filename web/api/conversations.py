"""Conversations that a program asks to be kept: begun, listed, read, exported, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response

from assistant.answer import plain
from assistant.conversation.store import Kept
from assistant.rules.book import RuleBook
from web.api.asking import BODY_REFUSED
from web.api.bodies import NewConversation
from web.api.owners import INTERFACE, own, owner_of
from web.api.paging import Limit, Offset, Page, page
from web.api.refusals import described
from web.api.replies import giving, told
from web.api.turns import REFUSED, Id, TurnEntry
from web.export import json_file, markdown_file, turn_values
from web.problems import RequestInvalidError
from web.store.errors import StoreUnavailableError
from web.store.keeping import Keeping

_BUSY = StoreUnavailableError("the database is busy")


@dataclass(frozen=True, slots=True)
class ConversationEntry:
    """A kept conversation; ``length`` is the number of its turns."""

    id: str
    title: str
    created: datetime
    updated: datetime
    length: int


@dataclass(frozen=True, slots=True)
class ConversationWhole:
    """A conversation with its turns."""

    id: str
    title: str
    created: datetime
    updated: datetime
    length: int
    turns: tuple[TurnEntry, ...]


def entry(kept: Kept) -> ConversationEntry:
    """Return a conversation as it is listed."""
    return ConversationEntry(kept.id, kept.title, kept.created, kept.updated, kept.turns)


def conversation_router(store: Keeping, book: RuleBook) -> APIRouter:
    """Return the routes below ``/conversations``."""
    router = APIRouter(prefix="/conversations")

    @router.post(
        "",
        response_model=ConversationEntry,
        status_code=HTTPStatus.CREATED,
        responses=described(*BODY_REFUSED, _BUSY),
        summary="Begin a conversation",
    )
    def create_conversation(request: Request, body: NewConversation) -> Response:
        """Begin a conversation; it is kept for as long as the service keeps conversations, or until it is deleted."""
        name = store.create(owner_of(request))
        if body.title:
            store.rename(name, body.title)
        where = str(request.app.url_path_for("conversation", conversation=name))
        return told(entry(store.kept(name)), HTTPStatus.CREATED, {"location": where})

    @router.get(
        "",
        response_model=Page[ConversationEntry],
        responses=described(RequestInvalidError("the request is not valid at query.offset"), _BUSY),
        summary="List conversations",
    )
    def conversations(request: Request, limit: Limit = 50, offset: Offset = 0) -> Response:
        """List the caller's conversations, the last used first."""
        found, headers = page(request, [entry(kept) for kept in store.listed(owner_of(request))], limit, offset)
        return told(found, headers=headers)

    @router.get(
        "/{conversation}",
        response_model=ConversationWhole,
        responses=described(*REFUSED),
        summary="Read a conversation",
    )
    def conversation(request: Request, conversation: Id) -> Response:
        """Read a conversation with all its turns."""
        kept, turns = own(request, store, conversation), store.turns(conversation)
        store.audit("read", INTERFACE, conversation)
        return told({**plain(entry(kept)), "length": len(turns), "turns": [turn_values(turn) for turn in turns]})

    @router.delete(
        "/{conversation}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=described(*REFUSED),
        summary="Delete a conversation",
    )
    def delete_conversation(request: Request, conversation: Id) -> Response:
        """Delete a conversation with everything said in it; nothing of it is left."""
        own(request, store, conversation)
        store.delete(conversation)
        store.audit("delete", INTERFACE, conversation)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.get(
        "/{conversation}/export.json",
        response_model=tuple[TurnEntry, ...],
        responses=described(*REFUSED),
        summary="Export a conversation as JSON",
    )
    def export_json(request: Request, conversation: Id) -> Response:
        """Export the turns as a file, the same as the page gives."""
        kept, turns = own(request, store, conversation), store.turns(conversation)
        store.audit("export", INTERFACE, conversation)
        return json_file(kept, turns)

    @router.get(
        "/{conversation}/export.md",
        response_class=Response,
        responses=giving("text/markdown", "") | described(*REFUSED),
        summary="Export a conversation as Markdown",
    )
    def export_markdown(request: Request, conversation: Id) -> Response:
        """Export the turns as a file to read, the same as the page gives."""
        kept, turns = own(request, store, conversation), store.turns(conversation)
        store.audit("export", INTERFACE, conversation)
        return markdown_file(kept, turns, book)

    return router
