from __future__ import annotations

from assistant import Assistant
from web.case_report import case_markdown, sensitivity_text
from web.report import case_html

CASE = "62M, NET G2, prior Whipple <script>alert(1)</script>, bili 45 µmol/L. TACE?"


def test_the_page_to_print_holds_every_sentence_and_no_mark_up_of_the_message(assistant: Assistant) -> None:
    answer, book = assistant.recommend(CASE), assistant.patients.book
    page = case_html(answer, book)
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert page.count("<h2>") == case_markdown(answer, book).count("\n## ")
    for statement in answer.statements:
        if statement.kind == "quote":
            assert statement.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in page


def test_the_report_names_what_it_rests_on(assistant: Assistant) -> None:
    answer = assistant.recommend(CASE)
    report = case_markdown(answer, assistant.patients.book)
    for part in (answer.knowledge[:12], answer.index[:12], answer.version, "## Not considered", "## To be established"):
        assert part in report


def test_nothing_that_moves_a_therapy_is_said_so(assistant: Assistant) -> None:
    evaluation = assistant.evaluate("62M, hepatocellular carcinoma. TACE?")
    assert sensitivity_text("tace", evaluation, ()).endswith("no single fact would change this")
