"""The bot as a whole: its parts joined, started and stopped with the service."""

from __future__ import annotations

import sys

from sqlalchemy import Engine

from assistant.assistant import Assistant
from web.settings import Settings
from web.slack.courier import Courier, Pace
from web.slack.errors import SlackCheckError
from web.slack.intake import Intake
from web.slack.precedence import Precedence
from web.slack.replies import Replies
from web.slack.sending import Sender
from web.slack.signatures import Signatures
from web.slack.socket_mode import SocketMode
from web.slack.threads import Threads
from web.store.keeping import Keeping
from web.store.outbox import Outbox

_SWITCH_S = 0.001
"""How long an answer being computed may keep the interpreter from a delivery that waits to be acknowledged."""


class Bot:
    """Everything of Slack's in one service process.

    Attributes:
        signatures: What requests are checked against; ``None`` where only Socket Mode is set up.
        intake: Where deliveries go.
        precedence: Deliveries before answers.
    """

    def __init__(
        self, settings: Settings, assistant: Assistant, store: Keeping, engine: Engine, *, pace: Pace | None = None
    ) -> None:
        secrets = [s for s in (settings.slack_signing_secret, settings.slack_signing_secret_old) if s]
        sender = Sender(settings.slack_bot_token, settings.slack_api_url)
        threads, outbox = Threads(assistant, store), Outbox(engine, scrubs=not settings.retention_days)
        self.precedence = Precedence()
        replies = Replies(assistant, threads, sender, settings.public_url, self.precedence)
        self._courier = Courier(outbox, replies, pace)
        self.signatures = Signatures(secrets) if settings.slack_signing_secret else None
        self.intake = Intake(assistant, threads, outbox, sender, self._courier.wake)
        app_token = settings.slack_app_token
        self._socket = SocketMode(app_token, sender.client, self.intake, self.precedence) if app_token else None

    def start(self) -> None:
        """Begin to answer, first what an earlier process left."""
        sys.setswitchinterval(_SWITCH_S)
        self._courier.start()
        if self._socket is not None:
            self._socket.start()

    def stop(self) -> None:
        """Take nothing more, finish what was taken, keep the rest for the next start."""
        if self._socket is not None:
            self._socket.stop()
        self._courier.stop()
        self.intake.stop()

    def check(self) -> None:
        """Look whether what is taken is also answered.

        Raises:
            SlackCheckError: If nothing is.
        """
        if not self._courier.alive:
            raise SlackCheckError("the courier has ended: nothing is posted")


def bot_of(settings: Settings, assistant: Assistant, store: Keeping, engine: Engine) -> Bot | None:
    """Return the bot where it is set up: by a bot token with a signing secret or an app token."""
    if not settings.slack_bot_token or not (settings.slack_signing_secret or settings.slack_app_token):
        return None
    return Bot(settings, assistant, store, engine)
