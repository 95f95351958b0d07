from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.conftest import ROOT
from web.settings import Settings, SettingsError, load_settings

KNOWN = [
    "NELM_DATABASE_URL",
    "NELM_HOST",
    "NELM_INDEX",
    "NELM_LOG_FORMAT",
    "NELM_LOG_LEVEL",
    "NELM_OPEN_TO_EVERYONE",
    "NELM_PORT",
    "NELM_PUBLIC_URL",
    "NELM_RETENTION_DAYS",
    "NELM_SESSION_SECRET",
    "NELM_SIGN_IN",
    "NELM_SLACK_API_URL",
    "NELM_SLACK_APP_TOKEN",
    "NELM_SLACK_BOT_TOKEN",
    "NELM_SLACK_SIGNING_SECRET",
    "NELM_SLACK_SIGNING_SECRET_OLD",
    "NELM_WEIGHTS",
    "NELM_WORKERS",
]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("NELM_")]:
        monkeypatch.delenv(name)


def test_without_variables_the_defaults_hold() -> None:
    assert load_settings() == Settings(index=None, weights=None, database_url=None, retention_days=30, public_url="")


def test_known_variables_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NELM_INDEX", str(tmp_path))
    monkeypatch.setenv("NELM_WEIGHTS", "a/b")
    monkeypatch.setenv("NELM_PUBLIC_URL", "https://nelm.example.org")
    settings = load_settings()
    assert (settings.index, settings.weights, settings.public_url) == (tmp_path, "a/b", "https://nelm.example.org")


@pytest.mark.parametrize("name", ["NELM_FOO", "NELM_INDEXX", "NELM_", "NELM_PUBLICURL"])
def test_an_unknown_variable_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "secret-value")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert name in str(caught.value)
    assert all(known in str(caught.value) for known in KNOWN)
    assert "secret-value" not in str(caught.value)
    assert caught.value.code == "settings_invalid"


def test_all_unknown_variables_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NELM_B", "1")
    monkeypatch.setenv("NELM_A", "1")
    with pytest.raises(SettingsError, match="unknown NELM_A, NELM_B;"):
        load_settings()


@pytest.mark.parametrize("name", ["NELMFOO", "MY_NELM_FOO", "PATH"])
def test_variables_without_the_prefix_are_nobodys_business(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    load_settings()


def test_an_empty_index_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NELM_INDEX", "")
    assert load_settings().index is None


@pytest.mark.parametrize("days", ["0", "1", "36500"])
def test_days_of_retention(monkeypatch: pytest.MonkeyPatch, days: str) -> None:
    monkeypatch.setenv("NELM_RETENTION_DAYS", days)
    assert load_settings().retention_days == int(days)


@pytest.mark.parametrize("days", ["-1", "1.5", "for ever", "36501"])
def test_impossible_days_of_retention_are_refused(monkeypatch: pytest.MonkeyPatch, days: str) -> None:
    monkeypatch.setenv("NELM_RETENTION_DAYS", days)
    with pytest.raises(SettingsError, match="NELM_RETENTION_DAYS cannot have this value"):
        load_settings()


def test_the_database_s_password_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NELM_DATABASE_URL", "postgresql+psycopg://me:geheim@localhost/nelm")
    settings = load_settings()
    assert settings.database_url == "postgresql+psycopg://me:geheim@localhost/nelm"
    assert "geheim" not in f"{settings!r} {settings}"


def test_the_secret_of_sessions_is_long_and_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NELM_SESSION_SECRET", "geheim" * 5)
    with pytest.raises(SettingsError, match="NELM_SESSION_SECRET cannot have this value"):
        load_settings()
    monkeypatch.setenv("NELM_SESSION_SECRET", "geheim" * 6)
    assert "geheim" not in repr(load_settings())


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().public_url = "https://elsewhere.example"


def test_every_setting_has_a_row_in_the_documentation_and_no_other() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\|\s*`(NELM_\w+)`", text, re.MULTILINE))
    assert rows == {f"NELM_{name.upper()}" for name in Settings.model_fields}
    assert rows == set(KNOWN)
