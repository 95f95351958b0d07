from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.studies import design_of, kinds_named, works_of
from index.library import Library
from tests.conftest import REVIEW


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("A retrospective, multicentre study", ("retrospective study",)),
        ("Meta-analyses of randomised trials", ("randomized trial",)),
        ("A meta-analysis and systematic review", ("meta-analysis", "systematic review")),
        ("Prospectively followed", ("prospective study",)),
        ("phase 1b study", ("phase I trial",)),
        ("ENETS consensus guidelines", ("guideline",)),
        ("Nothing of the kind", ()),
    ],
)
def test_kinds_of_study_are_told_by_their_words(text: str, kinds: tuple[str, ...]) -> None:
    assert set(kinds) <= set(kinds_named(text))
    assert bool(kinds) == bool(kinds_named(text))


def test_works_are_those_the_sentence_cites_as_their_entries_print_them(library: Library) -> None:
    for place in library.places:
        document = place.document
        works = works_of(place)
        assert [w.number for w in works] == [n for n in place.unit.references if n in document.reference_by_number]
        for work in works:
            entry = document.unit_by_id[document.reference_by_number[work.number].unit].display
            assert work.title in entry
            assert work.journal in entry
            assert work.year is None or str(work.year) in entry
            assert all(author in entry for author in work.authors)


def test_the_kind_of_study_of_the_figures_goes_before_the_words(library: Library) -> None:
    assert design_of(library.place(REVIEW, "3.2-07"), library).startswith("retrospective")
    assert "meta-analysis" in design_of(library.place(REVIEW, "3.5-03"), library)
    assert design_of(library.place(REVIEW, "3.1-05"), library) == ""


def test_every_citation_carries_its_evidence(assistant: Assistant) -> None:
    answer = assistant.ask("What was the median OS after TACE in Touloupas?")
    first = answer.citations[0]
    assert first.design
    assert [work.number for work in first.works] == list(first.references)
    assert first.works[0].year == 2021 or first.works[0].year is not None
