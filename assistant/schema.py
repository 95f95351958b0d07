"""The JSON Schemas of what interfaces send, made from the types themselves."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from assistant.answer import Answer, RankedPassage
from assistant.sections import SourceSection

DIALECT = "https://json-schema.org/draft/2020-12/schema"


TITLES: dict[str, tuple[str, type]] = {
    "answer": ("nelm.answer/1", Answer),
    "section": ("nelm.section/1", SourceSection),
    "passage": ("nelm.passage/1", RankedPassage),
}
"""What is published: the title of each schema, and the type it is of."""


def answer_schema() -> dict[str, Any]:
    """Return the JSON Schema of an answer; see `schema_of`."""
    return schema_of("answer")


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema of one of `TITLES` as interfaces send it: every field present."""
    title, kind = TITLES[name]
    schema = TypeAdapter(kind).json_schema(mode="serialization")
    return {"$schema": DIALECT, **_all_required(schema), "title": title}


def _all_required(node: Any) -> Any:
    if isinstance(node, dict):
        node = {key: _all_required(value) for key, value in node.items()}
        if "properties" in node:
            node["required"] = sorted(node["properties"])
            node["additionalProperties"] = True
        return node
    return [_all_required(item) for item in node] if isinstance(node, list) else node
