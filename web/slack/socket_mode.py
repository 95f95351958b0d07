"""Socket Mode: the same deliveries over a connection that we open, for servers that Slack cannot reach."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web import WebClient

from corpus.errors import NelmError
from web.logs import log
from web.slack.deliveries import COMMANDS, EVENTS, INTERACTIVITY, read
from web.slack.errors import PayloadError
from web.slack.intake import Intake
from web.slack.precedence import Precedence
from web.slack.sending import silent

_KINDS: Mapping[str, str] = {"events_api": EVENTS, "slash_commands": COMMANDS, "interactive": INTERACTIVITY}
_RETRY_S = 30.0
STOP_S = 1.0
"""How long stopping waits for a connection being made."""


class SocketMode:
    """A connection to Slack; several processes may each hold one, Slack delivers to one of them."""

    def __init__(self, app_token: str, client: WebClient, intake: Intake, precedence: Precedence) -> None:
        self._intake = intake
        self._precedence = precedence
        self._socket = SocketModeClient(app_token, logger=silent("socket"), web_client=client)
        self._socket.socket_mode_request_listeners.append(self.receive)
        self._stopping = threading.Event()
        self._connecting = threading.Thread(target=self._connect, name="slack-connect", daemon=True)

    def start(self) -> None:
        """Connect, as often as it takes; the client itself connects again whenever the connection is lost."""
        self._connecting.start()

    def stop(self) -> None:
        """Close the connection."""
        self._stopping.set()
        self._connecting.join(STOP_S)  # whoever still connects then closes by itself
        self._socket.close()

    def receive(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """Take an envelope and acknowledge it; one that could not be kept is not, so that Slack delivers it again."""
        kind = _KINDS.get(request.type)
        try:
            with self._precedence.delivery():
                answer = self._intake.receive(read(kind, request.payload)) if kind else None
        except PayloadError:
            answer = None  # it would be as bad the next time
        except NelmError as error:
            log.warning("slack_envelope_not_taken", code=error.code)
            return
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id, answer))

    def _connect(self) -> None:
        while not self._stopping.is_set():
            try:
                self._socket.connect()
            except (OSError, SlackClientError, ValueError) as error:
                log.warning("slack_socket_not_connected", error=type(error).__name__)
                self._stopping.wait(_RETRY_S)
            else:
                if self._stopping.is_set():
                    self._socket.close()
                return
