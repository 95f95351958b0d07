"""What a chat client sends, and what of it is read: what its user said. The rest is ignored or refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from web.completions.errors import ModelMissingError, ParameterRefusedError
from web.problems import RequestInvalidError

MODEL = "nelm"


class Part(BaseModel):
    """A part of a message."""

    model_config = ConfigDict(extra="ignore")

    type: str
    text: str = ""


class Message(BaseModel):
    """A message; of those that are not the user's nothing is read."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None


class StreamOptions(BaseModel):
    """How to stream."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class CompletionRequest(BaseModel):
    """The body of ``POST /v1/chat/completions``.

    What is not named here has no bearing on sentences quoted word for word, and is ignored: temperature, top_p, seed,
    stop, max_tokens, tools that need not be called, and whatever else clients send.
    """

    model_config = ConfigDict(extra="ignore")

    model: str
    messages: list[Message]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = 1
    logprobs: bool | None = False
    modalities: list[str] | None = None
    response_format: dict[str, Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    function_call: str | dict[str, Any] | None = None


def check(body: CompletionRequest) -> None:
    """Refuse what is asked for and cannot be given.

    Raises:
        ModelMissingError: If another model is named.
        ParameterRefusedError: If an answer is wanted in a way in which there is none.
    """
    if body.model != MODEL:
        raise ModelMissingError("there is no such model")
    refused = {
        "n": body.n not in {None, 1},
        "logprobs": bool(body.logprobs),
        "modalities": body.modalities not in (None, ["text"]),
        "response_format": (body.response_format or {"type": "text"}).get("type") != "text",
        "tool_choice": body.tool_choice not in (None, "none", "auto"),
        "function_call": body.function_call not in (None, "none", "auto"),
    }
    for name, is_refused in refused.items():
        if is_refused:
            raise ParameterRefusedError(name)


def said(body: CompletionRequest) -> tuple[str, ...]:
    """Return the user's messages in order.

    Raises:
        ParameterRefusedError: If one holds anything but text.
        RequestInvalidError: If there is none.
    """
    texts = tuple(_texts(body.messages))
    if not texts:
        raise RequestInvalidError(
            "no message is of the user", hint='Send {"role": "user", "content": "…"}.', place="messages"
        )
    return texts


def _texts(messages: list[Message]) -> Iterator[str]:
    for number, message in enumerate(messages):
        if message.role != "user":
            continue
        content = message.content or ""
        parts = [Part(type="text", text=content)] if isinstance(content, str) else content
        if any(part.type != "text" for part in parts):
            raise ParameterRefusedError(
                f"messages.{number}.content", "only text is read, no images, sound or files", hint="Say it in words."
            )
        yield "\n".join(part.text for part in parts)
