"""Socket Mode over a real connection: the same deliveries by envelopes, acknowledged after they are kept."""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from tests.web.observed import logged
from tests.web.slack.serving import Service, service
from tests.web.slack.stub import CHANNEL, StubSlack, Workspace, event, said, values_of
from web.slack.intake import Intake
from web.store.errors import StoreUnavailableError

TACE = "What are the contraindications of TACE?"
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, PING, PONG = 1, 9, 10


class Line:
    """Slack's end of one connection: sends envelopes, collects what comes back."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self.acknowledged: queue.Queue[dict[str, Any]] = queue.Queue()

    def send(self, opcode: int, content: bytes) -> None:
        size = len(content)
        head = struct.pack(">BB", 0x80 | opcode, size) if size < 126 else struct.pack(">BBH", 0x80 | opcode, 126, size)
        with self._lock:
            self._connection.sendall(head + content)

    def deliver(self, kind: str, payload: dict[str, Any], name: str = "e1") -> dict[str, Any]:
        """Send an envelope and return what acknowledges it."""
        self.send(TEXT, json.dumps({"type": kind, "envelope_id": name, "payload": payload}).encode())
        return self.acknowledged.get(timeout=30)

    def read(self) -> None:
        while head := self._exactly(2):
            size = head[1] & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", self._exactly(2))
            mask, content = self._exactly(4), self._exactly(size)
            plain = bytes(byte ^ mask[place % 4] for place, byte in enumerate(content))
            if head[0] & 0x0F == PING:
                self.send(PONG, plain)
            elif head[0] & 0x0F == TEXT:
                self.acknowledged.put(json.loads(plain))

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            more = self._connection.recv(size - len(found))
            if not more:
                return b""
            found += more
        return found


@contextmanager
def lines() -> Iterator[tuple[str, queue.Queue[Line]]]:
    """Accept connections; give their address and each as it comes."""
    opened: queue.Queue[Line] = queue.Queue()
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=greet, args=(connection,), daemon=True).start()

    def greet(connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(4_096)
        key = next(
            line.split(b": ")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        accept_key = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_key + b"\r\n\r\n"
        )
        line = Line(connection)
        opened.put(line)
        try:
            line.read()
        except OSError:
            return
        finally:
            connection.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/link", opened
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@pytest.fixture
def connected(linked: Assistant, tmp_path: Path, stub: StubSlack) -> Iterator[tuple[Line, Service]]:
    with lines() as (address, opened):
        stub.socket_url = address
        given: dict[str, Any] = {"slack_app_token": "xapp-1", "slack_signing_secret": ""}
        with service(linked, f"sqlite:///{tmp_path / 'store.sqlite3'}", stub, **given) as running:
            yield opened.get(timeout=30), running


def test_every_kind_of_envelope_is_taken_like_a_request(
    connected: tuple[Line, Service], stub: StubSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, running = connected
    sent = event(TACE)
    assert line.deliver("events_api", sent) == {"envelope_id": "e1"}
    assert line.deliver("events_api", sent, "e2") == {"envelope_id": "e2"}
    (post,) = stub.await_calls("chat.postMessage", 1)
    assert "portal vein occlusion" in said(post)
    command = {
        "trigger_id": "t1",
        "team_id": "T",
        "channel_id": CHANNEL,
        "text": "62M, NELM, TACE?",
        "response_url": f"{stub.url}/respond/1",
    }
    assert line.deliver("slash_commands", command, "e3") == {"envelope_id": "e3"}
    (answer,) = stub.await_calls("respond", 1)
    assert line.deliver("slash_commands", {**command, "text": ""}, "e4")["payload"]["response_type"] == "ephemeral"
    metadata = json.dumps(
        {
            "place": {"team": "T", "channel": "C", "thread": "1"},
            "answer": {"conversation": values_of(answer, "fact")[0].split("|")[0], "turn": 1},
            "fact": "bilirubin_mg_dl",
        }
    )
    state = {"values": {"value-bilirubin_mg_dl": {"value": {"value": "much"}}}}
    view = {"id": "V", "callback_id": "fact", "private_metadata": metadata, "state": state}
    submitted = {"type": "view_submission", "team": {"id": "T"}, "view": view}
    assert line.deliver("interactive", submitted, "e5")["payload"]["response_action"] == "errors"
    assert line.deliver("interactive", {"type": "nonsense"}, "e6") == {"envelope_id": "e6"}
    assert line.deliver("events_api", {"type": "event_callback"}, "e7") == {"envelope_id": "e7"}
    assert len(stub.posts()) == 1
    workspace: Workspace = running.workspace
    assert workspace.send("events", b"{}").status_code == 404, "there is no address without a signing secret"
    taken = threading.Event()

    def refuse(*_arguments: object) -> None:
        taken.set()
        raise StoreUnavailableError("no room")

    monkeypatch.setattr(Intake, "receive", refuse)
    with logged() as log:
        line.send(TEXT, json.dumps({"type": "events_api", "envelope_id": "e8", "payload": event(TACE)}).encode())
        assert taken.wait(30)
        monkeypatch.undo()
        assert line.deliver("events_api", event(TACE), "e9") == {"envelope_id": "e9"}, "e8 is not acknowledged"
    assert log.of("slack_envelope_not_taken")[0]["code"] == "store_unavailable"
