from __future__ import annotations

import pytest

from assistant.facets import parts_of
from index.opening import SearchIndex


@pytest.mark.parametrize(
    ("question", "needles"),
    [
        ("What burden is allowed for TACE, for ablation, and for salvage?", ["TACE", "ablation", "salvage"]),
        ("Which agents are used in TACE and which in TAE?", ["TACE", "TAE"]),
        ("RFA versus microwave: which is faster?", ["rfa", "microwave"]),
        ("Who wrote the review, and when was it published?", ["wrote", "published"]),
        ("Octreotide: dose of the bolus, rate of the infusion", ["bolus", "infusion"]),
        ("Ki-67: grading, and choice between TACE and TARE", ["grading", "TACE and TARE"]),
        ("What is the role of CT, MRI, and PET?", ["role of CT", "role of MRI", "role of PET"]),
        (
            "Who backs resection, PRRT after SSA, and early embolization?",
            ["resection", "backs PRRT after", "backs early"],
        ),
    ],
)
def test_a_question_of_several_parts_is_split(search_index: SearchIndex, question: str, needles: list[str]) -> None:
    parts = parts_of(question, search_index.library.lexicon)
    assert len(parts) == len(needles)
    for part, needle in zip(parts, needles, strict=True):
        assert needle.lower() in part.lower()


def test_what_is_stated_before_is_context_of_each_part(search_index: SearchIndex) -> None:
    parts = parts_of("He had a Whipple. Is TACE safe, and what about SIRT?", search_index.library.lexicon)
    assert len(parts) == 2
    assert all("Whipple" in part for part in parts)


@pytest.mark.parametrize(
    "question",
    [
        "What is the 5-year survival after cTACE?",
        "Which symptoms do carcinoid syndrome and crisis share?",
        "Is resection possible in patients with disease in both lobes?",
        "TACE contraindications",
        "Do doxorubicin, cisplatin or mitomycin differ in TACE?",
        "Who else?",
        "",
    ],
)
def test_a_question_of_one_piece_stays_whole(search_index: SearchIndex, question: str) -> None:
    assert parts_of(question, search_index.library.lexicon) == ()
