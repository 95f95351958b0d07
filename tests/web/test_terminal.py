from __future__ import annotations

import dataclasses
import re

import pytest

from assistant import Assistant
from corpus.document import Document, UnitKind
from corpus.markup import clean
from web.terminal import answer_text, cell, passages_text, section_text, whole_text, works_words
from web.turn_markdown import turn_markdown


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    "question",
    ["Who should not have TACE?", "Lower risk of post-embolic syndrome than TACE?", "Was DEB-TACE halted in RETNET?"],
)
def test_every_quote_stands_whole_above_its_place_and_link(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    text = answer_text(answer)
    quoted = {n for s in answer.statements if s.kind == "quote" for n in s.citations}
    for citation in (c for c in answer.citations if c.n in quoted):
        assert f"“{citation.display}” [{citation.n}]" in words(text)
        before, _, after = text.partition(citation.url)
        assert before.rstrip().split("\n")[-1].startswith(f"    [{citation.n}] {' › '.join(citation.path)}")
        told = works_words(citation)
        assert words(after).startswith(told) if told else after.startswith("\n\n")
    assert {int(n) for n in re.findall(r"” \[(\d+)\]", words(text))} == quoted | {
        n for part in answer.outline for n in part.citations
    }


def test_the_answer_to_one_question_is_laid_out_exactly(assistant: Assistant) -> None:
    text = answer_text(assistant.ask("When is radioembolization preferred over TACE?"))
    assert text.startswith(
        "“Merits for preferring radioembolization over TACE may also depend on specific clinical scenarios,\n"
        "such as cases with uneven distribution of bulky disease in a single lobe or when the disease is\n"
        "progressing rapidly [54].” [1]\n"
        "    [1] 3. Locoregional Therapies › 3.5. Transarterial Radioembolization vs. Chemoembolization"
        " · references 54\n"
        "        /source/criss-makary-2024/f9848353?at=30547-30766#cited\n"
        "        Rabei, R. et al. Curr. Treat. Options Oncol. 2023 [ref 54]\n\n"
    )
    assert text.endswith(
        "Source: Criss CR, Makary MS. Curr. Oncol. 2024, 31, 2076–2091. © 2024 by the authors, licensed under "
        "CC BY 4.0; shown unchanged in wording. Published 2024-04-05."
    )


def test_a_caveat_says_that_it_is_read_together_with_another(assistant: Assistant) -> None:
    answer = assistant.ask("Was DEB-TACE halted in RETNET?")
    caveats = [s.text for s in answer.statements if s.role == "caveat" and s.kind == "quote"]
    assert caveats
    text = words(answer_text(answer))
    assert text.count("Read together with: ") == len(caveats)
    assert all(f"Read together with: “{caveat}”" in text for caveat in caveats)


def test_an_item_of_a_table_is_led_in_by_row_and_column(assistant: Assistant) -> None:
    answer = assistant.ask("Lower risk of post-embolic syndrome than TACE?")
    assert cell(answer.citations[0]) == "Transarterial “bland” Embolization (TAE) — Highlights and Outcomes: "
    assert f"{cell(answer.citations[0])}“{answer.citations[0].display}” [1]" in words(answer_text(answer))
    assert cell(dataclasses.replace(answer.citations[0], locator=None)) == ""


def test_a_mended_question_is_said_and_an_unchanged_one_is_not(assistant: Assistant) -> None:
    mended = answer_text(assistant.ask("What is radioembolizaton?"))
    assert mended.startswith("Understood as: What is radioembolization?\n\n")
    assert "Understood as" not in answer_text(assistant.ask("What is radioembolization?"))


def test_an_abstention_shows_no_quote(assistant: Assistant) -> None:
    text = answer_text(assistant.ask("pizza"))
    assert text.startswith("This is not a subject of the review.\n\nSource: ")
    assert "“" not in text


def test_the_nearest_sentences_of_an_abstention_stand_below_what_is_missing(assistant: Assistant) -> None:
    answer = assistant.ask("What is the price of a radioembolization in Canada?")
    assert answer.status == "not_covered"
    said, nearest, *quotes = answer_text(answer).split("\n\n")
    assert words(said) == answer.text
    assert nearest == "Nearest in the review:"
    assert [words(quote).partition(" [1] ")[0] for quote in quotes[:1]] == [f"“{answer.citations[0].display}”"]
    assert "Read together with" not in answer_text(answer)


@pytest.mark.parametrize(
    "question",
    [
        "What are the laboratory criteria for eligibility?",
        "What bolus of octreotide is used?",
        "62M, NET G2, portal vein occluded. TACE?",
    ],
)
def test_high_notes_on_the_source_are_told_once_with_or_without_a_patient(assistant: Assistant, question: str) -> None:
    turn, book = assistant.dialogue.turn(question), assistant.patients.book
    assert len(turn.answer.high_notes) > 1
    for told in (whole_text(turn.answer, book), turn_markdown(turn, book)):
        assert [words(told).count(words(note.text)) for note in turn.answer.high_notes] == [1] * len(
            turn.answer.high_notes
        )


def test_what_excludes_a_therapy_is_met_before_all_else(assistant: Assistant) -> None:
    told = whole_text(assistant.ask("62M, NET G2, portal vein occluded. TACE?"), assistant.patients.book)
    assert told.startswith("Where the therapies stand:\n  Listed contraindication: Transarterial chemoembolization, ")


def test_lines_are_no_wider_than_a_hundred_but_for_places(assistant: Assistant) -> None:
    lines = answer_text(assistant.ask("Who should not have TACE?")).split("\n")
    assert [line for line in lines if len(line) > 100 and not line.startswith(("    ", "Source: "))] == []


def test_passages_stand_in_order_with_section_and_score(assistant: Assistant) -> None:
    passages = assistant.search("Who should not have TACE?", 3)
    text = passages_text(passages, assistant.documents)
    heads = re.findall(r"^(\d+)\. Section (.+) \(score (-?\d+\.\d)\)$", text, re.MULTILINE)
    assert heads == [(str(p.rank), p.section, f"{p.score:.1f}") for p in passages]
    assert text.endswith(f"Source: {assistant.documents[0].citation.attribution}")
    for passage in passages:
        assert words(clean(passage.text)) in words(text)


def test_a_section_is_printed_with_every_sentence_once_and_in_order(review: Document) -> None:
    for section in review.sections:
        units = [u for u in review.searchable if u.section == section.label]
        printed = words(section_text(review, section.label))
        assert printed == words(
            " ".join([" › ".join(section.path), *(u.display for u in units), review.citation.attribution])
        )


def test_paragraphs_are_those_of_the_source(review: Document) -> None:
    paragraphs = {u.paragraph for u in review.searchable if u.section == "3.2"}
    blocks = section_text(review, "3.2").split("\n\n")
    assert blocks[0] == "3. Locoregional Therapies › 3.2. Transarterial Chemoembolization"
    assert len(blocks) == len(paragraphs) + 2


def test_cells_and_items_of_a_table_stand_on_their_own(review: Document) -> None:
    blocks = section_text(review, "Table 1").split("\n\n")
    items = [u for u in review.units if u.section == "Table 1" and u.kind in {UnitKind.ITEM, UnitKind.CELL}]
    assert items
    assert {words(u.display) for u in items} <= {words(block) for block in blocks}
