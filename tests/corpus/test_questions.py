from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from rapidfuzz import fuzz, process

from corpus.document import Document, UnitKind
from corpus.errors import KnowledgeError
from corpus.integrity import GUIDELINES
from corpus.pack import load_pack
from corpus.questions import ASKS, SILENCES, CuratedUnit, NearMiss, load_questions
from corpus.reading import read
from corpus.statements import Refutation
from corpus.vocabulary import Entry, Vocabulary

VOCABULARY = Vocabulary((Entry("tae", "therapy", "TAE", (), ("TAE",), (), ()),))
SOURCE = """# A Small Review

## 1. Bland Embolization

TAE blocks vessels when platelets are > 100,000 and bilirubin is $< 2$ mg/dL [1]. It is repeated.
"""
QUESTIONS = """\
units:
  "1-02":
    says: "It is repeated."
    asks: [yes_no, count]
    about: [tae]
    questions:
      - "Is TAE repeated?"
      - "How often is it done?"
    near_misses:
      attribute: ["After how many days is it repeated?"]
  "1-01":
    says: "TAE blocks vessels when platelets are > 100,000 and bilirubin is < 2 mg/dL [1]."
    asks: [mechanism]
    about: [tae]
    keep_with: ["1-02"]
    same_as: [front-matter-01]
    questions:
      - "What does TAE do?"
"""


@pytest.fixture(scope="module")
def small(review: Document) -> Document:
    return read(SOURCE, review.citation)


@pytest.fixture(scope="module")
def curated(vocabulary: Vocabulary, review: Document) -> tuple[CuratedUnit, ...]:
    return load_pack(GUIDELINES / review.citation.id, vocabulary).curated


def loaded(folder: Path, document: Document, text: str) -> tuple[CuratedUnit, ...]:
    (folder / "questions.yaml").write_text(text, encoding="utf-8")
    return load_questions(folder / "questions.yaml", document, VOCABULARY)


def refused(folder: Path, document: Document, text: str) -> KnowledgeError:
    with pytest.raises(KnowledgeError) as caught:
        loaded(folder, document, text)
    assert str(caught.value).startswith(f"questions.yaml:{caught.value.line}:{caught.value.column}: ")
    return caught.value


def test_curated_units_are_read_in_the_order_of_the_document(tmp_path: Path, small: Document) -> None:
    assert loaded(tmp_path, small, QUESTIONS) == (
        CuratedUnit(
            unit="1-01",
            asks=("mechanism",),
            about=("tae",),
            questions=("What does TAE do?",),
            near_misses=(),
            keep_with=("1-02",),
            same_as=("front-matter-01",),
        ),
        CuratedUnit(
            unit="1-02",
            asks=("yes_no", "count"),
            about=("tae",),
            questions=("Is TAE repeated?", "How often is it done?"),
            near_misses=(NearMiss("After how many days is it repeated?", "attribute"),),
            keep_with=(),
            same_as=(),
        ),
    )


REFUTES = """
    refutes:
      - claim: "TAE is never repeated"
        asked: "Why is TAE never repeated?"
        twin: "Why is TAE repeated?"
"""


def test_near_misses_are_read_by_kind_and_wrong_claims_with_their_twins(tmp_path: Path, small: Document) -> None:
    misses = '    near_misses: {advice: ["Should I?", "May I?"], entity: ["Is TACE repeated?"]}'
    unit = loaded(tmp_path, small, QUESTIONS.rstrip("\n") + REFUTES + misses)[0]
    assert unit.near_misses == (
        NearMiss("Should I?", "advice"), NearMiss("May I?", "advice"), NearMiss("Is TACE repeated?", "entity"),
    )  # fmt: skip
    assert unit.refutes == (Refutation("TAE is never repeated", "Why is TAE never repeated?", "Why is TAE repeated?"),)


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ("attribute:", "whim:", (10, 7), "unknown kind of near miss 'whim'"),
        ("attribute: [", "attribute: {a: [", None, ""),
        ('{advice: ["Should I?"]}', '["Should I?"]', (23, 18), "expected a mapping, found a list"),
        ('["Should I?"]', '"Should I?"', (23, 27), "expected a list, found text"),
        ('["Should I?"]', '["Is TAE repeated?"]', (23, 28), "'Is TAE repeated?' is asked of '1-02' too"),
        ("claim:", "says:", (20, 9), "unknown key 'says'"),
        ('\n        asked: "Why is TAE never repeated?"', "", (20, 9), "missing ['asked']"),
        ('\n        twin: "Why is TAE repeated?"', "", (20, 9), "missing ['twin']"),
        ('"TAE is never repeated"', '""', (20, 16), "expected text, found nothing"),
        (REFUTES, "\n    refutes:\n      - why\n", (20, 9), "expected a mapping, found text"),
        (REFUTES, "\n    refutes: why\n", (19, 14), "expected a list, found text"),
    ],
)
def test_a_mistake_in_near_misses_or_wrong_claims_is_refused_where_it_stands(
    tmp_path: Path, small: Document, old: str, new: str, place: tuple[int, int] | None, said: str
) -> None:
    text = QUESTIONS.rstrip("\n") + REFUTES + '    near_misses: {advice: ["Should I?"]}\n'
    assert text.count(old) == 1
    error = refused(tmp_path, small, text.replace(old, new))
    assert said in str(error)
    assert place is None or (error.line, error.column) == place


def test_a_missing_file_is_refused(tmp_path: Path, small: Document) -> None:
    with pytest.raises(KnowledgeError, match=r"questions\.yaml:1:1: the file is missing"):
        load_questions(tmp_path / "questions.yaml", small, VOCABULARY)


@pytest.mark.parametrize(
    ("old", "new", "lines", "said"),
    [
        ("asks: [mechanism]", "asks: [mechanism", {13, 14}, "did not find expected"),
        ("    about: [tae]\n    questions", "    questions", {3}, "missing ['about']"),
        ('    says: "It is repeated."\n', "", {3}, "missing ['says']"),
        ('says: "It is repeated."', "says: [It is repeated.]", {3}, "expected text"),
        ("asks: [mechanism]", "asks: mechanism", {13}, "expected a list"),
        ("asks: [mechanism]", "asks: {mechanism: x}", {13}, "expected a list"),
        ("asks: [mechanism]", "asks: [[mechanism]]", {13}, "expected text"),
        ("asks: [mechanism]", "asks: [how]", {13}, "unknown asks 'how'"),
        ("    about: [tae]\n    keep", "    about: [tace]\n    keep", {14}, "unknown about 'tace'"),
        ('["1-02"]', '["1-03"]', {15}, "unknown keep_with '1-03'"),
        ('["1-02"]', '["1-01"]', {15}, "unknown keep_with '1-01'"),
        ("[front-matter-01]", "[back-matter-01]", {16}, "unknown same_as 'back-matter-01'"),
        ("same_as:", "same: [a]\n    same_as:", {16}, "unknown key 'same'"),
        ("same_as:", "keep_with:", {16}, "'keep_with' stands here a second time"),
        ('  "1-01":', '  "1-02":', {11}, "'1-02' stands here a second time"),
        ("How often is it done?", "Is TAE repeated?", {8}, "'Is TAE repeated?' stands in this list twice"),
        ("How often is it done?", "", {8}, "found nothing"),
        ('  "1-01":', '  "1-07":', {11, 12}, "'1-07' is no unit of criss-makary-2024"),
        ('  "1-01":', '  "1-heading":', {11, 12}, "'1-heading' is no unit"),
        ('  "1-01":', '  "furniture-1":', {11, 12}, "'furniture-1' is no unit"),
        ("What does TAE do?", "Is TAE repeated?", set(range(11, 19)), "'Is TAE repeated?' is asked of '1-02' too"),
        ("What does TAE do?", "is  tae REPEATED?", set(range(11, 19)), "'is  tae REPEATED?' is asked of '1-02' too"),
        ("What does TAE do?", "After how many days is it repeated?", set(range(11, 19)), "is asked of '1-02' too"),
    ],
)
def test_a_mistake_is_refused_where_it_stands(
    tmp_path: Path, small: Document, old: str, new: str, lines: set[int], said: str
) -> None:
    assert old in QUESTIONS
    error = refused(tmp_path, small, QUESTIONS.replace(old, new, 1))
    assert said in str(error)
    assert error.line in lines


@pytest.mark.parametrize(
    "words",
    [
        "TAE blocks vessels when platelets are > 10,000 and bilirubin is < 2 mg/dL [1].",
        "TAE blocks vessels when platelets are > 100,000 and bilirubin is < 2 mg/dL.",
        "TAE blocks vessels when platelets are > 100,000 and bilirubin is $< 2$ mg/dL [1].",
        "tae blocks vessels when platelets are > 100,000 and bilirubin is < 2 mg/dL [1].",
        "It is repeated.",
    ],
)
def test_words_that_differ_from_the_source_are_refused_with_those_of_the_source(
    tmp_path: Path, small: Document, words: str
) -> None:
    printed = "TAE blocks vessels when platelets are > 100,000 and bilirubin is < 2 mg/dL [1]."
    error = refused(tmp_path, small, QUESTIONS.replace(printed, words))
    assert (error.line, error.column) == (12, 11)
    assert f"the source says {printed!r}" in str(error)


@pytest.mark.parametrize("name", ["keep_with", "same_as"])
@pytest.mark.parametrize("unit", ["furniture-1", "1-heading"])
def test_a_unit_that_is_never_shown_cannot_be_named_beside_another(
    tmp_path: Path, small: Document, name: str, unit: str
) -> None:
    old = {"keep_with": '["1-02"]', "same_as": "[front-matter-01]"}[name]
    assert f"unknown {name} {unit!r}" in str(refused(tmp_path, small, QUESTIONS.replace(old, f"[{unit}]")))


def test_a_question_cannot_be_answered_and_unanswered_by_one_unit(tmp_path: Path, small: Document) -> None:
    text = QUESTIONS.replace("After how many days is it repeated?", "is TAE repeated?")
    assert refused(tmp_path, small, text).line in range(3, 11)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('  "1-01":', '  "1-07":', 11),
        ("What does TAE do?", "Is TAE repeated?", 18),
        ("    same_as:", "    same:\n      - a\n    same_as:", 16),
    ],
    ids=["no-unit", "asked-twice", "unknown-key"],
)
def test_a_mistake_is_refused_at_the_very_line_it_stands_in(
    tmp_path: Path, small: Document, old: str, new: str, line: int
) -> None:
    assert refused(tmp_path, small, QUESTIONS.replace(old, new, 1)).line == line


# The questions of the review


def plain(text: str) -> str:
    """Case-folded words and numbers in their order."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def near(ours: list[tuple[str, str]], others: list[tuple[str, str]], cutoff: int) -> list[tuple[str, str, str, str]]:
    """Pairs (unit, text, unit, text) of different units with the same words but for a few letters, in any order."""
    found: set[tuple[int, int]] = set()
    for order in (str, lambda text: " ".join(sorted(text.split()))):  # as asked, and rapidfuzz's token sort
        one, two = ([order(plain(text)) for _, text in side] for side in (ours, others))
        rows, columns = process.cdist(one, two, scorer=fuzz.ratio, score_cutoff=cutoff).nonzero()
        found.update(zip(rows.tolist(), columns.tolist(), strict=True))
    return [(*ours[i], *others[j]) for i, j in sorted(found) if ours[i][0] != others[j][0]]


def asked(curated: tuple[CuratedUnit, ...]) -> list[tuple[str, str]]:
    return [(unit.unit, question) for unit in curated for question in unit.questions]


def missed(curated: tuple[CuratedUnit, ...]) -> list[tuple[str, str]]:
    return [(unit.unit, miss.text) for unit in curated for miss in unit.near_misses]


def texts_of(claim: Refutation) -> tuple[str, str, str]:
    return claim.claim, claim.asked, claim.twin


def development_lines(folder: Path) -> list[str]:
    def rows(name: str) -> list[dict[str, object]]:
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    texts = [row[key] for name, key in (("questions", "question"), ("out_of_scope", "question"), ("vignettes", "text"))
             for row in rows(f"{name}.jsonl")]  # fmt: skip
    for dialogue in rows("dialogues.jsonl"):
        turns = dialogue["turns"]
        assert isinstance(turns, list)
        texts += [turn[key] for turn in turns for key in ("user", "standalone")]
    return [str(text) for text in texts]


def test_each_unit_of_the_review_has_four_questions_or_more(review: Document, curated: tuple[CuratedUnit, ...]) -> None:
    kinds = {UnitKind.SENTENCE, UnitKind.ITEM, UnitKind.CELL, UnitKind.CAPTION, UnitKind.LINE}
    count = {unit.unit: len(unit.questions) for unit in curated}
    units = [unit.id for unit in review.searchable if unit.kind in kinds]
    assert len(units) == 244
    assert [(name, count.get(name, 0)) for name in units if count.get(name, 0) < 4] == []


def test_each_unit_of_the_review_says_what_it_asks_and_is_about(curated: tuple[CuratedUnit, ...]) -> None:
    assert [unit.unit for unit in curated if not unit.asks or not unit.about] == []
    assert {kind for unit in curated for kind in unit.asks} <= ASKS


def test_no_question_of_the_review_is_nearly_that_of_another_unit(curated: tuple[CuratedUnit, ...]) -> None:
    questions = asked(curated)
    assert near(questions, questions, 95) == []
    first = questions[0]
    assert near([("another", f"{first[1].upper()}!")], questions, 95) == [("another", f"{first[1].upper()}!", *first)]


def test_no_near_miss_of_the_review_is_a_question_it_answers(curated: tuple[CuratedUnit, ...]) -> None:
    # a near miss may differ in nothing but the thing asked ("PFS" for "OS"): that is what it teaches
    answered = {plain(question) for _, question in asked(curated)}
    assert [text for _, text in missed(curated) if plain(text) in answered] == []
    assert len(missed(curated)) > 2000
    kinds = {miss.kind for unit in curated for miss in unit.near_misses}
    assert kinds == SILENCES - {"other_subject"}


def test_each_unit_has_near_misses_of_known_kinds_and_none_twice(curated: tuple[CuratedUnit, ...]) -> None:
    kinds = Counter(miss.kind for unit in curated for miss in unit.near_misses)
    assert kinds.keys() == SILENCES - {"other_subject"}
    assert min(kinds.values()) >= 10
    assert [miss.text for unit in curated for miss in unit.near_misses if not miss.text.strip()] == []
    texts = Counter(plain(text) for _, text in missed(curated))
    assert [text for text, count in texts.items() if count > 1] == []


def test_each_wrong_claim_has_a_question_and_a_twin_of_its_own(curated: tuple[CuratedUnit, ...]) -> None:
    refuted = [(unit.unit, claim) for unit in curated for claim in unit.refutes]
    assert len(refuted) > 500
    assert [unit for unit, claim in refuted if not all(plain(text) for text in texts_of(claim))] == []
    assert [unit for unit, claim in refuted if plain(claim.asked) == plain(claim.twin)] == []
    asking = Counter(plain(claim.asked) for _, claim in refuted)
    assert [text for text, count in asking.items() if count > 1] == []
    twins = {plain(claim.twin) for _, claim in refuted}
    assert [text for text in asking if text in twins] == [], "wrong in one place and right in another"


@pytest.mark.devset
def test_no_wrong_claim_of_the_review_is_nearly_a_line_of_the_development_set(
    shared: Path, curated: tuple[CuratedUnit, ...]
) -> None:
    lines = [("development set", line) for line in development_lines(shared / "eval")]
    ours = [(unit.unit, text) for unit in curated for claim in unit.refutes for text in texts_of(claim)]
    assert near(ours, lines, 88) == []


@pytest.mark.devset
def test_no_question_of_the_review_is_nearly_one_of_the_development_set(
    shared: Path, curated: tuple[CuratedUnit, ...]
) -> None:
    lines = [("development set", line) for line in development_lines(shared / "eval")]
    assert len(lines) == 80 + 30 + 25 + 2 * 44
    assert near([*asked(curated), *missed(curated)], lines, 88) == []
    planted = f"Please: {lines[0][1].lower()}"
    assert near([("planted", planted)], lines[:1], 88) == [("planted", planted, *lines[0])]
