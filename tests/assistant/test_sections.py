from __future__ import annotations

import json

import pytest

from assistant import Assistant
from assistant.errors import SectionMissingError
from corpus.document import Document, UnitKind
from index.opening import SearchIndex
from tests.conftest import REVIEW


def test_a_section_holds_its_sentences_with_their_places(assistant: Assistant, review: Document) -> None:
    section = assistant.source("3.2")
    units = [unit for unit in review.searchable if unit.section == "3.2"]
    assert [(s.unit, s.text, s.start, s.end) for s in section.sentences] == [
        (u.id, u.display, u.start, u.end) for u in units
    ]
    assert all(s.quote == review.source[s.start : s.end] for s in section.sentences)
    assert section.path == review.section_by_label["3.2"].path
    assert section.document.attribution == review.citation.attribution


def test_its_text_is_all_its_sentences_a_paragraph_a_line(assistant: Assistant) -> None:
    section = assistant.source("3.2")
    assert section.text.replace("\n", " ") == " ".join(s.text for s in section.sentences)
    assert len(section.text.split("\n")) == len({s.paragraph for s in section.sentences})


def test_a_table_gives_a_cell_a_line_and_says_where_each_stands(assistant: Assistant) -> None:
    section = assistant.source("table 1")
    cells = {(s.locator.row, s.locator.column) for s in section.sentences if s.locator is not None}
    assert len(cells) > 10
    assert len(section.text.split("\n")) >= len(cells)


def test_the_works_cited_come_with_it(assistant: Assistant, review: Document) -> None:
    section = assistant.source("3.2")
    cited = {number for s in section.sentences for number in s.references}
    assert [work.number for work in section.references] == sorted(cited)
    printed = review.reference_by_number[section.references[0].number]
    assert section.references[0].title == printed.title
    own = assistant.source("References").references
    entries = [u for u in review.searchable if u.section == "References" and u.kind is UnitKind.REFERENCE]
    assert len(own) == len(entries) > len(cited)


@pytest.mark.parametrize(("section", "document"), [("9.9", ""), ("", ""), ("3.2", "smith-2030")])
def test_what_is_not_there_is_missing_and_what_is_there_is_listed(
    assistant: Assistant, section: str, document: str
) -> None:
    with pytest.raises(SectionMissingError) as caught:
        assistant.source(section, document)
    assert (REVIEW if document else "Abstract") in caught.value.hint


def test_plain_values_are_json(assistant: Assistant) -> None:
    section = assistant.source(" ABSTRACT ", REVIEW)
    values = json.loads(json.dumps(section.to_dict()))
    assert values["section"] == "Abstract"
    assert values["sentences"][0]["text"] == section.sentences[0].text


def test_links_are_absolute_where_the_page_has_an_address(search_index: SearchIndex) -> None:
    public = Assistant(search_index, public_url="https://nelm.example.org/")
    assert all(s.url.startswith("https://nelm.example.org/source/") for s in public.source("3.2").sentences)
    assert public.search("TACE", 2)[0].url.startswith("https://nelm.example.org/source/")
