from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from web.store.errors import StoreUnavailableError
from web.store.opening import open_engine
from web.store.outbox import KEPT_SEEN, Held, Outbox

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
UNTIL = NOW + 60 * SECOND
CANARY = "Canary Kowalczyk-7731"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = open_engine(url)
    yield opened
    opened.dispose()


@pytest.fixture
def outbox(engine: Engine) -> Outbox:
    return Outbox(engine)


def put(outbox: Outbox, *tasks: tuple[str, str]) -> None:
    for channel, task in tasks:
        assert outbox.accept([f"{channel} {task}"], channel, task, NOW)


def tasks(held: object) -> list[str]:
    assert isinstance(held, list)
    return [item.task for item in held if isinstance(item, Held)]


def test_a_delivery_known_by_any_of_its_keys_is_not_kept_again(outbox: Outbox) -> None:
    assert outbox.accept(["event 1", "message 1"], "C", "a", NOW)
    assert not outbox.accept(["event 2", "message 1"], "C", "b", NOW)
    assert not outbox.accept(["event 2", "message 2"], "C", "c", NOW), "the second key came to be known meanwhile"
    assert outbox.waiting() == 1


def test_of_many_threads_with_one_delivery_one_keeps_it(engine: Engine) -> None:
    taken: list[bool] = []
    start = threading.Barrier(6)

    def accept(number: int) -> None:
        start.wait()
        taken.append(Outbox(engine).accept(["message", f"event {number}"], "C", "a", NOW))

    threads = [threading.Thread(target=accept, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 5 + [True]


def test_a_channel_is_taken_in_order_by_one_worker_at_a_time(outbox: Outbox) -> None:
    put(outbox, ("C", "c1"), ("C", "c2"), ("D", "d1"))
    assert tasks(outbox.lease("one", NOW, UNTIL, 9)) == ["c1", "d1"]
    assert tasks(outbox.lease("two", NOW, UNTIL, 9)) == []


def test_what_a_dead_worker_had_is_taken_over_when_its_lease_ends(outbox: Outbox) -> None:
    put(outbox, ("C", "c1"))
    outbox.lease("dead", NOW, UNTIL, 9)
    assert tasks(outbox.lease("two", UNTIL, UNTIL + SECOND, 9)) == []
    assert tasks(outbox.lease("two", UNTIL + SECOND, UNTIL + 60 * SECOND, 9)) == ["c1"]


def test_whoever_lost_a_lease_changes_nothing(outbox: Outbox) -> None:
    put(outbox, ("C", "c1"))
    (lost,) = outbox.lease("slow", NOW, UNTIL, 9)
    later = UNTIL + SECOND
    (held,) = outbox.lease("two", later, later + 60 * SECOND, 9)
    outbox.done(lost, "slow", later)
    outbox.later(lost, "slow", later, failed=True)
    assert outbox.waiting() == 1
    outbox.later(held, "two", later)
    (again,) = outbox.lease("three", later, later + 60 * SECOND, 9)
    assert again.tries == 0


def test_after_a_message_its_channel_waits_and_others_do_not(outbox: Outbox) -> None:
    put(outbox, ("C", "c1"), ("C", "c2"), ("D", "d1"))
    first, other = outbox.lease("one", NOW, UNTIL, 9)
    outbox.done(first, "one", NOW + SECOND)
    outbox.done(other, "one", NOW + SECOND)
    assert tasks(outbox.lease("one", NOW + SECOND / 2, UNTIL, 9)) == []
    assert outbox.next_due() == NOW + SECOND
    assert tasks(outbox.lease("one", NOW + SECOND, UNTIL, 9)) == ["c2"]


def test_a_message_that_arrives_meanwhile_waits_too(outbox: Outbox) -> None:
    put(outbox, ("C", "c1"))
    (held,) = outbox.lease("one", NOW, UNTIL, 9)
    outbox.done(held, "one", NOW + SECOND)
    put(outbox, ("C", "c2"))
    assert tasks(outbox.lease("one", NOW, UNTIL, 9)) == []
    assert tasks(outbox.lease("one", NOW + SECOND, UNTIL, 9)) == ["c2"]


def test_what_is_given_back_keeps_its_place_and_what_was_posted(outbox: Outbox) -> None:
    put(outbox, ("C", "c1"), ("C", "c2"))
    (held,) = outbox.lease("one", NOW, UNTIL, 9)
    outbox.later(held, "one", NOW + 5 * SECOND, failed=True, posted=1)
    assert tasks(outbox.lease("one", NOW + 4 * SECOND, UNTIL, 9)) == []
    (again,) = outbox.lease("two", NOW + 5 * SECOND, UNTIL, 9)
    assert (again.task, again.tries, again.posted, again.created) == ("c1", 1, 1, NOW)


def test_a_worker_that_ends_gives_everything_back(outbox: Outbox) -> None:
    put(outbox, ("C", "c1"), ("D", "d1"))
    outbox.lease("one", NOW, UNTIL, 1)
    outbox.lease("two", NOW, UNTIL, 1)
    outbox.release("one")
    assert tasks(outbox.lease("three", NOW, UNTIL, 9)) == ["c1"]


def test_nothing_is_due_where_nothing_is_kept(outbox: Outbox) -> None:
    assert outbox.next_due() is None
    assert outbox.waiting() == 0
    put(outbox, ("C", "c1"))
    outbox.lease("one", NOW, UNTIL, 9)
    assert outbox.next_due() == UNTIL


def test_deliveries_are_forgotten_by_age_and_not_before(outbox: Outbox) -> None:
    outbox.accept(["old"], "C", "a", NOW)
    outbox.accept(["young"], "C", "b", NOW + SECOND)
    outbox.tidy(NOW + KEPT_SEEN + SECOND)
    assert not outbox.accept(["young"], "C", "c", NOW)
    assert outbox.accept(["old"], "C", "d", NOW)
    assert timedelta(hours=1) <= KEPT_SEEN


def test_keys_and_task_are_kept_together_or_not_at_all(outbox: Outbox, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE slack_outbox RENAME TO gone")
    with pytest.raises(StoreUnavailableError):
        outbox.accept(["key"], "C", "a", NOW)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO slack_outbox")
    assert outbox.accept(["key"], "C", "a", NOW), "the repeated delivery is the one that counts"


def test_where_nothing_is_to_be_kept_no_word_is_left_in_any_file(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    outbox = Outbox(engine, scrubs=True)
    for number in range(40):  # more than a page of them
        outbox.accept([str(number)], "C", f"{CANARY} {'x' * number * 50}", NOW)
    for number in range(40):
        (held,) = outbox.lease("one", NOW + number * SECOND, UNTIL, 9)
        outbox.done(held, "one", NOW)
    folder = Path(engine.url.database or "").parent
    outbox.tidy(NOW)
    outbox.accept(["late"], "C", f"{CANARY} late", NOW)
    (held,) = outbox.lease("one", NOW + SECOND, UNTIL, 9)
    outbox.done(held, "one", NOW)
    outbox.tidy(NOW + SECOND)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(files) >= 1
    assert [name for name, content in files.items() if CANARY.encode() in content] == []
    engine.dispose()
