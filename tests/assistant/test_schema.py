from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from pydantic import TypeAdapter

from assistant import Answer, Assistant
from assistant.schema import answer_schema, schema_of

CONTRACT = {
    "Answer": "schema question resolved_question status confidence reason premise text statements citations passages "
    "facts recommendations therapies ask notes documents patient knowledge index version",
    "Premise": "claim verdict citations",
    "Statement": "text kind role citations",
    "Citation": "n document unit section path locator quote display start end references url",
    "CitedCell": "row column item",
    "RankedPassage": "rank section score start end text",
    "Fact": "id state value low high low_open high_open unit as_written span turn source cue reason candidates as_of",
    "Recommendation": "rule therapy effect over summary because overruled_by inferred strength reviewed citations",
    "TherapyStanding": "therapy standing rules",
    "MissingFact": "fact question rules critical",
    "Note": "id severity text citations",
    "SourceDocument": "id title published sha256 licence attribution superseded_by",
}
WORDS = {
    "status": "answered partial conflict not_covered needs_facts declined",
    "reason": "outside_subject not_stated only_in_references trial_ongoing unreadable too_vague",
    "kind": "quote derived",
    "role": "lead answer caveat contradiction premise nearest",
    "verdict": "contradicted not_stated",
    "effect": "recommend consider prefer_over caution contraindicated eligible ineligible prophylaxis prognosis "
    "follow_up info",
    "standing": "contraindicated not_eligible conflicting undetermined supported_with_caution supported not_addressed",
    "state": "value present absent unknown conflicting implausible",
    "source": "text structured correction confirmed derived",
}


def objects(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"Answer": schema, **schema["$defs"]}


def choices(node: Any, name: str) -> Iterator[set[str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name and isinstance(value, dict):
                branches = value.get("anyOf", [value])
                yield from (set(branch["enum"]) for branch in branches if "enum" in branch)
            yield from choices(value, name)
    elif isinstance(node, list):
        for item in node:
            yield from choices(item, name)


@pytest.mark.parametrize("name", CONTRACT)
def test_every_field_of_the_contract_is_in_the_schema_and_required(name: str) -> None:
    node = objects(answer_schema())[name]
    fields = set(CONTRACT[name].split())
    assert fields <= set(node["properties"])
    assert set(node["required"]) == set(node["properties"])


@pytest.mark.parametrize("name", WORDS)
def test_closed_lists_hold_the_words_of_the_contract(name: str) -> None:
    assert set(WORDS[name].split()) in list(choices(answer_schema(), name))


def test_the_contract_here_is_the_example_of_the_design(shared: Path) -> None:
    blocks = re.findall(r"```json\n(.*?)```", (shared / "design.md").read_text(encoding="utf-8"), re.DOTALL)
    example = json.loads(blocks[0])
    nested = {
        "Answer": example,
        "Premise": example["premise"],
        "Statement": example["statements"][0],
        "Citation": example["citations"][0],
        "CitedCell": example["citations"][0]["locator"],
        "RankedPassage": example["passages"][0],
        "Fact": example["facts"][0],
        "Recommendation": example["recommendations"][0],
        "TherapyStanding": example["therapies"][0],
        "MissingFact": example["ask"][0],
        "Note": example["notes"][0],
        "SourceDocument": example["documents"][0],
    }
    assert {name: set(value) for name, value in nested.items()} == {
        name: set(fields.split()) for name, fields in CONTRACT.items()
    }


def test_a_real_answer_has_exactly_the_fields_of_the_schema(assistant: Assistant) -> None:
    schema = answer_schema()
    answer = json.loads(assistant.ask("Lower risk of post-embolic syndrome than TACE?").to_json())

    def compare(value: Any, node: dict[str, Any]) -> None:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
        if "anyOf" in node and value is not None:
            node = next(branch for branch in node["anyOf"] if branch.get("type") != "null")
            compare(value, node)
        elif isinstance(value, dict):
            assert value.keys() == node["properties"].keys()
            for key, below in value.items():
                compare(below, node["properties"][key])
        elif isinstance(value, list) and "items" in node:
            for below in value:
                compare(below, node["items"])

    assert answer["citations"][0]["locator"] is not None
    compare(answer, schema)


def test_every_reference_in_the_schema_leads_to_a_definition() -> None:
    schema = answer_schema()
    named = set(re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(schema)))
    assert named == set(schema["$defs"])
    assert json.dumps(schema).count('"$ref"') == json.dumps(schema).count('"$ref": "#/$defs/')


def test_the_schema_names_its_dialect_and_version() -> None:
    schema = answer_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["schema"]["const"] == "nelm.answer/1"


def test_a_status_outside_the_list_does_not_validate(assistant: Assistant) -> None:
    text = assistant.ask("TACE").to_json()
    adapter = TypeAdapter(Answer)
    adapter.validate_json(text)
    with pytest.raises(ValueError, match="status"):
        adapter.validate_json(text.replace('"status": "answered"', '"status": "certain"'))


def test_sections_and_passages_have_exactly_the_fields_of_their_schemas(assistant: Assistant) -> None:
    for name, value in (("section", assistant.source("Table 1")), ("passage", assistant.search("TACE", 1)[0])):
        schema, values = schema_of(name), json.loads(json.dumps(value.to_dict()))
        assert schema["title"] == f"nelm.{name}/1"
        assert values.keys() == schema["properties"].keys()
        assert Draft202012Validator(schema).is_valid(values)
        assert not Draft202012Validator(schema).is_valid({**values, "section": 5})
