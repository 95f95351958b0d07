"""The server of the Model Context Protocol: answers requests with the tools and the shelf, and keeps nothing.

Built on the SDK's plain server: the one with decorators configures the process's logging and writes into it.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

import anyio
from anyio.to_thread import run_sync
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)
from mcp.types import Tool as ListedTool

from assistant.assistant import Assistant
from assistant.version import VERSION
from corpus.errors import NelmError
from web.mcp.shelf import Shelf
from web.mcp.tools import INSTRUCTIONS, Tool, Tools
from web.problems import NotFoundError, UnexpectedError

NAME = "nelm"
_PLAIN = "text/plain"
_Context = ServerRequestContext[Any, Any]
_Paged = PaginatedRequestParams | None


def mcp_server(assistant: Assistant) -> Server[Any]:
    """Return a server over an open assistant; one serves any number of clients."""
    tools = {tool.name: tool for tool in Tools(assistant).all()}
    shelf = Shelf(assistant)
    listed_tools = [_listed(tool) for tool in tools.values()]
    listed_resources = [
        Resource(uri=r.uri, name=r.name, title=r.title, description=r.description, mime_type=_PLAIN)
        for r in shelf.readable.values()
    ]

    async def list_tools(_context: _Context, _params: _Paged) -> ListToolsResult:
        return ListToolsResult(tools=listed_tools)

    async def call_tool(_context: _Context, params: CallToolRequestParams) -> CallToolResult:
        if params.name not in tools:
            raise MCPError(INVALID_PARAMS, f"there is no such tool; there are {', '.join(tools)}")
        return await run_sync(_called, tools[params.name], params.arguments or {})

    async def list_resources(_context: _Context, _params: _Paged) -> ListResourcesResult:
        return ListResourcesResult(resources=listed_resources)

    async def read_resource(_context: _Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        uri = str(params.uri)
        try:
            text = await run_sync(shelf.read, uri)
        except NelmError as error:
            number = INVALID_PARAMS if isinstance(error, NotFoundError) else INTERNAL_ERROR
            raise MCPError(number, str(error), _told(error)) from error
        return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type=_PLAIN, text=text)])

    def schema_of(name: str) -> dict[str, Any] | None:
        return tools[name].takes.model_json_schema() if name in tools else None

    return Server(
        NAME,
        version=VERSION,
        title="NELM guideline assistant",
        instructions=INSTRUCTIONS,
        get_tool_input_schema=schema_of,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
    )


def serve_stdio(assistant: Assistant) -> None:
    """Serve one client over standard input and output until it closes them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # else Ctrl-C waits until there is something to read
    anyio.run(_over_stdio, mcp_server(assistant))


async def _over_stdio(server: Server[Any]) -> None:
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def _listed(tool: Tool) -> ListedTool:
    return ListedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes.model_json_schema(),
        output_schema=tool.gives,
        annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    )


def _called(tool: Tool, arguments: Mapping[str, Any]) -> CallToolResult:
    try:
        told = tool.call(arguments)
    except NelmError as error:
        return _failed(error)
    except Exception:  # noqa: BLE001 - the SDK would log it, and with it perhaps what was asked
        return _failed(UnexpectedError("something failed that should not"))
    return CallToolResult(content=[TextContent(text=told.text)], structured_content=told.structured)


def _failed(error: NelmError) -> CallToolResult:
    text = f"error[{error.code}]: {error}\nhint: {error.hint}"
    return CallToolResult(content=[TextContent(text=text)], is_error=True, _meta=_told(error))


def _told(error: NelmError) -> dict[str, str]:
    return {"code": error.code, "hint": error.hint}
