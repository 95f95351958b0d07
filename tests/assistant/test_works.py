from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import Assistant
from assistant.works import (
    MOST_ASKED,
    MOST_WORKS,
    asks_for_work,
    cited_in,
    left_out,
    numbers_asked,
    reference_places,
    works_behind,
)
from corpus.document import Document, UnitKind
from index.library import Library, Place
from index.opening import SearchIndex
from tests.conftest import REVIEW

LAST = 141


@pytest.fixture(scope="module")
def library(search_index: SearchIndex) -> Library:
    return search_index.library


def place(library: Library, unit: str) -> Place:
    return library.place(REVIEW, unit)


# Numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("What is reference 107?", (107,)),
        ("REFERENCE 7", (7,)),
        ("ref. 12, please", (12,)),
        ("What does ref #12 say?", (12,)),
        ("reference [54]", (54,)),
        ("Reference number 9?", (9,)),
        ("citation no. 33", (33,)),
        ("bibliography entry 8", (8,)),
        ("Show references 3, 1 and 2.", (3, 1, 2)),
        ("refs 5 & 6", (5, 6)),
        ("reference 5 or reference 6?", (5, 6)),
        ("references 4, 4 and 5", (4, 5)),
        ("references 1, 2, 3, 4 and 5", (1, 2, 3, 4, 5)),
        ("references 1, 2, and 7", (1, 2, 7)),
        ("reference 999", (999,)),
        ("reference 1070", ()),
        ("reference 12b", ()),
        ("Which references deal with TACE?", ()),
        ("What is the reference range of bilirubin, 2 mg/dL?", ()),
        ("Is 107 a reference?", ()),
        ("preference 3", ()),
        ("cTACE 5-year survival", ()),
        ("", ()),
        ("What are references 104–106?", (104, 105, 106)),
        ("refs 12-14", (12, 13, 14)),
        ("references 104 to 106", (104, 105, 106)),
        ("references 104 through 106 and 3", (104, 105, 106, 3)),
        ("references [12, 14–16]", (12, 14, 15, 16)),
        ("references 7–5", (7, 5)),  # no range
        ("reference 5-year survival", (5,)),
    ],
)
def test_numbers_of_references_are_read(text: str, numbers: tuple[int, ...]) -> None:
    assert numbers_asked(text) == numbers


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 999), min_size=1, max_size=5),
    st.sampled_from(["references", "Refs.", "citations", "REFERENCE NUMBERS"]),
    st.sampled_from([", ", " and ", " & ", " or ", ","]),
)
def test_a_list_of_numbers_is_read_in_order_each_once(numbers: list[int], word: str, between: str) -> None:
    text = f"What are {word} {between.join(map(str, numbers))}?"
    assert numbers_asked(text) == tuple(dict.fromkeys(numbers))


# "Which study …"


@pytest.mark.parametrize(
    "text",
    [
        "Which study found 5.3 years?",
        "Which studies compare TACE and TARE?",
        "which paper is that from",
        "What trial stands behind PRRT?",
        "Whose publication is it?",
        "Name the article.",
        "Cite the source for the 90%.",
        "What is the reference for the 33.8 months?",
        "Who reported 78.7%?",
        "Where are these figures from?",
        "What works are cited on PRRT?",
        "Which work reports the 33.8 months?",
        "Source of the 5.3 years?",
        "What is the source for these figures?",
        "Source for this?",
    ],
)
def test_a_question_for_the_study_is_recognised(text: str) -> None:
    assert asks_for_work(text)


@pytest.mark.parametrize(
    "text",
    [
        "What are the contraindications of TACE?",
        "How long is survival after TACE?",
        "Who should not have TACE?",
        "Is there a trial of TACE against TARE?",
        "Where does the catheter go?",
        "What is studied at present?",
        "",
        "What works for carcinoid syndrome?",
        "Which works better, TACE or TARE?",
        "What work-up is needed before TACE?",
        "Source of the tumour's blood supply?",
        "What source of blood do metastases have?",
        "What is the source of this bleeding?",
    ],
)
def test_other_questions_are_not_for_a_study(text: str) -> None:
    assert not asks_for_work(text)


# Places


def test_references_are_found_by_number_and_those_out_of_range_left_out(library: Library) -> None:
    found = reference_places(library, REVIEW, [107, 0, 1, LAST + 1, 999, LAST])
    assert [p.unit.id for p in found] == ["references-107", "references-01", f"references-{LAST}"]
    assert [p.unit.display.split(".")[0] for p in found] == ["107", "1", str(LAST)]
    assert all(p.unit.kind is UnitKind.REFERENCE for p in found)
    assert reference_places(library, REVIEW, []) == ()


def test_the_works_behind_sentences_are_those_they_cite_in_order(library: Library) -> None:
    one, other, none = (place(library, unit) for unit in ("3.2-07", "3.2-08", "3.1-05"))
    assert (one.unit.references, other.unit.references, none.unit.references) == ((65,), (66, 67, 68, 69), ())
    assert [p.unit.id for p in works_behind([one, other], library)] == [f"references-{n}" for n in (65, 66, 67)]
    assert [p.unit.id for p in works_behind([one, none, one], library)] == ["references-65"]
    assert works_behind([none], library) == works_behind([], library) == ()


def test_the_works_behind_every_unit_are_the_numbers_it_prints(library: Library) -> None:
    for one in library.places:
        if one.unit.kind is not UnitKind.REFERENCE:
            printed = sorted(set(printed_numbers(one.document.quote(one.unit))))[:MOST_WORKS]
            assert [p.unit.id for p in works_behind([one], library)] == [f"references-{n:02}" for n in printed]


def printed_numbers(raw: str) -> Iterator[int]:
    """Numbers in brackets, ranges expanded; read here anew."""
    for bracket in re.findall(r"\[([\d,–\- ]+)\]", raw):
        for part in bracket.split(","):
            ends = [int(n) for n in re.findall(r"\d+", part)]
            yield from range(ends[0], ends[-1] + 1)


def sections_citing(document: Document, number: int) -> list[str]:
    found: list[str] = []
    for unit in document.units:
        if unit.kind in {UnitKind.FURNITURE, UnitKind.HEADING, UnitKind.REFERENCE}:
            continue
        if number in printed_numbers(document.source[unit.start : unit.end]) and unit.section not in found:
            found.append(unit.section)
    return found


def test_the_sections_that_cite_a_work_equal_those_of_the_source(library: Library, review: Document) -> None:
    assert [r.number for r in review.references] == list(range(1, LAST + 1))
    several = 0
    for reference in review.references:
        sections = cited_in(library, place(library, reference.unit))
        assert list(sections) == sections_citing(review, reference.number), reference.number
        several += len(sections) > 1
    assert several > 10


# Answers


def test_the_entry_is_quoted_with_the_sections_that_cite_it(assistant: Assistant) -> None:
    answer = assistant.ask("What is reference 107?")
    entry = next(u for u in assistant.documents[0].units if u.id == "references-107")
    assert [(s.text, s.kind, s.role, s.citations) for s in answer.statements] == [
        (entry.display, "quote", "answer", (1,)),
        ("Cited in: 3.5.", "derived", "caveat", (1,)),
    ]
    assert answer.status == "answered"
    assert "Singla" in answer.statements[0].text
    assert (
        answer.citations[0].quote == assistant.documents[0].source[answer.citations[0].start : answer.citations[0].end]
    )


def test_each_of_several_entries_has_its_own_sections(assistant: Assistant) -> None:
    answer = assistant.ask("references 12 and 107")
    assert [c.unit for c in answer.citations] == ["references-12", "references-107"]
    assert [s.text for s in answer.statements if s.kind == "derived"] == ["Cited in: 1, 2.2, 2.3.", "Cited in: 3.5."]
    assert [s.citations for s in answer.statements] == [(1,), (1,), (2,), (2,)]


@pytest.mark.parametrize(
    ("question", "units", "said"),
    [
        (
            "What are references 1 and 999?",
            ["references-01"],
            [f"The reference list ends with number {LAST}; it has no reference 999."],
        ),
        ("What are references 104–106?", ["references-104", "references-105", "references-106"], []),
        (
            "references 1-9, 11, 140-143",
            [f"references-0{n}" for n in range(1, 9)],
            [
                "Asked for too, and not shown: references 9, 11, 140–141.",
                f"The reference list ends with number {LAST}; it has no references 142–143.",
            ],
        ),
    ],
)
def test_no_reference_asked_for_is_dropped_silently(
    assistant: Assistant, question: str, units: list[str], said: list[str]
) -> None:
    answer = assistant.ask(question)
    assert [c.unit for c in answer.citations] == units
    told = [s for s in answer.statements if not s.citations]
    assert [(s.text, s.kind, s.role) for s in told] == [(text, "derived", "caveat") for text in said]
    assert answer.text.split("\n\n")[len(answer.statements) - len(said) :] == said


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 999), unique=True, max_size=30))
def test_what_is_shown_and_what_is_said_to_be_left_out_is_all_that_was_asked(
    review: Document, library: Library, numbers: list[int]
) -> None:
    shown = [n for n in numbers if n in review.reference_by_number][:MOST_ASKED]
    said = [text.partition(f"number {LAST}; ")[2] or text for text in left_out(review, numbers)]
    assert sorted([*shown, *(n for text in said for n in numbers_asked(text))]) == sorted(numbers)


@pytest.mark.parametrize("number", [0, LAST + 1, 999])
def test_a_number_out_of_range_is_met_with_the_last_number_there_is(assistant: Assistant, number: int) -> None:
    answer = assistant.ask(f"What is reference {number}?")
    assert (answer.status, answer.reason) == ("not_covered", "not_stated")
    assert answer.text == f"The reference list ends with number {LAST}."
    assert answer.citations == ()
    assert assistant.ask(f"references {number} and {LAST}").citations[0].unit == f"references-{LAST}"


@pytest.mark.parametrize(
    ("question", "sentence", "reference"),
    [
        ("Which study stands behind the 5.3 years of median OS after TACE?", "3.2-07", "references-65"),
        ("Which paper is the 33.8 months survival of cTACE from?", "3.5-01", "references-70"),
    ],
)
def test_a_question_for_the_study_shows_the_entry_behind_the_sentence(
    assistant: Assistant, question: str, sentence: str, reference: str
) -> None:
    answer = assistant.ask(question)
    units = [c.unit for c in answer.citations]
    assert answer.status == "answered"
    assert units.index(sentence) < units.index(reference)
    assert sum(unit.startswith("references-") for unit in units) <= MOST_WORKS
    cited = {number for c in answer.citations for number in c.references}
    assert {int(unit.split("-")[1]) for unit in units if unit.startswith("references-")} <= cited
    without = assistant.ask("What was the median OS after TACE in Touloupas?")
    assert not any(c.unit.startswith("references-") for c in without.citations)
