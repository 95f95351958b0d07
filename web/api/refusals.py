"""What an operation refuses, for its description: by status, each code with an example."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from corpus.errors import NelmError
from web.keys.allowance import Allowed
from web.keys.errors import KeyRequiredError, RateLimitedError, ScopeMissingError
from web.keys.key import Scope
from web.problems import MEDIA_TYPE, problem, status_of, unexpected


class Problem(BaseModel):
    """A problem document (RFC 9457) with our stable code and what to do next."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    request_id: str = Field(default="", description="The request, as the service's log names it.")


def _everywhere() -> tuple[NelmError, ...]:
    limited = RateLimitedError(Allowed(limit=60, left=-1, reset_s=60, wait_s=1))
    return KeyRequiredError(given=False), ScopeMissingError(frozenset({Scope.READ})), limited, unexpected()


def described(*errors: NelmError) -> dict[int | str, dict[str, Any]]:
    """Return the problems an operation can answer with: those given, and those that any can."""
    found: dict[int | str, dict[str, Any]] = {}
    for error in (*errors, *_everywhere()):
        status = status_of(error)
        content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}, "examples": {}}
        entry = found.setdefault(int(status), {"description": status.phrase, "content": {MEDIA_TYPE: content}})
        entry["content"][MEDIA_TYPE]["examples"][error.code] = {"value": problem(error, status)}
    return dict(sorted(found.items(), key=lambda item: int(item[0])))
