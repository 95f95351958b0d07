from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.patient_text.structured import FactError
from corpus.definitions import CHOICE, FLAG, SET
from tests.conftest import ROOT
from web.keys.scopes import area_of

MUTATING = {"post", "delete"}


@pytest.fixture(scope="module")
def description(client: TestClient) -> dict[str, Any]:
    values: dict[str, Any] = client.get("openapi.json").json()
    return values


@pytest.fixture(scope="module")
def operations(description: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, told) for path, methods in description["paths"].items() for method, told in methods.items()]


@lru_cache
def _validator(schema: str, components: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": json.loads(components)})


def invalid(value: Any, schema: Any, description: dict[str, Any]) -> list[str]:
    """What is wrong with a value by a schema of the description."""
    text = json.dumps(schema)
    components = json.dumps(description["components"]) if "$ref" in text else "{}"
    return [error.message for error in _validator(text, components).iter_errors(value)]


def contents(told: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for status, response in told["responses"].items():
        for media, content in response.get("content", {}).items():
            yield status, media, content


def test_it_is_openapi_3_1_and_every_operation_has_a_name_of_its_own(
    description: dict[str, Any], operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    assert re.fullmatch(r"3\.1\.\d+", description["openapi"])
    assert description["security"] == [{}, {"key": []}]
    names = [told["operationId"] for _, _, told in operations]
    assert len(set(names)) == len(names) > 25
    assert all(told["summary"] and told["description"] and told["tags"] for _, _, told in operations)
    assert all(area_of(path) == "programs" for path, _, _ in operations)


def test_every_answer_has_an_example_that_is_valid(
    description: dict[str, Any], operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    seen = 0
    for path, method, told in operations:
        given = [(media, content) for status, media, content in contents(told) if status.startswith("2")]
        assert given or {"204"} & set(told["responses"]), path
        for media, content in given:
            assert "example" in content, (method, path, media)
            assert content["schema"], (method, path)
            assert invalid(content["example"], content["schema"], description) == []
            seen += 1
    assert seen > 25


def test_every_problem_has_an_example_with_its_status_and_a_code_that_there_is(
    description: dict[str, Any], operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    documented = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    codes = set(re.findall(r"^\|\s*`(\w+)`", documented, re.MULTILINE))
    for path, method, told in operations:
        declared = {status for status in told["responses"] if status >= "400"}
        assert {"401", "403", "429", "500"} <= declared
        assert {"413"} & declared == ({"413"} if method == "post" else set()), path
        problems = [(status, content) for status, _, content in contents(told) if status >= "400"]
        assert {status for status, _ in problems} == declared
        for status, content in problems:
            assert content["examples"]
            for code, example in content["examples"].items():
                value = example["value"]
                assert invalid(value, content["schema"], description) == []
                assert (str(value["status"]), value["code"]) == (status, code)
                assert value["title"] == HTTPStatus(int(status)).phrase
                assert code in codes


def test_every_body_has_an_example_that_is_valid_and_answered(
    client: TestClient, description: dict[str, Any], operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    asked = 0
    for path, _, told in operations:
        for media, content in told.get("requestBody", {}).get("content", {}).items():
            schema = content.get("schema", {})  # lines of JSON have none in OpenAPI 3.1
            named = description["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
            for example in [content["example"]] if "example" in content else named["examples"]:
                assert invalid(example, schema, description) == []
                if "{" not in path:
                    body = example if isinstance(example, str) else json.dumps(example)
                    answer = client.post(path, content=body, headers={"content-type": media})
                    assert answer.status_code in {200, 201}, path
                    asked += 1
    assert asked >= 9


def test_the_example_of_each_reading_is_what_its_example_address_gives(
    client: TestClient, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    read = 0
    for path, method, told in operations:
        if method != "get" or "conversation" in path or path.endswith(("/facts", "/therapies", "/rules", "/outcomes")):
            continue
        parameters = {p["name"]: p["example"] for p in told.get("parameters", ()) if p["in"] == "path"}
        response = client.get(path.format(**parameters))
        assert response.json() == told["responses"]["200"]["content"]["application/json"]["example"]
        read += 1
    assert read >= 8


def test_the_example_of_asking_is_the_answer_to_the_example(client: TestClient, description: dict[str, Any]) -> None:
    for path in ("/api/v1/ask", "/api/v1/recommend", "/api/v1/search", "/api/v1/explain/what-if"):
        told = description["paths"][path]["post"]
        name = told["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        (body,) = description["components"]["schemas"][name]["examples"]
        given = told["responses"]["200"]["content"]["application/json"]["example"]
        assert client.post(path, json=body).json() == given


def test_only_what_the_knowledge_decides_may_be_unchanged(operations: list[tuple[str, str, dict[str, Any]]]) -> None:
    for path, method, told in operations:
        tagged = method == "get" and "/conversations" not in path
        assert ("304" in told["responses"]) is tagged
        assert (method in MUTATING) is not tagged or "/conversations" in path


def test_the_facts_described_are_those_that_are_taken(assistant: Assistant, description: dict[str, Any]) -> None:
    schema, book = description["components"]["schemas"]["Facts"], assistant.patients.book
    assert set(schema["properties"]) == set(book.facts)
    facts = Draft202012Validator(schema)
    for fact in book.facts.values():
        good: list[Any] = ["unknown", None]
        if fact.kind == FLAG:
            good += [True, False, "present", "absent", "yes", "no"]
        elif fact.kind in {CHOICE, SET}:
            good += [*fact.values, list(fact.values), [fact.values[0]]]
        else:
            assert fact.plausible is not None
            good += [float(end) for end in fact.plausible]
        for value in good:
            assert facts.is_valid({fact.id: value}), (fact.id, value)
            assistant.structured({fact.id: value})
        for value in ({}, [], [[]], 1e9 if fact.kind not in {FLAG, CHOICE, SET} else 5):
            assert not facts.is_valid({fact.id: value})
            with pytest.raises(FactError):
                assistant.structured({fact.id: value})


def test_the_choices_of_addresses_are_those_that_are_taken(client: TestClient, description: dict[str, Any]) -> None:
    for path in ("rules", "outcomes"):
        parameters = description["paths"][f"/api/v1/{path}"]["get"]["parameters"]
        chosen = [p for p in parameters if "enum" in p["schema"]]
        assert len(chosen) in {2, 3}
        for parameter in chosen:
            for value in parameter["schema"]["enum"][::7]:
                assert client.get(path, params={parameter["name"]: value, "limit": 1}).status_code == 200
