"""The whole description against the application, by requests that follow it and requests that do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.pytest import from_fixture
from schemathesis.python import asgi
from schemathesis.schemas import BaseSchema

from assistant import Assistant
from assistant.conversation.turns import Turn
from web.store.keeping import MemoryKeeping

BESIDE_THE_SCHEMA = {
    # A schema cannot say that a text is a number with one of a fact's units; all else that it allows is accepted.
    "include-path-regex": r"/(ask|recommend|explain/[a-z-]+|turns)$",
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422", "429"]},
    },
}
ANY_BYTES = "POST /api/v1/batch"
"""Whatever is sent is a batch: of a line that is none its answer tells."""
CALM = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: Any, value: Any) -> bytes:
    return str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def described(app: FastAPI) -> BaseSchema:
    config = schemathesis.Config.from_dict({"operations": [BESIDE_THE_SCHEMA]})
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=config)


@pytest.fixture(scope="module")
def turn(assistant: Assistant) -> Turn:
    return assistant.dialogue.turn("What is TARE?")


@pytest.fixture(scope="module")
def session(described: BaseSchema) -> Iterator[Any]:
    with asgi.get_client(described.app) as client:
        yield client


def operations(described: BaseSchema) -> Iterator[Any]:
    for found in described.get_all_operations():
        assert isinstance(found, Ok)
        yield found.ok()


def run(operation: Any, mode: GenerationMode, examples: int, session: Any, name: str = "") -> int:
    """Check an operation with requests of a kind; return how many there were."""
    count = 0

    @settings(CALM, max_examples=examples)
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Case[Any]) -> None:
        nonlocal count
        count += 1
        if name:
            case.path_parameters["conversation"] = name
        case.call_and_validate(session=session)

    check()
    return count


@pytest.mark.parametrize("examples", [1, pytest.param(150, marks=pytest.mark.thorough)])
def test_every_operation_keeps_to_its_description(described: BaseSchema, session: Any, examples: int) -> None:
    counts = {}
    for operation in operations(described):
        for mode in GenerationMode:
            if mode is GenerationMode.POSITIVE or operation.label != ANY_BYTES:
                counts[operation.label, mode] = run(operation, mode, examples, session)
    assert len(counts) > 50
    assert min(counts.values()) > 0


@pytest.mark.parametrize("examples", [1, pytest.param(100, marks=pytest.mark.thorough)])
def test_operations_on_a_conversation_that_is_there_keep_to_their_description(
    described: BaseSchema, session: Any, store: MemoryKeeping, turn: Turn, examples: int
) -> None:
    done = 0
    for operation in operations(described):
        if "{conversation}" in operation.label:
            name = store.create("api")
            store.append(name, turn)
            done += run(operation, GenerationMode.POSITIVE, examples, session, name)
    assert done >= 7


api = from_fixture("described")


@pytest.mark.thorough
@api.parametrize()
@settings(CALM, max_examples=50)
def test_every_boundary_of_every_operation_is_kept(case: Case[Any]) -> None:
    case.call_and_validate()
