"""Whether the bot could work as it is set up: settings, token, scopes, and whether Slack can reach the service."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException

from slack_sdk.signature import SignatureVerifier

from web.settings import Settings
from web.slack.errors import SlackError
from web.slack.manifest import SCOPES
from web.slack.sending import Identity, Sender
from web.slack.signatures import SIGNATURE, TIMESTAMP

_TIMEOUT_S = 10
_CHALLENGE = "nelm-slack-check"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; ``wrong`` says what is amiss and what to do, and is empty where all is well."""

    what: str
    wrong: str = ""


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at one thing after another; Slack is asked only where there is a token."""
    if not settings.slack_bot_token:
        yield Finding("bot token", "NELM_SLACK_BOT_TOKEN is not set: it stands under OAuth & Permissions, xoxb-…")
        return
    if not (settings.slack_signing_secret or settings.slack_app_token):
        yield Finding(
            "signing secret or app token",
            "set NELM_SLACK_SIGNING_SECRET (Basic Information), or NELM_SLACK_APP_TOKEN for Socket Mode",
        )
    sender = Sender(settings.slack_bot_token, settings.slack_api_url, timeout_s=_TIMEOUT_S)
    try:
        identity = sender.identity()
    except SlackError as error:
        yield Finding("bot token", f"{error}: install the app and copy its bot token anew")
        return
    yield Finding(f"bot token: {identity.user} in {identity.team}")
    yield _scopes(identity)
    if settings.slack_app_token:
        yield _socket(sender, settings.slack_app_token)
    if settings.slack_signing_secret:
        yield _reached(settings)
    wrong = "" if settings.public_url else "NELM_PUBLIC_URL is not set: sentences in Slack cannot be linked to the page"
    yield Finding("links to the page", wrong)


def _scopes(identity: Identity) -> Finding:
    missing = [scope for scope in SCOPES if scope not in identity.scopes]
    wider = [scope for scope in identity.scopes if scope not in SCOPES]
    wrong = [f"missing: {', '.join(missing)}; add them and install the app again"] if missing else []
    wrong += [f"not needed: {', '.join(wider)}; take them away"] if wider else []
    return Finding("scopes", "; ".join(wrong))


def _socket(sender: Sender, app_token: str) -> Finding:
    try:
        found = sender.socket_url(app_token)
    except SlackError as error:
        return Finding("Socket Mode", f"{error}: make an app-level token with connections:write, xapp-…")
    return Finding("Socket Mode", "" if found else "Slack names no address to connect to")


def _reached(settings: Settings) -> Finding:
    """Send the service, by its public address, a challenge signed as Slack signs."""
    what = "the service, by NELM_PUBLIC_URL and with this signing secret"
    if not settings.public_url.startswith(("https://", "http://")):
        return Finding(what, "NELM_PUBLIC_URL is not set to an address: Slack could not reach the service")
    body = json.dumps({"type": "url_verification", "challenge": _CHALLENGE}).encode()
    stamp = str(int(time.time()))
    signature = SignatureVerifier(settings.slack_signing_secret).generate_signature(timestamp=stamp, body=body)
    headers = {TIMESTAMP: stamp, SIGNATURE: str(signature), "content-type": "application/json"}
    address = f"{settings.public_url.rstrip('/')}/slack/events"
    request = urllib.request.Request(address, body, headers)  # noqa: S310 - an address of the administrator's
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
            answered = response.read(1_000)
    except urllib.error.HTTPError as error:
        return Finding(what, _meaning(error.code))
    except (OSError, HTTPException) as error:
        return Finding(what, f"it does not answer: {type(error).__name__}")
    return Finding(what, "" if _CHALLENGE.encode() in answered else "something else answers at this address")


def _meaning(status: int) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return "it runs with another signing secret, its clock is wrong, or a proxy asks for a login at /slack"
    if status == HTTPStatus.NOT_FOUND:
        return "it runs without NELM_SLACK_SIGNING_SECRET or NELM_SLACK_BOT_TOKEN: set both and start it again"
    return f"it answers with status {status}"
