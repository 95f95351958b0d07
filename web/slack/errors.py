"""What can go wrong between Slack and the service; no message carries what was said, nor a token."""

from __future__ import annotations

from http import HTTPStatus

from corpus.errors import NelmError
from web.problems import WebError


class UnsignedError(WebError):
    """A request to Slack's addresses does not carry Slack's signature, or an old one."""

    code = "slack_unsigned"
    hint = "Only Slack writes here; compare NELM_SLACK_SIGNING_SECRET with the app's page, and the server's clock."
    status = HTTPStatus.UNAUTHORIZED


class PayloadError(WebError):
    """A signed request holds nothing that Slack is known to send."""

    code = "slack_payload_invalid"
    hint = "Compare the app with `nelm slack manifest`."


class SlackError(NelmError):
    """Root of what Slack's own interface answers."""

    code = "slack_error"


class SlackBusyError(SlackError):
    """Slack asks to wait.

    Attributes:
        after_s: Seconds to wait.
    """

    code = "slack_busy"
    hint = "It is tried again after the time that Slack names."

    def __init__(self, after_s: float) -> None:
        super().__init__("Slack takes no more messages just now")
        self.after_s = after_s


class SlackUnreachableError(SlackError):
    """Slack does not answer, or not as it should."""

    code = "slack_unreachable"
    hint = "Look whether the server reaches NELM_SLACK_API_URL; it is tried again for an hour."


class SlackRefusedError(SlackError):
    """Slack refuses what was asked of it.

    Attributes:
        reason: Slack's own short code.
    """

    code = "slack_refused"
    hint = "Run `nelm slack check`."

    def __init__(self, reason: str) -> None:
        super().__init__(f"Slack refuses: {reason}")
        self.reason = reason


class SlackCheckError(SlackError):
    """Something that the bot needs is missing or wrong."""

    code = "slack_check_failed"
    hint = "See docs/slack.md."
