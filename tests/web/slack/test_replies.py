"""What becomes of single tasks, by function calls against a Slack of our own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from assistant import Assistant
from tests.web.observed import logged
from tests.web.slack.serving import PUBLIC
from tests.web.slack.stub import CHANNEL, TEAM, TOKEN, Refusal, StubSlack, said, values_of
from web.slack.controls import chosen
from web.slack.intake import _logged
from web.slack.replies import Replies
from web.slack.sending import Sender
from web.slack.tasks import AnswerOf, FactGiven, Place, Question, Shared, Task
from web.slack.threads import Threads
from web.store.keeping import MemoryKeeping
from web.store.outbox import Held

CASE = "62M, NET G2, portal vein occluded, bilirubin 3.5. TACE?"
THREAD = Place(TEAM, CHANNEL, "1.1")


class Bench:
    """Carries tasks out one by one."""

    def __init__(self, assistant: Assistant, stub: StubSlack) -> None:
        self.stub, self.store = stub, MemoryKeeping()
        self.threads = Threads(assistant, self.store)
        self.sender = Sender(TOKEN, stub.url)
        self.replies = Replies(assistant, self.threads, self.sender, PUBLIC)
        self.count = 0

    def held(self, posted: int = 0) -> Held:
        return Held(self.count, CHANNEL, "", 0, posted, datetime(2026, 3, 1, tzinfo=UTC))

    def do(self, task: Task) -> None:
        self.count += 1
        posted = 0
        while not self.replies.carry_out(task, self.held(posted)):
            posted += 1

    def again(self, task: Task) -> None:
        self.replies.carry_out(task, self.held())

    def alone(self) -> Place:
        return Place(TEAM, CHANNEL, f"command {self.count}", response_url=f"{self.stub.url}/respond/1")


@pytest.fixture
def bench(linked: Assistant, stub: StubSlack) -> Bench:
    return Bench(linked, stub)


def test_a_fact_is_the_patients_below_whose_answer_it_was_given(bench: Bench) -> None:
    bench.do(Question(THREAD, CASE))
    bench.do(Question(THREAD, "New patient: 50F, NET G1. TACE?"))
    conversation = bench.threads.conversation(THREAD)
    first = FactGiven(THREAD, AnswerOf(conversation, 1), "ascites", "present")
    bench.do(first)
    bench.again(first)
    bench.do(FactGiven(THREAD, AnswerOf(conversation, 2), "ascites", "absent"))
    turns = bench.store.turns(conversation)
    known = [(turn.patient, turn.facts.facts["ascites"].state) for turn in turns[2:]]
    assert known == [("Patient 1", "present"), ("Patient 2", "absent")]
    assert len(bench.stub.posts()) == 5
    assert not any("Not answered" in post["text"] for post in bench.stub.posts())


def test_a_fact_for_an_answer_of_another_conversation_is_not_taken(bench: Bench) -> None:
    bench.do(Question(THREAD, CASE))
    bench.do(FactGiven(THREAD, AnswerOf("x" * 24, 1), "ascites", "present"))
    assert bench.stub.posts()[-1]["text"].startswith("Not answered")
    assert len(bench.store.turns(bench.threads.conversation(THREAD))) == 1


def test_the_channel_gets_nothing_that_leads_to_the_private_conversation(bench: Bench) -> None:
    place = bench.alone()
    bench.do(Question(place, CASE))
    private = bench.threads.conversation(place)
    task = Shared(Place(TEAM, CHANNEL, "", response_url=place.response_url), AnswerOf(private, 1))
    bench.do(task)
    (post,) = bench.stub.posts()
    assert private not in str(post)
    found = chosen(values_of(post, "fact")[0])
    assert found is not None
    copy = found[0]
    assert f"/c/{copy.conversation}#turn-1" in said(post)
    assert bench.threads.conversation(Place(TEAM, CHANNEL, bench.stub.posted_as(post))) == copy.conversation
    bench.again(task)
    assert len(bench.stub.posts()) == 2
    assert chosen(values_of(bench.stub.posts()[1], "fact")[0]) == found, "a second try shows the same copy"
    bench.store.delete(private)
    assert len(bench.store.turns(copy.conversation)) == 1


@pytest.mark.parametrize("way", ["chat.postMessage", "respond"])
def test_where_slack_refuses_blocks_their_whole_text_is_posted(bench: Bench, way: str) -> None:
    refusal: Refusal = (200 if way != "respond" else 400, {}, {"ok": False, "error": "invalid_blocks"})
    bench.stub.plan = lambda _method, values: refusal if values.get("blocks") else None
    place = THREAD if way != "respond" else bench.alone()
    bench.do(Question(place, CASE))
    texts = [values["text"] for values in bench.stub.of(way)]
    refused = next(call.values for call in bench.stub.calls if not call.taken)
    assert "\n".join(texts) == said(refused)
    assert f"/c/{bench.threads.conversation(place)}#turn-1" in texts[-1]


def test_whoever_asked_is_told_that_it_failed(bench: Bench) -> None:
    bench.replies.tell_failed(Question(THREAD, "canary"), bench.held())
    (post,) = bench.stub.posts()
    assert post["thread_ts"] == THREAD.thread
    assert post["text"].startswith("Not answered")
    assert "canary" not in str(post)


def test_a_button_that_fails_is_logged_without_a_word() -> None:
    with logged() as log, ThreadPoolExecutor(1) as hands:
        hands.submit(int, "canary").add_done_callback(_logged)
    assert [event["error"] for event in log.of("slack_view_failed")] == ["builtins.ValueError"]
    assert "canary" not in log.getvalue()
