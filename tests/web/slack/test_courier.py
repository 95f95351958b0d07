"""The queue's worker against a clock of the tests' own."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from assistant import Assistant
from tests.conftest import ROOT
from tests.web.observed import logged
from web.service import _SHUTDOWN_S
from web.settings import Settings
from web.slack.bot import Bot
from web.slack.courier import Courier, Pace
from web.slack.errors import SlackBusyError, SlackCheckError, SlackRefusedError, SlackUnreachableError
from web.slack.sending import TIMEOUT_S
from web.slack.socket_mode import STOP_S
from web.slack.tasks import Home, Place, Question, Task, written
from web.store.errors import StoreUnavailableError, StoreVersionError
from web.store.keeping import MemoryKeeping
from web.store.outbox import Held, Outbox

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Watch:
    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Worked:
    """Carries out tasks by noting them, failing by plan."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.done: list[tuple[str, float]] = []
        self.fail: Callable[[str], Exception | None] = lambda _name: None
        self.steps = 1
        self.posted = threading.Event()
        self.failures_told: list[str] = []

    def carry_out(self, task: Task, held: Held) -> bool:
        assert isinstance(task, Question)
        if (error := self.fail(task.text)) is not None:
            raise error
        self.done.append((task.text, (self.watch.moment - START).total_seconds()))
        self.posted.set()
        return held.posted + 1 >= self.steps

    def tell_failed(self, task: Task, held: Held) -> None:
        assert isinstance(task, Question)
        self.failures_told.append(task.text)
        raise SlackBusyError(1)


@pytest.fixture
def outbox(engine: Engine) -> Outbox:
    return Outbox(engine)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def worked(watch: Watch) -> Worked:
    return Worked(watch)


@pytest.fixture
def courier(outbox: Outbox, worked: Worked, watch: Watch) -> Courier:
    return Courier(outbox, worked, clock=watch)


def ask(outbox: Outbox, *asked: str) -> None:
    """Put questions, each named by its channel and a number."""
    for name in asked:
        place = Place("T", name[0], "1.1")
        assert outbox.accept([name], name[0], written(Question(place, name)), START)


def run(courier: Courier, watch: Watch, seconds: int, step: float = 0.5) -> None:
    for _ in range(int(seconds / step)):
        courier.round()
        watch.pass_by(step)


def test_a_channel_gets_a_message_a_second_in_order_and_others_at_the_same_time(
    courier: Courier, outbox: Outbox, worked: Worked, watch: Watch
) -> None:
    ask(outbox, "C1", "C2", "C3", "D1")
    run(courier, watch, 4)
    assert worked.done == [("C1", 0.0), ("D1", 0.0), ("C2", 1.0), ("C3", 2.0)]


def test_when_slack_asks_to_wait_the_channel_waits_as_long_in_order(
    courier: Courier, outbox: Outbox, worked: Worked, watch: Watch
) -> None:
    busy = [SlackBusyError(7)]
    worked.fail = lambda name: busy.pop() if busy and name == "C1" else None
    ask(outbox, "C1", "C2", "D1")
    run(courier, watch, 10)
    assert worked.done == [("D1", 0.0), ("C1", 7.0), ("C2", 8.0)]


def test_when_slack_does_not_answer_it_is_tried_again_after_longer_and_longer_waits(
    courier: Courier, outbox: Outbox, worked: Worked, watch: Watch
) -> None:
    tried: list[float] = []

    def fail(_name: str) -> Exception | None:
        tried.append((watch.moment - START).total_seconds())
        return SlackUnreachableError("down") if len(tried) < 6 else None

    worked.fail = fail
    ask(outbox, "C1")
    run(courier, watch, 70)
    assert tried == [0, 1, 3, 7, 15, 31]
    assert worked.done == [("C1", 31.0)]


def test_what_slack_does_not_take_for_an_hour_is_given_up_without_a_word_of_it(
    courier: Courier, outbox: Outbox, worked: Worked, watch: Watch
) -> None:
    worked.fail = lambda name: SlackRefusedError("invalid_auth") if name == "C1" else None
    ask(outbox, "C1", "C2")
    with logged() as log:
        run(courier, watch, 4_000, step=40)
    assert [name for name, _ in worked.done] == ["C2"]
    assert outbox.waiting() == 0
    assert [event["why"] for event in log.of("slack_given_up")] == ["invalid_auth"]
    assert "C1" not in log.getvalue()


def test_what_slack_is_too_busy_for_is_given_up_after_an_hour_of_asking(
    courier: Courier, outbox: Outbox, worked: Worked, watch: Watch
) -> None:
    worked.fail = lambda _name: SlackBusyError(30)
    ask(outbox, "C1")
    run(courier, watch, 3_600, step=40)
    assert outbox.waiting() == 1
    run(courier, watch, 80, step=40)
    assert outbox.waiting() == 0


def test_what_waited_for_the_service_to_be_started_again_waits_for_a_busy_slack_too(
    outbox: Outbox, worked: Worked, watch: Watch
) -> None:
    ask(outbox, "C1")
    watch.pass_by(90_000)
    busy = [SlackBusyError(30)]
    worked.fail = lambda _name: busy.pop() if busy else None
    run(Courier(outbox, worked, clock=watch), watch, 60, step=20)
    assert [name for name, _ in worked.done] == ["C1"]


def test_a_worker_outlives_whatever_fails_in_a_round(
    outbox: Outbox, worked: Worked, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, failures = outbox.lease, [sqlite3.DatabaseError("canary")]

    def failing(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return lease(*arguments)

    monkeypatch.setattr(outbox, "lease", failing)
    courier = Courier(outbox, worked, Pace(between=timedelta(0), looks=timedelta(milliseconds=10)))
    ask(outbox, "C1")
    assert not courier.alive
    with logged() as log:
        courier.start()
        assert courier.alive
        worked.posted.wait(30)
        courier.stop()
    assert not courier.alive
    assert [name for name, _ in worked.done] == ["C1"]
    assert [event["error"] for event in log.of("slack_round_failed")] == ["sqlite3.DatabaseError"]
    assert "canary" not in log.getvalue()


def test_old_words_are_removed_also_while_there_is_always_something_to_do(
    outbox: Outbox, worked: Worked, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied = threading.Event()
    monkeypatch.setattr(outbox, "tidy", lambda _moment: tidied.set())
    monkeypatch.setattr(Courier, "_hand_out", lambda _courier: 1)
    courier = Courier(outbox, worked)
    courier.start()
    assert tidied.wait(30)
    courier.stop()


def test_a_bot_that_posts_nothing_any_more_is_not_ready(linked: Assistant, engine: Engine) -> None:
    settings = Settings(slack_bot_token="xoxb-1", slack_signing_secret="s")
    bot = Bot(settings, linked, MemoryKeeping(), engine)
    with pytest.raises(SlackCheckError):
        bot.check()
    bot.start()
    bot.check()
    bot.stop()
    with pytest.raises(SlackCheckError):
        bot.check()


def test_stopping_fits_the_time_the_unit_gives_it() -> None:
    unit = (ROOT / "docs" / "deploy" / "nelm.service").read_text()
    (given,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert _SHUTDOWN_S + STOP_S + Pace().drain_s + TIMEOUT_S < int(given)


def test_a_lifted_ban_lets_everything_through(courier: Courier, outbox: Outbox, worked: Worked, watch: Watch) -> None:
    worked.fail = lambda _name: (
        SlackRefusedError("token_revoked") if watch.moment < START + timedelta(minutes=20) else None
    )
    ask(outbox, "C1", "C2")
    run(courier, watch, 1_500, step=20)
    assert [name for name, _ in worked.done] == ["C1", "C2"]


def test_what_slack_will_never_take_does_not_hold_up_its_channel(
    courier: Courier, outbox: Outbox, worked: Worked, watch: Watch
) -> None:
    worked.fail = lambda name: SlackRefusedError("is_archived") if name == "C1" else None
    ask(outbox, "C1", "C2")
    run(courier, watch, 2)
    assert worked.done == [("C2", 0.5)]


@pytest.mark.parametrize("error", [ValueError, StoreVersionError])
def test_a_task_that_fails_for_our_own_fault_is_given_up_after_three_tries(
    courier: Courier, outbox: Outbox, worked: Worked, watch: Watch, error: type[Exception]
) -> None:
    tried: list[str] = []

    def fail(name: str) -> Exception | None:
        tried.append(name)
        return error(f"canary {name}") if name == "C1" else None

    worked.fail = fail
    ask(outbox, "C1", "C2")
    with logged() as log:
        run(courier, watch, 6)
    assert tried == ["C1", "C1", "C1", "C2"]
    assert worked.failures_told == ["C1"]
    assert {event["error"] for event in log.of("slack_task_failed")} == {f"{error.__module__}.{error.__qualname__}"}
    assert "canary" not in log.getvalue()


def test_a_task_that_cannot_be_read_is_given_up(courier: Courier, outbox: Outbox, worked: Worked, watch: Watch) -> None:
    outbox.accept(["x"], "C", '{"kind": "of a later release"}', START)
    ask(outbox, "C2")
    run(courier, watch, 6)
    assert [name for name, _ in worked.done] == ["C2"]


def test_an_answer_of_several_messages_is_posted_one_after_another(
    courier: Courier, outbox: Outbox, worked: Worked, watch: Watch
) -> None:
    worked.steps = 3
    ask(outbox, "C1", "C2")
    run(courier, watch, 3)
    assert worked.done == [("C1", 0.0), ("C1", 1.0), ("C1", 2.0)]


def test_a_failing_store_is_told_by_its_code_and_the_lease_ends_by_itself(
    courier: Courier, outbox: Outbox, worked: Worked, watch: Watch
) -> None:
    failures = [StoreUnavailableError("no room")]
    worked.fail = lambda _name: failures.pop() if failures else None
    ask(outbox, "C1")
    with logged() as log:
        courier.round()
    assert [event["code"] for event in log.of("slack_store_failed")] == ["store_unavailable"]
    assert outbox.waiting() == 1
    watch.pass_by(61)
    courier.round()
    assert [name for name, _ in worked.done] == ["C1"]


def test_what_two_workers_have_neither_does_twice(engine: Engine, worked: Worked, watch: Watch) -> None:
    workers = [Courier(Outbox(engine), worked, clock=watch) for _ in range(2)]
    names = [f"{channel}{number}" for number in range(4) for channel in "ABCDEF"]
    ask(Outbox(engine), *names)
    for _ in range(20):
        for courier in workers:
            courier.round()
        watch.pass_by(0.5)
    assert sorted(name for name, _ in worked.done) == sorted(names)


def test_stopping_finishes_what_is_owed(outbox: Outbox, worked: Worked) -> None:
    courier = Courier(outbox, worked, Pace(between=timedelta(0)))
    ask(outbox, "C1", "C2", "C3", "D1")
    courier.start()
    courier.stop()
    assert sorted(name for name, _ in worked.done) == ["C1", "C2", "C3", "D1"]
    assert outbox.waiting() == 0


def test_stopping_gives_back_what_cannot_be_finished_in_time(engine: Engine, outbox: Outbox, worked: Worked) -> None:
    worked.fail = lambda _name: SlackUnreachableError("down")
    courier = Courier(outbox, worked, Pace(drain_s=0.2))
    ask(outbox, "C1")
    courier.start()
    courier.stop()
    assert outbox.waiting() == 1
    later = datetime.now(UTC) + timedelta(seconds=5)
    assert len(outbox.lease("next", later, later + timedelta(seconds=9), 9)) == 1


def test_homes_and_questions_do_not_wait_for_one_another(outbox: Outbox) -> None:
    assert outbox.accept(["h"], "home U1", written(Home("U1")), START)
    ask(outbox, "C1")
    assert len(outbox.lease("one", START, START + timedelta(seconds=60), 9)) == 2
