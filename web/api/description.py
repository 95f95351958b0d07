"""What OpenAPI is told beyond the routes: the facts and therapies that there are, and an example of every answer.

The examples are what the operations really give today; they are computed when the description is first asked for.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response

from assistant.assistant import Assistant
from assistant.rules.book import RuleBook
from corpus.definitions import CHOICE, FLAG, NUMBERS, SET, FactDefinition
from web.api.examples import Examples, examples
from web.api.refusals import Problem
from web.api.replies import known
from web.figure_view import Figures
from web.rule_view import Rules

PREFIX = "/api/v1"
ABOUT = (
    "Answers come word for word from one open-access review of liver-directed treatment of neuroendocrine liver "
    "metastases, each sentence with its place. It informs professionals and gives no orders. Where the service is "
    "guarded, a key is needed."
)
_WORDS = ("present", "absent", "yes", "no", "unknown")
_CONFIRMED, _THERAPY = {"items": {"$ref": "#/components/schemas/Therapy"}}, {"$ref": "#/components/schemas/Therapy"}
_FACTS = {"$ref": "#/components/schemas/Facts"}


def describe(app: FastAPI, assistant: Assistant) -> None:
    """Give an application its description, completed, at ``/api/v1/openapi.json``."""
    making = Lock()

    def openapi() -> dict[str, Any]:
        with making:  # half of it must not be seen
            if app.openapi_schema is None:
                plain = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
                app.openapi_schema = _completed(plain, assistant)
        return app.openapi_schema

    @app.get(f"{PREFIX}/openapi.json", include_in_schema=False)
    def description(request: Request) -> Response:
        return known(request, openapi())

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def _completed(described: dict[str, Any], assistant: Assistant) -> dict[str, Any]:
    book = assistant.patients.book
    schemas = described["components"]["schemas"]
    for schema in schemas.values():
        _refer(schema.get("properties", {}))
    schemas["Problem"] = Problem.model_json_schema()
    schemas["Facts"] = facts_schema(book)
    schemas["Therapy"] = {"type": "string", "title": "Therapy", "enum": list(book.names)}
    described["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    described["security"] = [{}, {"key": []}]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    found = examples(assistant)
    for example in schemas["RuleRequest"]["examples"]:
        example["rule"] = found.named["rule"]
    chosen = _choices(assistant)
    for path in described["paths"].values():
        for operation in path.values():
            _exemplify(operation, found)
            _offer(operation, chosen)
    return described


def _refer(properties: dict[str, Any]) -> None:
    """Name the facts and therapies in the bodies of requests, where there is only a plain type."""
    facts = properties.get("facts", {})
    if any(branch.get("additionalProperties") is True for branch in facts.get("anyOf", ())):
        facts["anyOf"] = [_FACTS, {"type": "null"}]
    if properties.get("changed", {}).get("additionalProperties") is True:
        properties["changed"] = {**_FACTS, "minProperties": 1}
    if "confirmed" in properties and properties["confirmed"].get("items") == {"type": "string"}:
        properties["confirmed"] |= _CONFIRMED
    if "case" in properties and "therapy" in properties:
        properties["therapy"] = _THERAPY


def _exemplify(operation: dict[str, Any], found: Examples) -> None:
    name = operation["operationId"]
    if name in found.given:
        status = next(status for status in operation["responses"] if status.startswith("2"))
        content = operation["responses"][status]["content"]
        next(iter(content.values()))["example"] = found.given[name]
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and parameter["name"] in found.named:
            parameter["example"] = found.named[parameter["name"]].removeprefix(f"{found.named['document']}/")


def _offer(operation: dict[str, Any], chosen: dict[tuple[str, str], tuple[str, ...]]) -> None:
    """Name what can be chosen in the address; nothing chosen is an empty text."""
    for parameter in operation.get("parameters", ()):
        if (ids := chosen.get((operation["operationId"], parameter["name"]))) is not None:
            parameter["schema"]["enum"] = ["", *ids]


def _choices(assistant: Assistant) -> dict[tuple[str, str], tuple[str, ...]]:
    therapies, facts = Rules(assistant.library, assistant.patients.book).choices()
    figures = Figures(assistant.library, ())
    found = {("list_rules", "therapy"): therapies, ("list_rules", "fact"): facts}
    for field in ("therapy", "metric", "population"):
        found["list_outcomes", field] = tuple(key for key, _ in figures.options(field))
    return found


def facts_schema(book: RuleBook) -> dict[str, Any]:
    """Return the JSON Schema of structured facts: every fact with the values it takes."""
    return {
        "type": "object",
        "title": "Facts",
        "description": 'Facts by id. "unknown" takes back what the words say; null says nothing.',
        "properties": {fact.id: _fact_schema(fact) for fact in book.facts.values()},
        "additionalProperties": False,
    }


def _fact_schema(fact: FactDefinition) -> dict[str, Any]:
    nothing = {"type": "null"}
    if fact.kind == FLAG:
        return {"title": fact.name, "anyOf": [{"type": "boolean"}, {"enum": list(_WORDS)}, nothing]}
    if fact.kind in {CHOICE, SET}:
        one = {"enum": list(fact.values)}
        several = {"type": "array", "items": one, "minItems": 1}
        return {"title": fact.name, "anyOf": [{"enum": [*fact.values, "unknown"]}, several, nothing]}
    number = _number(fact)
    lists = [{"type": "array", "items": {"anyOf": number}, "minItems": 1}] if fact.kind == NUMBERS else []
    return {"title": fact.name, "anyOf": [*number, *lists, nothing]}


def _number(fact: FactDefinition) -> list[dict[str, Any]]:
    low, high = fact.plausible or (0, 0)
    ends = {} if fact.plausible is None else {"minimum": float(low), "maximum": float(high)}
    said = f"A number with a unit of {', '.join(fact.units)}" if fact.unit else "A number in words of its own"
    return [{"type": "number", **ends}, {"type": "string", "description": said}]
