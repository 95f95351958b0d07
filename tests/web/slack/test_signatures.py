from __future__ import annotations

import pytest
from slack_sdk.signature import Clock

from web.slack.errors import UnsignedError
from web.slack.signatures import Signatures

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
MOMENT = 1531420618
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
HEADERS = {"x-slack-request-timestamp": str(MOMENT), "x-slack-signature": SIGNATURE}


class Frozen(Clock):
    def __init__(self, moment: float) -> None:
        self.moment = moment

    def now(self) -> float:
        return self.moment


def refused(headers: dict[str, str], body: bytes = BODY, *secrets: str, moment: float = MOMENT) -> bool:
    try:
        Signatures(secrets or (SECRET,), Frozen(moment)).check(headers, body)
    except UnsignedError:
        return True
    return False


def test_the_published_example_is_accepted() -> None:
    assert not refused(HEADERS)


@pytest.mark.parametrize("position", [0, 7, len(BODY) // 2, len(BODY) - 1])
def test_a_body_changed_by_one_byte_is_refused(position: int) -> None:
    changed = bytearray(BODY)
    changed[position] ^= 1
    assert refused(HEADERS, bytes(changed))
    assert refused(HEADERS, BODY[:position] + BODY[position + 1 :])


@pytest.mark.parametrize(("off", "wrong"), [(-301, True), (-300, False), (0, False), (300, False), (301, True)])
def test_five_minutes_either_way_are_accepted_and_no_second_more(off: int, wrong: bool) -> None:
    assert refused(HEADERS, moment=MOMENT + off) is wrong


@pytest.mark.parametrize(
    "stamp", ["", " ", "soon", "-1531420618", "1531420618.0", "１５３１４２０６１８", "9" * 5_000, "0x5b"]
)
def test_a_timestamp_of_anything_but_digits_is_refused_without_failing(stamp: str) -> None:
    assert refused({**HEADERS, "x-slack-request-timestamp": stamp})


@pytest.mark.parametrize(
    "signature", ["", "v0=", "ä", SIGNATURE[:-1], SIGNATURE.upper(), f"{SIGNATURE} ", "v1" + SIGNATURE[2:]]
)
def test_another_signature_is_refused_without_failing(signature: str) -> None:
    assert refused({**HEADERS, "x-slack-signature": signature})


@pytest.mark.parametrize("name", HEADERS)
def test_a_missing_header_is_refused(name: str) -> None:
    assert refused({key: value for key, value in HEADERS.items() if key != name})


def test_either_of_two_secrets_will_do_and_no_third() -> None:
    assert not refused(HEADERS, BODY, "new", SECRET)
    assert not refused(HEADERS, BODY, SECRET, "old")
    assert refused(HEADERS, BODY, "new", "old")


def test_a_body_that_is_no_text_is_refused_without_failing() -> None:
    assert refused(HEADERS, b"\xff\xfe\x00")


def test_what_is_said_of_a_refusal_holds_nothing_of_the_request() -> None:
    with pytest.raises(UnsignedError) as caught:
        Signatures((SECRET,), Frozen(MOMENT)).check(HEADERS, b"payload=secret-canary")
    assert "canary" not in str(caught.value)
    assert SIGNATURE not in str(caught.value)
