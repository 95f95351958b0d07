from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from assistant.evaluation.sets import EvaluationError, OwnQuestion, Question, load_own, load_questions
from tests.conftest import REVIEW, ROOT

ROW: dict[str, Any] = {
    "id": "q1",
    "question": "Which 5-year survival – “roughly”?",
    "kind": "numeric",
    "gold_sections": ["1", "Abstract"],
    "gold_quotes": ["19–38%", "20–40%"],
    "all": True,
    "must_include": [["19–38%"], ["20–40%", "20-40 %"]],
}
OWN = ROOT / "tests" / "evaluation" / "own.jsonl"


def written(folder: Path, *lines: str | bytes) -> Path:
    data = b"\n".join(line.encode() if isinstance(line, str) else line for line in lines)
    (folder / "questions.jsonl").write_bytes(data)
    return folder


def test_a_question_is_read_with_its_quotes(tmp_path: Path) -> None:
    assert load_questions(written(tmp_path, json.dumps(ROW, ensure_ascii=False))) == (
        Question(
            "q1",
            "Which 5-year survival – “roughly”?",
            "numeric",
            ("1", "Abstract"),
            ("19–38%", "20–40%"),
            True,
            (("19–38%",), ("20–40%", "20-40 %")),
        ),
    )


def test_blank_lines_and_carriage_returns_are_passed_over(tmp_path: Path) -> None:
    line = json.dumps(ROW)
    rows = load_questions(written(tmp_path, f"{line}\r", "", "  \r", json.dumps({**ROW, "id": "q2"}), ""))
    assert [row.id for row in rows] == ["q1", "q2"]


def test_a_line_separator_inside_a_question_ends_no_line(tmp_path: Path) -> None:
    question = "one\u2028two\u0085three\u2029four"
    line = json.dumps({**ROW, "question": question}, ensure_ascii=False)
    assert [row.text for row in load_questions(written(tmp_path, line))] == [question]


def test_fields_that_may_be_absent_are_empty(tmp_path: Path) -> None:
    row = {key: value for key, value in ROW.items() if key != "must_include"}
    assert load_questions(written(tmp_path, json.dumps(row)))[0].must_include == ()


def test_a_folder_without_questions_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"questions\.jsonl is missing") as caught:
        load_questions(tmp_path)
    assert caught.value.code == "evaluation_invalid"


@pytest.mark.parametrize("line", ["{", "no json", b"\xff\xfe{}"])
def test_a_file_that_is_not_json_lines_is_refused(tmp_path: Path, line: str | bytes) -> None:
    with pytest.raises(EvaluationError, match="not JSON lines"):
        load_questions(written(tmp_path, json.dumps(ROW), line))


@pytest.mark.parametrize("missing", ["id", "question", "kind", "gold_sections", "gold_quotes", "all"])
def test_a_question_without_a_field_is_refused(tmp_path: Path, missing: str) -> None:
    row = {key: value for key, value in ROW.items() if key != missing}
    with pytest.raises(EvaluationError):
        load_questions(written(tmp_path, json.dumps(row)))


@pytest.mark.parametrize("line", ["[]", "3", '"text"', "null"])
def test_a_line_that_is_no_object_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(EvaluationError):
        load_questions(written(tmp_path, line))


def test_an_own_question_is_read_with_its_units(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    row = {"id": "o", "question": "Q?", "section": "1", "start": 2, "end": 8, "units": ["1-01", "1-02"]}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert load_own(path) == (OwnQuestion("o", "Q?", "1", ("1-01", "1-02")),)


def test_the_projects_own_list_names_units_of_the_review_in_their_section(assistant: Assistant) -> None:
    questions = load_own(OWN)
    units = assistant.library.document_by_id[REVIEW].unit_by_id
    assert len(questions) > 2000
    assert len({question.id for question in questions}) == len(questions)
    for question in questions:
        assert question.units
        assert units[question.units[0]].section == question.section


def test_the_projects_own_list_shares_no_question_with_the_development_set(shared: Path) -> None:
    development = {" ".join(question.text.casefold().split()) for question in load_questions(shared / "eval")}
    assert development.isdisjoint(" ".join(question.text.casefold().split()) for question in load_own(OWN))
