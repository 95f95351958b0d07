"""A client of the protocol's own SDK, for tests that are no coroutines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.server import Server
from mcp.types import CallToolResult, TextContent

T = TypeVar("T")


def connected(target: Server[Any] | StdioServerParameters | str, use: Callable[[Client], Awaitable[T]], mode: str) -> T:
    """Connect, use the client, and return what that returns; anything that is no message of the protocol fails."""
    stray: list[object] = []

    async def handle(message: object) -> None:
        if isinstance(message, Exception):
            stray.append(message)

    async def run() -> T:
        async with Client(target, mode=mode, message_handler=handle) as client:
            return await use(client)

    used = anyio.run(run)
    assert stray == []
    return used


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def object_of(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None
    structured: dict[str, Any] = result.structured_content
    return structured
