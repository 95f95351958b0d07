"""Several writers at once, and writers killed in the midst."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from assistant.errors import TurnTakenError
from tests.conftest import ROOT
from tests.web.store.made import made_turn
from web.store.database import DatabaseStore


def add(store: DatabaseStore, conversation: str, name: str) -> int:
    """Append a turn as `say` does, and return its number."""
    while True:
        number = len(store.turns(conversation)) + 1
        try:
            store.append(conversation, made_turn(number, name))
        except TurnTakenError:
            continue
        return number


def test_of_two_with_the_same_number_one_is_kept(store: DatabaseStore) -> None:
    def attempt(name: str) -> bool:
        try:
            store.append(conversation, made_turn(1, name))
        except TurnTakenError:
            return False
        return True

    for _ in range(10):
        conversation = store.create()
        with ThreadPoolExecutor(4) as pool:
            won = list(pool.map(attempt, "abcd"))
        assert won.count(True) == 1
        assert [turn.said for turn in store.turns(conversation)] == ["abcd"[won.index(True)]]


def test_threads_lose_no_turn(store: DatabaseStore) -> None:
    conversation = store.create()
    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(lambda n: add(store, conversation, f"turn {n}"), range(60)))
    turns = store.turns(conversation)
    assert sorted(numbers) == [turn.number for turn in turns] == list(range(1, 61))
    assert {turn.said for turn in turns} == {f"turn {n}" for n in range(60)}
    assert [turns[number - 1].said for number in numbers] == [f"turn {n}" for n in range(60)]
    store._recent.drop(conversation)
    assert store.turns(conversation) == turns


def test_threads_may_read_and_delete_while_others_write(store: DatabaseStore) -> None:
    stays = store.create()

    def come_and_go(n: int) -> None:
        going = store.create("me")
        store.append(going, made_turn(1, f"turn {n}"))
        add(store, stays, f"turn {n}")
        store.listed("me")
        store.delete(going)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(come_and_go, range(12)))
    assert len(store.turns(stays)) == 12
    assert [kept.id for kept in store.all()] == [stays]


ADD = """
import sys
from tests.web.store.test_writers import add
from web.store.database import DatabaseStore
store = DatabaseStore.open(sys.argv[1])
for n in range(15):
    add(store, sys.argv[2], f"{sys.argv[3]} {n}")
"""


def test_processes_lose_no_turn(store: DatabaseStore, url: str) -> None:
    conversation = store.create()
    running = [
        subprocess.Popen([sys.executable, "-c", ADD, url, conversation, name], cwd=ROOT) for name in ("one", "two")
    ]
    assert [process.wait(120) for process in running] == [0, 0]
    turns = store.turns(conversation)
    assert [turn.number for turn in turns] == list(range(1, 31))
    assert {turn.said for turn in turns} == {f"{name} {n}" for name in ("one", "two") for n in range(15)}


def kill_in_the_midst(url: str, conversation: str, seconds: float) -> int:
    """Let a writer write for so long after its first turn, kill it, and return the last number it acknowledged."""
    words = [sys.executable, "-m", "tests.web.store.made", url, conversation]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        rest = process.stdout.read()
    complete = (first + rest).split("\n")[:-1]  # what stands after the last line break was cut short
    return int(complete[-1])


def killed(url: str, times: int) -> None:
    chance = random.Random(times)
    store = DatabaseStore.open(url)
    conversation = store.create()
    try:
        for _ in range(times):
            acknowledged = kill_in_the_midst(url, conversation, chance.uniform(0, 0.15))
            kept = store.turns(conversation)
            assert acknowledged <= len(kept) <= acknowledged + 1
            store._recent.drop(conversation)
            assert store.turns(conversation) == tuple(made_turn(number) for number in range(1, len(kept) + 1))
            if len(kept) > 500:
                conversation = store.create()
    finally:
        store.close()


def test_what_was_acknowledged_is_there_after_kill_9(url: str) -> None:
    killed(url, 2)


@pytest.mark.soak
@pytest.mark.parametrize("times", [50, 1_000])
def test_what_was_acknowledged_is_there_after_kill_9_again_and_again(url: str, times: int) -> None:
    killed(url, times)
