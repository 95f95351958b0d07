"""Signing in on the pages with a key, and out again: plain forms, guarded like every other."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from web.keys.admission import Admission
from web.keys.key import ApiKey
from web.keys.sessions import COOKIE, LASTS_S
from web.pages import render
from web.visitors import visitor_of

_WAY_BACK = re.compile(r"/(?:[\w.~-][\w./~-]*)?(?:\?at=\d+-\d+)?", re.ASCII)
"""Our own addresses with the range of a citation at most: no other site, and no word that was searched for."""
Field = Annotated[str, Form()]


def sign_in_page(
    request: Request, *, key: ApiKey | None = None, refused: bool = False, back: str | None = None
) -> Response:
    """Return the page that asks for a key, or says whose is in use.

    Args:
        refused: Whether a key was given that is none.
        back: Where to go afterwards; the address asked for, if not said.
    """
    visitor = visitor_of(request)
    body = render(
        "sign_in.html",
        key=key,
        refused=refused,
        back=_here(request) if back is None else _own(back),
        token=visitor.form_token,
    )
    status = HTTPStatus.OK if key is not None else HTTPStatus.UNAUTHORIZED
    response = HTMLResponse(body, status_code=status, headers={"cache-control": "no-store"})
    visitor.greet(response, secure=request.url.scheme == "https")
    return response


def sign_in_router(admission: Admission) -> APIRouter:
    """Return the routes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in")
    def show(request: Request) -> Response:
        admission.keyring.refresh()
        key = admission.sessions.read(request.cookies.get(COOKIE, ""), admission.keyring)
        page = sign_in_page(request, key=key, back="/")
        page.status_code = HTTPStatus.OK
        return page

    @router.post("/sign-in")
    def sign_in(request: Request, token: Field = "", key: Field = "", back: Field = "/") -> Response:
        visitor_of(request).check(token)
        admission.keyring.refresh()
        found = admission.keyring.find(key.strip())
        if found is None:
            return sign_in_page(request, refused=True, back=back)
        response = RedirectResponse(_own(back), HTTPStatus.SEE_OTHER)
        response.set_cookie(
            COOKIE,
            admission.sessions.begin(found),
            max_age=LASTS_S,
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return response

    @router.post("/sign-out")
    def sign_out(request: Request, token: Field = "") -> Response:
        visitor_of(request).check(token)
        response = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
        response.delete_cookie(COOKIE, path="/")
        return response

    return router


def _own(address: str) -> str:
    return address if _WAY_BACK.fullmatch(address) else "/"


def _here(request: Request) -> str:
    if request.method != "GET":
        return "/"
    path: str = request.scope["path"]
    query = request.scope["query_string"].decode("latin-1")
    with_range = f"{path}?{query}" if query else path
    return with_range if _WAY_BACK.fullmatch(with_range) else _own(path)
