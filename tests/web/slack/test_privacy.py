"""Words of a patient in Slack's messages: they come back in answers, and are written nowhere else."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import pytest

from assistant import Assistant
from assistant.conversation.dialogue import Dialogue
from tests.web.observed import Logged, logged
from tests.web.slack.serving import AT_ONCE, PUBLIC, Service, service
from tests.web.slack.stub import BUSY, DOWN, SECRET, TOKEN, StubSlack, direct, event, values_of
from web.slack.tasks import AnswerOf, FactGiven, Place, Question, Rated
from web.store.opening import open_engine
from web.store.outbox import Outbox

CANARIES = ("Zebrafishson", "1947-03-02", "MRN-4711-0815")
WORDS = f"{CANARIES[0]}, born {CANARIES[1]}, {CANARIES[2]}: 62M, NELM, bilirubin 45 µmol/L, prior Whipple. TACE?"


def found(text: str) -> list[str]:
    return [canary for canary in (*CANARIES, "zebrafish", TOKEN, SECRET) if canary.lower() in text.lower()]


class Failing(Assistant):
    """Fails with the message in its own whenever the message says so."""

    @cached_property
    def dialogue(self) -> Dialogue:
        plain = super().dialogue

        class Exploding:
            def turn(self, said: str, *arguments: Any, **named: Any) -> Any:
                if "explode" in said:
                    raise RuntimeError(said)
                return plain.turn(said, *arguments, **named)

        return cast("Dialogue", Exploding())


@contextmanager
def planted(assistant: Assistant, folder: Path, stub: StubSlack, days: int) -> Iterator[tuple[Service, Logged]]:
    failing = Failing(assistant._index, public_url=PUBLIC)
    url = f"sqlite:///{folder / 'kept' / 'store.sqlite3'}"
    with logged() as log, service(failing, url, stub, pace=AT_ONCE, retention_days=days) as running:
        yield running, log


def plant(running: Service, stub: StubSlack) -> list[str]:
    """Put the words wherever Slack may, while Slack fails now and then; return what errors said."""
    workspace, errors = running.workspace, []
    refusals = [BUSY, DOWN]
    stub.plan = lambda _method, _values: refusals.pop() if refusals else None
    for envelope in (event(WORDS), direct(WORDS), event(f"explode {WORDS}"), direct(WORDS, thread_ts="7.7")):
        assert workspace.deliver(envelope).status_code == 200
    workspace.command(WORDS)
    (answer,) = stub.await_calls("respond", 1)
    workspace.press("share", values_of(answer, "share")[0])
    workspace.press("fact", values_of(answer, "fact")[0])
    view = stub.await_calls("views.open", 1)[0]["view"]
    metadata = json.dumps({**json.loads(view["private_metadata"]), "fact": "bilirubin_mg_dl"})
    block = "value-bilirubin_mg_dl"
    errors.append(workspace.submit({**view, "private_metadata": metadata}, block, WORDS).text)
    errors.append(workspace.submit({**view, "private_metadata": WORDS}, block, WORDS).text)
    body = json.dumps(event(WORDS)).encode()
    for kind in ("events", "commands", "interactivity"):
        errors.append(workspace.send(kind, body, {}).text)
        errors.append(workspace.send(kind, body[:-3]).text)
        errors.append(workspace.send(kind, urlencode({"payload": WORDS, "text": WORDS}).encode()).text)
    stub.await_calls("chat.postMessage", 4)
    return errors


def test_a_patients_words_are_in_no_log_error_address_or_temporary_file(
    linked: Assistant,
    tmp_path: Path,
    stub: StubSlack,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    with planted(linked, tmp_path, stub, 30) as (running, log):
        errors = plant(running, stub)
        posts = json.dumps(stub.posts(), ensure_ascii=False)
    assert "Total serum bilirubin" in posts, "they were read"
    assert len(log.of("request")) > 10
    assert len(log.of("slack_task_failed")) == 3
    assert found(log.getvalue()) == []
    assert found("".join(capfd.readouterr())) == []
    assert [error for error in errors if found(error)] == []
    assert [path for path in stub.paths if found(path)] == []
    left = [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()]
    assert [path for path in left if found(path.read_bytes().decode("latin-1"))] == []


def test_where_nothing_is_kept_no_word_is_left_in_the_database(
    linked: Assistant, tmp_path: Path, stub: StubSlack
) -> None:
    with planted(linked, tmp_path, stub, 0) as (running, _):
        plant(running, stub)
    files = {path.name: path.read_bytes().decode("latin-1") for path in (tmp_path / "kept").iterdir()}
    assert "store.sqlite3" in files
    assert [name for name, content in files.items() if found(content)] == []
    assert [name for name, content in files.items() if "C0CHANNEL" in content] == []


def test_after_posting_no_word_and_no_id_of_slacks_stands_in_the_queue(
    linked: Assistant, tmp_path: Path, stub: StubSlack
) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    with service(linked, url, stub) as running:
        running.workspace.deliver(direct(WORDS))
        stub.await_calls("chat.postMessage", 1)
    engine = open_engine(url)
    with engine.begin() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM slack_outbox").all()
        seen = connection.exec_driver_sql("SELECT key FROM slack_seen").scalars().all()
        owners = connection.exec_driver_sql("SELECT owner FROM conversations").scalars().all()
    assert rows == []
    assert len(seen) == 2
    assert all(len(key) == 48 for key in seen)
    assert [text for text in (*seen, *owners) if "T0TEAM" in text or "D0DIRECT" in text] == []
    assert Outbox(engine).next_due() is None
    engine.dispose()


def test_what_is_printed_of_a_task_holds_no_words() -> None:
    place = Place("T", "C", "1.1", response_url=f"https://hooks.slack.com/{CANARIES[0]}")
    tasks = (
        Question(place, WORDS),
        FactGiven(place, AnswerOf("c", 1), "bilirubin_mg_dl", WORDS),
        Rated(AnswerOf("c", 1), "wrong", place.response_url),
    )
    assert found(repr(tasks)) == []
