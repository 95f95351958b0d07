"""A thousand events at fifty a second over two processes, with duplicates, failing posts, and one process killed."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from subprocess import Popen
from typing import Any

import httpx2 as httpx
import pytest

from tests.web.slack.serving import PUBLIC
from tests.web.slack.stub import BUSY, DOWN, SECRET, TOKEN, Refusal, StubSlack, direct, event, signed, stub_slack
from tests.web.store.servers import new_database, postgresql_server, programs
from web.bench import serving
from web.store.opening import open_engine
from web.store.outbox import Outbox

EVENTS, PER_SECOND, CHANNELS, TWICE, FAILING = 1_000, 50, 120, 0.2, 0.1
QUESTIONS = (
    "What is bland embolization?",
    "Who should not have TACE?",
    "62F, NELM G2, prior Whipple. TACE?",
    "Thanks!",
)
ACKNOWLEDGED_S = 0.5


@dataclass
class Sent:
    """What was delivered, and how it was acknowledged."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def percentile(self, share: float) -> float:
        return sorted(self.seconds)[min(int(len(self.seconds) * share), len(self.seconds) - 1)]


def failing(chance: random.Random) -> Callable[[str, dict[str, Any]], Refusal | None]:
    """Refuse a tenth of all posts, half of them by asking to wait."""

    def plan(_method: str, _values: dict[str, Any]) -> Refusal | None:
        drawn = chance.random()
        return None if drawn > FAILING else DOWN if drawn > FAILING / 2 else BUSY

    return plan


def envelopes(chance: random.Random) -> list[dict[str, Any]]:
    """Deliveries in the order in which they are sent, a fifth of them of something sent before."""
    found: list[dict[str, Any]] = []
    for number in range(EVENTS):
        if found and chance.random() < TWICE:
            found.append(chance.choice(found[-40:]))
        else:
            make, channel = (direct, "D") if number % 3 == 0 else (event, "C")
            found.append(make(chance.choice(QUESTIONS), channel=f"{channel}{number % CHANNELS}"))
    return found


def deliver(address: str, client: httpx.Client, envelope: dict[str, Any], sent: Sent) -> bool:
    """Deliver as Slack does: again where it fails. Return whether it was acknowledged."""
    body = json.dumps(envelope).encode()
    headers = {"content-type": "application/json", **signed(body)}
    began = time.monotonic()
    try:
        response = client.post(f"{address}/slack/events", content=body, headers=headers)
    except httpx.HTTPError:
        return False
    taken = response.status_code == 200
    with sent.lock:
        sent.seconds.append(time.monotonic() - began)
        if taken:
            sent.acknowledged[envelope["event_id"]] = envelope["event"]["ts"]
    return taken


def send_all(addresses: Sequence[str], deliveries: Sequence[dict[str, Any]], at_half: Callable[[], None]) -> Sent:
    """Send at the rate, in turns to each address; what is not acknowledged goes to the others."""
    sent, clients = Sent(), [httpx.Client(timeout=3) for _ in range(32)]
    free: list[httpx.Client] = list(clients)

    def one(number: int) -> None:
        client = free.pop()
        for again in range(4):
            if deliver(addresses[(number + again) % len(addresses)], client, deliveries[number], sent):
                break
        free.append(client)

    with ThreadPoolExecutor(len(clients)) as hands:
        start = time.monotonic()
        for number in range(len(deliveries)):
            time.sleep(max(0.0, start + number / PER_SECOND - time.monotonic()))
            if number == len(deliveries) // 2:
                at_half()
            hands.submit(one, number)
    for client in clients:
        client.close()
    return sent


@contextmanager
def two_workers(index: Path, url: str, stub: StubSlack) -> Iterator[list[tuple[Popen[bytes], str]]]:
    settings = {
        "NELM_DATABASE_URL": url,
        "NELM_SLACK_SIGNING_SECRET": SECRET,
        "NELM_SLACK_BOT_TOKEN": TOKEN,
        "NELM_SLACK_API_URL": stub.url,
        "NELM_PUBLIC_URL": PUBLIC,
        "NELM_LOG_LEVEL": "warning",
    }
    with ExitStack() as stack:
        yield [stack.enter_context(serving(index, **settings)) for _ in range(2)]


def await_empty(url: str, seconds: float) -> None:
    engine = open_engine(url)
    end = time.monotonic() + seconds
    while (left := Outbox(engine).waiting()) and time.monotonic() < end:
        time.sleep(0.5)
    engine.dispose()
    assert left == 0


def report(name: str, sent: Sent, stub: StubSlack, seconds: float) -> None:
    posts = stub.posts()
    answered = Counter(post["thread_ts"] for post in posts)
    failed = sum(not call.taken for call in stub.calls if call.method == "chat.postMessage")
    print(
        f"\n{name}: {len(sent.seconds)} deliveries answered, {len(set(sent.acknowledged.values()))} questions, "
        f"{len(answered)} threads answered, {sum(answered.values()) - len(answered)} answered twice, "
        f"{failed} posts refused; acknowledged in ms: median {sent.percentile(0.5) * 1000:.0f}, "
        f"p99 {sent.percentile(0.99) * 1000:.0f}, longest {max(sent.seconds) * 1000:.0f}; "
        f"all posted after {seconds:.0f} s"
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.sqlite3'}"
        return
    found = programs()
    if found is None:
        pytest.skip("postgresql is not installed")
    with postgresql_server(found) as folder:
        yield new_database(folder, "soak")


@pytest.mark.soak
@pytest.mark.parametrize("killing", [False, True], ids=["both live", "one killed"])
def test_under_load_each_question_is_answered_once(
    index_path: Path, url: str, killing: bool, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(EVENTS)
    with stub_slack() as stub:
        stub.plan = failing(random.Random(1))
        with two_workers(index_path, url, stub) as workers:
            start = time.monotonic()
            addresses = [address for _, address in workers]
            sent = send_all(addresses, envelopes(chance), workers[0][0].kill if killing else lambda: None)
            await_empty(url, 180)
            report(request.node.name, sent, stub, time.monotonic() - start)
        answered = Counter(post["thread_ts"] for post in stub.posts())
        assert set(answered) == set(sent.acknowledged.values()), "none is lost and none is made up"
        by_key = {post["client_msg_id"]: post["thread_ts"] for post in stub.posts()}
        assert len(by_key) == len(answered), "whatever is posted again is posted under its own id"
        again = sum(answered.values()) - len(answered)
        assert again <= (4 if killing else 0), "only what was being posted when a process died"
        in_order(stub, sent)
        assert stub.problems == []
        assert sent.percentile(0.99) <= ACKNOWLEDGED_S


def in_order(stub: StubSlack, sent: Sent) -> None:
    """In no channel is a message closer to the one before than a second, but for the clock's and the network's play."""
    times: dict[str, list[float]] = {}
    for call in stub.calls:
        if call.method == "chat.postMessage" and call.taken:
            times.setdefault(call.values["channel"], []).append(call.at)
    gaps = [late - early for found in times.values() for early, late in pairwise(found)]
    assert sum(gap < 0.9 for gap in gaps) <= 4
    assert len(sent.acknowledged) > 0
