from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import html5lib
import pytest

from assistant import Answer, Assistant
from index.opening import SearchIndex

QUESTIONS = ["Who should not have TACE?", "pizza", "62M, NELM G2, prior Whipple. TACE?", "TACE versus TARE: survival?"]


class Piece(HTMLParser):
    """The elements of a piece of HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(answer: Answer) -> Piece:
    html = answer._repr_html_()
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(html)
    return Piece(html)


def links(piece: Piece) -> Iterator[str]:
    return (attributes["href"] for tag, attributes in piece.elements if tag == "a")


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_statement_and_sentence_is_shown_and_every_link_leads_somewhere(
    assistant: Assistant, question: str
) -> None:
    answer = assistant.ask(question)
    piece = shown(answer)
    for statement in answer.statements:
        assert statement.text in piece.text
    for citation in answer.citations:
        assert citation.display in piece.text
    ids = [attributes["id"] for _, attributes in piece.elements if "id" in attributes]
    assert len(set(ids)) == len(ids) == len(answer.citations)
    assert all(link[1:] in ids for link in links(piece))
    assert answer.documents[0].attribution in piece.text


def test_links_lead_to_the_very_place_where_the_page_has_an_address(search_index: SearchIndex) -> None:
    answer = Assistant(search_index, public_url="https://nelm.example.org").ask(QUESTIONS[0])
    assert set(links(shown(answer))) == {citation.url for citation in answer.citations}
    assert all(link.startswith("https://nelm.example.org/source/") for link in links(shown(answer)))


def test_two_answers_on_one_page_do_not_share_names(assistant: Assistant) -> None:
    found = [re.findall(r'id="([^"]+)"', assistant.ask(question)._repr_html_()) for question in QUESTIONS[::2]]
    assert set(found[0]) & set(found[1]) == set()


def test_nothing_is_loaded_and_no_mark_up_of_others_gets_in(assistant: Assistant) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    answer = assistant.ask(f"{evil} TACE")
    answer = replace(
        answer,
        resolved_question=evil,
        citations=tuple(replace(c, display=evil, url=f"javascript:{evil}", path=(evil,)) for c in answer.citations),
        statements=tuple(replace(s, text=evil) for s in answer.statements),
    )
    piece = shown(answer)
    tags = {tag for tag, _ in piece.elements}
    assert tags <= {"div", "p", "strong", "small", "blockquote", "a", "details", "summary", "ol", "li"}
    names = {name for _, attributes in piece.elements for name in attributes}
    assert names <= {"class", "href", "title", "id", "value"}
    assert all(link.startswith("#nelm-") for link in links(piece))
    assert evil in piece.text
