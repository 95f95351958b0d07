"""Slack's three addresses: the raw body is checked before anything reads it, then kept, then acknowledged."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from web.slack.bot import Bot
from web.slack.deliveries import COMMANDS, EVENTS, INTERACTIVITY, read_body
from web.slack.signatures import Signatures


def slack_router(bot: Bot) -> APIRouter:
    """Return the routes; none where only Socket Mode is set up."""
    router = APIRouter(prefix="/slack", include_in_schema=False)
    if bot.signatures is not None:
        for kind in (EVENTS, COMMANDS, INTERACTIVITY):
            _add(router, kind, bot, bot.signatures)
    return router


def _add(router: APIRouter, kind: str, bot: Bot, signatures: Signatures) -> None:
    @router.post(f"/{kind}")
    async def receive(request: Request) -> Response:
        body = await request.body()
        signatures.check(request.headers, body)
        answer = await run_in_threadpool(bot.intake.receive, read_body(kind, body))
        return Response() if answer is None else JSONResponse(answer)
