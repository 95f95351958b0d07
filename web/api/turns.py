"""Turns of kept conversations: said, read again, judged."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from assistant.answer import Answer
from assistant.assistant import Assistant
from assistant.errors import ConversationMissingError
from web.api.asking import BODY_REFUSED, TURN_REFUSED, IdempotencyKey, next_turn, turn_path
from web.api.bodies import FeedbackRequest, Message
from web.api.owners import INTERFACE, own
from web.api.refusals import described
from web.api.replies import told
from web.export import turn_values
from web.problems import RequestInvalidError
from web.store.errors import StoreUnavailableError
from web.store.keeping import Keeping

Id = Annotated[str, Path(description="A conversation's id.", max_length=64)]
Number = Annotated[int, Path(description="A turn's number, from 1.", ge=1, le=1_000_000, examples=[1])]
_MISSING = ConversationMissingError("there is no such conversation")
_BUSY = StoreUnavailableError("the database is busy")
REFUSED = (_MISSING, RequestInvalidError("the request is not valid at path.conversation"), _BUSY)


@dataclass(frozen=True, slots=True)
class TurnEntry:
    """A turn: what was said, the label of the patient it is about, and the answer as it was given."""

    number: int
    said: str
    patient: str | None
    answer: Answer


def turn_router(assistant: Assistant, store: Keeping) -> APIRouter:
    """Return the routes below ``/conversations/{conversation}/turns``."""
    router = APIRouter(prefix="/conversations")

    @router.post(
        "/{conversation}/turns",
        response_model=TurnEntry,
        status_code=HTTPStatus.CREATED,
        responses=described(*TURN_REFUSED),
        summary="Say something",
    )
    def say_turn(request: Request, conversation: Id, body: Message, idempotency_key: IdempotencyKey = "") -> Response:
        """Answer a message as the next turn.

        The same message sent again under the same `Idempotency-Key` gets the turn that answered it; another message
        under a key that was used is refused.
        """
        own(request, store, conversation)
        turn = next_turn(assistant, store, conversation, body, idempotency_key)
        where = turn_path(request, conversation, turn.number)
        return told(turn_values(turn), HTTPStatus.CREATED, {"location": where})

    @router.get(
        "/{conversation}/turns/{number}",
        response_model=TurnEntry,
        responses=described(*REFUSED),
        summary="Read a turn",
    )
    def turn(request: Request, conversation: Id, number: Number) -> Response:
        """Read one turn."""
        own(request, store, conversation)
        turns = store.turns(conversation)
        if number > len(turns):
            raise ConversationMissingError("the conversation has no turn of this number")
        store.audit("read", INTERFACE, conversation)
        return told(turn_values(turns[number - 1]))

    @router.post(
        "/{conversation}/turns/{number}/feedback",
        status_code=HTTPStatus.NO_CONTENT,
        responses=described(*BODY_REFUSED, _MISSING, _BUSY),
        summary="Judge an answer",
    )
    def feedback(request: Request, conversation: Id, number: Number, body: FeedbackRequest) -> Response:
        """Keep what somebody thinks of an answer; it goes with its conversation."""
        if number > own(request, store, conversation).turns:
            raise ConversationMissingError("the conversation has no turn of this number")
        store.feedback(conversation, number, body.verdict, body.reason)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router
