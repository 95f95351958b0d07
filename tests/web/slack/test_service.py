"""The bot over real HTTP: what Slack delivers to the running service, and what a Slack of our own is sent."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from tests.web.slack.serving import Service, service
from tests.web.slack.stub import (
    BOT,
    BUSY,
    CHANNEL,
    RETRIES,
    Refusal,
    StubSlack,
    Workspace,
    direct,
    event,
    said,
    signed,
    values_of,
)
from web.app import create_app

TACE = "What are the contraindications of TACE?"
CASE = "62M, NELM G2, bilirubin 45 µmol/L, prior Whipple. TACE?"


def test_a_mention_is_answered_in_its_thread_with_sentences_linked_to_their_places(workspace: Workspace) -> None:
    sent = event(TACE)
    response = workspace.deliver(sent)
    assert (response.status_code, response.content) == (200, b"")
    (post,) = workspace.stub.await_calls("chat.postMessage", 1)
    assert (post["channel"], post["thread_ts"]) == (CHANNEL, sent["event"]["ts"])
    assert "other important contraindications of TAE/TACE include portal vein occlusion" in said(post)
    assert "<https://nelm.example.org/source/criss-makary-2024/f9848353?at=23274-23550#cited|[1] 3.3>" in said(post)
    assert "mention me: replies without a mention are not read" in said(post)
    assert post["text"].startswith("“In addition to the above criteria")


def test_the_service_is_ready_while_what_it_takes_is_answered(workspace: Workspace) -> None:
    assert workspace.client.get(f"{workspace.address}/readyz").json() == {"status": "ready", "failed": []}


def test_an_event_that_comes_three_times_is_answered_once(workspace: Workspace) -> None:
    sent = event(TACE)
    for retry, reason in RETRIES:
        assert workspace.deliver(sent, retry=retry, reason=reason).status_code == 200
    workspace.deliver(event("What is bland embolization?"))
    posts = workspace.stub.await_calls("chat.postMessage", 2)
    assert [post["thread_ts"] for post in posts].count(sent["event"]["ts"]) == 1


def test_only_a_retry_arriving_is_answered(workspace: Workspace) -> None:
    workspace.deliver(event(TACE), retry=1, reason="http_timeout")
    assert len(workspace.stub.await_calls("chat.postMessage", 1)) == 1


def test_a_mention_delivered_under_two_types_is_answered_once(workspace: Workspace) -> None:
    mention = event(TACE, channel="D1")
    again = direct(TACE, channel="D1", ts=mention["event"]["ts"])
    assert mention["event_id"] != again["event_id"]
    workspace.deliver(mention)
    workspace.deliver(again)
    workspace.deliver(direct("What is bland embolization?", channel="D1"))
    posts = workspace.stub.await_calls("chat.postMessage", 2)
    assert [post["thread_ts"] for post in posts].count(mention["event"]["ts"]) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"bot_id": "B1"},
        {"user": BOT},
        {"user": None},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"edited": {"user": "U1", "ts": "1.1"}},
        {"hidden": True},
        {"type": "message", "channel_type": "channel"},
        {"type": "reaction_added"},
    ],
)
def test_what_is_no_question_to_us_is_acknowledged_and_not_answered(
    workspace: Workspace, changed: dict[str, object]
) -> None:
    assert workspace.deliver(event(TACE, **changed)).status_code == 200
    asked = event("What is bland embolization?")
    assert workspace.deliver(asked).status_code == 200
    (post,) = workspace.stub.await_calls("chat.postMessage", 1)
    assert post["thread_ts"] == asked["event"]["ts"]


def test_a_reply_in_a_thread_goes_on_with_its_conversation(workspace: Workspace, running: Service) -> None:
    first = event("What is radioembolization?")
    workspace.deliver(first)
    workspace.stub.await_calls("chat.postMessage", 1)
    workspace.deliver(event("What are its complications?", thread_ts=first["event"]["ts"]))
    posts = workspace.stub.await_calls("chat.postMessage", 2)
    assert {post["thread_ts"] for post in posts} == {first["event"]["ts"]}
    assert "Read as: “What are radioembolization's complications?”" in said(posts[1])
    assert "mention me" not in said(posts[1])


def test_the_same_follow_up_in_another_thread_stands_alone(workspace: Workspace) -> None:
    workspace.deliver(event("What is radioembolization?"))
    workspace.stub.await_calls("chat.postMessage", 1)
    workspace.deliver(event("What are its complications?"))
    assert "Read as" not in said(workspace.stub.await_calls("chat.postMessage", 2)[1])


def test_in_a_direct_message_every_reply_counts_and_no_warning_is_given(workspace: Workspace) -> None:
    first = direct(CASE)
    workspace.deliver(first)
    workspace.stub.await_calls("chat.postMessage", 1)
    workspace.deliver(direct("Sorry, no Whipple.", thread_ts=first["event"]["ts"]))
    posts = workspace.stub.await_calls("chat.postMessage", 2)
    assert "Listed contraindication" in said(posts[0])
    assert "mention me" not in said(posts[0])
    assert "no place" not in said(posts[0])
    assert "Whipple" in said(posts[1])


def test_a_patient_in_a_channel_is_warned_about_once_a_thread(workspace: Workspace) -> None:
    first = event(TACE)
    ts = first["event"]["ts"]
    workspace.deliver(first)
    workspace.deliver(event(CASE, thread_ts=ts))
    workspace.deliver(event("And what about TARE in this patient?", thread_ts=ts))
    posts = workspace.stub.await_calls("chat.postMessage", 3)
    assert ["A channel is no place" in said(post) for post in posts] == [False, True, False]
    assert said(posts[1]).index("A channel is no place") < said(posts[1]).index("contraindication")


def test_a_command_is_answered_to_one_person_alone_at_its_own_address(workspace: Workspace) -> None:
    response = workspace.command(TACE)
    assert (response.status_code, response.content) == (200, b"")
    (answer,) = workspace.stub.await_calls("respond", 1)
    assert answer["response_type"] == "ephemeral"
    assert "portal vein occlusion" in said(answer)
    assert len(values_of(answer, "share")) == 1
    assert workspace.stub.posts() == []


@pytest.mark.parametrize("text", ["", "  ", "help"])
def test_a_command_without_a_question_says_how_to_ask(workspace: Workspace, text: str) -> None:
    response = workspace.command(text)
    assert response.json()["response_type"] == "ephemeral"
    assert "/nelm" in response.json()["text"]


def test_a_shared_answer_is_posted_and_its_thread_goes_on_from_there(workspace: Workspace) -> None:
    workspace.command("What is radioembolization?")
    (answer,) = workspace.stub.await_calls("respond", 1)
    workspace.press("share", values_of(answer, "share")[0])
    (post,) = workspace.stub.await_calls("chat.postMessage", 1)
    assert post.get("thread_ts") is None
    assert values_of(post, "share") == []
    workspace.deliver(event("What are its complications?", thread_ts=workspace.stub.posted_as(post)))
    follow = workspace.stub.await_calls("chat.postMessage", 2)[1]
    assert "radioembolization's complications" in said(follow)


def test_an_answer_is_shared_over_its_own_address_where_the_bot_is_not_in_the_channel(workspace: Workspace) -> None:
    workspace.command(CASE)
    (answer,) = workspace.stub.await_calls("respond", 1)
    refusal: Refusal = (200, {}, {"ok": False, "error": "not_in_channel"})
    workspace.stub.plan = lambda method, _values: refusal if method == "chat.postMessage" else None
    workspace.press("share", values_of(answer, "share")[0])
    shared = workspace.stub.await_calls("respond", 2)[1]
    assert shared["response_type"] == "in_channel"
    assert "A channel is no place" in said(shared)


def test_the_button_of_a_sentence_shows_it_in_its_paragraph(workspace: Workspace) -> None:
    workspace.deliver(event(TACE))
    (post,) = workspace.stub.await_calls("chat.postMessage", 1)
    workspace.press("source-1", values_of(post, "source")[0], post)
    (opened,) = workspace.stub.await_calls("views.open", 1)
    text = said(opened["view"])
    assert ">*“In addition to the above criteria" in text
    assert "Widely used laboratory criteria" in text, "the sentence before it stands in the same paragraph"
    assert "at=23274-23550#cited|Read it in the review>" in text
    assert "References 85, 86, 87" in text


def test_why_not_is_explained_for_the_patient_of_the_turn(workspace: Workspace) -> None:
    workspace.deliver(direct(CASE))
    (post,) = workspace.stub.await_calls("chat.postMessage", 1)
    assert "tace" in values_of(post, "why")
    block = next(block["block_id"] for block in post["blocks"] if block["type"] == "actions")
    action = {"action_id": "why", "block_id": block, "selected_option": {"value": "tace"}}
    workspace.press("why", "", post, actions=[action])
    (opened,) = workspace.stub.await_calls("views.open", 1)
    assert "Transarterial chemoembolization: Listed contraindication" in said(opened["view"])
    assert "Excluded by:" in said(opened["view"])
    assert "What alone would change this" in said(opened["view"])


def test_a_fact_is_added_by_a_form_that_checks_its_value_and_unit(workspace: Workspace) -> None:
    first = direct("62M, NELM G2, TACE?")
    workspace.deliver(first)
    (post,) = workspace.stub.await_calls("chat.postMessage", 1)
    workspace.press("fact", values_of(post, "fact")[0], post)
    (opened,) = workspace.stub.await_calls("views.open", 1)
    assert "submit" not in opened["view"]
    view = {**opened["view"], "id": "V1", "hash": "h1"}
    chosen = [{"action_id": "chosen_fact", "selected_option": {"value": "bilirubin_mg_dl"}}]
    workspace.press("chosen_fact", "", None, actions=chosen, view=view)
    (changed,) = workspace.stub.await_calls("views.update", 1)
    assert (changed["view_id"], changed["hash"]) == ("V1", "h1")
    refused = workspace.submit(changed["view"], "value-bilirubin_mg_dl", "45 furlongs")
    assert refused.json()["response_action"] == "errors"
    assert "mg/dL" in refused.json()["errors"]["value-bilirubin_mg_dl"]
    assert workspace.submit(changed["view"], "value-bilirubin_mg_dl", "45 µmol/L").content == b""
    answer = workspace.stub.await_calls("chat.postMessage", 2)[1]
    assert (answer["channel"], answer["thread_ts"]) == (post["channel"], first["event"]["ts"])
    assert "Total serum bilirubin: 2.632 mg/dL" in said(answer)


def test_what_is_thought_of_an_answer_is_kept(workspace: Workspace, running: Service) -> None:
    workspace.deliver(event(TACE))
    (post,) = workspace.stub.await_calls("chat.postMessage", 1)
    workspace.press("wrong", values_of(post, "wrong")[0], post)
    (thanks,) = workspace.stub.await_calls("respond", 1)
    assert thanks["response_type"] == "ephemeral"
    assert [(item.turn, item.verdict) for item in running.store.feedbacks()] == [(1, "wrong")]


def test_the_home_shows_examples_and_what_the_bot_is_not(workspace: Workspace) -> None:
    sent = event("", type="app_home_opened", tab="home")
    workspace.deliver(sent)
    (shown,) = workspace.stub.await_calls("views.publish", 1)
    assert shown["user_id"] == "U0USER"
    text = said(shown["view"])
    assert "62M, NELM G2" in text
    assert "Not a guideline, not a second opinion and not a medical device" in text


def test_the_challenge_is_answered_and_the_certificate_check_gets_an_empty_yes(workspace: Workspace) -> None:
    body = json.dumps({"type": "url_verification", "token": "x", "challenge": "3eZbrw1a"}).encode()
    assert workspace.send("events", body).json() == {"challenge": "3eZbrw1a"}
    checked = workspace.send("commands", b"ssl_check=1&token=x")
    assert (checked.status_code, checked.content) == (200, b"")


@pytest.mark.parametrize("kind", ["events", "commands", "interactivity"])
def test_nothing_is_taken_without_a_good_signature_of_now(workspace: Workspace, kind: str) -> None:
    body = json.dumps(event(TACE)).encode()
    good = signed(body)
    refused = [
        {},
        {"x-slack-request-timestamp": good["x-slack-request-timestamp"]},
        {"x-slack-signature": good["x-slack-signature"]},
        {**good, "x-slack-signature": "v0=" + "0" * 64},
        {**good, "x-slack-signature": ""},
        signed(body, moment=time.time() - 302),
        signed(body, moment=time.time() + 302),
        {**good, "x-slack-request-timestamp": "soon"},
        {**good, "x-slack-request-timestamp": "-5"},
        {**good, "x-slack-request-timestamp": "9" * 4000},
        signed(body, secret="another"),
        signed(body + b" "),
    ]
    for headers in refused:
        response = workspace.send(kind, body, headers)
        assert (response.status_code, response.json()["code"]) == (401, "slack_unsigned")
    assert workspace.send(kind, b"\xff\xfe", signed(b"\xff\xfe")).status_code == 401
    assert workspace.stub.calls == []


def test_two_secrets_are_accepted_while_they_are_rotated(linked: Assistant, tmp_path: Path, stub: StubSlack) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    with service(linked, url, stub, slack_signing_secret="new", slack_signing_secret_old="old") as running:
        for secret, status in (("new", 200), ("old", 200), ("older", 401)):
            body = json.dumps(event(TACE)).encode()
            assert running.workspace.send("events", body, signed(body, secret=secret)).status_code == status
    assert len(stub.posts()) == 2


def test_signs_of_mark_up_in_a_message_stay_text(workspace: Workspace) -> None:
    workspace.deliver(
        direct("<script>alert(1)</script> &amp; &lt;!channel&gt; *TACE* versus TARE & PRRT: what is a <b>bead</b>?")
    )
    (post,) = workspace.stub.await_calls("chat.postMessage", 1)
    assert "<script" not in json.dumps(post)
    assert "<!channel" not in json.dumps(post)


def test_slack_is_obeyed_when_it_asks_to_wait_and_the_order_stays(workspace: Workspace) -> None:
    refusals = [BUSY]
    workspace.stub.plan = lambda method, _v: refusals.pop() if refusals and method == "chat.postMessage" else None
    sent = [event(text) for text in ("What is bland embolization?", "What is radioembolization?", TACE)]
    for envelope in sent:
        workspace.deliver(envelope)
    posts = workspace.stub.await_calls("chat.postMessage", 3)
    assert [post["thread_ts"] for post in posts] == [envelope["event"]["ts"] for envelope in sent]
    calls = [call for call in workspace.stub.calls if call.method == "chat.postMessage"]
    assert [call.taken for call in calls] == [False, True, True, True]
    assert calls[1].at - calls[0].at >= 1
    assert calls[0].values["client_msg_id"] == calls[1].values["client_msg_id"]


def test_buttons_of_a_deleted_answer_say_that_it_is_no_longer_kept(workspace: Workspace, running: Service) -> None:
    workspace.command("What is radioembolization?")
    (answer,) = workspace.stub.await_calls("respond", 1)
    value = values_of(answer, "share")[0]
    running.store.delete(value.split("|")[0])
    workspace.press("source-1", values_of(answer, "source")[0])
    (opened,) = workspace.stub.await_calls("views.open", 1)
    assert "no longer kept" in said(opened["view"])
    workspace.press("share", value)
    told = workspace.stub.await_calls("respond", 2)[1]
    assert "no longer kept" in told["text"]
    assert told["response_type"] == "ephemeral"


def test_without_a_secret_there_is_nothing_at_slacks_addresses(assistant: Assistant) -> None:
    with TestClient(create_app(assistant)) as client:
        for kind in ("events", "commands", "interactivity"):
            assert client.post(f"/slack/{kind}", content=b"{}").status_code == 404
