"""What the API sends: JSON of frozen values, never stored where a patient may be in it, tagged where none can be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Header, Request
from fastapi.responses import Response

from assistant.answer import plain

JSON = "application/json"
KNOWN: dict[int | str, dict[str, Any]] = {304: {"description": "Not modified: what the caller has is still so"}}
"""The response of `known` to somebody who has it already, for descriptions."""
IfNoneMatch = Annotated[str, Header(description="The `ETag` of what the caller has.", max_length=1_000)]


def told(value: Any, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
    """Return values that may speak of a patient: they are not to be stored by anything in between."""
    return Response(_json(value), status, {"cache-control": "no-store", **(headers or {})}, JSON)


def known(request: Request, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Return values that depend on the knowledge alone, with their tag; 304 where the caller has them already."""
    body = _json(value)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    tagged = {"etag": tag, "cache-control": "private, no-cache", **(headers or {})}
    held = [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]
    if tag in held or "*" in held:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=tagged)
    return Response(body, headers=tagged, media_type=JSON)


def _json(value: Any) -> bytes:
    return json.dumps(plain(value), ensure_ascii=False, default=datetime.isoformat).encode("utf-8")


def giving(media: str, example: str) -> dict[int | str, dict[str, Any]]:
    """Return the description of a response of text."""
    return {200: {"content": {media: {"schema": {"type": "string"}, "example": example}}}}
