"""Requests altered at random: refused or read, never a failure, never an answer to what is not signed."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx2 as httpx
import pytest

from assistant import Assistant
from assistant.conversation.dialogue import Dialogue
from assistant.question import readable
from tests.web.slack.serving import PUBLIC, Service, service
from tests.web.slack.stub import StubSlack, direct, event, signed, stub_slack
from web.store.outbox import Outbox

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e308,
    "",
    "x" * 5_000,
    [],
    {},
    [[]],
    {"a": {}},
    "\ud800",
    "\x00",
    "<!here>",
)
STAMPS = ("", "now", "-1", "1e9", "99999999999999999999", "0", "١٢٣٤")
SIGNATURES = ("", "v0=", "v1=" + "0" * 64, "v0=" + "g" * 64, "v0=" + "0" * 63, "0" * 64, "v0=" + "0" * 6_000)


class Instant(Assistant):
    """Gives every message the same answer, at once."""

    @cached_property
    def dialogue(self) -> Dialogue:
        turn = super().dialogue.turn("What are the contraindications of TACE?")

        class Always:
            def turn(self, said: str, history: Any = (), **_named: Any) -> Any:
                return replace(turn, number=len(history) + 1, said=readable(said))

        return cast("Dialogue", Always())


@pytest.fixture(scope="module")
def instant(linked: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Instant(linked._index, public_url=PUBLIC)
    url = f"sqlite:///{tmp_path_factory.mktemp('mutated') / 'store.sqlite3'}"
    with stub_slack() as stub, service(made, url, stub) as running:
        yield running


def payloads(stub: StubSlack) -> list[tuple[str, Any]]:
    """A good payload of each kind."""
    url = f"{stub.url}/respond/1"
    action = {"action_id": "source-1", "block_id": "b", "value": "c|1|1"}
    pressed = {
        "type": "block_actions",
        "team": {"id": "T"},
        "trigger_id": "t",
        "channel": {"id": "C"},
        "container": {"is_ephemeral": True},
        "response_url": url,
        "actions": [action],
    }
    metadata = {"place": {"team": "T", "channel": "C", "thread": "1"}, "answer": {"conversation": "c", "turn": 1}}
    view = {
        "id": "V",
        "callback_id": "fact",
        "private_metadata": json.dumps({**metadata, "fact": "ascites"}),
        "state": {"values": {"value-ascites": {"value": {"selected_option": {"value": "present"}}}}},
    }
    return [
        ("events", event("TACE?")),
        ("events", direct("TACE?")),
        ("events", event("", type="app_home_opened", tab="home")),
        ("events", {"type": "url_verification", "challenge": "abc"}),
        ("commands", {"trigger_id": "t", "team_id": "T", "channel_id": "C", "response_url": url, "text": "TACE?"}),
        ("interactivity", pressed),
        ("interactivity", {**pressed, "actions": [{**action, "action_id": "share"}]}),
        ("interactivity", {"type": "view_submission", "team": {"id": "T"}, "view": view}),
    ]


def altered(value: Any, chance: random.Random) -> Any:
    """A payload with one of its values, at any depth, put wrong or left out."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        name = chance.choice(sorted(value))
        if chance.random() < 0.2:
            return {key: item for key, item in value.items() if key != name}
        return {**value, name: altered(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.5:
        return [altered(value[0], chance), *value[1:]]
    return chance.choice(VALUES)


def body_of(kind: str, payload: Any) -> bytes:
    if kind == "events":
        return json.dumps(payload).encode()
    if kind == "commands" and isinstance(payload, dict):
        return urlencode({str(k): str(v) for k, v in payload.items()}, errors="replace").encode()
    return urlencode({"payload": json.dumps(payload)}).encode()


def damaged(body: bytes, chance: random.Random) -> bytes:
    """A body with a few bytes put wrong, cut out or put in."""
    found = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(found) + 1)
        match chance.randrange(4):
            case 0:
                found[place:place] = bytes([chance.randrange(256)])
            case 1:
                del found[place : place + chance.randint(1, 20)]
            case 2:
                found[place : place + 1] = bytes([chance.randrange(256)])
            case _:
                found += bytes(chance.randrange(256) for _ in range(chance.randrange(40)))
    return bytes(found)


def unsigned_headers(body: bytes, chance: random.Random) -> dict[str, bytes]:
    good = signed(body)
    stamp, signature = good["x-slack-request-timestamp"], good["x-slack-signature"]
    match chance.randrange(6):
        case 0:
            stamp = chance.choice(STAMPS)
        case 1:
            signature = chance.choice(SIGNATURES)
        case 2:
            stamp, signature = signed(body, moment=time.time() + chance.choice((-301, 302, -1e6))).values()
        case 3:
            signature = signed(body, secret="wrong")["x-slack-signature"]
        case 4:
            signature = signed(body + b" ")["x-slack-signature"]
        case _:
            return {"x-slack-signature": signature.encode()} if chance.random() < 0.5 else {}
    return {"x-slack-request-timestamp": stamp.encode(), "x-slack-signature": signature.encode()}


def send_mutated(running: Service, count: int, seed: int) -> dict[int, int]:
    """Send so many requests, half of them without a good signature; return how often which status came."""
    workspace, chance, statuses = running.workspace, random.Random(seed), dict.fromkeys((200, 400, 401), 0)
    outbox = Outbox(running.engine)
    good = payloads(workspace.stub)
    for number in range(count):
        kind, payload = chance.choice(good)
        body = body_of(kind, altered(payload, chance) if chance.random() < 0.7 else payload)
        body = damaged(body, chance) if chance.random() < 0.5 else body
        without = number < count // 2
        headers: dict[str, Any] = unsigned_headers(body, chance) if without else signed(body)
        response = workspace.send(kind, body, headers)
        expected = {401} if without or not _is_text(body) else {200, 400}
        assert response.status_code in expected, (response.status_code, kind, body[:200])
        statuses[response.status_code] += 1
        if number == count // 2 - 1:
            assert (outbox.waiting(), workspace.stub.calls) == (0, []), "nothing unsigned was taken"
    return statuses


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_altered_requests_are_refused_or_read(instant: Service) -> None:
    statuses = send_mutated(instant, 300, seed=1)
    assert all(statuses.values())


@pytest.mark.thorough
def test_ten_thousand_altered_requests_are_refused_or_read(linked: Assistant, tmp_path: Path) -> None:
    made = Instant(linked._index, public_url=PUBLIC)
    with stub_slack() as stub, service(made, f"sqlite:///{tmp_path / 'store.sqlite3'}", stub) as running:
        statuses = send_mutated(running, 10_000, seed=2)
        print(f"\n10,000 altered requests, by status: {statuses}; {len(stub.posts())} answers to what was signed")
        assert stub.problems == []
    assert all(statuses.values())


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(instant: Service, method: str) -> None:
    response = httpx.request(method, f"{instant.workspace.address}/slack/events", timeout=30)
    assert response.status_code == 405


def test_a_body_too_large_is_refused_before_it_is_read(instant: Service) -> None:
    body = b"x" * 1_100_000
    assert instant.workspace.send("events", body, signed(body)).status_code == 413
