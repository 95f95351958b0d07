"""An answer as a notebook shows it: one piece of HTML that needs nothing from elsewhere.

A notebook asks the object itself for its HTML, and imports run from `web` to `assistant` only: so the one place of HTML
in this package is here. Links lead to the source where they are absolute, else to the sentence in the piece itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from html import escape

from assistant.answer import Answer, Citation, Statement

_LINKS = ("https://", "http://")


def answer_html(answer: Answer) -> str:
    """Return an answer with its sentences as quotes, each with a link to its place; all text is escaped."""
    name = "nelm-" + hashlib.sha256(answer.to_json().encode("utf-8", "replace")).hexdigest()[:10]
    return f'<div class="nelm-answer">{"".join(_parts(answer, name))}</div>'


def _parts(answer: Answer, name: str) -> Iterator[str]:
    status = answer.status.replace("_", " ")
    yield f"<p><strong>{escape(answer.question)}</strong> <small>({escape(status)})</small></p>"
    if answer.resolved_question not in {"", answer.question}:
        yield f"<p><small>Understood as: {escape(answer.resolved_question)}</small></p>"
    yield from (_statement(statement, answer, name) for statement in answer.statements)
    if answer.citations:
        yield f"<details><summary>Sentences and their places ({len(answer.citations)})</summary><ol>"
        yield from (_citation(citation, name) for citation in answer.citations)
        yield "</ol></details>"
    for document in answer.documents:
        yield f"<p><small>{escape(document.attribution)} Published {escape(document.published)}.</small></p>"


def _statement(statement: Statement, answer: Answer, name: str) -> str:
    text = escape(statement.text)
    links = " ".join(_link(answer.citations[n - 1], name) for n in statement.citations)
    if statement.kind == "quote":
        return f"<blockquote>“{text}” {links}</blockquote>"
    return f"<p>{text} {links}</p>"


def _link(citation: Citation, name: str) -> str:
    href = citation.url if citation.url.startswith(_LINKS) else f"#{name}-{citation.n}"
    return f'<a href="{escape(href)}" title="{escape(" › ".join(citation.path))}">[{citation.n}]</a>'


def _citation(citation: Citation, name: str) -> str:
    place = f"{' › '.join(citation.path)}, {citation.document} {citation.start}–{citation.end}"
    cited = f", references {', '.join(map(str, citation.references))}" if citation.references else ""
    shown = f"“{escape(citation.display)}” <small>{escape(place + cited)}</small>"
    if citation.url.startswith(_LINKS):
        shown += f' <a href="{escape(citation.url)}">open</a>'
    return f'<li id="{name}-{citation.n}" value="{citation.n}">{shown}</li>'
