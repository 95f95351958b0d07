"""Whose conversation it is: a program sees its own alone, by the key it came with."""

from __future__ import annotations

from fastapi import Request

from assistant.conversation.store import Kept
from assistant.errors import ConversationMissingError
from web.keys.guard import NOBODY
from web.store.keeping import Keeping

INTERFACE = "api"


def owner_of(request: Request) -> str:
    """Return the owner of what a request makes or asks for."""
    owner: str = getattr(request.state, "owner", NOBODY)
    return owner


def own(request: Request, store: Keeping, conversation: str) -> Kept:
    """Return what is known of a conversation of the caller.

    Raises:
        ConversationMissingError: If there is none, or it is another's: the two are not told apart.
    """
    kept = store.kept(conversation)
    if kept.owner != owner_of(request):
        raise ConversationMissingError("there is no such conversation")
    return kept
