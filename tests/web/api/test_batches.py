from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from assistant import Assistant
from web.batch import answer_batch

NDJSON = {"content-type": "application/x-ndjson"}
LINES = [
    '{"id": 1, "question": "Who should not have TACE?"}',
    "",
    '{"id": "d", "turns": ["What is TARE?", "And its risks?"]}',
    "{oops Mrs Smith",
    '{"id": 3, "question": "62M, NELM G2. TACE?", "facts": {"ascites": "perhaps"}}',
    '{"id": 4, "question": "62M, NELM G2. TACE?", "facts": {"whipple_history": true}, "confirmed": ["tae"]}',
    '{"id": 5, "question": "TACE", "facts": 5}',
    '{"id": 6, "question": "TACE", "confirmed": ["magic"]}',
]


def sent(client: TestClient, *lines: str, **headers: str) -> Response:
    return client.post("batch", content="\n".join(lines).encode(), headers={**NDJSON, **headers})


def rows(response: Response) -> list[dict[str, Any]]:
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in response.text.split("\n")[:-1]]


def test_lines_are_answered_in_order_and_a_bad_one_is_a_problem_of_its_own(
    client: TestClient, assistant: Assistant
) -> None:
    first, turns, garbage, fact, case, facts, confirmed = rows(sent(client, *LINES))
    assert first == {"id": 1, "answer": json.loads(assistant.ask("Who should not have TACE?").to_json())}
    assert [answer["question"] for answer in turns["answers"]] == ["What is TARE?", "And its risks?"]
    assert "TARE" in turns["answers"][1]["resolved_question"]
    assert set(garbage) == {"line", "problem"}
    assert (garbage["line"], garbage["problem"]["code"]) == (4, "batch_line_invalid")
    assert "Smith" not in json.dumps(garbage)
    assert (fact["line"], fact["id"], fact["problem"]["code"]) == (5, 3, "fact_invalid")
    python = assistant.ask("62M, NELM G2. TACE?", facts={"whipple_history": True}, confirmed=["tae"])
    assert case["answer"] == json.loads(python.to_json())
    assert facts["problem"]["code"] == "batch_line_invalid"
    assert (confirmed["id"], confirmed["problem"]["status"]) == (6, 422)


def test_the_command_line_writes_the_same_lines(client: TestClient, assistant: Assistant, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(LINES), encoding="utf-8")
    with target.open("w", encoding="utf-8", newline="\n") as file:
        answer_batch(assistant, source, file)
    good = [line for line in sent(client, *LINES).text.split("\n")[:-1] if "problem" not in json.loads(line)]
    assert "\n".join(good) + "\n" == target.read_text(encoding="utf-8")


def test_nothing_sent_is_nothing_answered(client: TestClient) -> None:
    assert rows(sent(client)) == []


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "application/x-ndjson-not"])
def test_a_batch_of_another_type_is_refused(client: TestClient, kind: str) -> None:
    response = sent(client, LINES[0], **{"content-type": kind})
    assert (response.status_code, response.json()["code"]) == (415, "media_type_unsupported")


def test_a_batch_of_the_type_with_a_charset_is_taken(client: TestClient) -> None:
    assert len(rows(sent(client, LINES[0], **{"content-type": "Application/X-NDJSON; charset=utf-8"}))) == 1
