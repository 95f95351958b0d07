"""Speaking to Slack: one try each, every failure told by a code and never by what was to be said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse, WebClient
from slack_sdk.webhook import WebhookClient

from web.slack.errors import SlackBusyError, SlackRefusedError, SlackUnreachableError
from web.slack.splitting import Message

API_URL = "https://slack.com/api/"
TIMEOUT_S = 10
_WAIT_S = 30.0
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
"""Refusals that are gone when asked again."""
BARRED = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
)
"""Refusals that an administrator can lift."""
TOO_MUCH = frozenset({"invalid_blocks", "msg_blocks_too_long", "msg_too_long", "invalid_blocks_format"})
"""Refusals of a message's form."""


def silent(name: str) -> logging.Logger:
    """Return a logger that writes nothing: the library's own lines carry messages, tokens and addresses."""
    logger = logging.getLogger(f"nelm.slack.{name}")
    logger.disabled = True
    logger.setLevel(logging.CRITICAL)
    return logger


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are to Slack, and what we may do."""

    team: str
    user: str
    scopes: tuple[str, ...]


class Sender:
    """Slack's Web API with one bot's token; any number of threads may use it."""

    def __init__(self, token: str, api_url: str = API_URL, *, timeout_s: int = TIMEOUT_S) -> None:
        self._api = urlsplit(api_url)
        # No retries in here: the outbox tries again, later and without a thread that sleeps.
        self._client = WebClient(token, base_url=api_url, timeout=timeout_s, logger=silent("web"), retry_handlers=[])
        self._timeout_s = timeout_s

    @property
    def client(self) -> WebClient:
        """The library's client."""
        return self._client

    def post(self, channel: str, thread: str, message: Message, key: str) -> str:
        """Post a message and return its timestamp, which names it.

        Args:
            thread: The message to answer under; empty for none.
            key: The same for each try, so that Slack can tell a second try from a second message.

        Raises:
            SlackError: If it was not posted, or nobody knows.
        """
        answered = self._call(
            lambda: self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=list(message.blocks),
                thread_ts=thread or None,
                unfurl_links=False,
                unfurl_media=False,
                client_msg_id=key,
            )
        )
        return str(answered.get("ts", ""))

    def respond(self, response_url: str, message: Message, *, to_all: bool = False) -> None:
        """Answer a command or a button at the address it came with.

        Args:
            to_all: Whether the channel sees it.

        Raises:
            SlackError: If it was not posted, or nobody knows.
        """
        if not self._is_slacks(response_url):
            raise SlackRefusedError("response_url is not of Slack's")
        hook = WebhookClient(response_url, timeout=self._timeout_s, logger=silent("hook"), retry_handlers=[])
        with _told():
            answered = hook.send(
                text=message.text,
                blocks=list(message.blocks),
                response_type="in_channel" if to_all else "ephemeral",
                replace_original=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        headers = {name.lower(): value for name, value in answered.headers.items()}
        refused = next((reason for reason in TOO_MUCH if reason in answered.body), "response_url_refused")
        _judge(answered.status_code, headers, "" if answered.status_code == HTTPStatus.OK else refused)

    def open_view(self, trigger: str, view: Mapping[str, Any]) -> None:
        """Open a form over what somebody looks at.

        Raises:
            SlackError: If it was not opened.
        """
        self._call(lambda: self._client.views_open(trigger_id=trigger, view=dict(view)))

    def update_view(self, name: str, version: str, view: Mapping[str, Any]) -> None:
        """Show another form in the place of an open one, unless it has changed since.

        Raises:
            SlackError: If it was not changed.
        """
        self._call(lambda: self._client.views_update(view_id=name, hash=version or None, view=dict(view)))

    def publish_home(self, user: str, view: Mapping[str, Any]) -> None:
        """Show somebody the bot's home.

        Raises:
            SlackError: If it was not shown.
        """
        self._call(lambda: self._client.views_publish(user_id=user, view=dict(view)))

    def identity(self) -> Identity:
        """Return who the token belongs to and what it may do.

        Raises:
            SlackError: If Slack does not say.
        """
        found = self._call(self._client.auth_test)
        headers = {name.lower(): value for name, value in found.headers.items()}
        scopes = _first(headers.get("x-oauth-scopes", ""))
        listed = tuple(scope.strip() for scope in scopes.split(",") if scope.strip())
        return Identity(str(found.get("team", "")), str(found.get("user", "")), listed)

    def socket_url(self, app_token: str) -> str:
        """Return where Socket Mode listens.

        Raises:
            SlackError: If Slack does not say.
        """
        return str(self._call(lambda: self._client.apps_connections_open(app_token=app_token)).get("url", ""))

    def _is_slacks(self, url: str) -> bool:
        parts = urlsplit(url)
        of_slack = (parts.scheme, parts.hostname) == ("https", f"hooks.{self._api.hostname}")
        return of_slack or (parts.scheme, parts.netloc) == (self._api.scheme, self._api.netloc)

    @staticmethod
    def _call(send: Callable[[], SlackResponse]) -> SlackResponse:
        with _told():
            try:
                return send()
            except SlackApiError as exc:
                answered = exc.response
        headers = {name.lower(): value for name, value in answered.headers.items()}
        data = answered.data if isinstance(answered.data, dict) else {}
        _judge(answered.status_code, headers, str(data.get("error", "unknown"))[:60])
        raise SlackUnreachableError("Slack's answer cannot be read")


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the library raises into an error without a word of the message.

    Raises:
        SlackUnreachableError: If Slack does not answer as it should.
    """
    try:
        yield
    except SlackApiError:
        raise
    except (OSError, HTTPException, SlackClientError, ValueError) as exc:
        raise SlackUnreachableError(f"Slack does not answer: {type(exc).__name__}") from None


def _judge(status: int, headers: Mapping[str, str | Sequence[str]], reason: str) -> None:
    """Raise what an answer means, nothing where it is good."""
    if status == HTTPStatus.TOO_MANY_REQUESTS or reason in {"ratelimited", "rate_limited"}:
        raise SlackBusyError(_seconds(_first(headers.get("retry-after", ""))))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or reason in _PASSING:
        raise SlackUnreachableError(f"Slack fails: {status}")
    if reason:
        raise SlackRefusedError(reason)


def _first(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else next(iter(value), "")


def _seconds(value: str) -> float:
    return min(float(value), 3600.0) if value.isascii() and value.isdigit() else _WAIT_S
