"""Long lists, a part at a time: ``limit`` and ``offset`` in, the part with the link to the next out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request

Item = TypeVar("Item")
MOST = 200
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.", examples=[50])]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="How many to pass over.", examples=[0])]


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list.

    Attributes:
        total: How many there are in all.
        next: Address of the next part, relative to this host; null at the end.
    """

    items: tuple[Item, ...]
    total: int
    next: str | None


def page(request: Request, items: Sequence[Item], limit: int, offset: int) -> tuple[Page[Item], dict[str, str]]:
    """Return a part of a list, and the headers that link to the next."""
    after = offset + limit
    if after >= len(items):
        return Page(tuple(items[offset:]), len(items), None), {}
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in {"limit", "offset"}]
    link = f"{request.url.path}?{urlencode([*asked, ('limit', limit), ('offset', after)])}"
    return Page(tuple(items[offset:after]), len(items), link), {"link": f'<{link}>; rel="next"'}
