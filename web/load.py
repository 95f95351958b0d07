"""``nelm bench http``: the service under load, as many clients at once as one says.

The clients share the machine with the service; figures are of both together.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from assistant.evaluation.report import OWN_LIST, table
from assistant.evaluation.sets import load_own
from index.encoder import OnnxEncoder
from web.bench import milliseconds, percentiles, serving

CONCURRENT = (1, 10, 50, 200)
_WORKERS = 2
_WARM = 100
_ENCODED = 300
_OK = b"HTTP/1.1 200 "


@dataclass(frozen=True, slots=True)
class Measured:
    """What one level of load gave.

    Attributes:
        times_ms: Of each request answered, in the order of the answers.
        errors: Requests refused, failed or cut off.
        memory_mb: Of all workers together, afterwards.
        cpu_s: What the workers used of their cores: the same however many others use the machine.
    """

    concurrent: int
    seconds: float
    times_ms: Sequence[float]
    errors: int
    cpu_s: float = 0.0
    memory_mb: float = 0.0

    @property
    def row(self) -> tuple[str, ...]:
        """A row of the report."""
        answers = len(self.times_ms)
        cpu = f"{self.cpu_s / answers * 1000:.1f} ms"
        return (
            str(self.concurrent),
            f"{answers / self.seconds:.0f}",
            percentiles(self.times_ms),
            cpu,
            f"{self.memory_mb:.0f} MB",
            str(self.errors),
        )


def load_report(folder: Path, requests: int) -> str:
    """Measure and report; each level makes so many requests."""
    questions = [question.text for question in load_own(OWN_LIST)]
    encoder = OnnxEncoder(folder)
    encoding = milliseconds(encoder.encode, questions[:_ENCODED])
    with tempfile.TemporaryDirectory() as kept:
        settings = {"NELM_WORKERS": str(_WORKERS), "NELM_DATABASE_URL": f"sqlite:///{kept}/load.sqlite3"}
        with serving(folder, **settings) as (process, address):
            asked = itertools.cycle(questions)
            pids = list(workers(process.pid))
            load(address, 10, itertools.islice(asked, _WARM))
            before = memory_mb(pids)
            distinct = [_measured(pids, address, n, itertools.islice(asked, requests)) for n in CONCURRENT]
            repeated = _measured(pids, address, CONCURRENT[2], itertools.repeat(questions[0], requests))
    head = ("at once", "answers a second", "p50 / p99", "processor an answer", "memory then", "errors")
    rows = [measured.row for measured in distinct]
    rows.append((f"{repeated.concurrent}, one question again and again", *repeated.row[1:]))
    return "\n\n".join(
        [
            f"{_WORKERS} workers, {requests} distinct questions a level; encoding alone {percentiles(encoding)}, "
            f"{1000 / statistics.mean(encoding):.0f} a second on one core",
            table(head, rows),
            f"resident memory of the workers after the first {_WARM} questions: {before:.0f} MB",
        ]
    )


def _measured(pids: Sequence[int], address: str, concurrent: int, questions: Iterator[str]) -> Measured:
    began = _cpu_s(pids)
    measured = load(address, concurrent, questions)
    return replace(measured, cpu_s=_cpu_s(pids) - began, memory_mb=memory_mb(pids))


def load(address: str, concurrent: int, questions: Iterator[str]) -> Measured:
    """Ask a service from so many connections at once, each waiting for its answer before it asks again."""
    parts = urlsplit(address)
    return asyncio.run(_load(parts.hostname or "", parts.port or 0, concurrent, questions))


async def _load(host: str, port: int, concurrent: int, questions: Iterator[str]) -> Measured:
    times: list[float] = []
    errors = 0

    async def client() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection(host, port)
        for question in questions:
            began = time.perf_counter()
            writer.write(_request(host, question))
            try:
                well = await _answered(reader)
            except (OSError, asyncio.IncompleteReadError):
                errors += 1
                reader, writer = await asyncio.open_connection(host, port)
                continue
            times.append((time.perf_counter() - began) * 1000)
            errors += not well
        writer.close()
        await writer.wait_closed()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(concurrent)))
    return Measured(concurrent, time.perf_counter() - began, times, errors)


def _request(host: str, question: str) -> bytes:
    body = json.dumps({"question": question}).encode()
    fields = f"host: {host}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return f"POST /api/v1/ask HTTP/1.1\r\n{fields}\r\n".encode() + body


async def _answered(reader: asyncio.StreamReader) -> bool:
    """Read a response; return whether it is an answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    await reader.readexactly(int(fields[b"content-length"]))
    return head.startswith(_OK)


def workers(parent: int) -> Iterator[int]:
    """Return the processes of a service's workers, where the system tells."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            command = status.with_name("cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields["PPid"]) == parent and b"spawn_main" in command:
            yield int(fields["Pid"])


def memory_mb(pids: Sequence[int]) -> float:
    """Return the resident memory of processes."""
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _cpu_s(pids: Sequence[int]) -> float:
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")
