from __future__ import annotations

from tests.web.keys.made import Clock, Kept
from web.keys.sessions import LASTS_S, Sessions

SECRET = "s" * 32


def test_a_session_leads_to_its_key_until_it_is_over() -> None:
    kept, clock = Kept(), Clock()
    kept.make("ask")
    kept.ring.refresh()
    sessions = Sessions(SECRET, clock)
    cookie = sessions.begin(kept.keys[0])
    assert sessions.read(cookie, kept.ring) == kept.keys[0]
    clock.now += LASTS_S - 1
    assert sessions.read(cookie, kept.ring) == kept.keys[0]
    clock.now += 1
    assert sessions.read(cookie, kept.ring) is None


def test_a_cookie_holds_no_key_and_nothing_that_leads_to_one() -> None:
    kept = Kept()
    secret = kept.make("ask")
    cookie = Sessions(SECRET).begin(kept.keys[0])
    assert secret.rpartition("_")[2] not in cookie
    assert kept.keys[0].digest not in cookie


def test_a_revoked_key_ends_its_sessions() -> None:
    kept = Kept()
    kept.make("ask")
    kept.ring.refresh()
    sessions = Sessions(SECRET)
    cookie = sessions.begin(kept.keys[0])
    kept.revoke()
    kept.clock.now += 5
    kept.ring.refresh()
    assert sessions.read(cookie, kept.ring) is None


def test_a_cookie_changed_anywhere_is_none() -> None:
    kept = Kept()
    kept.make("ask")
    kept.make("admin")
    kept.ring.refresh()
    sessions = Sessions(SECRET)
    name, end, signature = sessions.begin(kept.keys[0]).split(".")
    changed = [
        f"{kept.keys[1].id}.{end}.{signature}",
        f"{name}.{int(end) + 1}.{signature}",
        f"{name}.0{end}.{'0' * 64}",
        f"{name}.{end}.{signature[:-1]}",
        f"{name}.{end}.{signature}x",
        "",
        "..",
    ]
    assert [sessions.read(cookie, kept.ring) for cookie in changed] == [None] * len(changed)


def test_who_knows_the_database_but_not_the_service_signs_nobody_in() -> None:
    kept = Kept()
    kept.make("ask")
    kept.ring.refresh()
    assert Sessions(SECRET).read(Sessions("t" * 32).begin(kept.keys[0]), kept.ring) is None
