from __future__ import annotations

import threading
from unittest.mock import Mock

from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web import WebClient

from tests.web.slack.stub import event
from web.slack.precedence import Precedence
from web.slack.socket_mode import SocketMode


def begun(precedence: Precedence) -> tuple[threading.Thread, threading.Event]:
    event = threading.Event()

    def work() -> None:
        with precedence.answer():
            event.set()

    thread = threading.Thread(target=work)
    thread.start()
    return thread, event


def test_an_answer_gives_way_to_deliveries_but_not_for_ever() -> None:
    precedence = Precedence()
    with precedence.delivery():
        with precedence.delivery():
            thread, event = begun(precedence)
        assert not event.is_set(), "one still waits"
        thread.join(30)
        assert event.is_set(), "though a delivery still waits"


def test_an_answer_begins_at_once_where_no_delivery_waits() -> None:
    precedence = Precedence()
    with precedence.delivery():
        pass
    thread, event = begun(precedence)
    thread.join(30)
    assert event.is_set()


def test_an_envelope_of_socket_mode_is_a_delivery_too() -> None:
    precedence, taken = Precedence(), []
    intake, client = Mock(), Mock()
    intake.receive = lambda _delivery: taken.append(precedence._waiting)
    socket = SocketMode("xapp-1", WebClient("xoxb-1"), intake, precedence)
    socket.receive(client, SocketModeRequest("events_api", "e1", event("TACE?")))
    assert taken == [1]
    assert client.send_socket_mode_response.call_count == 1
    socket._socket.close()


def test_one_answer_is_worked_on_at_a_time() -> None:
    precedence = Precedence()
    with precedence.answer():
        thread, event = begun(precedence)
        assert not event.is_set()
    thread.join(30)
    assert event.is_set()
