from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from tests.web.keys.made import Clock, Kept
from web import problems
from web.keys.admission import Admission, names_of
from web.keys.allowance import Allowances
from web.keys.guard import KeyGuard
from web.keys.sessions import COOKIE, Sessions
from web.keys.sign_in import sign_in_router
from web.store.errors import StoreUnavailableError

BROWSER = {"accept": "text/html,*/*;q=0.8"}
GUARDED = ["/api/v1/ask", "/v1/chat/completions", "/mcp", "/mcp/x", "/metrics", "/api/v1/rules", "/api/nothing"]
OPEN = ["/healthz", "/readyz", "/static/x", "/slack/events"]
PAGES = ["/", "/ask", "/c/x", "/source/x", "/nothing"]


def application(
    kept: Kept, *, locked: bool = False, sessions: Sessions | None = None, hosts: frozenset[str] = frozenset()
) -> TestClient:
    """An application that says at every address whose request it is."""
    admission = Admission(kept.ring, locked, hosts, sessions or Sessions("s" * 32), Allowances(clock=Clock()))
    app = FastAPI(openapi_url=None)
    if locked:
        app.include_router(sign_in_router(admission))

    @app.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
    def anything(request: Request) -> dict[str, Any]:
        return {"owner": request.state.owner}

    problems.install(app)
    app.add_middleware(KeyGuard, admission=admission)
    return TestClient(app, follow_redirects=False)


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_without_keys_everything_is_open_and_programs_have_one_name(kept: Kept) -> None:
    client = application(kept)
    for path in GUARDED + OPEN + PAGES:
        response = client.get(path)
        assert (response.status_code, response.json()) == (200, {"owner": "api"})


def test_as_soon_as_there_is_a_key_programs_need_one_and_pages_do_not(kept: Kept) -> None:
    client = application(kept)
    assert client.get("/api/v1/rules").status_code == 200
    kept.make("ask")
    for path in GUARDED:
        response = client.get(path)
        assert (response.status_code, response.json()["code"]) == (401, "key_required")
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["www-authenticate"] == 'Bearer realm="nelm"'
    for path in OPEN + PAGES:
        assert client.get(path).status_code == 200


def test_the_last_key_revoked_opens_nothing(kept: Kept) -> None:
    secret = kept.make("admin")
    kept.revoke()
    client, locked = application(kept), application(kept, locked=True)
    for path in GUARDED:
        assert client.get(path).status_code == client.get(path, headers=bearer(secret)).status_code == 401
    for path in [*GUARDED, *PAGES]:
        assert locked.get(path, headers=bearer(secret)).status_code == 401


def test_a_name_that_is_not_the_service_s_is_refused_where_no_key_is_asked_for(kept: Kept) -> None:
    client = application(kept, hosts=names_of("https://nelm.example.org"))
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000", "NELM.example.org"):
        assert client.get("/", headers={"host": host}).status_code == 200
    for host in ("rebound.example.com:8000", "", "127.0.0.1.example.com", "[::1"):
        for path in ("/", "/api/v1/conversations"):
            response = client.get(path, headers={"host": host})
            assert (response.status_code, response.json()["code"]) == (421, "host_refused")
        assert client.get("/healthz", headers={"host": host}).status_code == 200


def test_a_key_with_the_scope_is_let_in_and_named(kept: Kept) -> None:
    client, secret = application(kept), kept.make("ask")
    response = client.post("/api/v1/ask", headers=bearer(secret))
    assert (response.status_code, response.json()) == (200, {"owner": kept.keys[0].id})
    lower = {"authorization": f"bearer  {secret} "}
    assert client.post("/api/v1/ask", headers=lower).status_code == 200


def test_a_key_without_the_scope_is_told_which_it_lacks(kept: Kept) -> None:
    client, secret = application(kept), kept.make("read")
    response = client.post("/api/v1/ask", headers=bearer(secret))
    assert (response.status_code, response.json()["code"]) == (403, "scope_missing")
    assert response.headers["www-authenticate"] == 'Bearer realm="nelm", error="insufficient_scope", scope="ask"'
    assert client.get("/metrics", headers=bearer(secret)).status_code == 403
    assert client.get("/api/v1/rules", headers=bearer(secret)).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "Bearer nelm_0123456789ab_" + "x" * 43,
        "Bearer ",
        "Bearer",
        "Bearer {id}",
        "Basic {secret}",
        "{secret}",
        "Bearer {secret}x",
        "Bearer {cut}",
        "Bearer \x7fÿ",
    ],
)
def test_what_is_no_key_in_force_is_refused_and_not_repeated(kept: Kept, given: str) -> None:
    secret = kept.make("admin")
    value = given.format(id=kept.keys[0].id, secret=secret, cut=secret[:-1])
    response = application(kept).get("/api/v1/rules", headers=[(b"authorization", value.encode("latin-1"))])
    assert (response.status_code, response.json()["code"]) == (401, "key_required")
    said = response.text + str(response.headers)
    assert secret not in said
    assert "xxxx" not in said


def test_a_key_in_the_address_or_a_cookie_opens_nothing_for_programs(kept: Kept) -> None:
    secret = kept.make("admin")
    sessions = Sessions("s" * 32)
    client = application(kept, sessions=sessions)
    for query in ({"key": secret}, {"access_token": secret}):
        assert client.get("/api/v1/rules", params=query).status_code == 401
    cookies = {"cookie": f"{COOKIE}={sessions.begin(kept.keys[0])}"}
    assert client.get("/api/v1/rules", headers=cookies).status_code == 401


@pytest.mark.parametrize("host", ["x/healthz?", "x/static/", "healthz", "[::1", "a:b:c", ""])
def test_no_host_leads_around_the_guard(kept: Kept, host: str) -> None:
    kept.make("ask")
    assert application(kept).post("/api/v1/ask", headers={"host": host}).status_code == 401


@pytest.mark.parametrize(
    "path", ["/api%2Fv1/ask", "/%61pi/v1/ask", "/api/../api/v1/ask", "/api/v1/ask/", "/metrics/", "/mcpx"]
)
def test_no_spelling_of_an_address_leads_around_the_guard(kept: Kept, path: str) -> None:
    kept.make("ask")
    assert application(kept).get(path).status_code == 401


def test_a_key_that_asks_too_often_is_told_when_it_may_again(kept: Kept) -> None:
    client, secret = application(kept), kept.make("ask", per_minute=2)
    statuses = [client.post("/api/v1/ask", headers=bearer(secret)) for _ in range(3)]
    assert [response.status_code for response in statuses] == [200, 200, 429]
    assert [response.headers["ratelimit-remaining"] for response in statuses] == ["1", "0", "0"]
    assert statuses[2].json()["code"] == "rate_limited"
    assert statuses[2].headers["retry-after"] == "30"
    assert "retry-after" not in statuses[1].headers


def test_keys_that_cannot_be_read_let_nobody_in(kept: Kept) -> None:
    def fail() -> list[Any]:
        raise StoreUnavailableError("the database failed")

    kept.ring._read = fail
    response = application(kept).post("/api/v1/ask")
    assert (response.status_code, response.json()["code"]) == (503, "store_unavailable")


def test_errors_below_a_path_may_have_another_body(kept: Kept) -> None:
    kept.make("ask")
    client = application(kept)
    assert isinstance(client.app, FastAPI)
    problems.speak_otherwise(
        client.app, "/v1/", lambda error, status: {"error": {"code": error.code, "status": int(status)}}
    )
    refused = client.post("/v1/chat/completions", headers=BROWSER)
    assert refused.json() == {"error": {"code": "key_required", "status": 401}}
    assert "www-authenticate" in refused.headers
    assert client.post("/api/v1/ask").json()["code"] == "key_required"


# The pages


def token(html: str) -> str:
    return html.partition('name="token" value="')[2].partition('"')[0]


def back(html: str) -> str:
    return html.partition('name="back" value="')[2].partition('"')[0]


def test_a_page_that_is_locked_is_a_form_to_sign_in_for_browsers(kept: Kept) -> None:
    client = application(kept, locked=True)
    for path in PAGES:
        response = client.get(path, headers=BROWSER)
        assert (response.status_code, response.headers["cache-control"]) == (401, "no-store")
        assert 'type="password"' in response.text
        told = client.get(path, headers={"accept": "text/event-stream"}).json()
        assert told["code"] == "key_required"
        assert "/sign-in" in told["hint"]
    for path in OPEN:
        assert client.get(path).status_code == 200


def test_who_signs_in_goes_on_where_they_were_and_is_out_again_when_they_say_so(kept: Kept) -> None:
    client, secret = application(kept, locked=True), kept.make("ask")
    page = client.get("/source/x?at=1-5", headers=BROWSER).text
    sent = {"token": token(page), "key": f" {secret} ", "back": back(page)}
    response = client.post("/sign-in", data=sent)
    assert (response.status_code, response.headers["location"]) == (303, "/source/x?at=1-5")
    cookie = response.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert secret not in cookie
    assert client.get("/c/x", headers=BROWSER).json() == {"owner": kept.keys[0].id}
    assert "Signed in" in client.get("/sign-in").text
    client.post("/sign-out", data={"token": token(page)})
    assert client.get("/c/x", headers=BROWSER).status_code == 401


def test_a_wrong_key_is_refused_and_not_repeated(kept: Kept) -> None:
    client = application(kept, locked=True)
    kept.make("ask")
    page = client.get("/sign-in").text
    response = client.post("/sign-in", data={"token": token(page), "key": "nelm_zebrafish", "back": "/about"})
    assert response.status_code == 401
    assert "no key that is in force" in response.text
    assert "zebrafish" not in response.text
    assert back(response.text) == "/about"
    assert "set-cookie" not in response.headers


def test_nobody_signs_another_in(kept: Kept) -> None:
    client, secret = application(kept, locked=True), kept.make("ask")
    client.get("/sign-in")
    for given in ("", "0" * 32):
        response = client.post("/sign-in", data={"token": given, "key": secret})
        assert (response.status_code, response.json()["code"]) == (403, "form_expired")


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "/a?q=zebra", "x", "/a\n"]
)
def test_signing_in_leads_to_no_other_site_and_repeats_no_words(kept: Kept, address: str) -> None:
    client, secret = application(kept, locked=True), kept.make("ask")
    page = client.get("/sign-in").text
    response = client.post("/sign-in", data={"token": token(page), "key": secret, "back": address})
    assert response.headers["location"] == "/"


def test_a_key_that_may_only_read_sees_the_source_and_no_conversation(kept: Kept) -> None:
    client, secret = application(kept, locked=True), kept.make("read")
    page = client.get("/sign-in").text
    client.post("/sign-in", data={"token": token(page), "key": secret})
    assert client.get("/source/x").status_code == 200
    assert client.get("/c/x").json()["code"] == "scope_missing"
    assert client.post("/ask").json()["code"] == "scope_missing"
