"""From nothing to an answering bot: the manifest, and what `nelm slack check` says on the way."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from assistant import Assistant
from tests.web.slack.serving import service
from tests.web.slack.stub import SECRET, TOKEN, StubSlack
from web.cli import UsageError, app
from web.settings import Settings
from web.slack.bot import bot_of
from web.slack.checking import findings
from web.slack.errors import SlackCheckError
from web.slack.manifest import SCOPES, manifest
from web.store.keeping import MemoryKeeping

ADDRESS = "https://nelm.example.org"


def test_the_manifest_names_our_addresses_and_no_wider_scope() -> None:
    made = json.loads(manifest(f"{ADDRESS}/"))
    assert made["oauth_config"]["scopes"] == {"bot": ["app_mentions:read", "im:history", "chat:write", "commands"]}
    settings = made["settings"]
    assert settings["event_subscriptions"] == {
        "request_url": f"{ADDRESS}/slack/events",
        "bot_events": ["app_mention", "message.im", "app_home_opened"],
    }
    assert settings["interactivity"]["request_url"] == f"{ADDRESS}/slack/interactivity"
    (command,) = made["features"]["slash_commands"]
    assert (command["command"], command["url"]) == ("/nelm", f"{ADDRESS}/slack/commands")
    assert made["features"]["app_home"]["messages_tab_read_only_enabled"] is False
    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140


def test_with_socket_mode_no_address_is_named() -> None:
    made = manifest("", socket_mode=True)
    assert "http" not in made
    assert json.loads(made)["settings"]["socket_mode_enabled"] is True


def run(*words: str, **variables: str) -> tuple[int, str]:
    kept = {name: None for name in os.environ if name.startswith("NELM_")}
    result = CliRunner().invoke(app, ["slack", *words], env={**kept, **variables})
    told = f"error[{getattr(result.exception, 'code', '')}]" if result.exception else ""
    return result.exit_code, result.output + told


def test_the_manifest_is_printed_for_an_address_or_for_socket_mode() -> None:
    assert json.loads(run("manifest", "--public-url", ADDRESS)[1]) == json.loads(manifest(ADDRESS))
    assert json.loads(run("manifest", NELM_PUBLIC_URL=ADDRESS)[1]) == json.loads(manifest(ADDRESS))
    assert json.loads(run("manifest", "--socket-mode")[1]) == json.loads(manifest("", socket_mode=True))
    code, output = run("manifest")
    assert (code, f"error[{UsageError.code}]" in output) == (1, True)


def told(**settings: Any) -> dict[str, str]:
    return {finding.what: finding.wrong for finding in findings(Settings(**settings))}


@pytest.fixture
def ready(stub: StubSlack) -> dict[str, str]:
    return {"slack_bot_token": TOKEN, "slack_signing_secret": SECRET, "slack_api_url": stub.url}


def test_without_a_token_it_says_where_to_find_it() -> None:
    assert "xoxb-" in told()["bot token"]


def test_a_wrong_token_is_told_by_slacks_own_code(ready: dict[str, str]) -> None:
    wrong = told(**{**ready, "slack_bot_token": "xoxb-other"})
    assert "invalid_auth" in wrong["bot token"]
    assert "xoxb-other" not in str(wrong)


def test_missing_and_wider_scopes_are_named(ready: dict[str, str], stub: StubSlack) -> None:
    stub.scopes = "app_mentions:read, im:history,chat:write,channels:history"
    assert told(**ready)["scopes"] == (
        "missing: commands; add them and install the app again; not needed: channels:history; take them away"
    )
    stub.scopes = ",".join(SCOPES)
    assert told(**ready)["scopes"] == ""


def test_a_service_that_answers_is_all_right_and_its_secret_is_compared(
    linked: Assistant, tmp_path: Path, ready: dict[str, str], stub: StubSlack
) -> None:
    with service(linked, f"sqlite:///{tmp_path / 'store.sqlite3'}", stub) as running:
        address = running.workspace.address
        assert set(told(**ready, public_url=address).values()) == {""}
        other = told(**{**ready, "slack_signing_secret": "other"}, public_url=address)
        assert [wrong for wrong in other.values() if wrong] == [
            "it runs with another signing secret, its clock is wrong, or a proxy asks for a login at /slack"
        ]
        variables = {f"NELM_{name.upper()}": value for name, value in ready.items()}
        code, output = run("check", **variables, NELM_PUBLIC_URL=address)
        assert (code, output.count("ok "), "wrong" in output) == (0, 4, False)
    code, output = run("check", **variables, NELM_PUBLIC_URL=address)
    assert code == 1
    assert "it does not answer" in output
    assert SlackCheckError.code in output
    assert TOKEN not in output
    assert SECRET not in output


def test_without_an_address_it_says_that_slack_could_not_reach_it(ready: dict[str, str]) -> None:
    wrong = [text for text in told(**ready).values() if text]
    assert len(wrong) == 2
    assert all("NELM_PUBLIC_URL" in text for text in wrong)


def test_slack_that_cannot_be_reached_is_told(ready: dict[str, str]) -> None:
    assert "does not answer" in told(**{**ready, "slack_api_url": "http://127.0.0.1:9/"})["bot token"]


def test_socket_mode_is_looked_at_where_its_token_is_set(ready: dict[str, str], stub: StubSlack) -> None:
    given = {**ready, "slack_app_token": "xapp-1", "slack_signing_secret": "", "public_url": ADDRESS}
    assert set(told(**given).values()) == {""}
    assert stub.of("apps.connections.open")
    stub.plan = lambda m, _v: (200, {}, {"ok": False, "error": "not_allowed_token_type"}) if "apps" in m else None
    assert "connections:write" in told(**given)["Socket Mode"]


@pytest.mark.parametrize(
    ("settings", "there", "addresses"),
    [
        ({}, False, False),
        ({"slack_signing_secret": "s"}, False, False),
        ({"slack_bot_token": "t"}, False, False),
        ({"slack_bot_token": "t", "slack_signing_secret": "s"}, True, True),
    ],
)
def test_the_bot_is_there_where_token_and_secret_are(
    linked: Assistant, engine: Engine, settings: dict[str, Any], there: bool, addresses: bool
) -> None:
    made = bot_of(Settings(**settings), linked, MemoryKeeping(), engine)
    assert (made is not None) is there
    assert (made is not None and made.signatures is not None) is addresses
