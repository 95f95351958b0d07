"""The report on a patient as a page to print: the Markdown of `case_report`, rendered by markdown-it."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

from assistant.answer import Answer
from assistant.rules.book import RuleBook
from web.case_report import case_markdown
from web.pages import render

STYLE = Path(__file__).parent / "static" / "report.css"


def case_html(answer: Answer, book: RuleBook, *, linked: bool = False) -> str:
    """Return one page for a tumour board as HTML; mark-up in what was typed stays text.

    Args:
        linked: Whether its style is a link, as the service's headers demand; else the page stands alone.
    """
    body = MarkdownIt("js-default").render(case_markdown(answer, book))
    style = "" if linked else STYLE.read_text(encoding="utf-8")
    return render("report.html", body=body, linked=linked, style=style)
