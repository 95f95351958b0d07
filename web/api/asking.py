"""Answers: a question asked, a patient described."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response

from assistant.answer import Answer
from assistant.assistant import Assistant
from assistant.conversation.store import say
from assistant.conversation.turns import Turn
from assistant.errors import ConversationMissingError, KeyReusedError, TurnTakenError
from assistant.patient_text.structured import FactError
from corpus.errors import NelmError
from web.api.bodies import AskRequest, Message, RecommendRequest
from web.api.owners import own
from web.api.refusals import described
from web.api.replies import JSON, giving
from web.events import EVENTS, answered_by_events, wants_events
from web.pages import request_id_of
from web.problems import RequestInvalidError, TooLargeError, problem, status_of, unexpected
from web.store.errors import StoreUnavailableError
from web.store.keeping import Keeping

IdempotencyKey = Annotated[
    str, Header(description="The same message sent again under it gets the very same turn.", max_length=200)
]
BODY_REFUSED = (
    TooLargeError("the body is larger than 1000000 bytes"),
    RequestInvalidError("the request is not valid at body.question"),
)
FACTS_REFUSED = (*BODY_REFUSED, FactError("ascites: 'perhaps' is neither present nor absent"))
TURN_REFUSED = (
    *FACTS_REFUSED,
    ConversationMissingError("there is no such conversation"),
    TurnTakenError("others keep writing to this conversation"),
    KeyReusedError("another message was answered under this key"),
    StoreUnavailableError("the database is busy"),
)
_STREAM = "event: working\ndata: {}\n\nevent: answer\ndata: {…}\n\n"


def asking_router(assistant: Assistant, store: Keeping) -> APIRouter:
    """Return the routes ``/ask`` and ``/recommend``."""
    router = APIRouter()

    def answer(request: Request, body: AskRequest, key: str) -> tuple[Answer, dict[str, str]]:
        if body.conversation is None:
            return assistant.ask(body.question, facts=body.facts, confirmed=body.confirmed), {}
        own(request, store, body.conversation)
        turn = next_turn(assistant, store, body.conversation, body, key)
        return turn.answer, {"content-location": turn_path(request, body.conversation, turn.number)}

    @router.post(
        "/ask",
        response_model=Answer,
        responses=giving(EVENTS, _STREAM) | described(*TURN_REFUSED),
        summary="Ask the review",
    )
    def ask(body: AskRequest, request: Request, idempotency_key: IdempotencyKey = "") -> Response:
        """Answer a question from the documents, and of a patient say what the rules conclude.

        With `accept: text/event-stream` the events are `working`, then `answer` with the answer, or `error` with a
        problem document. With `conversation` the question is the next turn of that conversation.
        """
        if wants_events(request):
            work, told = partial(answer, request, body, idempotency_key), partial(as_problem, request_id_of(request))
            return answered_by_events("answer", lambda: work()[0].to_dict(), told)
        found, headers = answer(request, body, idempotency_key)
        return Response(found.to_json(), media_type=JSON, headers=headers)

    @router.post(
        "/recommend",
        response_model=Answer,
        responses=described(*FACTS_REFUSED),
        summary="What the rules conclude for a patient",
    )
    def recommend(body: RecommendRequest) -> Response:
        """Evaluate the rules on a patient described in words, by structured facts, or both."""
        answer = assistant.recommend(body.case, facts=body.facts, confirmed=body.confirmed)
        return Response(answer.to_json(), media_type=JSON)

    return router


def next_turn(assistant: Assistant, store: Keeping, conversation: str, body: Message, key: str) -> Turn:
    """Answer a message as the next turn of a conversation."""
    return say(
        assistant.dialogue, store, conversation, body.question, facts=body.facts, confirmed=body.confirmed, key=key
    )


def turn_path(request: Request, conversation: str, number: int) -> str:
    """Return the address of a turn."""
    return str(request.app.url_path_for("turn", conversation=conversation, number=str(number)))


def as_problem(request_id: str, error: Exception) -> dict[str, Any]:
    """Return the problem document of an error, of one that is not ours one that tells nothing of it."""
    ours = error if isinstance(error, NelmError) else unexpected()
    return problem(ours, status_of(ours), request_id)
