"""Whether the extra `mcp` is installed."""

from __future__ import annotations

from importlib.util import find_spec

from corpus.errors import NelmError


class McpMissingError(NelmError):
    """The Model Context Protocol needs a package that is not installed."""

    code = "mcp_missing"
    hint = "Install the extra `mcp`: pip install 'nelm-assistant[mcp]'."


def is_installed() -> bool:
    """Return whether it is."""
    return find_spec("mcp") is not None
