from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from web.batch import BatchReport, answer_batch


def run(assistant: Assistant, folder: Path, *lines: bytes | str) -> tuple[list[dict[str, Any]], BatchReport]:
    source = folder / "in.jsonl"
    source.write_bytes(b"\n".join(line.encode() if isinstance(line, str) else line for line in lines))
    target = folder / "out.jsonl"
    with target.open("w", encoding="utf-8", newline="\n") as file:
        report = answer_batch(assistant, source, file)
    written = target.read_bytes().decode("utf-8")
    return [strict(line) for line in written.split("\n")[:-1]], report


def strict(line: str) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    row: dict[str, Any] = json.loads(line, parse_constant=refuse)
    return row


def errors(report: BatchReport) -> list[tuple[int, str]]:
    return [(number, error.code) for number, error in report.errors]


def test_each_question_is_answered_as_if_asked_alone(assistant: Assistant, tmp_path: Path) -> None:
    rows, report = run(
        assistant, tmp_path, '{"id": "a", "question": "What is TARE?"}', '{"id": 7, "question": "pizza"}'
    )
    assert rows == [
        {"id": "a", "answer": json.loads(assistant.ask("What is TARE?").to_json())},
        {"id": 7, "answer": json.loads(assistant.ask("pizza").to_json())},
    ]
    assert (report.answered, report.errors) == (2, ())


def test_the_turns_of_a_line_are_one_conversation(assistant: Assistant, tmp_path: Path) -> None:
    rows, _ = run(assistant, tmp_path, '{"id": "d", "turns": ["What is TARE?", "And its risks?"]}')
    conversation = assistant.conversation()
    asked = [json.loads(conversation.say(q).to_json()) for q in ("What is TARE?", "And its risks?")]
    assert rows == [{"id": "d", "answers": asked}]
    assert "TARE" in asked[1]["resolved_question"]


def test_a_bad_line_is_reported_with_its_number_and_the_rest_is_done(assistant: Assistant, tmp_path: Path) -> None:
    rows, report = run(
        assistant,
        tmp_path,
        '{"id": 1, "question": "TACE"}',
        "",
        "{oops",
        '{"question": "TACE"}',
        b'{"id": 2, "question": "\xff\xfe"}',
        '{"id": 3, "question": "TAE"}',
    )
    assert [row["id"] for row in rows] == [1, 3]
    assert errors(report) == [(n, "batch_line_invalid") for n in (3, 4, 5)]
    assert report.answered == 2


@pytest.mark.parametrize(
    "line",
    [
        '{"id": 1}',
        '{"id": 1, "question": "x", "turns": ["x"]}',
        '{"id": 1, "question": "x", "turns": []}',
        '{"id": 1, "question": null}',
        '{"id": 1, "question": 5}',
        '{"id": 1, "turns": []}',
        '{"id": 1, "turns": "What is TACE?"}',
        '{"id": 1, "turns": ["x", 5]}',
        "[]",
        '"text"',
        "null",
        "5",
        "nonsense",
        "{",
        b"\x00",
        b"\xff",
    ],
)
def test_a_line_that_is_no_question_is_refused(assistant: Assistant, tmp_path: Path, line: str | bytes) -> None:
    rows, report = run(assistant, tmp_path, line, '{"id": "next", "question": "TACE"}')
    assert errors(report) == [(1, "batch_line_invalid")]
    assert [row["id"] for row in rows] == ["next"]


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "\\ud800", "question": "TACE"}',
        b'{"id": 1, "question": "TACE", "more": ' + b"[" * 100_000 + b"}",
        b"[" * 100_000,
        b'{"id": NaN, "question": "TACE"}',
        b'{"id": Infinity, "question": "TACE"}',
        b'{"id": 1, "question": "TACE", "n": ' + b"9" * 5000 + b"}",
    ],
    ids=["surrogate id", "nested", "deep array", "nan", "infinity", "long number"],
)
def test_a_hostile_line_stops_nothing_and_spoils_no_output(assistant: Assistant, tmp_path: Path, line: bytes) -> None:
    rows, report = run(assistant, tmp_path, line, '{"id": "next", "question": "TACE"}')
    assert [row["id"] for row in rows][-1:] == ["next"]
    assert len(rows) + len(report.errors) == 2


def test_a_question_with_a_lone_surrogate_is_answered(assistant: Assistant, tmp_path: Path) -> None:
    rows, _ = run(assistant, tmp_path, '{"id": 1, "question": "\\ud800 TACE"}')
    assert rows[0]["answer"]["question"] == "\N{REPLACEMENT CHARACTER} TACE"


def test_blank_lines_and_carriage_returns_do_not_count_as_questions(assistant: Assistant, tmp_path: Path) -> None:
    rows, report = run(
        assistant, tmp_path, '{"id": 1, "question": "TACE"}\r', "  \r", "\t", '{"id": 2, "question": "x"}\r'
    )
    assert [row["id"] for row in rows] == [1, 2]
    assert report == BatchReport(2, ())


def test_a_line_separator_inside_a_question_ends_no_line(assistant: Assistant, tmp_path: Path) -> None:
    question = "What is\u2028TACE\u0085?"
    rows, report = run(assistant, tmp_path, json.dumps({"id": 1, "question": question}, ensure_ascii=False))
    assert report == BatchReport(1, ())
    assert rows[0]["answer"] == json.loads(assistant.ask(question).to_json())


def test_a_byte_order_mark_is_passed_over(assistant: Assistant, tmp_path: Path) -> None:
    rows, _ = run(assistant, tmp_path, b'\xef\xbb\xbf{"id": 1, "question": "TACE"}')
    assert [row["id"] for row in rows] == [1]


def test_an_empty_file_has_no_answers(assistant: Assistant, tmp_path: Path) -> None:
    assert run(assistant, tmp_path, b"") == ([], BatchReport(0, ()))


def test_progress_counts_lines_answered_and_refused(assistant: Assistant, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "question": "TACE"}\n\n{\n{"id": 2, "question": "TAE"}\n', encoding="utf-8")
    told: list[tuple[int, int]] = []
    answer_batch(assistant, source, io.StringIO(), tell=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_the_error_does_not_repeat_the_line(assistant: Assistant, tmp_path: Path) -> None:
    _, report = run(assistant, tmp_path, '{"id": 1, "question": "Mrs Smith", "turns": []}', "{Mrs Smith")
    assert all("Smith" not in str(error) for _, error in report.errors)
    assert len(report.errors) == 2
