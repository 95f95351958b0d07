"""Who is let in where: what follows from the address a service listens on and from what its operator said."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from corpus.errors import NelmError
from web.keys.allowance import Allowances
from web.keys.keyring import Keyring
from web.keys.sessions import Sessions


class BindingRefusedError(NelmError):
    """The service would answer anybody who reaches this computer, and nobody has said that it may."""

    code = "binding_refused"
    hint = "Make a key with `nelm keys create`, or say --open-to-everyone, or listen on 127.0.0.1."


def _no_keys() -> Keyring:
    return Keyring(tuple)


@dataclass(frozen=True, slots=True)
class Admission:
    """Who is let in.

    Attributes:
        keyring: The keys in force. Programs need one as soon as there is one.
        locked: Whether the pages need one too, and nobody is let in while there is none.
        hosts: Names under which it answers; empty for any.
    """

    keyring: Keyring = field(default_factory=_no_keys)
    locked: bool = False
    hosts: frozenset[str] = frozenset()
    sessions: Sessions = field(default_factory=lambda: Sessions(secrets.token_urlsafe(32)))
    allowances: Allowances = field(default_factory=Allowances)

    def answers_to(self, host: str) -> bool:
        """Whether a header ``Host`` names this service."""
        return not self.hosts or _name(host) in self.hosts


def names_of(public_url: str) -> frozenset[str]:
    """Return the names under which a service on this computer's own address may be asked for."""
    return frozenset({"localhost", "127.0.0.1", "::1", urlsplit(public_url).hostname or "localhost"})


def _name(host: str) -> str:
    """The name in a header ``Host``, without its port; empty where it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_binding(host: str, keyring: Keyring, *, open_to_everyone: bool) -> None:
    """Refuse to listen where everybody would be let in unasked.

    Raises:
        BindingRefusedError: If others reach the address, no key is in force, and nobody has said that it is open.
        StoreUnavailableError: If the keys cannot be read.
    """
    if is_loopback(host) or open_to_everyone:
        return
    keyring.refresh()
    if keyring.empty:
        raise BindingRefusedError(f"others reach {host}, and there is no key")
