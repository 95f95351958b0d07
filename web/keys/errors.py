"""Why a request is not let in; a message never repeats the key."""

from __future__ import annotations

from http import HTTPStatus

from web.keys.allowance import Allowed
from web.keys.key import Scope
from web.problems import WebError

_SIGN_IN = "Sign in at /sign-in, in another tab so that nothing typed is lost, and send it again."
_REALM = 'Bearer realm="nelm"'


class HostRefusedError(WebError):
    """A request came under a name that is not this service's: perhaps by a page from elsewhere (DNS rebinding)."""

    code = "host_refused"
    hint = "Open http://127.0.0.1 at its port; for a proxy before the service set NELM_PUBLIC_URL to its address."
    status = HTTPStatus.MISDIRECTED_REQUEST


class KeyRequiredError(WebError):
    """A request came without a key that is in force."""

    code = "key_required"
    hint = "Send `Authorization: Bearer KEY`; `nelm keys create` makes one."
    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, *, given: bool, on_page: bool = False) -> None:
        said = "the key is none that is in force" if given else "this address needs a key"
        super().__init__(said, hint=_SIGN_IN if on_page and not given else None)
        self.headers = {"www-authenticate": f'{_REALM}, error="invalid_token"' if given else _REALM}


class ScopeMissingError(WebError):
    """The key is in force, but not made for this address."""

    code = "scope_missing"
    hint = "Use a key with this scope; `nelm keys list` prints what each has."
    status = HTTPStatus.FORBIDDEN

    def __init__(self, needed: frozenset[Scope]) -> None:
        names = sorted(needed)
        super().__init__(f"the key has not the scope {' or '.join(names)}")
        self.headers = {"www-authenticate": f'{_REALM}, error="insufficient_scope", scope="{" ".join(names)}"'}


class RateLimitedError(WebError):
    """The key has made more requests than it may."""

    code = "rate_limited"
    hint = "Wait as many seconds as Retry-After says, or have a key made with a higher --per-minute."
    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, allowed: Allowed) -> None:
        super().__init__(f"more than {allowed.limit} requests a minute")
        self.headers = allowed.headers
