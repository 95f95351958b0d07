"""Speaking to Slack: what each of its answers means, and that nothing else is spoken to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.slack.stub import TOKEN, StubSlack
from web.slack.errors import SlackBusyError, SlackRefusedError, SlackUnreachableError
from web.slack.sending import Sender
from web.slack.splitting import Message, section

MESSAGE = Message("text", (section("text"),))


def post(stub: StubSlack) -> str:
    return Sender(TOKEN, stub.url, timeout_s=5).post("C", "", MESSAGE, "key")


@pytest.mark.parametrize(
    ("status", "headers", "reply", "error"),
    [
        (429, {"Retry-After": "7"}, {"ok": False, "error": "ratelimited"}, SlackBusyError),
        (200, {"Retry-After": "7"}, {"ok": False, "error": "ratelimited"}, SlackBusyError),
        (429, {}, {}, SlackBusyError),
        (429, {"Retry-After": "soon"}, {}, SlackBusyError),
        (500, {}, {}, SlackUnreachableError),
        (503, {}, {"ok": False}, SlackUnreachableError),
        (200, {}, {"ok": False, "error": "internal_error"}, SlackUnreachableError),
        (200, {}, {"ok": False, "error": "channel_not_found"}, SlackRefusedError),
        (200, {}, {"ok": False}, SlackRefusedError),
    ],
)
def test_what_slack_answers_says_whether_to_wait_to_try_again_or_to_give_up(
    stub: StubSlack, status: int, headers: dict[str, str], reply: dict[str, Any], error: type[Exception]
) -> None:
    stub.plan = lambda _method, _values: (status, headers, reply)
    with pytest.raises(error) as caught:
        post(stub)
    if isinstance(caught.value, SlackBusyError):
        assert caught.value.after_s == (7 if headers.get("Retry-After") == "7" else 30)
    assert len(stub.calls) == 1, "the outbox tries again, not the client"


def test_slack_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(SlackUnreachableError):
        Sender(TOKEN, "http://127.0.0.1:9/").post("C", "", MESSAGE, "key")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/commands/1",
        "http://hooks.slack.com/commands/1",
        "https://hooks.slack.com.evil.example/1",
        "https://hooks.slack.com@evil.example/1",
        "file:///etc/passwd",
        "",
    ],
)
def test_an_answer_goes_to_no_address_but_slacks(url: str) -> None:
    with pytest.raises(SlackRefusedError, match="response_url"):
        Sender(TOKEN).respond(url, MESSAGE)


def test_a_used_up_address_is_a_refusal(stub: StubSlack) -> None:
    stub.plan = lambda _method, _values: (404, {}, {"ok": False, "error": "used_url"})
    with pytest.raises(SlackRefusedError):
        Sender(TOKEN, stub.url).respond(f"{stub.url}respond/1", MESSAGE)


def test_a_message_whose_form_slack_refuses_is_not_told_with_its_words(stub: StubSlack) -> None:
    stub.plan = lambda _method, _values: (200, {}, {"ok": False, "error": "invalid_blocks", "errors": ["text canary"]})
    with pytest.raises(SlackRefusedError) as caught:
        post(stub)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None
