"""A kept conversation as a file: as data, or as Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from fastapi.responses import Response

from assistant.conversation.store import Kept
from assistant.conversation.turns import Turn
from assistant.rules.book import RuleBook
from web.chat import markdown

_MEDIA = {"json": "application/json", "md": "text/markdown; charset=utf-8"}


def turn_values(turn: Turn) -> dict[str, Any]:
    """Return a turn as programs get it."""
    return {
        "number": turn.number,
        "said": turn.said,
        "patient": turn.patient or None,
        "answer": turn.answer.to_dict(),
    }


def json_file(kept: Kept, turns: Sequence[Turn]) -> Response:
    """Return a conversation as data in a file to be kept."""
    return _file(kept, json.dumps([turn_values(turn) for turn in turns], ensure_ascii=False), "json")


def markdown_file(kept: Kept, turns: Sequence[Turn], book: RuleBook) -> Response:
    """Return a conversation as a text to read in a file to be kept."""
    return _file(kept, markdown(turns, book), "md")


def _file(kept: Kept, body: str, ending: Literal["json", "md"]) -> Response:
    name = f"conversation-{kept.created:%Y-%m-%d}.{ending}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type=_MEDIA[ending], headers=headers)
