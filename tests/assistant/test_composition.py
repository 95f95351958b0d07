from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assistant import Assistant
from assistant.composition import Asked, Composer, check_quote, ranked, source_document, source_url
from assistant.errors import QuoteMismatchError
from assistant.evidence import Evidence
from corpus.document import Document, Unit
from index.library import Library
from index.opening import SearchIndex
from index.passage import Passage
from tests.conftest import REVIEW

TAMPERINGS: dict[str, Callable[[Unit], dict[str, Any]]] = {
    "a figure changed": lambda u: {"display": u.display.replace("2", "3", 1)},
    "a word left out": lambda u: {"display": u.display.split(" ", 1)[1]},
    "the sign turned": lambda u: {"display": u.display.replace("<", ">", 1)},
    "a space added": lambda u: {"display": f"{u.display} "},
    "letter case changed": lambda u: {"display": u.display.swapcase()},
    "nothing to show": lambda _: {"display": ""},
    "start late": lambda u: {"start": u.start + 1},
    "start early": lambda u: {"start": u.start - 5},
    "end early": lambda u: {"end": u.end - 1},
    "end late": lambda u: {"end": u.end + 5},
    "shifted": lambda u: {"start": u.start + 7, "end": u.end + 7},
    "an empty range": lambda u: {"end": u.start},
    "an empty range and nothing to show": lambda u: {"end": u.start, "display": ""},
    "behind the end of the source": lambda u: {"start": u.start + 10**6, "end": u.end + 10**6},
    "counted from the end": lambda u: {"start": -10, "end": -3},
}
ASKED = Asked("q", "q", ())


def tampered(library: Library, unit: str, **changes: Any) -> Library:
    (document,) = library.documents
    units = tuple(dataclasses.replace(u, **changes) if u.id == unit else u for u in document.units)
    return dataclasses.replace(library, documents=(dataclasses.replace(document, units=units),))


def composer(library: Library, public_url: str = "") -> Composer:
    return Composer(library, index="i", version="v", public_url=public_url)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_sentence_that_is_not_the_sources_is_withheld(search_index: SearchIndex, name: str) -> None:
    unit = search_index.library.place(REVIEW, "3.3-05").unit
    changes = TAMPERINGS[name](unit)
    assert dataclasses.replace(unit, **changes) != unit
    library = tampered(search_index.library, unit.id, **changes)
    evidence = [Evidence(library.place(REVIEW, unit.id), "answer")]
    with pytest.raises(QuoteMismatchError):
        composer(library).answered(ASKED, evidence, heads=True)


def test_the_same_sentence_untampered_is_shown(search_index: SearchIndex) -> None:
    library = tampered(search_index.library, "3.3-05")
    answer = composer(library).answered(ASKED, [Evidence(library.place(REVIEW, "3.3-05"), "answer")], heads=True)
    assert "serum creatinine < 2" in answer.citations[0].display


@pytest.mark.parametrize("role", ["answer", "caveat"])
def test_one_tampered_sentence_withholds_the_whole_answer(
    assistant: Assistant, search_index: SearchIndex, role: str
) -> None:
    right = assistant.ask("Did DEB-TACE raise hepatobiliary complications in RETNET?")
    number = next(s.citations[0] for s in right.statements if s.role == role)
    citation = right.citations[number - 1]
    library = tampered(search_index.library, citation.unit, display=citation.display + " Always.")
    search = copy.copy(search_index.search)
    search.library = library
    broken = Assistant(dataclasses.replace(search_index, library=library, search=search))
    with pytest.raises(QuoteMismatchError):
        broken.ask(right.question)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(data=st.data())
def test_no_other_range_passes_for_a_sentence(search_index: SearchIndex, data: st.DataObject) -> None:
    places = search_index.library.places
    place = places[data.draw(st.integers(0, len(places) - 1))]
    unit, source = place.unit, place.document.source
    start = data.draw(st.integers(max(0, unit.start - 30), unit.start + 30))
    end = data.draw(st.integers(unit.end - 30, unit.end + 30))
    lost = source[min(start, unit.start) : max(start, unit.start)] + source[min(end, unit.end) : max(end, unit.end)]
    assume(any(c.isalnum() for c in lost))
    with pytest.raises(QuoteMismatchError):
        check_quote(place.document, start, end, source[start:end], unit.display)


def test_every_unit_of_the_review_passes_its_own_check(search_index: SearchIndex) -> None:
    for place in search_index.library.places:
        unit = place.unit
        check_quote(place.document, unit.start, unit.end, place.document.source[unit.start : unit.end], unit.display)


def test_a_quote_that_differs_from_the_source_only_in_markup_is_withheld(search_index: SearchIndex) -> None:
    places = search_index.library.places
    marked_up = [p for p in places if p.document.source[p.unit.start : p.unit.end] != p.unit.display]
    assert len(marked_up) > 20
    for place in marked_up:
        unit = place.unit
        with pytest.raises(QuoteMismatchError):
            check_quote(place.document, unit.start, unit.end, unit.display, unit.display)


def test_the_error_names_the_place_and_not_the_words(search_index: SearchIndex) -> None:
    library = tampered(search_index.library, "3.3-05", display="Bilirubin does not matter.")
    unit = library.place(REVIEW, "3.3-05")
    with pytest.raises(QuoteMismatchError) as caught:
        composer(library).answered(Asked("my patient", "my patient", ()), [Evidence(unit, "answer")], heads=True)
    assert f"{unit.unit.start}-{unit.unit.end}" in str(caught.value)
    assert "patient" not in str(caught.value)
    assert caught.value.code == "quote_mismatch"


def test_a_cited_sentence_is_given_with_its_place_references_and_link(search_index: SearchIndex) -> None:
    place = search_index.library.place(REVIEW, "3.2-06")
    (citation,) = composer(search_index.library).answered(ASKED, [Evidence(place, "answer")], heads=True).citations
    assert citation.display.startswith("TACE has been an effective modality aiming at symptom control")
    assert (citation.n, citation.document, citation.unit, citation.section) == (1, REVIEW, "3.2-06", "3.2")
    assert citation.path == ("3. Locoregional Therapies", "3.2. Transarterial Chemoembolization")
    assert citation.references == (62,)
    assert citation.locator is None
    start = place.document.source.index("TACE has been an effective modality aiming at symptom control")
    assert citation.start == start
    assert citation.url == f"/source/{REVIEW}/f9848353?at={start}-{citation.end}#cited"


def test_an_item_of_the_table_is_given_with_row_column_and_number(search_index: SearchIndex) -> None:
    places = search_index.library.places
    place = next(p for p in places if p.unit.display == "Lower risk of post-embolic syndrome than TACE [77]")
    answer = composer(search_index.library).answered(ASKED, [Evidence(place, "answer")], heads=True)
    (citation,) = answer.citations
    assert citation.locator is not None
    assert citation.locator.row == "Transarterial “bland” Embolization (TAE)"
    assert citation.locator.column == "Highlights and Outcomes"
    assert citation.locator.item >= 1
    assert answer.text.endswith(
        "\n\nTable 1, Transarterial “bland” Embolization (TAE): "
        "“Lower risk of post-embolic syndrome than TACE [77]” [1]"
    )


def test_statements_keep_the_order_and_roles_of_the_evidence(search_index: SearchIndex) -> None:
    library = search_index.library
    evidence = [
        Evidence(library.place(REVIEW, "3.2-07"), "answer"),
        Evidence(library.place(REVIEW, "3.2-08"), "caveat"),
    ]
    answer = composer(library).answered(Asked("asked", "mended", ()), evidence, heads=True)
    assert [(s.kind, s.role, s.citations) for s in answer.statements] == [
        ("derived", "lead", (1, 2)),
        ("quote", "answer", (1,)),
        ("quote", "caveat", (2,)),
    ]
    assert (answer.question, answer.resolved_question, answer.status) == ("asked", "mended", "answered")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("unreadable", "cannot be read"),
        ("too_vague", "too little"),
        ("outside_subject", "not a subject"),
        ("not_stated", "does not say"),
        ("only_in_references", "only cites works"),
        ("trial_ongoing", "reports no result"),
    ],
)
def test_an_abstention_says_what_is_amiss_and_asserts_nothing(
    search_index: SearchIndex, reason: Any, said: str
) -> None:
    answer = composer(search_index.library).abstained(ASKED, reason)
    assert said in answer.text
    assert [(s.text, s.kind, s.citations) for s in answer.statements] == [(answer.text, "derived", ())]
    assert (answer.status, answer.reason, answer.citations) == ("not_covered", reason, ())


def test_an_answer_that_nothing_heads_begins_with_the_sentence(search_index: SearchIndex) -> None:
    evidence = [Evidence(search_index.library.place(REVIEW, "3.3-05"), "answer")]
    plain = composer(search_index.library).answered(ASKED, evidence, heads=False)
    headed = composer(search_index.library).answered(ASKED, evidence, heads=True)
    assert plain.text == f"“{plain.citations[0].display}” [1]"
    assert headed.text == f"The review says:\n\n{plain.text}"
    assert [s.role for s in plain.statements] == ["answer"]


def test_a_sentence_that_speaks_of_its_own_time_is_dated(search_index: SearchIndex) -> None:
    library = search_index.library
    recent = next(p for p in library.places if p.unit.display.startswith("In a recent development, the DEB-TACE"))
    evidence = [Evidence(library.place(REVIEW, "3.3-05"), "answer"), Evidence(recent, "answer")]
    answer = composer(library).answered(ASKED, evidence, heads=False)
    last = answer.statements[-1]
    assert (last.kind, last.role, last.citations) == ("derived", "caveat", (2,))
    assert last.text == "“Ongoing”, “recent” and “current” mean as of April 2024."
    quoted = [f"“{citation.display}” [{citation.n}]" for citation in answer.citations]
    assert answer.text == "\n\n".join([*quoted, f"{last.text} [2]"]), "after the sentences, with the one it dates"
    undated = composer(library).answered(ASKED, evidence[:1], heads=False)
    assert [s.kind for s in undated.statements] == ["quote"]


def test_nearest_sentences_are_quoted_as_such_and_stay_out_of_the_text(search_index: SearchIndex) -> None:
    library = search_index.library
    nearest = [library.place(REVIEW, "3.2-07"), library.place(REVIEW, "3.3-05")]
    answer = composer(library).abstained(ASKED, "not_stated", nearest=nearest)
    assert answer.text == "The review does not say this."
    assert [(s.kind, s.role, s.citations) for s in answer.statements] == [
        ("derived", "lead", ()),
        ("derived", "nearest", (1, 2)),
        ("quote", "nearest", (1,)),
        ("quote", "nearest", (2,)),
    ]
    assert [s.text for s in answer.statements[2:]] == [place.unit.display for place in nearest]


def test_a_tampered_nearest_sentence_withholds_the_abstention(search_index: SearchIndex) -> None:
    library = tampered(search_index.library, "3.3-05", display="Bilirubin does not matter.")
    with pytest.raises(QuoteMismatchError):
        composer(library).abstained(ASKED, "not_stated", nearest=[library.place(REVIEW, "3.3-05")])


def test_a_known_gap_is_said_in_its_own_words(search_index: SearchIndex) -> None:
    answer = composer(search_index.library).abstained(ASKED, "not_stated", says="The review gives no costs.")
    assert (answer.text, answer.reason) == ("The review gives no costs.", "not_stated")


def test_a_declined_message_has_no_reason_and_its_confidence_is_carried(search_index: SearchIndex) -> None:
    declined = composer(search_index.library).abstained(ASKED, None)
    assert (declined.status, declined.reason, declined.confidence) == ("declined", None, None)
    assert declined.text.startswith("Instructions in a message are not followed")
    sure = composer(search_index.library).abstained(dataclasses.replace(ASKED, confidence=0.97), "not_stated")
    assert sure.confidence == 0.97


def test_a_link_names_document_version_and_range(review: Document) -> None:
    assert source_url(review, 3, 17) == "/source/criss-makary-2024/f9848353?at=3-17#cited"


def test_passages_carry_raw_text_a_link_and_a_score_of_one_decimal(search_index: SearchIndex) -> None:
    place = search_index.library.place(REVIEW, "1-04")
    unit = place.unit
    (passage,) = ranked([Passage(1, 1.23456, (place,), unit.start, unit.end)], "https://a.example")
    assert passage.score == 1.2
    assert passage.text == place.document.source[unit.start : unit.end]
    assert passage.url == f"https://a.example/source/{REVIEW}/f9848353?at={unit.start}-{unit.end}#cited"
    assert (passage.rank, passage.document, passage.section) == (1, REVIEW, "1")


def test_a_superseded_document_says_by_what(review: Document) -> None:
    citation = dataclasses.replace(review.citation, superseded_by="criss-makary-2031")
    assert source_document(dataclasses.replace(review, citation=citation)).superseded_by == "criss-makary-2031"
