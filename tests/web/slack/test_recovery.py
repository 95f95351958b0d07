"""Between acknowledging and posting anything may die: nothing is lost, nothing is said twice in a conversation."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from assistant import Assistant
from assistant.conversation.dialogue import Dialogue
from assistant.conversation.store import say
from tests.web.slack.serving import PUBLIC, service
from tests.web.slack.stub import DOWN, TOKEN, StubSlack, direct, event, said
from tests.web.slack.test_courier import Watch
from web.slack.courier import Courier
from web.slack.deliveries import EVENTS, read
from web.slack.intake import Intake
from web.slack.replies import Replies
from web.slack.sending import Sender
from web.slack.threads import Threads
from web.store.database import DatabaseStore
from web.store.errors import StoreUnavailableError
from web.store.keeping import Keeping, MemoryKeeping
from web.store.outbox import Outbox

TACE = "What are the contraindications of TACE?"


class Process:
    """What one process has of the bot, its courier run by hand against a clock of the test's."""

    def __init__(self, assistant: Assistant, engine: Engine, store: Keeping, stub: StubSlack, watch: Watch) -> None:
        self.outbox = Outbox(engine)
        self.sender = Sender(TOKEN, stub.url)
        threads = Threads(assistant, store)
        self.courier = Courier(self.outbox, Replies(assistant, threads, self.sender, PUBLIC), clock=watch)
        self.intake = Intake(assistant, threads, self.outbox, self.sender, lambda: None, clock=watch)

    def take(self, envelope: dict[str, Any]) -> None:
        self.intake.receive(read(EVENTS, envelope))


@pytest.fixture
def store(engine: Engine) -> DatabaseStore:
    return DatabaseStore(engine)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def all_turns(store: DatabaseStore) -> list[str]:
    return [turn.said for kept in store.all() for turn in store.turns(kept.id)]


def test_what_was_acknowledged_is_answered_by_the_next_process(
    linked: Assistant, engine: Engine, store: DatabaseStore, stub: StubSlack, watch: Watch
) -> None:
    died = Process(linked, engine, store, stub, watch)
    died.take(event(TACE))
    Process(linked, engine, store, stub, watch).courier.round()
    assert "portal vein occlusion" in said(stub.posts()[0])


def test_a_process_that_dies_after_answering_lets_another_post_the_kept_turn(
    linked: Assistant, engine: Engine, store: DatabaseStore, stub: StubSlack, watch: Watch, monkeypatch: Any
) -> None:
    died = Process(linked, engine, store, stub, watch)
    died.take(event(TACE))

    def die(*_arguments: object) -> str:
        raise StoreUnavailableError("as if the process were gone: the lease stays")

    monkeypatch.setattr(died.sender, "post", die)
    died.courier.round()
    assert all_turns(store) == [TACE]
    heir = Process(linked, engine, store, stub, watch)
    heir.courier.round()
    assert stub.posts() == [], "the lease has not ended"
    watch.pass_by(61)
    heir.courier.round()
    assert all_turns(store) == [TACE]
    assert len(stub.posts()) == 1


def test_a_post_that_fails_again_and_again_is_said_once_under_one_id(
    linked: Assistant, engine: Engine, store: DatabaseStore, stub: StubSlack, watch: Watch
) -> None:
    refusals = [DOWN, DOWN, DOWN]
    stub.plan = lambda _method, _values: refusals.pop() if refusals else None
    process = Process(linked, engine, store, stub, watch)
    process.take(event(TACE))
    for _ in range(20):
        process.courier.round()
        watch.pass_by(1)
    assert all_turns(store) == [TACE]
    assert [call.taken for call in stub.calls] == [False, False, False, True]
    assert len({call.values["client_msg_id"] for call in stub.calls}) == 1


def test_the_same_words_said_twice_are_two_turns_each_answered(
    linked: Assistant, engine: Engine, store: DatabaseStore, stub: StubSlack, watch: Watch
) -> None:
    process = Process(linked, engine, store, stub, watch)
    first = event(TACE)
    process.take(first)
    process.take(event(TACE, thread_ts=first["event"]["ts"]))
    stub.plan = lambda _method, _values: DOWN if len(stub.calls) < 3 else None
    for _ in range(12):
        process.courier.round()
        watch.pass_by(1)
    assert all_turns(store) == [TACE, TACE]
    assert len({post["client_msg_id"] for post in stub.posts()}) == 2


def test_a_turn_written_by_somebody_else_meanwhile_is_not_taken_for_ours(
    linked: Assistant, engine: Engine, store: DatabaseStore, stub: StubSlack, watch: Watch, monkeypatch: Any
) -> None:
    process = Process(linked, engine, store, stub, watch)
    first = event("What is radioembolization?")
    process.take(first)
    process.courier.round()
    (kept,) = store.all()
    process.take(event(TACE, thread_ts=first["event"]["ts"]))
    watch.pass_by(2)

    def die(*_arguments: object, **_named: object) -> None:
        raise StoreUnavailableError("as if the process were gone before the turn was kept")

    with monkeypatch.context() as dying:
        dying.setattr(store, "append", die)
        process.courier.round()
    say(linked.dialogue, store, kept.id, "What is bland embolization?")
    watch.pass_by(61)
    Process(linked, engine, store, stub, watch).courier.round()
    assert all_turns(store) == ["What is radioembolization?", "What is bland embolization?", TACE]
    assert "portal vein occlusion" in said(stub.posts()[1])


def test_a_thread_kept_in_memory_alone_begins_anew_after_a_restart(
    linked: Assistant, engine: Engine, stub: StubSlack, watch: Watch
) -> None:
    first = event("What is radioembolization?")
    before = Process(linked, engine, MemoryKeeping(), stub, watch)
    before.take(first)
    before.courier.round()
    watch.pass_by(2)
    after = Process(linked, engine, MemoryKeeping(), stub, watch)
    after.take(event("What are its complications?", thread_ts=first["event"]["ts"]))
    after.courier.round()
    assert "Read as" not in said(stub.posts()[1])


class Waiting(Assistant):
    """Answers when it is let go."""

    go: threading.Event
    asked: threading.Event

    @cached_property
    def dialogue(self) -> Dialogue:
        found = super().dialogue
        outer = self

        class Held:
            def turn(self, *arguments: Any, **named: Any) -> Any:
                outer.asked.set()
                assert outer.go.wait(30)
                return found.turn(*arguments, **named)

        return cast("Dialogue", Held())


@pytest.fixture
def waiting(linked: Assistant) -> Waiting:
    made = Waiting(linked._index, public_url=PUBLIC)
    made.go, made.asked = threading.Event(), threading.Event()
    return made


def test_a_slow_answer_holds_up_no_acknowledgement(waiting: Waiting, tmp_path: Path, stub: StubSlack) -> None:
    with service(waiting, f"sqlite:///{tmp_path / 'store.sqlite3'}", stub) as running:
        assert running.workspace.deliver(event(TACE)).status_code == 200
        assert waiting.asked.wait(30)
        for _ in range(8):
            assert running.workspace.deliver(event(TACE)).status_code == 200
            assert running.workspace.command(TACE).status_code == 200
        assert stub.calls == []
        waiting.go.set()
        stub.await_calls("chat.postMessage", 9)


def test_a_service_that_stops_first_finishes_what_it_took(waiting: Waiting, tmp_path: Path, stub: StubSlack) -> None:
    sent = [event(TACE), direct(TACE), event(TACE)]
    with service(waiting, f"sqlite:///{tmp_path / 'store.sqlite3'}", stub) as running:
        for envelope in sent:
            running.workspace.deliver(envelope)
        assert waiting.asked.wait(30)
        threading.Timer(0.2, waiting.go.set).start()
    assert sorted(post["thread_ts"] for post in stub.posts()) == sorted(e["event"]["ts"] for e in sent)


def test_one_delivery_to_two_workers_is_answered_once(linked: Assistant, tmp_path: Path, stub: StubSlack) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    with service(linked, url, stub) as one, service(linked, url, stub) as two:
        sent = [event(TACE) for _ in range(4)]
        for envelope in sent:
            for worker in (one, two, one):
                assert worker.workspace.deliver(envelope).status_code == 200
    assert sorted(post["thread_ts"] for post in stub.posts()) == sorted(e["event"]["ts"] for e in sent)
