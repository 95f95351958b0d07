"""Timings and memory of the whole product: a cold question, a warm one, the service after many.

Figures are medians on the machine that runs it; compare ratios within one run, not runs on different days.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from assistant.assistant import Assistant
from assistant.evaluation.report import OWN_LIST, table
from assistant.evaluation.sets import load_own
from index.encoder import OnnxEncoder
from web.settings import PREFIX

_COLD_RUNS = 5
_TURNS = 50
_WARM_QUESTIONS = 1000
_START_TIMEOUT_S = 60.0
_COLD = (
    "import sys\n"
    "sys.argv = ['nelm', 'ask', 'What are the contraindications of TACE?']\n"
    "from web.cli import app\n"
    "try:\n    app()\n"
    "except SystemExit:\n    pass\n"
    "heavy = {'torch', 'transformers', 'sentence_transformers', 'sklearn'} & set(sys.modules)\n"
    "sys.exit(f'imported {heavy}' if heavy else 0)\n"
)


_LETTER = 2_000
_NOTE = (
    "62-year-old man, ileal NET G2, Ki-67 8 %, bilobar liver metastases, the largest 4.2 cm, 35 % of the liver. "
    "No ascites, portal vein patent, previous Whipple in 2018. Bilirubin 14 µmol/L, albumin 38 g/L, "
    "platelets 210 x 10^9/L, creatinine 0.9 mg/dL, AST 40 U/L. Progressed on lanreotide; ECOG 1. Is TACE possible?\n"
)


def bench_report(folder: Path) -> str:
    """Measure and report; takes about half a minute."""
    questions = [question.text for question in load_own(OWN_LIST)][:_WARM_QUESTIONS]
    assistant = Assistant.open(folder)
    warm = milliseconds(assistant.ask, questions)
    encoder = OnnxEncoder(folder)
    encoding = milliseconds(encoder.encode, questions)
    cold = _cold_seconds(folder)
    memory = _service_memory_mb(folder, questions)
    patients = assistant.patients
    letter = (_NOTE * 20)[:_LETTER]
    reading = milliseconds(patients.reader.read, [letter] * 100)
    rules = milliseconds(lambda note: patients.engine.evaluate(patients.reader.read(note)).traces, [_NOTE] * 100)
    reading_note = milliseconds(patients.reader.read, [_NOTE] * 100)
    evaluated = statistics.median(rules) - statistics.median(reading_note)
    turns = _turn_milliseconds(assistant, questions)
    kept = _kept_milliseconds(assistant, questions)
    rows = [
        ("`nelm ask` from a cold process, median of 5 (no torch)", f"{statistics.median(cold):.2f} s"),
        (f"a warm question, p50 / p99 of {len(warm)}", percentiles(warm)),
        ("encoding alone, p50 / p99", percentiles(encoding)),
        (f"a turn in a conversation of {len(turns)} turns, p50 / p99", percentiles(turns)),
        ("the same, kept in SQLite, p50 / p99", percentiles(kept)),
        (f"reading a case of {_LETTER:,} characters, p50 / p99", percentiles(reading)),
        (f"all {len(patients.book.rules)} rules for one patient with full trace, median", f"{evaluated:.1f} ms"),
        ("resident memory serving, after 1,000 questions", f"{memory:.0f} MB" if memory else "not measured here"),
    ]
    return table(("what", "measured"), rows)


def _turn_milliseconds(assistant: Assistant, questions: Sequence[str]) -> list[float]:
    """Time each turn of one conversation."""
    return milliseconds(assistant.conversation().say, _said(questions[::7]), warm=0)


def _kept_milliseconds(assistant: Assistant, questions: Sequence[str]) -> list[float]:
    """Time each turn of one conversation that is kept in a database file."""
    from assistant.conversation.store import say
    from web.store.database import DatabaseStore

    with tempfile.TemporaryDirectory() as folder:
        store = DatabaseStore.open(f"sqlite:///{folder}/conversations.sqlite3")
        name = store.create()
        said = _said(questions[3::7])
        times = milliseconds(lambda text: say(assistant.dialogue, store, name, text), said, warm=0)
        store.close()
    return times


def _said(questions: Sequence[str]) -> list[str]:
    """What is said in a conversation: a patient, then distinct questions among turns that lean on them."""
    asked = iter(questions)
    said = [_NOTE]
    for number in range(_TURNS // 5):
        said += [next(asked), "What about its complications?", next(asked), "In short?"]
        said += [f"Sorry, her bilirubin is {1.1 + number / 10:.1f} mg/dL"]
    return said[:_TURNS]


def percentiles(values: Sequence[float]) -> str:
    """Return median and 99th percentile of times in milliseconds."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):.1f} / {ordered[int(len(ordered) * 0.99)]:.1f} ms"


def milliseconds(function: Callable[[str], object], questions: Sequence[str], warm: int = 20) -> list[float]:
    """Return how long each call took, after some that do not count."""
    for question in questions[:warm]:
        function(question)
    times = []
    for question in questions:
        start = time.perf_counter()
        function(question)
        times.append((time.perf_counter() - start) * 1000)
    return times


def _environment(folder: Path) -> dict[str, str]:
    """This process's environment without our settings: the service measured is nobody's, and speaks to nobody."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**others, "NELM_INDEX": str(folder)}


def _cold_seconds(folder: Path) -> list[float]:
    times = []
    for _ in range(_COLD_RUNS + 1):
        start = time.perf_counter()
        subprocess.run(  # noqa: S603 - our own interpreter and words
            [sys.executable, "-c", _COLD], check=True, env=_environment(folder), stdout=subprocess.DEVNULL
        )
        times.append(time.perf_counter() - start)
    return times[1:]


def _service_memory_mb(folder: Path, questions: Sequence[str]) -> float | None:
    """Resident memory of a service after the questions; ``None`` where the system does not tell."""
    with serving(folder) as (process, address):
        for question in questions:
            request = urllib.request.Request(  # noqa: S310 - our own loopback address
                f"{address}/api/v1/ask",
                data=json.dumps({"question": question}).encode(),
                headers={"content-type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                response.read()
        status = Path(f"/proc/{process.pid}/status")
        if not status.is_file():
            return None
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the service on a free loopback port for a while, on a database thrown away; yield its process and address.

    Args:
        settings: Further variables of its environment.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    words = f"import sys; sys.argv = ['nelm', 'serve', '--port', '{port}']; import web.cli; web.cli.main()"
    command = [sys.executable, "-c", words]
    with tempfile.TemporaryDirectory() as kept:
        own = {"NELM_LOG_LEVEL": "warning", "NELM_DATABASE_URL": f"sqlite:///{kept}/conversations.sqlite3"}
        environment = {**_environment(folder), **own, **settings}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
        try:
            _wait(process, address)
            yield process, address
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise TimeoutError("the service did not start")
