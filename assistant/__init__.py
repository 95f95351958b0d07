"""Answers from the guidelines, each sentence linked to its place.

``Assistant.open().ask("…")`` is the whole of it; names are loaded when first used, so that importing costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.answer import Answer
    from assistant.assistant import Assistant

__all__ = ["Answer", "Assistant"]


def __getattr__(name: str) -> Any:
    if name == "Assistant":
        from assistant.assistant import Assistant

        return Assistant
    if name == "Answer":
        from assistant.answer import Answer

        return Answer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
