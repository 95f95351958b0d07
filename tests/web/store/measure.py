"""What keeping costs in a long conversation: ``python -m tests.web.store.measure [URL]``, else on a fresh file."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant import Assistant
from web.store.database import DatabaseStore

QUESTIONS = (
    "62M, NELM, bilirubin 1.4 mg/dL, previous Whipple. TACE?",
    "What are its complications?",
    "Compare TACE with TARE",
    "sorry, bilirubin is 3.1",
    "What is the survival after RFA?",
)
TURNS = 60


def main(url: str) -> None:
    store = DatabaseStore.open(url)
    dialogue = Assistant.open().dialogue
    conversation = store.create()
    reading, writing, length = [], [], []
    for number in range(TURNS):
        turns, took = timed(store.turns, conversation)
        reading.append(took)
        turn = dialogue.turn(QUESTIONS[number % len(QUESTIONS)], turns)
        _, took = timed(store.append, conversation, turn)
        writing.append(took)
        length.append(len(turn.answer.to_json()))
    store.close()
    for name, values in (("turns()", reading), ("append()", writing)):
        late = values[-10:]
        print(f"{name}, turns 51-60: median {statistics.median(late):.2f} ms, lowest {min(late):.2f} ms")
    print(f"an answer's JSON: {statistics.median(length) / 1000:.0f} kB")
    again = DatabaseStore.open(url)
    _, took = timed(again.turns, conversation)
    print(f"all {TURNS} turns read by another process: {took:.0f} ms")
    again.close()


def timed(call: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    began = time.perf_counter()
    result = call(*arguments)
    return result, (time.perf_counter() - began) * 1e3


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'store.sqlite3'}")
