from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from corpus.document import Document
from corpus.errors import KnowledgeError
from corpus.gaps import Gap, load_gaps
from corpus.integrity import GUIDELINES
from corpus.pack import Pack, load_pack
from corpus.questions import SILENCES
from corpus.vocabulary import Vocabulary
from tests.conftest import REVIEW
from tests.corpus.test_questions import development_lines, near

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
    ("before", "after", "place", "said"),
    [
        ("attribute", "whim", (3, 12), "unknown class 'whim'"),
        ("attribute", "Attribute", (3, 12), "unknown class 'Attribute'"),
        ("attribute", "[attribute]", (3, 12), "expected text, found a list"),
        ("attribute", "", (3, 11), "expected text, found nothing"),
        ("attribute", "null", (3, 12), "expected text, found 'null'"),
        ("3.4-01", "9.9-01", (5, 14), "'9.9-01' is no unit of criss-makary-2024"),
        ("3.4-01", "3.4-heading", (5, 14), "'3.4-heading' is no unit"),
        ("3.4-01", "furniture-1", (5, 14), "'furniture-1' is no unit"),
        ('"3.4-01"', '"3.4-01", "3.4-01"', (5, 25), "'3.4-01' stands in this list twice"),
        ('["3.4-01"]', "3.4-01", (5, 14), "expected a list, found text"),
        ("says:", "say:", (4, 5), "unknown key 'say'"),
        ("says:", "class:", (4, 5), "'class' stands here a second time"),
        ('"No lung shunt."', '" "', (4, 11), "expected text, found nothing"),
        ('"No lung shunt."', "{no: shunt}", (4, 11), "expected text, found a mapping"),
        ("    class: attribute\n", "", (3, 5), "missing ['class']"),
        ('    says: "No lung shunt."\n', "", (3, 5), "missing ['says']"),
        ('    nearest: ["3.4-01"]\n', "", (3, 5), "missing ['nearest']"),
        ('    questions: ["Which shunt?", "shunt limit?"]\n', "", (3, 5), "missing ['questions']"),
        ('["Which shunt?", "shunt limit?"]', "one", (6, 16), "expected a list, found text"),
        ("shunt limit?", "Which shunt?", (6, 33), "'Which shunt?' stands in this list twice"),
        ("shunt limit?", "", (6, 33), "expected text, found nothing"),
        ('"shunt limit?"]', '["shunt limit?"]]', (6, 33), "expected text, found a list"),
        ('"shunt limit?"]\n', '"shunt limit?"]\n  shunt: {}\n', (7, 3), "'shunt' stands here a second time"),
        ('"shunt limit?"]\n', '"shunt limit?"]\n  other: none\n', (7, 10), "expected a mapping, found text"),
        ('"shunt limit?"]\n', '"shunt limit?"]\nunits: {}\n', (7, 1), "unknown key 'units'"),
        ("gaps:", "gap:", (1, 1), "unknown key 'gap'"),
        ("attribute", "&a attribute", (3, 12), "anchors, aliases and tags are not read"),
        ("attribute", "!!str attribute", (3, 12), "anchors, aliases and tags are not read"),
        ("attribute", "\ttribute: [", None, ""),
    ],
)
def test_a_mistake_is_refused_where_it_stands(
    tmp_path: Path, review: Document, before: str, after: str, place: tuple[int, int] | None, said: str
) -> None:
    assert GOOD.count(before) == 1
    with pytest.raises(KnowledgeError) as caught:
        loaded(tmp_path, review, GOOD.replace(before, after))
    error = caught.value
    assert said in str(error)
    assert str(error).startswith(f"gaps.yaml:{error.line}:{error.column}: ")
    if place is None:  # the parser's own word for where it could not read on
        assert error.line in {3, 4}
    else:
        assert (error.line, error.column) == place


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("{}\n", "missing ['gaps']"),
        ("- gaps\n", "expected a mapping, found a list"),
    ],
)
def test_a_file_without_gaps_is_refused_at_its_beginning(
    tmp_path: Path, review: Document, text: str, said: str
) -> None:
    with pytest.raises(KnowledgeError, match=r"^gaps\.yaml:1:1: ") as caught:
        loaded(tmp_path, review, text)
    assert said in str(caught.value)


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path, review: Document) -> None:
    with pytest.raises(KnowledgeError, match=r"^gaps\.yaml:1:1: the file is missing"):
        load_gaps(tmp_path / "gaps.yaml", review)
    (tmp_path / "gaps.yaml").write_bytes(GOOD.encode().replace(b"lung", b"\xff"))
    with pytest.raises(KnowledgeError, match=r"^gaps\.yaml:4:15: no text"):
        load_gaps(tmp_path / "gaps.yaml", review)


def test_gaps_keep_the_order_of_the_file_and_units_that_of_their_list(tmp_path: Path, review: Document) -> None:
    more = GOOD + (
        '  axis:\n    class: other_subject\n    says: "No."\n    nearest: ["3.4-02", "3.4-01"]\n    questions: [q]\n'
    )
    gaps = loaded(tmp_path, review, more)
    assert [gap.id for gap in gaps] == ["shunt", "axis"]
    assert gaps[1].nearest == ("3.4-02", "3.4-01")


# The gaps of the review


@pytest.fixture(scope="module")
def pack(vocabulary: Vocabulary) -> Pack:
    return load_pack(GUIDELINES / REVIEW, vocabulary)


def test_each_gap_of_the_review_has_eight_questions_and_every_class_has_a_gap(pack: Pack) -> None:
    assert len(pack.gaps) >= 100
    assert {gap.kind for gap in pack.gaps} == SILENCES
    assert [gap.id for gap in pack.gaps if len(gap.questions) < 8] == []
    assert [gap.id for gap in pack.gaps if not gap.nearest and gap.kind != "other_subject"] == []


def test_no_question_of_a_gap_is_answered_or_asked_of_another_gap(pack: Pack) -> None:
    def folded(text: str) -> str:
        return " ".join(text.casefold().split())

    answered = {folded(question) for unit in pack.curated for question in unit.questions}
    silent = [folded(question) for gap in pack.gaps for question in gap.questions]
    assert [question for question in silent if question in answered] == []
    assert [question for question, count in Counter(silent).items() if count > 1] == []


@pytest.mark.devset
def test_no_question_of_a_gap_is_nearly_one_of_the_development_set(shared: Path, pack: Pack) -> None:
    lines = [("development set", line) for line in development_lines(shared / "eval")]
    assert len(lines) == 80 + 30 + 25 + 2 * 44
    ours = [(gap.id, question) for gap in pack.gaps for question in gap.questions]
    assert near(ours, lines, 88) == []
    planted = f"Please: {lines[0][1].lower()}"
    assert near([("planted", planted)], lines[:1], 88) == [("planted", planted, *lines[0])]
