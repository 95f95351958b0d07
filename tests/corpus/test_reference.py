from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import Document
from corpus.reference import ReferenceEntry, cited_numbers, content_end, parse_reference

thorough = settings(deadline=None, derandomize=True, max_examples=100, database=None)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("guidelines recommend PRRT after progression [12,38–41].", (12, 38, 39, 40, 41)),
        ("although other mediators [5], including serotonin, have been reported [6].", (5, 6)),
        ("by serotonin [5], also reported [6] and again [5]", (5, 6)),
        ("unordered [109,67,70]", (67, 70, 109)),
        ("with hyphen [1-3] and blanks [7 , 9 – 11]", (1, 2, 3, 7, 9, 10, 11)),
        ("a range of one [4–4]", (4,)),
        ("adjacent [1][2]", (1, 2)),
        ("the longest range [1–201]", tuple(range(1, 202))),
    ],
)
def test_citations_are_read_as_printed_with_their_ranges_expanded(text: str, numbers: tuple[int, ...]) -> None:
    assert cited_numbers(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "no citation at all, in 2024",
        "a range that runs backwards [41–38]",
        "a range too long to be one [1–202]",
        "round brackets (12,38–41)",
        "[a] [12a] [12,] [,12] [] [–] [1;2] [12345]",
        "[⁶⁸Ga]Ga-DOTA-SST",
        "[[CrossRef](#)]",
    ],
)
def test_what_is_no_citation_cites_nothing(text: str) -> None:
    assert cited_numbers(text) == ()


@thorough
@given(
    st.lists(
        st.integers(1, 400).flatmap(lambda first: st.tuples(st.just(first), st.integers(first, first + 20))),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([",", ", "]),
    st.sampled_from(["–", "-"]),
)
def test_ranges_written_out_are_read_back(spans: list[tuple[int, int]], comma: str, dash: str) -> None:
    printed = comma.join(str(a) if a == b else f"{a}{dash}{b}" for a, b in spans)
    one_by_one = "".join(f"[{n}]" for a, b in spans for n in range(a, b + 1))
    expected = tuple(sorted({n for a, b in spans for n in range(a, b + 1)}))
    assert cited_numbers(f"as shown [{printed}].") == cited_numbers(one_by_one) == expected


def test_the_references_of_the_review_are_all_there_in_order(review: Document) -> None:
    assert [reference.number for reference in review.references] == list(range(1, 142))
    cited = {number for unit in review.searchable for number in unit.references}
    assert cited == set(range(1, 142))


@pytest.mark.parametrize(
    ("number", "authors", "title", "journal", "year"),
    [
        (4, ("Davis, Z.", "Moertel, C.G.", "McIlrath, D.C."), "The Malignant Carcinoid Syndrome",
         "Surg. Gynecol. Obs.", 1973),
        (6, ("de Celis Ferrari, A.C.R.", "Glasberg, J.", "Riechelmann, R.P."),
         "Carcinoid Syndrome: Update on the Pathophysiology and Treatment", "Clinics", 2018),
        (7, ("Ihse, I.", "Lindell, G.", "Tibblin, S."), "Neuroendocrine Tumors Metastatic to the Liver",
         "Surgical Treatment: Evidence-Based and Problem-Oriented", 2001),
        (13, ("Colquhoun, S.D.",),
         "Neuroendocrine Tumors with Hepatic Metastases: A Review of Evolving Treatment Options",
         "Liver Res.", 2018),
        (15, ("Wild, D.", "Bomanji, J.B.", "Benkert, P.", "Maecke, H.", "Ell, P.J.", "Reubi, J.C.", "Caplin, M.E."),
         "Comparison of ⁶⁸Ga-DOTANOC and ⁶⁸Ga-DOTATATE PET/CT within Patients with Gastroenteropancreatic "
         "Neuroendocrine Tumors", "J. Nucl. Med.", 2013),
        (38, ("Kulke, M.H.", "Anthony, L.B.", "Bushnell, D.L.", "de Herder, W.W.", "Goldsmith, S.J.", "Klimstra, D.S.",
              "Marx, S.J.", "Pasieka, J.L.", "Pommier, R.F.", "Yao, J.C.", "et al."),
         "NANETS Treatment Guidelines", "Pancreas", 2010),
        (41, (), "North American Neuroendocrine Tumor Society Consensus Guidelines", "", 2023),
        (43, ("Pavel, M.E.", "Rinke, A.", "Baum, R.P."),
         "COMPETE Trial: Peptide Receptor Radionuclide Therapy (PRRT) with ¹⁷⁷Lu-Edotreotide vs. Everolimus in "
         "Progressive GEP-NET", "Ann. Oncol.", 2018),
        (51, ("Pavel, M.", "Öberg, K.", "Falconi, M.", "Krenning, E.P.", "Sundin, A.", "Perren, A.", "Berruti, A."),
         "Gastroenteropancreatic Neuroendocrine Neoplasms: ESMO Clinical Practice Guidelines for Diagnosis, Treatment "
         "and Follow-Up†", "Ann. Oncol.", 2020),
        (55, ("Vinik, A.I.", "Woltering, E.A.", "Warner, R.R.P.", "Caplin, M.", "O’Dorisio, T.M.", "Wiseman, G.A.",
              "Coppola, D.", "Go, V.L.W.", "North American Neuroendocrine Tumor Society (NANETS)"),
         "NANETS Consensus Guidelines for the Diagnosis of Neuroendocrine Tumor", "Pancreas", 2010),
        (66, ("Dong, X.D.", "Carr, B.I."),
         "Hepatic Artery Chemoembolization for the Treatment of Liver Metastases from Neuroendocrine Tumors: "
         "A Long-Term Follow-up in 123 Patients", "Med. Oncol.", 2011),
        (111, ("Gala, K.B.", "Shetty, N.S.", "Patel, P.", "Kulkarni, S.S."), "Microwave Ablation: How We Do It?",
         "Indian. J. Radiol. Imaging", 2020),
        (133, ("Geisler, J.", "Auernhammer, C.", "Zech, C.", "Bartenstein, P.", "Hacker, M.", "Haug, A."),
         "Toxicity of Sequential Treatment with Radioembolization and PRRT in Hepatic Metastasized Neuroendocrine "
         "Tumors", "J. Nucl. Med.", 2012),
    ],
)  # fmt: skip
def test_an_entry_of_odd_form_is_taken_apart_as_printed(
    review: Document, number: int, authors: tuple[str, ...], title: str, journal: str, year: int
) -> None:
    found = review.reference_by_number[number]
    assert (found.authors, found.title, found.journal, found.year) == (authors, title, journal, year)


def test_the_parts_of_each_entry_joined_again_are_its_printed_beginning(review: Document) -> None:
    for reference in review.references:
        if reference.number in {7, 41}:  # a chapter and a document: no journal
            continue
        authors = "; ".join(reference.authors)
        authors += "" if authors.endswith(".") else "."
        title = reference.title + ("" if reference.title.endswith("?") else ".")
        printed = f"{reference.number}. {authors} {title} {reference.journal} {reference.year}, "
        assert review.unit_by_id[reference.unit].display.startswith(printed)


def test_each_entry_prints_authors_title_journal_and_year_but_the_known_two(review: Document) -> None:
    bare = [r.number for r in review.references if not (r.authors and r.title and r.journal and r.year)]
    assert bare == [41]
    for reference in review.references:
        assert 1970 < reference.year <= 2024
        assert all(author == "et al." or re.search(r"\.$|\)$", author) for author in reference.authors)
        assert "et al." not in reference.authors[:-1]


@pytest.mark.parametrize(
    ("line", "content"),
    [
        ("9. Doe, J. T. *J.* **2020**, *1*, 2. [[CrossRef](#)] [[PubMed](#)]", "9. Doe, J. T. *J.* **2020**, *1*, 2."),
        ("9. Doe, J. T. *J.* **2020**, *1*, 2. [[CrossRef](#)]  ", "9. Doe, J. T. *J.* **2020**, *1*, 2."),
        ("9. Doe, J. T. *J.* **2020**, *1*, 2. ", "9. Doe, J. T. *J.* **2020**, *1*, 2."),
        ("9. Doe, J. [[CrossRef](#)] T.", "9. Doe, J. [[CrossRef](#)] T."),
        ("9. Doe, J. Role of [<sup>68</sup>Ga]Ga. *J.*", "9. Doe, J. Role of [<sup>68</sup>Ga]Ga. *J.*"),
    ],
)
def test_only_the_link_markers_behind_an_entry_are_cut_off(line: str, content: str) -> None:
    assert line[: content_end(line)] == content


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("7. Doe, J.-P.; van Roe, R. A Title. *J. X* **1999**, *1*, 1–2.",
         ReferenceEntry(7, ("Doe, J.-P.", "van Roe, R."), "A Title", "J. X", 1999)),
        ("8. World Health Organization. *A Report*; WHO: Geneva, Switzerland, 2019.",
         ReferenceEntry(8, ("World Health Organization",), "A Report", "", 2019)),
        ("9. *A Report*; WHO: Geneva, Switzerland.", ReferenceEntry(9, (), "A Report", "", 0)),
        ("13. Doe, J. *Guidelines of 1990*; Karger: Basel, Switzerland, 2003.",
         ReferenceEntry(13, ("Doe, J.",), "Guidelines of 1990", "", 2003)),
        ("10. Nothing else", ReferenceEntry(10, (), "Nothing else", "", 0)),
        ("11. Doe, J. Survival *in vivo* after TACE. *J.* **2001**, *1*, 1.",
         ReferenceEntry(11, ("Doe, J.",), "Survival in vivo after TACE", "J.", 2001)),
        ("12. Doe, J. Outcomes 1990–2010. *J.* **2015**, *2011*, 2099.",
         ReferenceEntry(12, ("Doe, J.",), "Outcomes 1990–2010", "J.", 2015)),
    ],
)  # fmt: skip
def test_an_entry_is_taken_apart_and_what_it_does_not_print_stays_empty(line: str, entry: ReferenceEntry) -> None:
    assert parse_reference(line) == entry


@pytest.mark.parametrize("line", ["", "Doe, J. Title.", "12345. Doe, J. Title.", "1) Doe, J. Title.", "[1] Doe, J."])
def test_a_line_without_a_number_and_a_full_stop_is_no_entry(line: str) -> None:
    with pytest.raises(ValueError, match="a reference begins with its number and a full stop"):
        parse_reference(line)
