from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from web.cli import app
from web.keys.key import digest_of
from web.store.api_keys import KeyStore

RUN = CliRunner()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'conversations.sqlite3'}"


def run(*words: str) -> tuple[str, str]:
    result = RUN.invoke(app, ["keys", *words])
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_a_key_is_made_listed_and_revoked(url: str) -> None:
    out, said = run(
        "create", "Registry", "--scope", "ask", "--scope", "read", "--scope", "ask", "--per-minute", "30",
        "--database", url,
    )  # fmt: skip
    secret = out.strip()
    store = KeyStore.open(url)
    (key,) = store.listed()
    store.close()
    assert key.digest == digest_of(secret)
    assert (key.scopes, key.per_minute) == (("ask", "read"), 30)
    assert secret not in said
    listed, _ = run("list", "--database", url)
    assert listed.split() == [key.id, f"{key.created:%Y-%m-%d}", "ask,read", "30", "in", "force", "Registry"]
    run("revoke", key.id, "--database", url)
    listed, _ = run("list", "--database", url)
    assert " revoked " in listed
    assert key.digest not in listed


@pytest.mark.parametrize("words", [["x"], ["x", "--scope", "everything"], ["x", "--scope", "ask", "--per-minute", "0"]])
def test_a_key_without_a_scope_or_with_an_impossible_limit_is_not_made(url: str, words: list[str]) -> None:
    result = RUN.invoke(app, ["keys", "create", *words, "--database", url])
    assert result.exit_code == 2
