from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import Assistant
from assistant.evaluation.matching import answer_correct, contains, holds, normalise, squash, stands_in
from tests.conftest import REVIEW, ROOT

SOURCE = (ROOT / "corpus" / "guidelines" / REVIEW / "source.md").read_bytes().decode("utf-8")
CHECKED = settings(deadline=None, derandomize=True, max_examples=100)
PIECES = [
    *[
        "<",
        ">",
        "</",
        "<b>",
        "</b>",
        "<sup>",
        "<br/>",
        "<3",
        "&",
        "&lt;",
        "&gt;",
        "&amp;",
        "&nbsp;",
        "&#60;",
        "&#x3c;b>",
        ";",
        "/",
        "$",
        "^",
        "{",
        "}",
        "_",
        "*",
        "`",
        "\\",
        "\\\\",
    ],
    *[
        "\\geq",
        "\\ge",
        "\\geqslant",
        "\\gequ",
        "\\leq",
        "\\le",
        "\\leqslant",
        "\\mu",
        "\\mug",
        "\\text{",
        "\\mathrm{ab}",
    ],
    *["\\mathbf{}", "\\,", "\\;", "\\:", "\\!", "\\~"],
    *[
        "\\quad",
        "\\quads",
        "≥",
        "≤",
        "µ",
        "μ",
        "Μ",
        "‐",
        "‑",
        "‒",
        "–",
        "—",
        "―",
        "−",
        "-",
        "--",
        "‘",
        "’",
        "‚",
        "′",
        "“",
        "”",
        "„",
        "″",
        '"',
        "'",
        "½",
        "²",
        "₂",
        "ﬁ",
        "Ⅳ",
        "ſ",
        "İ",
        "ß",
    ],
    *[
        "0",
        "3",
        "10",
        "45.5",
        "2,500",
        "%",
        "5%",
        "a",
        "B",
        "TACE",
        "cTACE",
        "Ki-67",
        "vascula",
        "ture",
        "contraindicat",
        ".",
        ",",
        "[",
        "]",
        "(",
        ")",
    ],
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "\u00a0",
    "\u2009",
    "\u200b",
    "-\n",
    "-\n\n",
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=20)
ALTERNATIVE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join)


@pytest.fixture(scope="module")
def reference(shared: Path) -> Any:
    """The reference matching of the development set."""
    spec = importlib.util.spec_from_file_location("nelm_eval_check", shared / "eval" / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(shared: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in ("questions.jsonl", "out_of_scope.jsonl"):
        text = (shared / "eval" / name).read_text(encoding="utf-8")
        found += [json.loads(line) for line in text.split("\n") if line.strip()]
    for line in (shared / "eval" / "dialogues.jsonl").read_text(encoding="utf-8").split("\n"):
        found += json.loads(line)["turns"] if line.strip() else []
    return found


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Serum  *creatinine* < 2, platelets > 100", "serum creatinine < 2, platelets > 100"),
        ("<b>Ki-67</b> $\\geq 3\\%$", "ki-67 >= 3%"),
        ("$\\leq$3 cm and ≤ 3 cm", "<=3 cm and <= 3 cm"),
        ("50–1100 µg/hour", "50-1100 ug/hour"),
        ("45 – 50%", "45-50%"),
        ("a – b", "a - b"),
        ("“carcinoid” ‘crisis’", "\"carcinoid\" 'crisis'"),
        ("$^{90}$Y", "90y"),
        ("H&amp;E &lt; 3", "h&e < 3"),
        ("$\\mathrm{cm}^2$", "cm2"),
        ("$\\geqslant 3$ or $\\leqslant 4$", ">= 3 or <= 4"),
        ("\\geqs", "geqs"),
    ],
)
def test_text_is_normalised(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


@pytest.mark.parametrize(
    ("answer", "alternative", "found"),
    [
        ("in 78.7% of patients", "78.7%", True),
        ("in 178.7% of patients", "78.7%", False),
        ("in 8.7% of patients", "8.7", True),
        ("in 78.7% of patients", "8.7%", False),
        ("in 78.7% of patients", "78", False),
        ("2,500 Bq", "500 Bq", False),
        ("50 Bq.", "50 Bq", True),
        ("It is contraindicated.", "contraindicat*", True),
        ("It is contraindicated.", "contraindicat", False),
        ("cTACE", "TACE", False),
        ("DEB-TACE", "TACE", True),
        ("≥ 3 %", ">= 3 %", True),
    ],
)
def test_a_short_string_is_found_as_whole_words_and_numbers(answer: str, alternative: str, *, found: bool) -> None:
    assert contains(answer, alternative) is found


def test_every_group_needs_one_of_its_alternatives() -> None:
    answer = "Ascites and bilirubin ≥ 2 mg/dL"
    assert answer_correct(answer, [["ascites"], ["bilirubin", "albumin"]])
    assert not answer_correct(answer, [["ascites"], ["albumin"]])
    assert answer_correct(answer, [])
    assert not answer_correct(answer, [[]])


def test_a_word_divided_at_a_page_break_may_be_shown_joined() -> None:
    section = "the tumor vascula-\n\nture is occluded"
    assert stands_in(section, "the tumor vasculature is occluded")
    assert stands_in(section, "the tumor vascula- ture is occluded")
    assert not stands_in(section, "the tumour vasculature")
    assert not holds(section, "the tumor vasculature is occluded")


@CHECKED
@given(
    st.lists(
        st.sampled_from(["tumor", "Burden", "≥", "<", "50%", "[83,84].", "(TACE)", "4.2–6.7"]), min_size=1, max_size=9
    ),
    st.data(),
)
def test_a_text_holds_each_of_its_parts_whatever_the_white_space_case_and_emphasis(
    words: list[str], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first + 1, len(words)))
    assert holds(" ".join(words), " \n\t".join(words[first:last]))
    assert holds(" ".join(words), "*" + "\u00a0".join(words[first:last]).upper() + "*")
    assert not holds(" ".join(words[first:last]), " ".join([*words, "zzz"]))


@pytest.mark.devset
def test_normalising_equals_the_reference_on_every_line_of_the_review(reference: Any) -> None:
    lines = [*SOURCE.split("\n"), SOURCE]
    assert [normalise(line) for line in lines] == [reference.norm(line) for line in lines]
    assert [squash(line) for line in lines] == [reference.squash(line) for line in lines]


@pytest.mark.devset
def test_matching_equals_the_reference_on_every_quote_and_key_word(
    reference: Any, shared: Path, assistant: Assistant
) -> None:
    displays = [place.unit.display for place in assistant.library.places]
    lines = SOURCE.split("\n")
    quotes = groups = found = 0
    for row in rows(shared):
        held = [line for line in lines if any(quote in line for quote in row["gold_quotes"])]
        for quote in row["gold_quotes"]:
            quotes += 1
            assert squash(quote) == reference.squash(quote)
            assert any(holds(line, quote) for line in held)
            for text in (*held, *displays[::60]):
                assert holds(text, quote) is reference.hit(text, quote)
        must = row.get("must_include", [])
        for answer in ("\n".join(held), *displays[::60]):
            assert answer_correct(answer, must) == reference.answer_ok(answer, must)
        for alternative in (a for group in must for a in group):
            groups += 1
            here = [contains(text, alternative) for text in (*held, *displays[::60])]
            assert here == [reference.contains(text, alternative) for text in (*held, *displays[::60])]
            found += any(here)
    assert quotes > 100
    assert groups > 100
    assert found > 100


@pytest.mark.devset
def test_standing_in_a_section_equals_the_reference(reference: Any, assistant: Assistant) -> None:
    sections = {label: "\n".join(lines) for label, lines in reference.sections(SOURCE).items()}
    for place in assistant.library.places:
        sentence = place.unit.display
        assert stands_in(sections[place.unit.section], sentence)
        assert reference.citation_ok(SOURCE, place.unit.section, sentence)
    sentence = assistant.library.place(REVIEW, "3.2-06").unit.display
    for label, text in sections.items():
        assert stands_in(text, sentence) is reference.citation_ok(SOURCE, label, sentence) is (label == "3.2")


@pytest.mark.devset
@CHECKED
@given(text=TEXT)
def test_normalising_equals_the_reference_on_any_text(reference: Any, text: str) -> None:
    assert normalise(text) == reference.norm(text)
    assert squash(text) == reference.squash(text)


@pytest.mark.devset
@CHECKED
@given(text=TEXT, part=TEXT, alternative=ALTERNATIVE, star=st.sampled_from(["", "*"]))
def test_matching_equals_the_reference_on_any_text(
    reference: Any, text: str, part: str, alternative: str, star: str
) -> None:
    for whole in (text, text + part + text, text + alternative + part):
        assert holds(whole, part) is reference.hit(whole, part)
        assert contains(whole, alternative + star) is reference.contains(whole, alternative + star)
