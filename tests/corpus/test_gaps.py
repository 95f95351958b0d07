from __future__ import annotations

from pathlib import Path

import pytest

from corpus.document import Document
from corpus.errors import KnowledgeError
from corpus.gaps import Gap, load_gaps
from corpus.integrity import GUIDELINES
from corpus.pack import load_pack
from corpus.questions import SILENCES
from corpus.vocabulary import Vocabulary
from tests.conftest import REVIEW

GOOD = """gaps:
  shunt:
    class: attribute
    says: "No lung shunt."
    nearest: ["3.4-01"]
    questions: ["Which shunt?", "shunt limit?"]
"""


def loaded(folder: Path, review: Document, text: str) -> tuple[Gap, ...]:
    (folder / "gaps.yaml").write_text(text, encoding="utf-8")
    return load_gaps(folder / "gaps.yaml", review)


def test_a_gap_is_read(tmp_path: Path, review: Document) -> None:
    assert loaded(tmp_path, review, GOOD) == (
        Gap("shunt", "attribute", "No lung shunt.", ("3.4-01",), ("Which shunt?", "shunt limit?")),
    )


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("attribute", "whim", 3, "unknown class 'whim'"),
        ("3.4-01", "9.9-01", 5, "'9.9-01' is no unit"),
        ("3.4-01", "3.4-heading", 5, "'3.4-heading' is no unit"),
        ("says:", "say:", 4, "unknown key 'say'"),
        ('    says: "No lung shunt."\n', "", 3, "missing ['says']"),
        ('["Which shunt?", "shunt limit?"]', "one", 6, "expected a list"),
    ],
)
def test_a_mistake_is_refused_at_its_line(
    tmp_path: Path, review: Document, before: str, after: str, line: int, said: str
) -> None:
    with pytest.raises(KnowledgeError) as caught:
        loaded(tmp_path, review, GOOD.replace(before, after))
    assert said in str(caught.value)
    assert (caught.value.file, caught.value.line) == ("gaps.yaml", line)


def test_the_review_s_gaps_have_eight_questions_that_no_unit_answers(vocabulary: Vocabulary) -> None:
    pack = load_pack(GUIDELINES / REVIEW, vocabulary)
    assert len(pack.gaps) >= 100
    assert {gap.kind for gap in pack.gaps} == SILENCES
    assert [gap.id for gap in pack.gaps if len(gap.questions) < 8] == []
    answered = {" ".join(q.casefold().split()) for unit in pack.curated for q in unit.questions}
    assert [q for gap in pack.gaps for q in gap.questions if " ".join(q.casefold().split()) in answered] == []
    assert [gap.id for gap in pack.gaps if not gap.nearest and gap.kind != "other_subject"] == []
