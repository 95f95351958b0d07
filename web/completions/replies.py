"""A turn as a completion, whole or in chunks: Markdown for people, the answer object beside it for programs."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from assistant.assistant import Assistant
from assistant.conversation.turns import Turn
from web.completions.bodies import MODEL
from web.turn_markdown import turn_blocks

EXTENSION = "nelm_answer"
"""The member under which a completion carries the answer object."""
_NO_TOKENS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
"""Nothing is cut into tokens, since no language model reads or writes anything."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client is told.

    Attributes:
        blocks: The content, block by block, with the blank lines between.
        answer: The answer object.
        created: Seconds since 1970.
    """

    blocks: tuple[str, ...]
    answer: dict[str, Any]
    created: int

    @property
    def content(self) -> str:
        """The whole text."""
        return "".join(self.blocks)

    @property
    def id(self) -> str:
        """The same for the same content and answer."""
        said = json.dumps([self.content, self.answer], ensure_ascii=False)
        return f"chatcmpl-{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:24]}"


def reply_to(turn: Turn, assistant: Assistant, first: str = "") -> Reply:
    """Return what is told for a turn.

    Args:
        first: A line above everything.
    """
    told = [block for block in (first, *turn_blocks(turn, assistant.patients.book)) if block]
    parted = [f"{block}\n\n" for block in told[:-1]]
    return Reply((*parted, *told[-1:]), turn.answer.to_dict(), int(time.time()))


def completion(reply: Reply) -> dict[str, Any]:
    """Return the whole completion."""
    message = {"role": "assistant", "content": reply.content, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        **_head(reply, "chat.completion"),
        "choices": [choice],
        "usage": _NO_TOKENS,
        EXTENSION: reply.answer,
    }


def chunks(reply: Reply, *, usage: bool) -> Iterator[str]:
    """Return the completion as server-sent events; the last chunk with a choice carries the answer object."""
    head = _head(reply, "chat.completion.chunk")

    def chunk(delta: dict[str, str], finished: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finished}
        return _event({**head, "choices": [choice], **({"usage": None} if usage else {}), **more})

    yield chunk({"role": "assistant", "content": ""})
    yield from (chunk({"content": block}) for block in reply.blocks)
    yield chunk({}, "stop", **{EXTENSION: reply.answer})
    if usage:
        yield _event({**head, "choices": [], "usage": _NO_TOKENS})
    yield "data: [DONE]\n\n"


def model(assistant: Assistant) -> dict[str, Any]:
    """Return what is to be known of the one model: as old as the newest document."""
    newest = max(date.fromisoformat(document.citation.published) for document in assistant.documents)
    created = int(datetime.fromisoformat(f"{newest}T00:00:00+00:00").timestamp())
    return {"id": MODEL, "object": "model", "created": created, "owned_by": MODEL}


def _head(reply: Reply, kind: str) -> dict[str, Any]:
    made_from = reply.answer["index"][:12]
    return {"id": reply.id, "object": kind, "created": reply.created, "model": MODEL, "system_fingerprint": made_from}


def _event(values: dict[str, Any]) -> str:
    return f"data: {json.dumps(values, ensure_ascii=False)}\n\n"
