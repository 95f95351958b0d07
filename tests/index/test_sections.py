from __future__ import annotations

import numpy as np
import pytest

from index.opening import SearchIndex
from index.sections import SectionNames


@pytest.fixture(scope="module")
def names(search_index: SearchIndex) -> SectionNames:
    return SectionNames(search_index.library)


def named(names: SectionNames, index: SearchIndex, text: str) -> set[str]:
    rows = names.named_in(text)
    assert rows.shape == (len(index.library.places),)
    assert set(rows.tolist()) <= {0.0, 1.0}
    labels = {place.unit.section for place in index.library.places if rows[place.row]}
    # a section is named as a whole or not at all
    assert all(rows[place.row] for place in index.library.places if place.unit.section in labels)
    return labels


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("What does section 3.2 say about DEB-TACE?", {"3.2"}),
        ("Section 3.2.", {"3.2"}),
        ("SECTION 3.2", {"3.2"}),
        ("sect. 2.1", {"2.1"}),
        ("sect 2.1", {"2.1"}),
        ("chapter 5", {"5"}),
        ("section 2.1 or section 2.3", {"2.1", "2.3"}),
        ("section 3.2 against chapter 4", {"3.2", "4"}),
        ("according to table 1", {"Table 1"}),
        ("Which trials does the table list?", {"Table 1"}),
        ("the tables", {"Table 1"}),
        ("what does the figure show", {"Figure 1"}),
        ("in the abstract", {"Abstract"}),
        ("in the conclusions", {"6"}),
        ("the authors' conclusion", {"6"}),
        ("introduction", {"1"}),
        ("reference 70", {"References"}),
        ("the abstract and the table", {"Abstract", "Table 1"}),
    ],
)
def test_a_section_is_known_by_number_label_or_one_word_heading(
    names: SectionNames, search_index: SearchIndex, text: str, labels: set[str]
) -> None:
    assert named(names, search_index, text) == labels


@pytest.mark.parametrize("text", ["see § 3.2", "§3.2", "§ 3.2 says", "(§ 3.2)"])
def test_the_section_sign_names_a_section(names: SectionNames, search_index: SearchIndex, text: str) -> None:
    assert named(names, search_index, text) == {"3.2"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3.2",
        "a bilirubin of 3.2 mg/dL",
        "3 lesions of 2.1 cm",
        "section 7.4",
        "section 32",
        "section 3.22",
        "subsection three",
        "intersection 3",
        "is resection possible in 2 segments?",
        "Is TACE safe?",
        "matter",
        "front and back",
        "locoregional therapies",
        "ablative therapies",
    ],
)
def test_nothing_else_names_a_section(names: SectionNames, search_index: SearchIndex, text: str) -> None:
    assert named(names, search_index, text) == set()


def test_every_numbered_section_with_text_can_be_named(names: SectionNames, search_index: SearchIndex) -> None:
    labels = {place.unit.section for place in search_index.library.places if place.unit.section[0].isdigit()}
    assert {"1", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "3.4", "3.5", "4", "5", "6"} <= labels
    for label in sorted(labels):
        assert named(names, search_index, f"what is said in section {label}?") == {label}


def test_naming_a_section_twice_counts_once(names: SectionNames) -> None:
    once, twice = names.named_in("table"), names.named_in("table 1, the table, Table")
    assert np.array_equal(once, twice)
