"""What Slack delivers, read into frozen values: questions, opened homes, pressed buttons, submitted forms.

The same for requests and for envelopes of Socket Mode. Everything else is `Nothing`: acknowledged and forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from web.slack.errors import PayloadError
from web.slack.mrkdwn import typed

EVENTS, COMMANDS, INTERACTIVITY = "events", "commands", "interactivity"
_SAID = frozenset({"file_share", "thread_broadcast"})
"""Kinds of messages that somebody says like any other; of one with a file the text is read, the file is not."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing to do."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Slack asks whether the address is ours."""

    text: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A mention, or a message in a direct conversation.

    Attributes:
        direct: Whether nobody but the two of us reads it.
    """

    event: str
    team: str
    channel: str
    ts: str
    thread: str
    text: str
    direct: bool


@dataclass(frozen=True, slots=True)
class HomeOpened:
    """Somebody opened the bot's home."""

    event: str
    user: str


@dataclass(frozen=True, slots=True)
class Commanded:
    """A slash command; its answer goes to an address of its own and is seen by one person."""

    trigger: str
    team: str
    channel: str
    text: str
    response_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class View:
    """A form that stands open, with what we gave along and what was entered."""

    id: str
    hash: str
    callback: str
    metadata: str
    entered: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button or a choice, in a message or in an open form.

    Attributes:
        block: Where it stands in the message or form.
        thread: Of the message it stands in.
        alone: Whether only one person sees that message.
    """

    trigger: str
    action: str
    block: str
    value: str
    team: str
    channel: str
    thread: str
    alone: bool
    response_url: str = field(repr=False)
    view: View | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A form sent."""

    team: str
    view: View


Delivery = Nothing | Challenge | Spoken | HomeOpened | Commanded | Pressed | Submitted


def read_body(kind: str, body: bytes) -> Delivery:
    """Read the body of a request whose signature is right.

    Raises:
        PayloadError: If it is nothing that Slack sends.
    """
    try:
        text = body.decode("utf-8")
        if kind == EVENTS:
            return read(kind, json.loads(text))
        form = {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
        if form.get("ssl_check") == "1":
            return Nothing()
        return read(kind, form if kind == COMMANDS else json.loads(form.get("payload", "")))
    except (ValueError, RecursionError):
        raise PayloadError("the body cannot be read") from None


def read(kind: str, payload: Any) -> Delivery:
    """Read a payload; see `read_body`.

    Raises:
        PayloadError: If it is nothing that Slack sends.
    """
    if not isinstance(payload, dict):
        raise PayloadError("the payload is no object")
    values = _writable(payload)
    if kind == EVENTS:
        return _event(values)
    return _command(values) if kind == COMMANDS else _interaction(values)


def _writable(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a payload whose texts can be written: JSON can name halves of characters, which nothing takes."""
    text = json.dumps(payload, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        cleaned: Mapping[str, Any] = json.loads(text.encode("utf-8", "replace"))
        return cleaned
    return payload


def _event(payload: Mapping[str, Any]) -> Delivery:
    if payload.get("type") == "url_verification":
        return Challenge(_text(payload, "challenge"))
    if payload.get("type") != "event_callback":
        return Nothing()
    event, name = _object(payload, "event"), _text(payload, "event_id")
    if event.get("type") == "app_home_opened":
        return HomeOpened(name, _text(event, "user")) if event.get("tab") == "home" else Nothing()
    direct = event.get("channel_type") == "im"
    if not _is_question(event, direct=direct) or _is_own(event, payload):
        return Nothing()
    ts = _text(event, "ts")
    thread = event.get("thread_ts") or ts
    return Spoken(
        name, _text(payload, "team_id"), _text(event, "channel"), ts, str(thread), typed(_text(event, "text")), direct
    )


def _is_question(event: Mapping[str, Any], *, direct: bool) -> bool:
    """Whether an event is something said to us: not an edit, a deletion, somebody joining."""
    said_to_us = event.get("type") == "app_mention" or (event.get("type") == "message" and direct)
    said = not event.get("subtype") or event.get("subtype") in _SAID
    return said_to_us and said and not event.get("edited") and not event.get("hidden")


def _is_own(event: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Whether a bot said it, perhaps we ourselves."""
    listed = payload.get("authorizations")
    ours = [item.get("user_id") for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return bool(event.get("bot_id")) or not event.get("user") or event.get("user") in ours


def _command(form: Mapping[str, Any]) -> Delivery:
    words = {name: _text(form, name) for name in ("trigger_id", "team_id", "channel_id", "response_url")}
    said = typed(str(form.get("text", "")))
    return Commanded(words["trigger_id"], words["team_id"], words["channel_id"], said, words["response_url"])


def _interaction(payload: Mapping[str, Any]) -> Delivery:
    team = str(_optional(payload, "team").get("id", ""))
    if payload.get("type") == "view_submission":
        return Submitted(team, _view(_object(payload, "view")))
    if payload.get("type") != "block_actions":
        return Nothing()
    actions = payload.get("actions")
    if not isinstance(actions, list) or not actions or not isinstance(actions[0], dict):
        raise PayloadError("no action in the payload")
    action, message, container = actions[0], _optional(payload, "message"), _optional(payload, "container")
    value = action.get("value") or _optional(action, "selected_option").get("value") or ""
    return Pressed(
        trigger=_text(payload, "trigger_id"),
        action=_text(action, "action_id"),
        block=str(action.get("block_id", "")),
        value=str(value),
        team=team,
        channel=str(_optional(payload, "channel").get("id") or container.get("channel_id") or ""),
        thread=str(message.get("thread_ts") or message.get("ts") or container.get("message_ts") or ""),
        alone=container.get("is_ephemeral") is True,
        response_url=str(payload.get("response_url") or ""),
        view=_view(_object(payload, "view")) if "view" in payload else None,
    )


def _view(view: Mapping[str, Any]) -> View:
    entered: dict[str, str] = {}
    values = _optional(_optional(view, "state"), "values")
    for block, actions in values.items():
        for state in actions.values() if isinstance(actions, dict) else ():
            if isinstance(state, dict):
                chosen = state.get("value") or _optional(state, "selected_option").get("value") or ""
                entered[str(block)] = str(chosen)
    return View(
        _text(view, "id"),
        str(view.get("hash", "")),
        str(view.get("callback_id", "")),
        str(view.get("private_metadata", "")),
        entered,
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    found = values.get(name)
    if not isinstance(found, str):
        raise PayloadError(f"no {name} in the payload")
    return found


def _object(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    if not isinstance(found, dict):
        raise PayloadError(f"no {name} in the payload")
    return found


def _optional(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}
