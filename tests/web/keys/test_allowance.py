from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.keys.made import Clock, Kept
from web.keys.allowance import Allowances
from web.keys.key import ApiKey


def key(per_minute: int) -> ApiKey:
    kept = Kept()
    kept.make("ask", per_minute=per_minute)
    return kept.keys[0]


def test_as_many_as_the_limit_may_come_at_once_and_no_more() -> None:
    allowances, one = Allowances(clock=Clock()), key(3)
    taken = [allowances.take(one) for _ in range(4)]
    assert [allowed.left for allowed in taken] == [2, 1, 0, -1]
    assert taken[0].headers == {"ratelimit-limit": "3", "ratelimit-remaining": "2", "ratelimit-reset": "20"}
    assert taken[3].headers == {
        "ratelimit-limit": "3",
        "ratelimit-remaining": "0",
        "ratelimit-reset": "60",
        "retry-after": "20",
    }


def test_who_waits_as_long_as_told_is_let_in() -> None:
    clock = Clock()
    allowances, one = Allowances(clock=clock), key(7)
    for _ in range(7):
        allowances.take(one)
    wait = allowances.take(one).wait_s
    clock.now += wait - 1
    assert allowances.take(one).left < 0
    clock.now += 1
    assert allowances.take(one).left >= 0


def test_each_key_has_its_own() -> None:
    allowances, one, other = Allowances(clock=Clock()), key(1), key(1)
    assert [allowances.take(each).left for each in (one, one, other)] == [0, -1, 0]


@pytest.mark.parametrize(("per_minute", "workers", "limit"), [(600, 2, 300), (1, 4, 1), (5, 2, 2)])
def test_workers_share_the_limit(per_minute: int, workers: int, limit: int) -> None:
    assert Allowances(workers, Clock()).take(key(per_minute)).limit == limit


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.integers(1, 50), st.lists(st.floats(0, 20), max_size=120))
def test_never_more_than_the_limit_and_what_time_gives_back(limit: int, pauses: list[float]) -> None:
    clock = Clock()
    allowances, one = Allowances(clock=clock), key(limit)
    let_in = 0
    for pause in pauses:
        clock.now += pause
        let_in += allowances.take(one).left >= 0
    assert let_in <= limit + sum(pauses) * limit / 60 + 1e-6
