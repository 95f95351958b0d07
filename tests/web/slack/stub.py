"""A Slack of our own: takes what the bot posts and checks every block, refuses by plan; signs deliveries."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx2 as httpx

from tests.web.slack.limits import message_problems, view_problems

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TOKEN = "xoxb-canary-token-5501"
TEAM, CHANNEL, DIRECT, USER, BOT = "T0TEAM", "C0CHANNEL", "D0DIRECT", "U0USER", "U0BOT"
RETRIES = ((0, None), (1, "http_timeout"), (2, "http_error"), (3, "http_timeout"))
"""How Slack repeats an event that failed: at once, after a minute, after five; here without waiting."""


@dataclass(frozen=True)
class Call:
    """A call of the bot's, and whether it was taken."""

    method: str
    values: dict[str, Any]
    at: float
    taken: bool


Refusal = tuple[int, dict[str, str], dict[str, Any]]
BUSY: Refusal = (429, {"Retry-After": "1"}, {"ok": False, "error": "ratelimited"})
DOWN: Refusal = (500, {}, {"ok": False, "error": "internal_error"})


@dataclass
class StubSlack:
    """The state of the stub; `calls` in the order in which they came."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    socket_url: str = "wss://127.0.0.1:1/"
    paths: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    plan: Callable[[str, dict[str, Any]], Refusal | None] = lambda _method, _values: None
    scopes: str = "app_mentions:read,im:history,chat:write,commands"
    names: dict[int, str] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    ts: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def answer(self, method: str, values: dict[str, Any], token: str) -> tuple[int, dict[str, str], dict[str, Any]]:
        refusal = self.plan(method, values)
        with self.changed:
            self.calls.append(Call(method, values, time.monotonic(), refusal is None))
            if refusal is None:
                self.check(method, values)
            self.changed.notify_all()
        if refusal is not None:
            return refusal
        if method != "respond" and token != f"Bearer {TOKEN}" and method != "apps.connections.open":
            return 200, {}, {"ok": False, "error": "invalid_auth"}
        reply: dict[str, Any] = {"ok": True, "ts": f"9000.{next(self.ts):06d}", "channel": values.get("channel")}
        if method == "auth.test":
            reply |= {"team": "Ward", "user": "nelm", "user_id": BOT}
        if method == "apps.connections.open":
            reply |= {"url": self.socket_url}
        self.names[id(values)] = str(reply["ts"])
        return 200, {"X-OAuth-Scopes": self.scopes}, reply

    def posted_as(self, post: dict[str, Any]) -> str:
        """The name that a message was given."""
        return self.names[id(post)]

    def check(self, method: str, values: dict[str, Any]) -> None:
        if method in {"chat.postMessage", "respond"}:
            self.problems += message_problems(values)
        elif method.startswith("views."):
            self.problems += view_problems(values["view"])

    def clear(self) -> None:
        """Forget what was called, refuse nothing."""
        with self.changed:
            self.calls.clear()
            self.plan = lambda _method, _values: None

    def of(self, method: str) -> list[dict[str, Any]]:
        """The values of all calls of a method that were taken."""
        with self.changed:
            return [call.values for call in self.calls if call.method == method and call.taken]

    def posts(self, channel: str = "") -> list[dict[str, Any]]:
        return [values for values in self.of("chat.postMessage") if not channel or values["channel"] == channel]

    def await_calls(self, method: str, count: int, timeout_s: float = 30) -> list[dict[str, Any]]:
        """Wait until so many calls of a method were taken and return them."""
        end = time.monotonic() + timeout_s
        while len(found := self.of(method)) < count:
            with self.changed:
                assert self.changed.wait(end - time.monotonic()), f"{len(found)} of {count} {method}"
        return found

    def per_channel(self) -> Counter[str]:
        return Counter(post["channel"] for post in self.posts())


def said(message: Mapping[str, Any]) -> str:
    """All text of a message's blocks."""
    parts = []
    for block in message.get("blocks") or []:
        if block["type"] == "section":
            parts.append(block["text"]["text"])
        elif block["type"] == "context":
            parts += [element["text"] for element in block["elements"]]
    return "\n".join(parts)


def values_of(message: Mapping[str, Any], action: str) -> list[str]:
    """The values of the buttons, or of the options, of an action."""
    found = []
    for block in message["blocks"]:
        for element in [*block.get("elements", []), block.get("accessory", {})]:
            if element.get("action_id", "").partition("-")[0] == action:
                found += [element["value"]] if "value" in element else [o["value"] for o in element["options"]]
    return found


@contextmanager
def stub_slack() -> Iterator[StubSlack]:
    """Run the stub on a free port."""
    stub = StubSlack()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("content-type", "").startswith("application/json"):
                values = json.loads(body)
            else:
                values = {name: found[0] for name, found in parse_qs(body.decode()).items()}
                values |= {name: json.loads(values[name]) for name in ("view", "blocks") if name in values}
            stub.paths.append(self.path)
            method = self.path.removeprefix("/api/")
            method = "respond" if method.startswith("/respond") else method
            status, headers, reply = stub.answer(method, values, self.headers.get("authorization", ""))
            content = b"ok" if method == "respond" and status == 200 else json.dumps(reply).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: Any) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}/api/"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def signed(body: bytes, *, secret: str = SECRET, moment: float | None = None) -> dict[str, str]:
    """The headers with which Slack sends a body."""
    stamp = str(int(time.time() if moment is None else moment))
    mac = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={mac}"}


_COUNT = itertools.count(1)


def number() -> int:
    return next(_COUNT)


def event(asked: str, **changed: Any) -> dict[str, Any]:
    """An envelope with a mention in a channel; ``changed`` goes into its event."""
    ts = f"{number()}.000100"
    inner = {"type": "app_mention", "user": USER, "text": f"<@{BOT}> {asked}", "ts": ts, "channel": CHANNEL}
    return {
        "type": "event_callback",
        "event_id": f"Ev{number()}",
        "team_id": TEAM,
        "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
        "event": {**inner, **changed},
    }


def direct(asked: str, **changed: Any) -> dict[str, Any]:
    """An envelope with a direct message."""
    return event(asked, **{"type": "message", "channel_type": "im", "channel": DIRECT, "text": asked, **changed})


@dataclass
class Workspace:
    """Slack's side of the service: signs and sends deliveries to it."""

    address: str
    stub: StubSlack
    client: httpx.Client

    def send(self, kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
        given = signed(body) if headers is None else dict(headers)
        form = "application/json" if kind == "events" else "application/x-www-form-urlencoded"
        return self.client.post(f"{self.address}/slack/{kind}", content=body, headers={"content-type": form, **given})

    def deliver(self, envelope: Mapping[str, Any], *, retry: int = 0, reason: str | None = None) -> httpx.Response:
        body = json.dumps(envelope).encode()
        again = {"x-slack-retry-num": str(retry), "x-slack-retry-reason": str(reason)} if retry else {}
        return self.send("events", body, {**signed(body), **again})

    def command(self, text: str, **changed: str) -> httpx.Response:
        form = {
            "command": "/nelm",
            "text": text,
            "team_id": TEAM,
            "channel_id": CHANNEL,
            "user_id": USER,
            "trigger_id": f"tr{number()}",
            "response_url": self.response_url(),
            **changed,
        }
        return self.send("commands", urlencode(form).encode())

    def response_url(self) -> str:
        return f"{self.stub.url}/respond/{number()}"

    def press(self, action: str, value: str, post: Mapping[str, Any] | None = None, **changed: Any) -> httpx.Response:
        """Press a button of a message, one that only we see where none is given."""
        container: dict[str, Any] = {"type": "message", "is_ephemeral": post is None, "channel_id": CHANNEL}
        payload: dict[str, Any] = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": USER},
            "trigger_id": f"tr{number()}",
            "channel": {"id": post["channel"] if post else CHANNEL},
            "container": container,
            "response_url": self.response_url(),
            "actions": [{"action_id": action, "value": value}],
            **({"message": {"ts": "9000.9", "thread_ts": post.get("thread_ts")}} if post else {}),
            **changed,
        }
        return self.interact(payload)

    def interact(self, payload: Mapping[str, Any]) -> httpx.Response:
        return self.send("interactivity", urlencode({"payload": json.dumps(payload)}).encode())

    def submit(self, view: Mapping[str, Any], block: str, value: str) -> httpx.Response:
        state = {"values": {block: {"value": {"type": "plain_text_input", "value": value}}}}
        shown = {**view, "id": f"V{number()}", "hash": "h", "state": state}
        return self.interact({"type": "view_submission", "team": {"id": TEAM}, "trigger_id": "t", "view": shown})
