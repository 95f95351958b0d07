from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.web.slack.stub import BOT, CHANNEL, DIRECT, TEAM, direct, event
from web.slack.deliveries import (
    COMMANDS,
    EVENTS,
    INTERACTIVITY,
    Challenge,
    Commanded,
    HomeOpened,
    Nothing,
    Pressed,
    Spoken,
    Submitted,
    read,
    read_body,
)
from web.slack.errors import PayloadError


def test_a_mention_begins_its_own_thread_or_goes_on_in_one() -> None:
    sent = event("TACE?", ts="5.1")
    assert read(EVENTS, sent) == Spoken(sent["event_id"], TEAM, CHANNEL, "5.1", "5.1", "TACE?", direct=False)
    replied = event("TACE?", ts="5.2", thread_ts="5.1")
    found = read(EVENTS, replied)
    assert isinstance(found, Spoken)
    assert (found.ts, found.thread) == ("5.2", "5.1")


def test_a_direct_message_is_known_as_such() -> None:
    found = read(EVENTS, direct("TACE?"))
    assert isinstance(found, Spoken)
    assert (found.direct, found.channel, found.text) == (True, DIRECT, "TACE?")


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
def test_a_message_with_a_file_and_one_also_sent_to_the_channel_are_questions(subtype: str) -> None:
    found = read(EVENTS, direct("TACE?", subtype=subtype))
    assert isinstance(found, Spoken)
    assert found.text == "TACE?"


def test_the_home_counts_only_where_its_tab_is_open() -> None:
    assert isinstance(read(EVENTS, event("", type="app_home_opened", tab="home")), HomeOpened)
    assert read(EVENTS, event("", type="app_home_opened", tab="messages")) == Nothing()


def test_a_challenge_and_other_envelopes() -> None:
    assert read(EVENTS, {"type": "url_verification", "challenge": "abc"}) == Challenge("abc")
    assert read(EVENTS, {"type": "app_rate_limited"}) == Nothing()


def test_our_own_message_is_known_by_who_we_are() -> None:
    assert read(EVENTS, direct("TACE?", user=BOT)) == Nothing()
    assert isinstance(read(EVENTS, {**direct("TACE?"), "authorizations": None}), Spoken)


def test_a_command_is_read_from_its_form() -> None:
    form = {
        "trigger_id": "t",
        "team_id": TEAM,
        "channel_id": CHANNEL,
        "response_url": "https://hooks.slack.com/x",
        "text": "a &lt; b",
    }
    assert read_body(COMMANDS, urlencode(form).encode()) == Commanded(
        "t", TEAM, CHANNEL, "a < b", "https://hooks.slack.com/x"
    )
    assert read_body(COMMANDS, b"ssl_check=1") == Nothing()


def pressed(**changed: Any) -> bytes:
    payload = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "trigger_id": "t",
        "channel": {"id": CHANNEL},
        "container": {"is_ephemeral": False},
        "message": {"ts": "7.2", "thread_ts": "7.1"},
        "response_url": "https://hooks.slack.com/x",
        "actions": [{"action_id": "why", "selected_option": {"value": "v"}}],
        **changed,
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def test_a_choice_is_read_with_the_thread_it_stands_in() -> None:
    found = read_body(INTERACTIVITY, pressed())
    assert isinstance(found, Pressed)
    assert (found.action, found.value, found.thread, found.alone) == ("why", "v", "7.1", False)
    alone = read_body(INTERACTIVITY, pressed(container={"is_ephemeral": True, "message_ts": "8.1"}, message=None))
    assert isinstance(alone, Pressed)
    assert (alone.thread, alone.alone) == ("8.1", True)


def test_a_form_is_read_with_what_was_entered() -> None:
    state = {"values": {"value-x": {"value": {"type": "plain_text_input", "value": "45"}}, "fact": {"chosen_fact": {}}}}
    view = {"id": "V1", "callback_id": "fact", "private_metadata": "{}", "state": state}
    body = urlencode({"payload": json.dumps({"type": "view_submission", "team": {"id": TEAM}, "view": view})}).encode()
    found = read_body(INTERACTIVITY, body)
    assert isinstance(found, Submitted)
    assert found.view.entered == {"value-x": "45", "fact": ""}


def test_half_a_character_is_read_as_a_question_mark() -> None:
    found = read_body(EVENTS, json.dumps(direct("T\ud800ACE?", ts="1.\udc00")).encode())
    assert isinstance(found, Spoken)
    assert (found.text, found.ts) == ("T?ACE?", "1.?")
    assert read_body(EVENTS, b'{"type": "url_verification", "challenge": "a\\ud800"}') == Challenge("a?")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (EVENTS, b""),
        (EVENTS, b"[]"),
        (EVENTS, b"null"),
        (EVENTS, b'{"type": "event_callback"}'),
        (EVENTS, b'{"type": "event_callback", "event": [], "event_id": "E"}'),
        (EVENTS, b'{"type": "event_callback", "event": {"type": "app_mention", "user": "U"}, "event_id": "E"}'),
        (EVENTS, b'{"type": "url_verification"}'),
        (EVENTS, b"[" * 100_000),
        (COMMANDS, b"text=x"),
        (INTERACTIVITY, b""),
        (INTERACTIVITY, b"payload=%7B%22type%22%3A%22block_actions%22%7D"),
        (INTERACTIVITY, b"payload=%7B%22type%22%3A%22view_submission%22%7D"),
    ],
)
def test_what_slack_does_not_send_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(PayloadError):
        read_body(kind, body)


def test_an_address_to_answer_at_is_not_printed() -> None:
    assert "hooks" not in repr(
        read_body(
            COMMANDS,
            urlencode(
                {"trigger_id": "t", "team_id": "T", "channel_id": "C", "response_url": "https://hooks.slack.com/x"}
            ).encode(),
        )
    )
