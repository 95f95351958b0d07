from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from assistant import Answer, Assistant
from assistant.evaluation.report import folder_report, score_question, table
from assistant.evaluation.sets import EvaluationError, Question
from tests.conftest import REVIEW, ROOT

SOURCE = (ROOT / "corpus" / "guidelines" / REVIEW / "source.md").read_bytes().decode("utf-8")
ASKED = "What symptomatic response did cTACE reach?"
GOLD = "symptomatic response in 78.7% of patients receiving cTACE"


class Fixed:
    """An assistant that always gives one answer."""

    def __init__(self, assistant: Assistant, answer: Answer) -> None:
        self.library = assistant.library
        self.documents = assistant.documents
        self._answer = answer

    def ask(self, _question: str) -> Answer:
        return self._answer


@pytest.fixture(scope="module")
def answer(assistant: Assistant) -> Answer:
    return assistant.ask(ASKED)


@pytest.fixture(scope="module")
def reference(shared: Path) -> Any:
    spec = importlib.util.spec_from_file_location("nelm_eval_check", shared / "eval" / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def development(shared: Path) -> list[dict[str, Any]]:
    lines = (shared / "eval" / "questions.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line.strip()]


@pytest.fixture(scope="module")
def answers(assistant: Assistant, development: list[dict[str, Any]]) -> list[Answer]:
    return [assistant.ask(row["question"]) for row in development]


def question(*quotes: str, every: bool = False, must: tuple[tuple[str, ...], ...] = ()) -> Question:
    return Question("q", ASKED, "numeric", ("3.2",), quotes, every, must)


def score(assistant: Assistant, answer: Answer, asked: Question) -> Any:
    return score_question(Fixed(assistant, answer), asked)  # type: ignore[arg-type]


def reordered(answer: Answer, first: list[int]) -> Answer:
    order = [*first, *(n for n in range(10) if n not in first)]
    return dataclasses.replace(answer, passages=tuple(answer.passages[n] for n in order))


def test_a_question_whose_first_passage_holds_the_quote_ranks_first(assistant: Assistant) -> None:
    result = score_question(assistant, question(GOLD, must=(("78.7%",),)))
    assert (result.rank, result.covered, result.correct) == (1, True, True)
    assert result.citations == result.citations_right >= 1
    assert result.sentences == result.citations


@pytest.mark.parametrize("rank", [1, 2, 5, 6, 10])
def test_the_rank_is_that_of_the_first_passage_with_a_quote(assistant: Assistant, answer: Answer, rank: int) -> None:
    holder = next(n for n, p in enumerate(answer.passages) if GOLD in p.text)
    order = [n for n in range(10) if n != holder]
    order.insert(rank - 1, holder)
    found = score(assistant, reordered(answer, order), question(GOLD))
    assert (found.rank, found.covered) == (rank, rank <= 5)


def test_a_quote_no_passage_holds_ranks_nowhere(assistant: Assistant, answer: Answer) -> None:
    found = score(assistant, answer, question("a sentence the review does not have"))
    assert (found.rank, found.covered) == (0, False)


def test_every_quote_is_needed_only_where_the_set_says_so(assistant: Assistant, answer: Answer) -> None:
    other = "a sentence the review does not have"
    assert score(assistant, answer, question(GOLD, other)).covered
    assert not score(assistant, answer, question(GOLD, other, every=True)).covered
    assert score(assistant, answer, question(GOLD, answer.passages[4].text[:80], every=True)).covered
    assert not score(assistant, answer, question(GOLD, answer.passages[5].text[:80], every=True)).covered


def test_an_abstention_is_not_correct_whatever_it_says(assistant: Assistant, answer: Answer) -> None:
    abstained = dataclasses.replace(answer, status="not_covered", reason="not_stated")
    assert score(assistant, answer, question(GOLD, must=(("78.7%",),))).correct
    assert not score(assistant, abstained, question(GOLD, must=(("78.7%",),))).correct
    assert not score(assistant, answer, question(GOLD, must=(("99.9%",),))).correct


@pytest.mark.parametrize(
    "change", [{"start": 3}, {"section": "4"}, {"display": "TACE cures."}, {"quote": "TACE cures."}]
)
def test_a_citation_that_is_wrong_in_any_way_is_not_counted_right(
    assistant: Assistant, answer: Answer, change: dict[str, Any]
) -> None:
    wrong = dataclasses.replace(answer.citations[0], **change)
    broken = dataclasses.replace(answer, citations=(wrong, *answer.citations[1:]))
    found = score(assistant, broken, question(GOLD))
    assert found.citations_right == found.citations - 1 == len(answer.citations) - 1


def test_the_report_counts_what_was_asked(assistant: Assistant, tmp_path: Path) -> None:
    base = {"kind": "numeric", "all": False, "must_include": [["78.7%"]]}
    rows = [
        {"id": "a", "question": ASKED, "gold_sections": ["3.2"], "gold_quotes": [GOLD], **base},
        {"id": "b", "question": ASKED, "gold_sections": ["4"], "gold_quotes": ["not in the review"], **base},
        {"id": "c", "question": "pizza", "gold_sections": ["4"], "gold_quotes": ["not in it"], **base, "kind": "far"},
    ]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    report = folder_report(assistant, tmp_path)
    lines = {cells[0]: cells[1:7] for line in report.split("\n") if len(cells := re.split(r"\s*\|\s*", line)[1:-1]) > 6}
    assert lines["all"] == ["3", "1 (0.333)", "1 (0.333)", "1 (0.333)", "1", "0.333"]
    assert lines["numeric"] == ["2", "1 (0.500)", "1 (0.500)", "1 (0.500)", "1", "0.500"]
    assert lines["far"] == ["1", "0 (0.000)", "0 (0.000)", "0 (0.000)", "0", "0.000"]
    assert lines["§ 3.2"][:2] == ["1", "1 (1.000)"]
    assert lines["§ 4"][:2] == ["2", "0 (0.000)"]
    assert "answers with the key content: 2 of 3" in report
    assert "(1.000)\nanswers" in report
    assert f"knowledge {assistant.library.knowledge[:12]}" in report


def test_an_empty_set_is_refused(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "questions.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match="empty"):
        folder_report(assistant, tmp_path)


def test_a_table_has_padded_columns() -> None:
    assert table(("name", "n"), [("§ 3.2", "10"), ("x", "1")]) == (
        "| name  | n  |\n|-------|----|\n| § 3.2 | 10 |\n| x     | 1  |"
    )


@pytest.mark.devset
def test_retrieval_on_the_development_set_stays_where_it_was(
    answers: list[Answer], development: list[dict[str, Any]], reference: Any
) -> None:
    ranks, covered = [], 0
    for answer, row in zip(answers, development, strict=True):
        held = [[reference.hit(p.text, quote) for quote in row["gold_quotes"]] for p in answer.passages]
        ranks.append(next((n for n, quotes in enumerate(held, 1) if any(quotes)), 0))
        in_five = [any(quotes[n] for quotes in held[:5]) for n in range(len(row["gold_quotes"]))]
        covered += all(in_five) if row["all"] else any(in_five)
    assert len(ranks) == 80
    assert sum(rank == 1 for rank in ranks) >= 76
    assert sum(0 < rank <= 3 for rank in ranks) >= 79
    assert sum(0 < rank <= 5 for rank in ranks) >= 79
    assert sum(1 / rank for rank in ranks if rank) / len(ranks) >= 0.97
    assert covered >= 75


@pytest.mark.devset
def test_every_citation_on_the_development_set_is_exact_and_in_its_section(
    answers: list[Answer], reference: Any
) -> None:
    pairs = [citation for answer in answers for citation in answer.citations]
    assert all(answer.citations for answer in answers)
    wrong = [
        citation.display
        for citation in pairs
        if SOURCE[citation.start : citation.end] != citation.quote
        or not reference.citation_ok(SOURCE, citation.section, citation.display)
    ]
    assert wrong == []


@pytest.mark.devset
def test_the_scores_of_the_development_set_are_those_of_the_reference(
    assistant: Assistant, answers: list[Answer], development: list[dict[str, Any]], reference: Any
) -> None:
    for answer, row in zip(answers, development, strict=True):
        asked = Question(
            row["id"],
            row["question"],
            row["kind"],
            tuple(row["gold_sections"]),
            tuple(row["gold_quotes"]),
            row["all"],
            tuple(tuple(group) for group in row["must_include"]),
        )
        found = score(assistant, answer, asked)
        hits = [any(reference.hit(p.text, quote) for quote in row["gold_quotes"]) for p in answer.passages]
        assert found.rank == (hits.index(True) + 1 if any(hits) else 0)
        assert found.correct == (
            answer.status != "not_covered" and reference.answer_ok(answer.text, row["must_include"])
        )
        assert found.citations == found.citations_right == len(answer.citations)
