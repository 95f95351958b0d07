"""The report on a patient as a page to print: the Markdown of `case_report`, rendered by markdown-it."""

from __future__ import annotations

from markdown_it import MarkdownIt

from assistant.answer import Answer
from assistant.rules.book import RuleBook
from web.case_report import case_markdown
from web.pages import render


def case_html(answer: Answer, book: RuleBook) -> str:
    """Return one page for a tumour board as HTML that stands alone; mark-up in what was typed stays text."""
    body = MarkdownIt("js-default").render(case_markdown(answer, book))
    return render("report.html", body=body)
