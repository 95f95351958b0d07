"""Slack's limits on messages and views, as a check that names what breaks one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

ALLOWED = {
    "message": {"section", "context", "actions", "header", "divider"},
    "modal": {"section", "context", "actions", "header", "divider", "input"},
    "home": {"section", "context", "actions", "header", "divider"},
}
LINK = re.compile(r"<(https?://[^<>|\s]+)\|([^<>|]*)>")
MOST_ELEMENTS = {"context": 10, "actions": 25}
ESCAPE = re.compile(r"&(?!amp;|lt;|gt;)")


def message_problems(message: dict[str, Any]) -> list[str]:
    """What is wrong with a message."""
    text, blocks = message.get("text"), message.get("blocks") or []
    found = [] if isinstance(text, str) and text.strip() else ["no fall-back text"]
    found += ["text over 4,000"] if len(text or "") > 4_000 else []
    found += ["over 50 blocks"] if len(blocks) > 50 else []
    found += ["over 13,200 characters"] if sum(map(len, strings(blocks))) > 13_200 else []
    found += ["fall-back not escaped"] if not escaped(text or "") else []
    return [*found, *block_problems(blocks, "message")]


def view_problems(view: dict[str, Any]) -> list[str]:
    """What is wrong with a modal or a home."""
    blocks, kind = view["blocks"], view["type"]
    found = ["over 100 blocks"] if len(blocks) > 100 else []
    for name in ("title", "submit", "close"):
        found += [f"{name} over 24"] if len(view.get(name, {}).get("text", "")) > 24 else []
    found += ["private_metadata over 3,000"] if len(view.get("private_metadata", "")) > 3_000 else []
    found += ["callback_id over 255"] if len(view.get("callback_id", "")) > 255 else []
    found += ["input without submit"] if kind == "modal" and _waits(view) else []
    return [*found, *block_problems(blocks, kind)]


def _waits(view: dict[str, Any]) -> bool:
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    return any(not block.get("dispatch_action") for block in inputs) and "submit" not in view


def block_problems(blocks: list[dict[str, Any]], where: str) -> list[str]:
    found: list[str] = []
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    actions = [element["action_id"] for block in blocks for element in elements(block) if "action_id" in element]
    found += ["block ids twice"] if len(set(ids)) < len(ids) else []
    found += ["action ids twice"] if len(set(actions)) < len(actions) else []
    for name in [*ids, *actions]:
        found += ["id empty or over 255"] if not 0 < len(name) <= 255 else []
    for block in blocks:
        kind = block["type"]
        found += [f"no block {kind} in a {where}"] if kind not in ALLOWED[where] else []
        found += list(_of_kind(block))
        for element in elements(block):
            found += list(_of_element(element))
    return found


def elements(block: dict[str, Any]) -> list[dict[str, Any]]:
    """The interactive parts of a block."""
    parts = [block.get("accessory"), block.get("element")]
    parts += block["elements"] if block["type"] == "actions" else []
    return [part for part in parts if part]


def _of_kind(block: dict[str, Any]) -> Iterator[str]:
    most = {"section": 3_000, "header": 150}
    if block["type"] in most:
        yield from _text(block["text"], most[block["type"]])
    if block["type"] in {"context", "actions"} and not 0 < len(block["elements"]) <= MOST_ELEMENTS[block["type"]]:
        yield f"no or too many elements in {block['type']}"
    if block["type"] == "context":
        for element in block["elements"]:
            yield from _text(element, 3_000)
    if block["type"] == "input":
        yield from _text(block["label"], 2_000)
        yield from _text(block.get("hint", {"type": "plain_text", "text": "x"}), 2_000)


def _of_element(element: dict[str, Any]) -> Iterator[str]:
    if element["type"] == "button":
        yield from _text(element["text"], 75)
        if len(element.get("value", "")) > 2_000 or len(element.get("url", "")) > 3_000:
            yield "value over 2,000 or url over 3,000"
    if element["type"] == "static_select":
        yield from _of_select(element)
    for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        if "confirm" in element:
            yield from _text(element["confirm"][name], most)


def _of_select(element: dict[str, Any]) -> Iterator[str]:
    groups = element.get("option_groups") or [{"options": element["options"]}]
    if len(groups) > 100 or any(not 0 < len(group["options"]) <= 100 for group in groups):
        yield "no or over 100 options"
    for option in [option for group in groups for option in group["options"]]:
        yield from _text(option["text"], 75)
        if not 0 < len(option["value"]) <= 75:
            yield "option value empty or over 75"


def _text(text: dict[str, Any], most: int) -> Iterator[str]:
    said = text["text"]
    if not said.strip():
        yield "an empty text"
    if len(said) > most:
        yield f"text over {most}"
    if text["type"] == "mrkdwn" and not escaped(said):
        yield f"not escaped: {said[:60]}"


def escaped(said: str) -> bool:
    """Whether nothing but our links and escapes uses Slack's three signs; a quote may stand at a line's beginning."""
    bare = re.sub(r"^>", "", LINK.sub("", said), flags=re.MULTILINE)
    return not re.search(r"[<>]", bare) and not ESCAPE.search(said)


def strings(value: Any) -> Iterator[str]:
    """All texts, values and addresses within."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)
