from __future__ import annotations

import pytest

from tests.web.keys.made import Kept
from web.keys.key import ApiKey, Scope, id_of, is_key, new_secret


def made(*scopes: str) -> tuple[ApiKey, str]:
    kept = Kept()
    return (secret := kept.make(*scopes)) and (kept.keys[0], secret)  # type: ignore[return-value]


def test_a_key_is_told_from_any_other() -> None:
    key, secret = made("ask")
    assert is_key(secret, key)
    other = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    assert not is_key(other, key)
    assert not is_key(secret, None)
    assert not is_key("", key)


def test_the_id_stands_in_the_key() -> None:
    name, secret = new_secret()
    assert id_of(secret) == name
    assert len(secret) == 61


@pytest.mark.parametrize("secret", ["", "nelm_", "nelm_0123456789ab_short", "sk-12345", "nelm_ÄÄ3456789ab_" + "x" * 43])
def test_what_has_not_the_shape_of_a_key_has_no_id(secret: str) -> None:
    assert id_of(secret) is None
    assert not is_key(secret, made("admin")[0])


@pytest.mark.parametrize(
    ("scopes", "needed", "allowed"),
    [
        (["ask"], {"ask"}, True),
        (["ask"], {"read"}, False),
        (["ask"], {"ask", "read"}, True),
        (["read"], {"admin"}, False),
        (["admin"], {"ask"}, True),
        (["ask", "read"], {"admin"}, False),
    ],
)
def test_a_key_allows_what_its_scopes_say(scopes: list[str], needed: set[str], *, allowed: bool) -> None:
    key, _ = made(*scopes)
    assert key.allows(frozenset(map(Scope, needed))) is allowed
