"""Slack's mark-up: what people typed in it read as plain text, and plain text made safe to stand in it."""

from __future__ import annotations

import re

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ESCAPED = re.compile(r"[&<>]")
_OURS = re.compile(r"^\s*(<@[A-Z0-9]+(?:\|[^<>]*)?>[\s,:]*)+")
_MARKED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


def escaped(text: str) -> str:
    """Return text that Slack shows as it is."""
    return _ESCAPED.sub(lambda found: _ESCAPES[found.group()], text)


def link(url: str, label: str) -> str:
    """Return a link, or its label alone where the address is none that Slack could open."""
    if not url.startswith(("https://", "http://")):
        return escaped(label)
    return f"<{escaped(url)}|{escaped(label)}>"


def typed(text: str) -> str:
    """Return what somebody typed: without the mention it begins with, links and mentions by their words."""
    plain = _MARKED.sub(_words, _OURS.sub("", text))
    for sign, escape in reversed(_ESCAPES.items()):
        plain = plain.replace(escape, sign)
    return plain.strip()


def clipped(text: str, most: int) -> str:
    """Return text of our users' of at most so many characters, an ellipsis where more was written."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _words(found: re.Match[str]) -> str:
    target, label = found.groups()
    if label:
        return f"#{label}" if target.startswith("#") else label
    return "" if target.startswith(("@", "#", "!")) else target
