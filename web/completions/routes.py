"""``/v1/``: chat completions and the one model there is. Nothing is kept; the client sends the whole conversation."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from assistant.assistant import Assistant
from assistant.conversation.earlier import fitting
from web.completions.bodies import MODEL, CompletionRequest, check, said
from web.completions.errors import ModelMissingError
from web.completions.replies import Reply, chunks, completion, model, reply_to

PREFIX = "/v1"


def completion_router(assistant: Assistant) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)

    @router.post("/chat/completions")
    async def complete(body: CompletionRequest, _request: Request) -> Response:
        check(body)
        reply = await run_in_threadpool(_reply, assistant, said(body))
        if body.stream:
            usage = body.stream_options is not None and body.stream_options.include_usage
            return StreamingResponse(chunks(reply, usage=usage), media_type="text/event-stream")
        return Response(json.dumps(completion(reply), ensure_ascii=False), media_type="application/json")

    @router.get("/models")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [model(assistant)]}

    @router.get("/models/{name:path}")
    def one_model(name: str) -> dict[str, Any]:
        if name != MODEL:
            raise ModelMissingError("there is no such model")
        return model(assistant)

    return router


def _reply(assistant: Assistant, texts: tuple[str, ...]) -> Reply:
    """Answer the last message as the next turn after those before it; of a long conversation the end is read."""
    *before, last = fitting(texts)
    turn = assistant.dialogue.turn(last, assistant.dialogue.turns(before))
    first = f"Read: the last {turn.number} of your {len(texts)} messages." if turn.number < len(texts) else ""
    return reply_to(turn, assistant, first)
