from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant import Assistant
from assistant.conversation.store import say
from web.cli import app
from web.replay import replay_text, replayed
from web.store.database import DatabaseStore

RUN = CliRunner()


@pytest.fixture(scope="module")
def kept(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A database's URL, and the id of a conversation in it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'conversations.sqlite3'}"
    store = DatabaseStore.open(url)
    name = store.create("somebody")
    say(assistant.dialogue, store, name, "62M, NELM, bilirubin 1.4 mg/dL. TACE?")
    say(assistant.dialogue, store, name, "Bilirubin: 45 µmol/L", facts={"bilirubin_mg_dl": "45 µmol/L"})
    say(assistant.dialogue, store, name, "why?")
    store.feedback(name, 2, "wrong", "the unit")
    store.close()
    return url, name


def run(*words: str) -> str:
    result = RUN.invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_list_names_each_conversation(kept: tuple[str, str]) -> None:
    url, name = kept
    (line,) = run("conversations", "list", "--database", url).splitlines()
    assert line.startswith(name)
    assert line.endswith("62M, NELM, bilirubin 1.4 mg/dL. TACE?")


def test_an_export_holds_every_answer_whole(kept: tuple[str, str]) -> None:
    url, name = kept
    rows = json.loads(run("conversations", "export", name, "--database", url))
    store = DatabaseStore.open(url)
    assert [row["answer"] for row in rows] == [json.loads(store.answer_json(name, n)) for n in (1, 2, 3)]
    assert rows[1]["inputs"] == {"facts": {"bilirubin_mg_dl": "45 µmol/L"}, "confirmed": []}
    store.close()
    assert "# Conversation" in run("conversations", "export", name, "--as", "md", "--database", url)


def test_a_conversation_is_shown_with_where_the_therapies_stand(kept: tuple[str, str], index_path: Path) -> None:
    shown = run("conversations", "show", kept[1], "--database", kept[0], "--index", str(index_path))
    assert "1. 62M, NELM, bilirubin 1.4 mg/dL. TACE?\n\nWhere the therapies stand:\n" in shown
    assert "Understood:\n" in shown


def test_feedback_is_listed(kept: tuple[str, str]) -> None:
    assert "answer 2  wrong  the unit" in run("feedback", "--database", kept[0])


def test_a_replay_of_today_finds_the_same(kept: tuple[str, str], index_path: Path) -> None:
    url, name = kept
    told = run("replay", name, "--database", url, "--index", str(index_path))
    assert told.count("the same answer") == 3


def test_a_replay_names_what_changed_and_why(assistant: Assistant, kept: tuple[str, str]) -> None:
    url, name = kept
    store = DatabaseStore.open(url)
    first = store.stored(name)[0]
    store.close()
    values = json.loads(first.answer)
    values["knowledge"] = "0" * 64
    values["documents"][0]["sha256"] = "1" * 64
    values["status"] = "declined"
    values["therapies"] = [t for t in values["therapies"] if t["therapy"] != "tace"]
    values["citations"] = values["citations"][1:]
    old = replace(first, answer=json.dumps(values))
    (turn,) = replayed(assistant, [old])
    text = replay_text([turn])
    assert "status: declined → " in text
    assert "tace: – → " in text
    assert "citations: now also" in text
    assert "the knowledge is" in text
    assert "the source criss-makary-2024 is another text" in text


def test_delete_and_purge_remove(assistant: Assistant, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.sqlite3'}"
    store = DatabaseStore.open(url)
    name = store.create()
    say(assistant.dialogue, store, name, "zebrafish TACE")
    store.close()
    run("conversations", "delete", name, "--database", url)
    assert run("conversations", "list", "--database", url) == ""
    assert not any(b"zebrafish" in path.read_bytes() for path in tmp_path.iterdir())
    assert run("conversations", "purge", "--days", "0", "--database", url) == "0 deleted\n"
    missing = RUN.invoke(app, ["conversations", "show", name, "--database", url])
    assert missing.exit_code != 0
