from __future__ import annotations

import html
import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import Document, UnitKind
from corpus.markup import Rendering, clean, render

thorough = settings(deadline=None, derandomize=True, max_examples=100, database=None)

# Words made of letters that no tag, entity or LaTeX command is spelled with.
WORDS = st.from_regex(r"[BXZ]{0,2}[0-9]{1,5}(?:[.,][0-9]{1,3})?%?", fullmatch=True)
MARKS = (
    "< > $ $$ * ** *** _ ^ ^{ _{ { } \\ \\\\ \\* \\$ \\< \\[ [ ] [[ ]( ( ) & && &lt; &gt; &amp; &nbsp; &#60; ; ` | ~ -"
    " – ' \" <sup> </sup> <sub> </sub> <math> </math> <b> </b> <i> <br/> <br> <ul> <li> </li> </ul> </ <b5 <X <https://"
    " \\geq \\leq \\mu \\pm \\times \\text{ \\mathrm{ \\% é µ 中 𝛼 \u202e"
)
BLANKS = (" ", "  ", "\n", "\n\n", "\t", "\r\n", "\u00a0", '<ul style="list-style-type: none"> ')
MARKUP = st.sampled_from([*MARKS.split(), *BLANKS])
HOSTILE = st.lists(st.tuples(MARKUP, WORDS, MARKUP), min_size=1, max_size=12)
# Any text without a surrogate and without the characters that are markup to Markdown or LaTeX.
PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="$*\\[]<>&-"), max_size=80)


def hostile_text(pieces: list[tuple[str, str, str]]) -> str:
    return "".join(before + word + after for before, word, after in pieces)


def assert_round_trip(source: str, rendering: Rendering, start: int, end: int) -> None:
    raw = rendering.to_raw(start, end)
    first, last = rendering.to_clean(*raw)
    assert first <= start
    assert last >= end
    assert rendering.to_raw(first, last) == raw
    assert render(source, *raw).text == rendering.text[first:last].strip()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("bilirubin  $\\geq 2$  mg/dL, albumin  $\\leq 3.5$  mg/dL", "bilirubin ≥ 2 mg/dL, albumin ≤ 3.5 mg/dL"),
        ("tumor burden  $\\geq 70\\%$ , and", "tumor burden ≥ 70% , and"),
        ("from 20  $\\mu$  to 60  $\\mu$  in diameter", "from 20 µ to 60 µ in diameter"),
        ("range of 20 to 30  $\\mu\\text{m}$ , have", "range of 20 to 30 µm , have"),
        ("Yttrium-90 ( $^{90}\\text{Y}$ ) on", "Yttrium-90 ( ⁹⁰Y ) on"),
        ("<sup>177</sup>Lu-DOTATATE", "¹⁷⁷Lu-DOTATATE"),
        ("with PRRT,  $^{177}\\text{Lu}$ -DOTATATE, with", "with PRRT, ¹⁷⁷Lu-DOTATATE, with"),
        ("measuring <math>\\leq 3</math> cm, or a single lesion <math>&lt; 5</math> cm [73]",
         "measuring ≤ 3 cm, or a single lesion < 5 cm [73]"),
        ("diseases where  $>70$ – $90\\%$  cytoreduction", "diseases where >70 – 90% cytoreduction"),
        ("octreoscan<sup>®</sup> was", "octreoscan® was"),
        ("Mina S. Makary<sup>2,\\*</sup> ", "Mina S. Makary²,*"),
        ("*Curr. Oncol.* **2024**, *31*, 2076–2091. <https://doi.org/10.3390/currncol31040154>",
         "Curr. Oncol. 2024, 31, 2076–2091. <https://doi.org/10.3390/currncol31040154>"),
        ("and collateral vascula-\n\nture [58].", "and collateral vasculature [58]."),
        ("2302. [[CrossRef](#)] [[PubMed](#)]", "2302."),
        ("<ul style=\"list-style-type: none\"> <li>– Lower risk</li> <li>– Mixed</li> </ul>", "– Lower risk – Mixed"),
        ("about 10^9/L or $10^{-9}$ m with $x_{2}$", "about 10^9/L or 10⁻⁹ m with x₂"),
    ],
)  # fmt: skip
def test_what_the_converter_left_is_shown_as_it_was_printed(raw: str, shown: str) -> None:
    assert clean(raw) == shown


@pytest.mark.parametrize(
    "text",
    [
        "serum creatinine < 2, lactate dehydrogenase < 425 mU/mL, aspartate transaminase < 100 mL, "
        "platelet count > 100,000/mL, serum bilirubin < 2 mg/dL, and tumor burden < 50% of the liver [83,84]",
        "< 2, platelets > 100,000",
        "<2, platelets >100,000",
        "a <b 5 and c> 7",
        "a <i and sup> b",
        "<p and p>",
        "Ki-67 <3% or >20%",
        "<<5>>",
        "p<0.05",
        "5 $ or 6",
        "x_1 and y_2",
        "R&D, AT&T; & so on",
        "&nosuchentity;",
        "x &lt 5 &copy 2024",
        "68 Ga-DOTATOC PET/CT",
    ],
)
def test_a_sign_that_begins_no_known_markup_stays(text: str) -> None:
    assert clean(text) == text


# A row shows the raw text and what it would become if a number ran into its neighbour.
@pytest.mark.parametrize(
    ("raw", "merged"),
    [
        ("5*3 cm", "53"),
        ("costs $5 and then $10 more", "then10"),
        ("10<sup><i>9</i></sup>/L", "109"),
        ("10<sup>9/L", "109"),
    ],
)
def test_a_number_never_runs_into_what_stands_beside_it(raw: str, merged: str) -> None:
    assert merged not in clean(raw)


@thorough
@given(HOSTILE)
def test_no_word_or_number_is_lost_in_hostile_markup(pieces: list[tuple[str, str, str]]) -> None:
    shown = unicodedata.normalize("NFKC", clean(hostile_text(pieces)))
    position = 0
    for _, word, _ in pieces:
        found = shown.find(word, position)
        assert found >= 0, (word, shown)
        position = found + len(word)


@thorough
@given(HOSTILE, st.data())
def test_every_range_of_a_hostile_text_leads_to_the_source_and_back(
    pieces: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    source = hostile_text(pieces)
    rendering = render(source, 0, len(source))
    start = data.draw(st.integers(0, len(rendering.text) - 1))
    end = data.draw(st.integers(start + 1, len(rendering.text)))
    assert_round_trip(source, rendering, start, end)


@thorough
@given(HOSTILE)
def test_characters_stand_in_the_order_of_the_source(pieces: list[tuple[str, str, str]]) -> None:
    source = hostile_text(pieces)
    rendering = render(source, 0, len(source))
    assert len(rendering.text) == len(rendering.starts) == len(rendering.ends)
    assert all(0 <= start < end <= len(source) for start, end in zip(rendering.starts, rendering.ends, strict=True))
    ranges = list(zip(rendering.starts, rendering.ends, strict=True))
    for (first, last), (following, end) in pairwise(ranges):
        assert (first, last) == (following, end) or last <= following


@thorough
@given(HOSTILE, PLAIN)
def test_text_before_and_after_shifts_offsets_and_changes_nothing_else(
    pieces: list[tuple[str, str, str]], around: str
) -> None:
    source = hostile_text(pieces)
    alone = render(source, 0, len(source))
    before, after = f"{around} \n", f"\n {around}"
    shift = len(before)
    within = render(before + source + after, shift, shift + len(source))
    assert within.text == alone.text
    assert within.starts == tuple(start + shift for start in alone.starts)
    assert within.ends == tuple(end + shift for end in alone.ends)


@thorough
@given(PLAIN)
def test_plain_text_only_has_its_white_space_folded(text: str) -> None:
    assert clean(text) == " ".join(text.split())


@thorough
@given(st.text(st.characters(codec="utf-8", exclude_characters="$*\\[]-"), max_size=80))
def test_escaped_html_is_shown_as_it_was_before_escaping(text: str) -> None:
    assert clean(html.escape(text)) == " ".join(text.split())


@thorough
@given(st.text("ABZ 019`*_{}[]()#+.!|<>~$-\\", max_size=60))
def test_escaped_markdown_is_shown_as_it_was_before_escaping(text: str) -> None:
    assert clean(re.sub(r"([^A-Z0-9 ])", r"\\\1", text)) == " ".join(text.split())


def test_every_range_of_a_short_unit_leads_to_the_source_and_back(review: Document) -> None:
    short = [u for u in review.units if u.kind is not UnitKind.FURNITURE and len(u.display) <= 70]
    assert {u.id for u in short} >= {"front-matter-03", "table-1-08", "3.5-heading"}
    for unit in short:
        rendering = render(review.source, unit.start, unit.end)
        assert rendering.text == unit.display
        for start in range(len(rendering.text)):
            for end in range(start + 1, len(rendering.text) + 1):
                assert_round_trip(review.source, rendering, start, end)


def test_every_character_and_every_tail_of_the_units_leads_to_the_source_and_back(review: Document) -> None:
    for unit in (u for u in review.units if u.searchable and u.kind is not UnitKind.REFERENCE):
        rendering = render(review.source, unit.start, unit.end)
        length = len(rendering.text)
        for position in range(length):
            assert_round_trip(review.source, rendering, position, min(position + 2, length))
        for position in range(0, length, 17):
            assert_round_trip(review.source, rendering, position, length)


@thorough
@given(data=st.data())
def test_sampled_ranges_of_any_unit_lead_to_the_source_and_back(review: Document, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from([u for u in review.units if u.kind is not UnitKind.FURNITURE]))
    rendering = render(review.source, unit.start, unit.end)
    for _ in range(5):
        start = data.draw(st.integers(0, len(rendering.text) - 1))
        end = data.draw(st.integers(start + 1, len(rendering.text)))
        assert_round_trip(review.source, rendering, start, end)


def test_a_range_within_a_formula_is_widened_to_the_formula() -> None:
    source = "albumin  $\\leq 3.5$  mg/dL"
    rendering = render(source, 0, len(source))
    at = rendering.text.index("3.5")
    start, end = rendering.to_raw(at, at + 3)
    assert source[start:end] == "$\\leq 3.5$"
    assert rendering.text[slice(*rendering.to_clean(start, end))] == "≤ 3.5"


def test_a_raw_range_that_shows_nothing_leads_to_an_empty_range() -> None:
    source = "**Abstract:** text"
    rendering = render(source, 0, len(source))
    assert rendering.to_clean(0, 2) == (0, 0)
    assert rendering.to_clean(len(source), len(source) + 5) == (0, 0)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (3, 2), (-1, 2), (0, 5), (4, 5)])
def test_an_empty_range_or_one_outside_the_text_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{start}:{end} is not within a text of 4 characters")):
        render("text", 0, 4).to_raw(start, end)
