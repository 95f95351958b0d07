"""Settings of the service: one frozen object, read from ``NELM_…`` variables once, at start."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from corpus.errors import NelmError
from web.logs import Form, Level

PREFIX = "NELM_"
_MOST_DAYS = 36_500
_MOST_PORT = 65_535
_MOST_WORKERS = 64
_SHORTEST_SECRET = 32


class SettingsError(NelmError):
    """A setting is unknown or has a value it cannot have."""

    code = "settings_invalid"
    hint = "The settings are listed in docs/settings.md."


class Settings(BaseSettings):
    """What can be set.

    Attributes:
        index: The index folder; by default the checkout's or the platform's (docs/settings.md).
        weights: Read by the build alone; known here so that it is not refused.
        database_url: Of the database that keeps conversations, perhaps with a password; by default a file.
        retention_days: Days after which a conversation not continued is removed; 0 keeps none.
        public_url: Put before links in answers of the API, such as ``https://nelm.example.org``.
        host: Address to listen on.
        port: Port to listen on.
        workers: Processes that answer.
        open_to_everyone: Whether whoever reaches the address may use the pages, and without keys also the API.
        sign_in: Whether the pages are for those who hold a key on this computer's own address too: behind a proxy.
        log_level: From which events on the service logs: ``info`` has a line for every request.
        log_format: ``json``, a line an event, or ``text`` for reading along.
        session_secret: Signs the cookies of those signed in; the same on all machines behind one address.
        slack_signing_secret: Of the Slack app; with ``slack_bot_token`` it opens Slack's addresses.
        slack_signing_secret_old: The one before, accepted too while secrets are rotated.
        slack_app_token: Opens Socket Mode.
        slack_api_url: Where Slack's Web API is.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    index: Path | None = None
    weights: str | None = None
    database_url: str | None = Field(default=None, repr=False)
    retention_days: int = Field(default=30, ge=0, le=_MOST_DAYS)
    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=_MOST_PORT)
    workers: int = Field(default=1, ge=1, le=_MOST_WORKERS)
    open_to_everyone: bool = False
    sign_in: bool = False
    log_level: Level = "info"
    log_format: Form = "json"
    session_secret: str | None = Field(default=None, repr=False, min_length=_SHORTEST_SECRET)
    slack_signing_secret: str = Field(default="", repr=False)
    slack_signing_secret_old: str = Field(default="", repr=False)
    slack_bot_token: str = Field(default="", repr=False)
    slack_app_token: str = Field(default="", repr=False)
    slack_api_url: str = "https://slack.com/api/"


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: If a variable with our prefix is unknown, or a value is not of its type.
    """
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise SettingsError(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    try:
        return Settings()
    except ValidationError as exc:
        names = ", ".join(f"{PREFIX}{str(error['loc'][0]).upper()}" for error in exc.errors())
        raise SettingsError(f"{names} cannot have this value") from exc
