from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import Citation, Document, Locator, Section, Unit, UnitKind
from corpus.errors import CorpusError
from corpus.reading import read

CITATION = Citation(
    id="small",
    title="T",
    authors=("Doe J",),
    journal="J",
    year=2024,
    volume="1",
    pages="1",
    doi="10.1/1",
    doi_as_printed="10.1/1",
    received="2024-01-01",
    accepted="2024-01-02",
    published="2024-01-03",
    licence="CC BY 4.0",
    licence_url="https://example.org",
    attribution="Doe J",
    sha256="",
)
TABLE_HEAD = r"Locoregional Therapy\tApproach\tHighlights and Outcomes"
FURNITURE = re.compile(
    r"(?:#{1,6}|:?\*\*|Table 1\. Cont\.|" + TABLE_HEAD + r'|<ul style="list-style-type: none">|</?li>|</ul>|–'
    r"|\[\[(?:CrossRef|PubMed)\]\(#\)\]|\s)+"
)


def accounted_for(document: Document) -> None:
    """Fail unless the units, in order, hold every non-blank character exactly once."""
    position = 0
    for unit in document.units:
        assert position <= unit.start < unit.end, unit.id
        assert not document.source[position : unit.start].strip(), unit.id
        position = unit.end
    assert not document.source[position:].strip()


def outline(document: Document) -> list[Unit]:
    """The units but for furniture and for where they stand."""
    return [replace(u, start=0, end=0) for u in document.units if u.kind is not UnitKind.FURNITURE]


def small(*paragraphs: str) -> Document:
    return read("\n\n".join(paragraphs), CITATION)


# The review


def test_the_units_account_for_every_character_of_the_review_exactly_once(review: Document) -> None:
    accounted_for(review)
    assert sum(len(re.sub(r"\s", "", review.quote(unit))) for unit in review.units) == len(
        re.sub(r"\s", "", review.source)
    )


def test_no_unit_begins_or_ends_with_a_blank(review: Document) -> None:
    quotes = {unit.id: review.quote(unit) for unit in review.units}
    assert [name for name, quote in quotes.items() if quote != quote.strip()] == []


def test_only_markup_and_repeated_heads_are_furniture(review: Document) -> None:
    furniture = [review.quote(unit) for unit in review.units if unit.kind is UnitKind.FURNITURE]
    assert [text for text in furniture if FURNITURE.fullmatch(text) is None] == []
    everything = " ".join(furniture)
    assert everything.count("[[CrossRef](#)]") == 137
    assert everything.count("<li>") == everything.count("</li>") == 10
    assert everything.count("Table 1. Cont.") == 1
    assert len(re.findall(TABLE_HEAD, everything)) == 2
    assert [text for text in furniture if re.fullmatch(r"#+", text)].count("#") == 1
    assert len(re.findall(r"#+(?!\))", everything)) == 16


def test_furniture_is_never_searched(review: Document) -> None:
    assert not any(unit.searchable for unit in review.units if unit.kind in {UnitKind.FURNITURE, UnitKind.HEADING})


def test_the_review_has_the_units_it_prints(review: Document) -> None:
    assert Counter(unit.kind for unit in review.units if unit.kind is not UnitKind.FURNITURE) == {
        UnitKind.SENTENCE: 210,
        UnitKind.REFERENCE: 141,
        UnitKind.LINE: 17,
        UnitKind.HEADING: 16,
        UnitKind.ITEM: 10,
        UnitKind.ROW_HEAD: 4,
        UnitKind.CELL: 4,
        UnitKind.CAPTION: 3,
    }


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("1", "Approximately two-thirds of NETs occur across the gastroenteropancreatic (GEP-NET) system, which "
         "constitutes a more aggressive form associated with a worse prognosis [11]."),
        ("2.2", "Surgical resection may be employed to address the disease with unilobular liver metastasis or, in "
         "certain instances, patients with limited bilobular or Type 1 metastasis [14]."),
        ("2.3", "Investigations have attempted to explore the use of locoregional therapy in combination with other "
         "systemic therapies or as part of a combined approach with surgery."),
        ("3.1", "Once arterial access via a microcatheter is established, cannulation of the hepatic arteries using a "
         "5 Fr or 6 Fr catheter is performed, followed by angiography to delineate the primary and collateral "
         "vasculature [58]."),
        ("3.2", "In a recent development, the DEB-TACE treatment arm of the Randomized Embolization Trial for "
         "Neuroendocrine Tumor Metastases to the Liver (RETNET Trial), which aimed to compare cTACE, DEB-TACE, and "
         "TAE, was halted due to a notable rise in hepatobiliary complications, prompting concerns about safety and "
         "sparking a nationwide debate [74]."),
        ("3.5", "This is not without disagreement, however, where Egger et al. showed similar OS in 248 patients with "
         "NELM between TACE and radioembolization [64], although TACE exhibited an overall improved disease control "
         "rate."),
        ("4", "Ablative techniques are exclusively used for limited or oligometastatic liver disease, including "
         "scenarios with less than three lesions measuring ≤ 3 cm, or a single lesion < 5 cm, but may also be "
         "considered in conjunction with hepatic resection [73]."),
        ("5", "Patients in this trial were randomly assigned to receive intra-arterial peptide receptor radionuclide "
         "therapy (PRRT) in either the left or right hepatic lobe for four consecutive cycles, with the primary "
         "endpoint being the tumor-to-non-tumor uptake ratio."),
    ],
)  # fmt: skip
def test_a_sentence_cut_by_a_page_break_is_one_unit(review: Document, section: str, sentence: str) -> None:
    found = [unit for unit in review.units if unit.display == sentence]
    assert [(unit.section, unit.kind) for unit in found] == [(section, UnitKind.SENTENCE)]
    assert "\n\n" in review.quote(found[0])


def test_no_other_unit_crosses_a_page_break(review: Document) -> None:
    crossing = [unit for unit in review.units if unit.kind is not UnitKind.FURNITURE and "\n" in review.quote(unit)]
    assert len(crossing) == 8


@pytest.mark.devset
def test_the_page_breaks_the_knowledge_engineer_found_are_joined(review: Document, shared: Path) -> None:
    knowledge = json.loads((shared / "clinical/knowledge.json").read_text(encoding="utf-8"))
    breaks = knowledge["meta"]["structure"]["page_breaks"]
    assert len(breaks) == 8
    for page_break in breaks:
        last, first = page_break["end"].split()[-1], page_break["start"].split()[0]
        before = review.source.index(page_break["end"] + "\n") + len(page_break["end"])
        after = review.source.index(page_break["start"], before)
        [unit] = [unit for unit in review.units if unit.start < before and after < unit.end]
        shown = f"{last} {first}" if page_break["join"] else last.removesuffix("-") + first
        assert shown in unit.display


def test_sections_follow_the_printed_numbers(review: Document) -> None:
    assert [(section.label, section.level) for section in review.sections] == [
        ("Front matter", 1),
        ("Abstract", 1),
        ("1", 1),
        ("2", 1),
        ("2.1", 2),
        ("2.2", 2),
        ("2.3", 2),
        ("3", 1),
        ("3.1", 2),
        ("Figure 1", 3),
        ("3.2", 2),
        ("3.3", 2),
        ("Table 1", 3),
        ("3.4", 2),
        ("3.5", 2),
        ("4", 1),
        ("5", 1),
        ("6", 1),
        ("Back matter", 1),
        ("References", 1),
    ]
    assert review.section_by_label["2.1"].path == (
        "2. Tumor Characterization and Guidelines for Locoregional Therapy",
        "2.1. Diagnostic Imaging and NET Classification",
    )
    assert review.section_by_label["4"].path == ("4. Ablative Therapies",)
    assert review.section_by_label["Abstract"].path == ("Abstract",)


def test_the_figure_is_a_section_of_its_own_within_3_1(review: Document) -> None:
    caption = (
        "Figure 1. Transarterial chemoembolization of 55-year-old with liver-dominant metastatic NET of small bowel "
        "origin to the liver: (a) pre-procedure CT."
    )
    start = review.source.index("**Figure 1.**")
    path = ("3. Locoregional Therapies", "3.1. Transarterial “Bland” Embolization", caption)
    assert review.section_by_label["Figure 1"] == Section("Figure 1", path, 3, start)
    units = [unit for unit in review.units if unit.section == "Figure 1"]
    assert [(unit.kind, unit.display) for unit in units] == [
        (UnitKind.CAPTION, caption),
        (UnitKind.CAPTION, "White arrows indicate lesion(s); (b) intraprocedural angiogram, (c) post-procedural CT."),
    ]
    assert review.path(units[0]) == path


def test_the_table_is_a_section_of_its_own_within_3_3(review: Document) -> None:
    assert review.section_by_label["Table 1"].path == (
        "3. Locoregional Therapies",
        "3.3. Important Considerations with Transarterial Approaches",
        "Table 1. Liver-directed locoregional therapy highlights and outcomes.",
    )


def test_each_part_of_the_table_knows_its_row_column_and_item(review: Document) -> None:
    tae, tace = "Transarterial “bland” Embolization (TAE)", "Transarterial Chemoembolization (TACE)"
    tare, ablation = "Transarterial Radioembolization (TARE)", "Ablation (e.g., microwave or radiofrequency)"
    first, second, third = "Locoregional Therapy", "Approach", "Highlights and Outcomes"
    diffuse = "Advantageous for diffuse, bilobar unresectable disease [54]"
    table = [unit for unit in review.units if unit.section == "Table 1" and unit.locator is not None]
    assert [(u.locator, u.kind) for u in table if u.kind is UnitKind.ROW_HEAD] == [
        (Locator(row, first), UnitKind.ROW_HEAD) for row in (tae, tace, tare, ablation)
    ]
    assert [(u.locator, u.display[:40]) for u in table if u.kind is UnitKind.CELL] == [
        (Locator(tae, second), "Selective catheterization using embolic "),
        (Locator(tace, second), "Selective catheterization using chemothe"),
        (Locator(tare, second), "Microspheres are loaded with a radioacti"),
        (Locator(ablation, second), "Intra-operative or percutaneous probe(s)"),
    ]
    assert [(u.locator, u.display) for u in table if u.kind is UnitKind.ITEM] == [
        (Locator(tae, third, 1), diffuse),
        (Locator(tae, third, 2), "Lower risk of post-embolic syndrome than TACE [77]"),
        (Locator(tace, third, 1), diffuse),
        (Locator(tace, third, 2), "Similar survival outcomes and symptom control to TAE [77,78]"),
        (Locator(tace, third, 3),
         "DEB-TACE associated with greater hepatobiliary complications than TAE or cTACE [74]"),
        (Locator(tare, third, 1), "Mixed PFS and OS outcome results compared to cTACE [64,70]"),
        (Locator(tare, third, 2), "Useful in liver metastasis with fewer, bulky lesions [54]"),
        (Locator(tare, third, 3),
         "Preferred over TACE with history of hepatobiliary instrumentation or rapid disease progression"),
        (Locator(ablation, third, 1), "Debulking and cytoreduction, commonly combined with surgery [96]"),
        (Locator(ablation, third, 2),
         "Liver involvement with less than three lesions measuring ≤ 3 cm, or a single lesion < 5 cm [73]"),
    ]  # fmt: skip
    assert len({unit.paragraph for unit in table if unit.start < review.source.index("Table 1. Cont.")}) == 1


@pytest.mark.parametrize(
    ("beginning", "numbers"),
    [
        ("Current guidelines, namely NANETS and ENETS, recommend", (12, 38, 39, 40, 41)),
        ("However, other retrospective studies have reported", (66, 67, 68, 69)),
        ("Of note, negative prognostic factors after TACE", (70, 72, 73)),
        ("The ability of microwaves to penetrate", (117, 118, 119)),
        ("Similar survival outcomes and symptom control", (77, 78)),
        ("Many of these symptoms have been thought", (5, 6)),
        ("Overall, locoregional therapies serve", ()),
    ],
)
def test_a_unit_knows_the_references_it_cites(review: Document, beginning: str, numbers: tuple[int, ...]) -> None:
    [unit] = [unit for unit in review.units if unit.display.startswith(beginning)]
    assert unit.references == numbers


def test_an_entry_of_the_reference_list_cites_nothing(review: Document) -> None:
    assert all(not unit.references for unit in review.units if unit.kind is UnitKind.REFERENCE)
    document = small("# T", "## 1. A", "## References", "1. Doe, J. Reply to [12]. *J.* **2020**, *1*, 2.")
    [entry] = [unit for unit in document.units if unit.kind is UnitKind.REFERENCE]
    assert entry.references == ()


@pytest.mark.devset
def test_sections_agree_with_those_of_the_evaluation(review: Document, shared: Path) -> None:
    spec = importlib.util.spec_from_file_location("check", shared / "eval/check.py")
    assert spec is not None
    assert spec.loader is not None
    check: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(check)
    lines: dict[str, list[str]] = check.sections(review.source)
    assert {u.section for u in review.units} == set(lines)
    for unit in review.units:
        if unit.kind is not UnitKind.FURNITURE:
            for part in review.quote(unit).split("\n\n"):
                assert any(part in line for line in lines[unit.section]), unit.id


def quoted_places(value: Any) -> list[dict[str, Any]]:
    """Every object with a quote, its offsets and its section, however deep."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [place for part in below for place in quoted_places(part)]
    if isinstance(value, dict) and {"quote", "char_start", "char_end", "section"} <= value.keys():
        found.append(value)
    return found


@pytest.mark.devset
def test_every_quote_of_the_knowledge_falls_in_the_section_it_names(review: Document, shared: Path) -> None:
    knowledge = json.loads((shared / "clinical/knowledge.json").read_text(encoding="utf-8"))
    places = quoted_places([entries for entries in knowledge.values() if isinstance(entries, list)])
    assert len(places) == 604
    only_furniture = set()
    for place in places:
        start, end = place["char_start"], place["char_end"]
        assert review.source[start:end] == place["quote"]
        touched = [unit for unit in review.units if unit.start < end and unit.end > start]
        assert touched
        if all(unit.kind is UnitKind.FURNITURE for unit in touched):
            only_furniture.add(place["quote"])
        assert {unit.section for unit in touched} == {place["section"]}, place["quote"]
        # Nothing but "###" before a heading is furniture in a quote that is not furniture as a whole.
        mixed = [unit for unit in touched if unit.kind is UnitKind.FURNITURE]
        assert len(touched) == len(mixed) or all(re.fullmatch("#+", review.quote(unit)) for unit in mixed)
    assert only_furniture == {"Table 1. Cont.", "[[CrossRef](#)] [[PubMed](#)]"}


# The same review, printed otherwise


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"(?m)^#+ ", "# "),
        (r"(?m)^#+ ", "###### "),
        (r"\n\n", "\n\n\n\n"),
        (r"\n\n", "\n \n\t\n"),
        (r"\n", "\r\n"),
        (r"(?m)(?<=\S)$", "  "),
        (r"\Z", "\n\n"),
    ],
    ids=[
        "fewest-marks",
        "most-marks",
        "more-blank-lines",
        "blanks-in-blank-lines",
        "crlf",
        "trailing-blanks",
        "final-newline",
    ],
)
def test_marks_and_blanks_do_not_change_what_is_read(review: Document, pattern: str, replacement: str) -> None:
    changed = read(re.sub(pattern, replacement, review.source), review.citation)
    accounted_for(changed)
    assert outline(changed) == outline(review)
    assert [(s.label, s.path, s.level) for s in changed.sections] == [
        (s.label, s.path, s.level) for s in review.sections
    ]
    assert changed.references == review.references


def test_a_line_before_the_review_shifts_offsets_and_changes_nothing_else(review: Document) -> None:
    at = review.source.index("# Liver-Directed")
    before, line = review.source[:at], "A line more.\n\n"
    changed = read(before + line + review.source[at:], review.citation)
    later = [unit for unit in review.units if unit.start > at and unit.section != "Front matter"]
    assert [
        replace(unit, start=unit.start + len(line), end=unit.end + len(line), paragraph=unit.paragraph + 1)
        for unit in later
    ] == [unit for unit in changed.units if unit.start > at + len(line) and unit.section != "Front matter"]


# Small sources


def test_a_table_takes_its_column_heads_from_the_line_below_its_caption() -> None:
    document = small(
        "# T",
        "## 1. Doses",
        "All doses are in Table 2. Read on.",
        "**Table 1.** Doses.",
        "Drug\tDose\nOctreotide\t50 µg",
        "**Table 2.** Sites.",
        "Site\tSize\nLiver\t5 cm",
    )
    cells = [(u.section, u.display, u.locator) for u in document.units if u.kind is UnitKind.CELL]
    assert cells == [
        ("Table 1", "50 µg", Locator("Octreotide", "Dose")),
        ("Table 2", "5 cm", Locator("Liver", "Size")),
    ]


def test_a_table_that_goes_on_after_a_page_break_repeats_no_unit() -> None:
    document = small("# T", "## 1. A", "**Table 1.** Doses.", "Drug\tDose\na\t1", "Table 1. Cont.", "Drug\tDose\nb\t2")
    accounted_for(document)
    rows = [(u.kind, u.display, u.locator) for u in document.units if u.locator is not None]
    assert rows == [
        (UnitKind.ROW_HEAD, "a", Locator("a", "Drug")),
        (UnitKind.CELL, "1", Locator("a", "Dose")),
        (UnitKind.ROW_HEAD, "b", Locator("b", "Drug")),
        (UnitKind.CELL, "2", Locator("b", "Dose")),
    ]


@pytest.mark.parametrize(
    ("row", "units"),
    [
        ("a\t1\t", [("a", Locator("a", "Drug")), ("1", Locator("a", "Dose"))]),
        ("a\t\t", [("a", Locator("a", "Drug"))]),
        ("a\t\t2", [("a", Locator("a", "Drug")), ("2", Locator("a", "Days"))]),
        ("\t1\t2", [("1", Locator("", "Dose")), ("2", Locator("", "Days"))]),
        ("a\t1\t2\t3", [("a", Locator("a", "Drug")), ("1", Locator("a", "Dose")), ("2", Locator("a", "Days")),
                         ("3", Locator("a", ""))]),
    ],
    ids=["last-empty", "only-head", "middle-empty", "first-empty", "one-too-many"],
)  # fmt: skip
def test_a_cell_keeps_its_column_beside_empty_cells(row: str, units: list[tuple[str, Locator]]) -> None:
    document = small("# T", "## 1. A", f"**Table 1.** Doses.\n\nDrug\tDose\tDays\n{row}\nb\t3\t4")
    accounted_for(document)
    assert [(u.display, u.locator) for u in document.units if u.locator is not None] == [
        *units,
        ("b", Locator("b", "Drug")),
        ("3", Locator("b", "Dose")),
        ("4", Locator("b", "Days")),
    ]


def test_a_paragraph_goes_on_over_a_page_break_only_within_its_section() -> None:
    document = small("# T", "## 1. A", "It ends in", "the middle.", "It ends here.", "So does", "## 2. B", "this one.")
    shown = [(u.section, u.display) for u in document.units if u.kind is UnitKind.SENTENCE]
    assert shown == [("1", "It ends in the middle."), ("1", "It ends here."), ("1", "So does"), ("2", "this one.")]
    paragraphs = [u.paragraph for u in document.units if u.kind is UnitKind.SENTENCE]
    assert len(set(paragraphs)) == 4


def test_a_section_below_two_others_has_all_their_headings_in_its_path() -> None:
    document = small("# T", "## 1. A", "## 1.2. B", "#### 1.2.3. C", "Text.")
    [unit] = [u for u in document.units if u.kind is UnitKind.SENTENCE]
    assert (unit.id, unit.section) == ("1.2.3-01", "1.2.3")
    assert document.path(unit) == ("1. A", "1.2. B", "1.2.3. C")
    assert document.section_by_label["1.2.3"].level == 3


PARAGRAPHS = st.lists(
    st.sampled_from(
        [
            "We did it [1,2]. It",
            "worked well [3–5].",
            "see Table 1 and <b 5 and c> of $x",
            "**Figure 1.** A figure. It shows.",
            "**Table 1.** A table.\n\nHead\tTwo\na\t<ul> <li>– x</li> <li>y</li> </ul>\nb\t\n\tc",
            "Table 1. Cont.\n\nHead\tTwo\nd\t5 cm",
            "**",
            "<li>",
            "[[CrossRef](#)]",
            "—",
        ]
    ),
    max_size=6,
)


@settings(deadline=None, derandomize=True, max_examples=100, database=None)
@given(PARAGRAPHS, PARAGRAPHS, st.booleans(), st.sampled_from(["\n\n", "\n", "\r\n\r\n", "\n \n"]))
def test_any_small_source_is_accounted_for(one: list[str], two: list[str], back: bool, separator: str) -> None:
    table = ["**Table 1.** A table.", "Head\tTwo"]
    end = ["**Funding:** None.", "## References", "1. Doe, J. T. *J.* **2020**, *1*. [[CrossRef](#)]", "A note."]
    parts = [
        "# T",
        "A. Author",
        "**Abstract:** It is. So.",
        "## 1. A",
        *table,
        *one,
        "#### 1.1. B",
        *two,
        *(end if back else []),
    ]
    document = read(separator.join(parts).replace("\n\n", separator), CITATION)
    accounted_for(document)
    ids = Counter(unit.id for unit in document.units)
    assert max(ids.values()) == 1
    assert {unit.section for unit in document.units} <= document.section_by_label.keys()
    assert [r.number for r in document.references] == ([1] if back else [])


@pytest.mark.parametrize(
    "source",
    [
        "",
        " \n\n",
        "**Figure 1.** A figure before anything else.",
        "# T\n\n## 1. A\n\nDrug\tDose\nOctreotide\t50 µg",
        "# T\n\n## References\n\n1. [[CrossRef](#)]",
        "# T\n\n## 1. A\n\n### Results\n\nText.\n\n## 2. B\n\n### Results\n\nText.",
    ],
    ids=["empty", "blank", "figure-first", "table-without-caption", "empty-reference", "same-heading-twice"],
)
def test_an_unusual_source_is_read_whole_or_refused(source: str) -> None:
    try:
        document = read(source, CITATION)
    except CorpusError:
        return
    accounted_for(document)
    assert len(document.unit_by_id) == len(document.units)
