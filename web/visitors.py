"""Whose browser it is: a random cookie, the conversations it owns, and the token that every form has to carry."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import Response

from web.problems import WebError

COOKIE = "nelm_visitor"
_TOKEN = re.compile(r"[\w-]{32,64}")
_A_YEAR_S = 365 * 24 * 3600


class ForgeryError(WebError):
    """A form came without the token of the page it should stand on."""

    code = "form_expired"
    hint = "Open the page again and send it from there; cookies of this address have to be allowed."
    status = HTTPStatus.FORBIDDEN


class NotOwnerError(WebError):
    """Somebody wants to rename or delete a conversation that was begun elsewhere."""

    code = "not_owner"
    hint = "Where it was begun, by that browser, key or thread, it can be renamed and deleted."
    status = HTTPStatus.FORBIDDEN


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser, known by its cookie alone.

    Attributes:
        token: The cookie; never stored.
        known: Whether the browser had it already.
    """

    token: str
    known: bool

    @property
    def owner(self) -> str:
        """The name its conversations stand under: a hash, so that the store does not hold cookies."""
        return _hashed("owner", self.token)

    @property
    def form_token(self) -> str:
        """What every form of its pages carries; not to be known without the cookie."""
        return _hashed("form", self.token)

    def check(self, given: str) -> None:
        """Compare the token of a form.

        Raises:
            ForgeryError: If it is another or none.
        """
        if not self.known or not hmac.compare_digest(self.form_token.encode(), given.encode()):
            raise ForgeryError("the form does not belong to a page of this browser")

    def greet(self, response: Response, *, secure: bool) -> None:
        """Set the cookie where the browser has none."""
        if not self.known:
            response.set_cookie(
                COOKIE, self.token, max_age=_A_YEAR_S, path="/", secure=secure, httponly=True, samesite="lax"
            )


def visitor_of(request: Request) -> Visitor:
    """Return the browser a request comes from, a new one where it has no cookie of ours."""
    held = request.cookies.get(COOKIE, "")
    known = _TOKEN.fullmatch(held) is not None
    return Visitor(held if known else secrets.token_urlsafe(32), known)


def _hashed(purpose: str, token: str) -> str:
    return hashlib.sha256(f"nelm {purpose} {token}".encode()).hexdigest()[:32]
