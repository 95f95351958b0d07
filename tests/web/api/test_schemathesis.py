"""The whole description against the application, by requests that follow it and requests that do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.engine import Status, events, from_schema
from schemathesis.python import asgi
from schemathesis.schemas import BaseSchema

from assistant import Assistant
from assistant.conversation.turns import Turn
from web.store.keeping import MemoryKeeping

WITH_FACTS = r"/(ask|recommend|explain/[a-z-]+|turns)$"
BESIDE_THE_SCHEMA = {
    # A schema cannot say that a text is a number with one of a fact's units; all else that it allows is accepted.
    "include-path-regex": WITH_FACTS,
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
    config = schemathesis.Config.from_dict(
        {"operations": [BESIDE_THE_SCHEMA], "seed": 1, "phases": {"fuzzing": {"enabled": False}}}
    )
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


def test_every_operation_keeps_to_its_description_once(described: BaseSchema, session: Any) -> None:
    modes = cycle(GenerationMode)
    for operation in operations(described):
        mode = next(modes)
        run(operation, GenerationMode.POSITIVE if operation.label == ANY_BYTES else mode, 1, session)


@pytest.mark.thorough
def test_every_operation_keeps_to_its_description(described: BaseSchema, session: Any) -> None:
    counts = {}
    for operation in operations(described):
        for mode in GenerationMode:
            if mode is GenerationMode.POSITIVE or operation.label != ANY_BYTES:
                counts[operation.label, mode] = run(operation, mode, 25, session)
    assert len(counts) > 50
    assert min(counts.values()) > 0


@pytest.mark.parametrize("examples", [1, pytest.param(25, marks=pytest.mark.thorough)])
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


@pytest.mark.thorough
def test_every_boundary_and_every_chain_of_operations_keeps_to_the_description(described: BaseSchema) -> None:
    simple = described.exclude(path_regex=WITH_FACTS).exclude(path_regex="/batch$")
    counts: Counter[str] = Counter()
    for event in from_schema(simple).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if isinstance(event, events.ScenarioFinished):
            counts[event.phase.value] += len(event.recorder.cases)
            checks = [check for done in event.recorder.checks.values() for check in done]
            assert [check for check in checks if check.status is Status.FAILURE] == []
    assert min(counts["examples"], counts["coverage"]) > 50
