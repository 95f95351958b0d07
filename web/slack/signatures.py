"""Whether a request comes from Slack: its timestamp, then its signature over the raw body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slack_sdk.signature import Clock, SignatureVerifier

from web.slack.errors import UnsignedError

TIMESTAMP, SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"
OLDEST_S = 300
_MOST_DIGITS = 12


class Signatures:
    """Checks requests against one secret, or two while they are rotated."""

    def __init__(self, secrets: Sequence[str], clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._verifiers = [SignatureVerifier(secret, self._clock) for secret in secrets]

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check a request by its headers (any mapping that finds them without case) and raw body.

        Raises:
            UnsignedError: If a header is missing or cannot be, the request is older or newer than five minutes, or no
                secret gives its signature.
        """
        moment, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
        if not (moment.isascii() and moment.isdigit() and len(moment) <= _MOST_DIGITS and signature.isascii()):
            raise UnsignedError("the request carries no signature of Slack's")
        if abs(self._clock.now() - int(moment)) > OLDEST_S:
            raise UnsignedError("the request is not of now")
        try:
            # Every secret is tried, so that time does not tell which one fits.
            fits = [verifier.is_valid(body, moment, signature) for verifier in self._verifiers]
        except UnicodeDecodeError:
            fits = []
        if not any(fits):
            raise UnsignedError("the request's signature is wrong")
