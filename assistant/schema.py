"""The JSON Schema of the answer, made from the answer's own types."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from assistant.answer import Answer

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def answer_schema() -> dict[str, Any]:
    """Return the JSON Schema of an answer as interfaces send it: every field present."""
    schema = TypeAdapter(Answer).json_schema(mode="serialization")
    return {"$schema": DIALECT, "title": "nelm.answer/1", **_all_required(schema)}


def _all_required(node: Any) -> Any:
    if isinstance(node, dict):
        node = {key: _all_required(value) for key, value in node.items()}
        if "properties" in node:
            node["required"] = sorted(node["properties"])
            node["additionalProperties"] = True
        return node
    return [_all_required(item) for item in node] if isinstance(node, list) else node
