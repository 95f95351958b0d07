"""The service killed at random moments while several browsers write: nothing acknowledged is lost."""

from __future__ import annotations

import random
import re
import threading
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from web.bench import serving
from web.store.database import DatabaseStore

_WRITERS = 3
_TOKEN = re.compile(r'name="token" value="(\w+)"')
_QUESTIONS = ("What is bland embolization?", "What are its complications?", "62F, NELM G2. TACE?", "why?")


class Writer:
    """A browser that writes one conversation until the service is gone, and remembers what was acknowledged."""

    def __init__(self) -> None:
        self.conversation = ""
        self.acknowledged: list[str] = []

    def write(self, address: str, number: int) -> None:
        with httpx.Client(base_url=address, timeout=10) as client:
            try:
                found = _TOKEN.search(client.get("/").text)
                token = found.group(1) if found else ""
                for turn in range(200):
                    said = f"{_QUESTIONS[turn % len(_QUESTIONS)]} ({number}-{len(self.acknowledged)})"
                    data = {"token": token, "conversation": self.conversation, "question": said}
                    answer = client.post("/ask", data=data)
                    if answer.status_code == 303:
                        self.conversation = answer.headers["location"].split("/c/")[1].partition("#")[0]
                        self.acknowledged.append(said)
            except httpx.HTTPError:
                return  # killed


def killed(index: Path, folder: Path, times: int) -> int:
    """Kill the service so often; compare after each with what is kept. Return how many turns were acknowledged."""
    chance = random.Random(times)
    url = f"sqlite:///{folder / 'conversations.sqlite3'}"
    total = 0
    for number in range(times):
        writers = [Writer() for _ in range(_WRITERS)]
        with serving(index, NELM_DATABASE_URL=url) as (process, address):
            threads = [threading.Thread(target=w.write, args=(address, number)) for w in writers]
            for thread in threads:
                thread.start()
            while not any(writer.acknowledged for writer in writers) and any(t.is_alive() for t in threads):
                time.sleep(0.01)  # a slow machine begins late
            time.sleep(chance.uniform(0, 1))
            process.kill()
            for thread in threads:
                thread.join(30)
        store = DatabaseStore.open(url)
        for writer in writers:
            if writer.conversation:
                kept = [turn.said for turn in store.turns(writer.conversation)]
                assert kept[: len(writer.acknowledged)] == writer.acknowledged
                assert len(kept) <= len(writer.acknowledged) + 1
                total += len(writer.acknowledged)
        store.close()
    return total


def test_a_service_killed_under_load_loses_nothing_acknowledged(index_path: Path, tmp_path: Path) -> None:
    assert killed(index_path, tmp_path, 2) > 0


@pytest.mark.soak
@pytest.mark.parametrize("times", [50, 1_000])
def test_a_service_killed_again_and_again_loses_nothing_acknowledged(
    index_path: Path, tmp_path: Path, times: int
) -> None:
    assert killed(index_path, tmp_path, times) > times
