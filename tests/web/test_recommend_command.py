"""``nelm recommend``: each of its ways to tell is the function's own, for the patient as given."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant
from assistant.rules.sensitivity import changes
from tests.web.test_cli import Ran, Run, failed, run
from web.case_report import case_markdown, changes_text, sensitivity_text, trace_text, why_not_text
from web.report import case_html
from web.terminal import whole_text

__all__ = ["run"]

CASE = "62M, NET G2, unresectable liver metastases, carcinoid syndrome. TACE?"
GIVEN = {"ascites": False}
CONFIRMED = ["tace"]


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The patient: in words, by a file, and what is confirmed."""
    file = tmp_path / "facts.yaml"
    file.write_text("ascites: false\n", encoding="utf-8")
    return ["recommend", CASE, "--facts", str(file), "--confirmed", "tace"]


def test_every_form_of_the_answer_is_that_of_the_function(run: Run, words: list[str], assistant: Assistant) -> None:
    answer, book = assistant.recommend(CASE, facts=GIVEN, confirmed=CONFIRMED), assistant.patients.book
    assert answer.therapies != assistant.recommend(CASE, facts=GIVEN).therapies
    assert answer != assistant.recommend(CASE, confirmed=CONFIRMED)
    assert run(*words) == Ran(0, whole_text(answer, book) + "\n", "")
    assert run(*words, "--json") == Ran(0, answer.to_json(indent=1) + "\n", "")
    assert run(*words, "--report") == Ran(0, case_markdown(answer, book) + "\n", "")
    assert run(*words, "--html") == Ran(0, case_html(answer, book) + "\n", "")


def test_every_reason_is_that_of_the_evaluation(run: Run, words: list[str], assistant: Assistant) -> None:
    evaluation = assistant.evaluate(CASE, facts=GIVEN, confirmed=CONFIRMED)
    rule = evaluation.fired[0].rule
    moves = changes(assistant.patients.engine, evaluation, "tace", CONFIRMED)
    assert moves != changes(assistant.patients.engine, evaluation, "tace", ())
    after = assistant.evaluate(CASE, facts={**GIVEN, "whipple_history": "yes"}, confirmed=CONFIRMED)
    for given, expected in (
        (("--explain", rule.id), trace_text(rule.key, evaluation)),
        (("--why-not", "tare"), why_not_text("tare", evaluation)),
        (("--what-changes", "tace"), sensitivity_text("tace", evaluation, moves)),
        (("--what-if", "whipple_history=yes"), changes_text(evaluation, after, {"whipple_history": "yes"})),
    ):
        assert run(*words, *given) == Ran(0, expected + "\n", ""), given


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["recommend"], "usage"),
        (["recommend", CASE, "--confirmed", "magic"], "fact_invalid"),
        (["recommend", CASE, "--explain", "magic"], "usage"),
        (["recommend", CASE, "--why-not", "magic"], "usage"),
        (["recommend", CASE, "--what-if", "ascites"], "usage"),
        (["recommend", CASE, "--what-if", "ascites=perhaps"], "fact_invalid"),
    ],
)
def test_what_cannot_be_read_is_refused(run: Run, given: list[str], code: str) -> None:
    assert failed(run(*given), code)
