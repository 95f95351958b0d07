"""What answers are made from."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from assistant.assistant import Assistant
from web.api.refusals import described
from web.api.replies import KNOWN, IfNoneMatch, known
from web.knowledge import Knowledge, knowledge_of
from web.problems import RequestInvalidError


def knowledge_router(assistant: Assistant) -> APIRouter:
    """Return the route ``/knowledge``."""
    router = APIRouter()

    @router.get(
        "/knowledge",
        response_model=Knowledge,
        responses=KNOWN | described(RequestInvalidError("the request is not valid at header.if-none-match")),
        summary="Versions and digests",
    )
    def knowledge(request: Request, if_none_match: IfNoneMatch = "") -> Response:
        """Tell the versions of software, knowledge and index, and how much there is of everything."""
        return known(request, knowledge_of(assistant))

    return router
