"""A client of the protocol's own SDK, for tests that are no coroutines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.server import Server
from mcp.types import CallToolResult, TextContent

T = TypeVar("T")
Target = Server[Any] | StdioServerParameters | str


class Connected:
    """A client that stays connected."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self._portal = portal
        self._client = client

    def use(self, call: Callable[[Client], Awaitable[T]]) -> T:
        """Return what a call with the client gives."""
        return self._portal.call(call, self._client)


@contextmanager
def connection(target: Target, mode: str = "legacy") -> Iterator[Connected]:
    """Stay connected for a while; anything that arrives and is no message of the protocol fails."""
    stray: list[object] = []

    async def handle(message: object) -> None:
        if isinstance(message, Exception):
            stray.append(message)

    client = Client(target, mode=mode, message_handler=handle)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(client) as opened:
        yield Connected(portal, opened)
    assert stray == []


def connected(target: Target, use: Callable[[Client], Awaitable[T]], mode: str) -> T:
    """Connect for one call."""
    with connection(target, mode) as client:
        return client.use(use)


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def object_of(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None
    structured: dict[str, Any] = result.structured_content
    return structured
