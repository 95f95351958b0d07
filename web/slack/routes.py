"""Slack's three addresses: the raw body is checked before anything reads it, then kept, then acknowledged."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from web.slack.bot import Bot
from web.slack.deliveries import COMMANDS, EVENTS, INTERACTIVITY, read_body
from web.slack.signatures import Signatures

_PLACES = 8
"""Deliveries kept at once; places of their own, since questions of the pages may have taken all others for a while."""


def slack_router(bot: Bot) -> APIRouter:
    """Return the routes; none where only Socket Mode is set up."""
    router = APIRouter(prefix="/slack", include_in_schema=False)
    if bot.signatures is not None:
        places = CapacityLimiter(_PLACES)
        for kind in (EVENTS, COMMANDS, INTERACTIVITY):
            _add(router, kind, bot, bot.signatures, places)
    return router


def _add(router: APIRouter, kind: str, bot: Bot, signatures: Signatures, places: CapacityLimiter) -> None:
    @router.post(f"/{kind}")
    async def receive(request: Request) -> Response:
        body = await request.body()
        signatures.check(request.headers, body)
        delivery = read_body(kind, body)
        with bot.precedence.delivery():
            answer = await to_thread.run_sync(bot.intake.receive, delivery, limiter=places)
        return Response() if answer is None else JSONResponse(answer)
