from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import KnowledgeError
from corpus.vocabulary import Entry, Vocabulary, load_vocabulary

THERAPIES = """\
therapies:
  tae:
    name: Bland embolization
    parents: [locoregional]
    synonyms: [TAE, bland embolisation]
    exact: [BE]
    lay: [blocking the vessels]
  locoregional:
    name: Locoregional therapy
"""
TERMS = """\
terms:
  survival:
    kind: metric
    name: Survival
    synonyms:
      - survival time
      - 5 years
"""


def vocabulary_of(folder: Path, therapies: str = THERAPIES, terms: str = TERMS) -> Vocabulary:
    (folder / "therapies.yaml").write_text(therapies, encoding="utf-8")
    (folder / "terms.yaml").write_text(terms, encoding="utf-8")
    return load_vocabulary(folder)


def refused(folder: Path, therapies: str = THERAPIES, terms: str = TERMS) -> KnowledgeError:
    with pytest.raises(KnowledgeError) as caught:
        vocabulary_of(folder, therapies, terms)
    error = caught.value
    assert str(error).startswith(f"{error.file}:{error.line}:{error.column}: ")
    return error


def folded(term: str) -> str:
    return "".join(term.casefold().replace("-", " ").split())


def owners(vocabulary: Vocabulary, term: str) -> set[str]:
    return {
        entry.id
        for entry in vocabulary.entries
        if term in entry.exact or folded(term) in {folded(known) for known in (*entry.synonyms, *entry.lay)}
    }


def test_entries_are_read_in_file_order_with_therapies_first(tmp_path: Path) -> None:
    vocabulary = vocabulary_of(tmp_path)
    assert vocabulary.entries == (
        Entry(
            "tae",
            "therapy",
            "Bland embolization",
            ("locoregional",),
            ("Bland embolization", "TAE", "bland embolisation"),
            ("BE",),
            ("blocking the vessels",),
        ),
        Entry("locoregional", "therapy", "Locoregional therapy", (), ("Locoregional therapy",), (), ()),
        Entry("survival", "metric", "Survival", (), ("Survival", "survival time", "5 years"), (), ()),
    )
    assert vocabulary.by_id["survival"] is vocabulary.entries[2]


@pytest.mark.parametrize("name", ["therapies.yaml", "terms.yaml"])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    vocabulary_of(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(KnowledgeError, match=f"{name}:1:1: the file is missing"):
        load_vocabulary(tmp_path)


# What is written in place of what, and where and how it is refused.
@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("    name: Bland embolization\n", "", 3, "missing ['name']"),
        ("    name: Bland embolization", "    name: ''", 3, "expected text"),
        ("    name: Bland embolization", "    name: [a]", 3, "expected text"),
        ("    lay: [blocking the vessels]", "    kind: therapy", 7, "unknown key 'kind'"),
        ("    lay: [blocking the vessels]", "    lay: blocking the vessels", 7, "expected a list"),
        ("    exact: [BE]", "    name: Bland", 6, "'name' stands here a second time"),
        ("  locoregional:", "  tae:", 8, "'tae' stands here a second time"),
        ("[TAE, bland", "[TAE, TAE, bland", 5, "'TAE' stands in this list twice"),
        ("    name: Bland embolization", "    name: b: c", 3, "mapping values are not allowed"),
    ],
)
def test_a_mistake_among_the_therapies_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in THERAPIES
    error = refused(tmp_path, therapies=THERAPIES.replace(old, new))
    assert (error.file, error.line) == ("therapies.yaml", line)
    assert said in str(error)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("kind: metric", "kind: number", 3, "unknown kind 'number'; expected one of ['anatomy'"),
        ("    kind: metric\n", "", 3, "missing ['kind']"),
        ("  survival:", "  tae:", 3, "entry 'tae' stands in the vocabulary twice"),
    ],
)
def test_a_mistake_among_the_terms_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in TERMS
    error = refused(tmp_path, terms=TERMS.replace(old, new))
    assert (error.file, error.line) == ("terms.yaml", line)
    assert said in str(error)


def test_a_parent_that_is_no_entry_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, therapies=THERAPIES.replace("[locoregional]", "[regional]"))
    assert error.file == "therapies.yaml"
    assert 2 <= error.line <= 7
    assert "parent 'regional' of 'tae' is no entry" in str(error)


@pytest.mark.parametrize(
    "term", ["TAE", "tae", "t a e", "T-A-E", "Bland-Embolization", "blocking  the vessels", "Blocking the vessels"]
)
@pytest.mark.parametrize(
    "place", ["name: {}", "name: Survival\n    synonyms: ['{}']", "name: Survival\n    lay: ['{}']"]
)
def test_a_term_that_another_entry_claims_is_refused(tmp_path: Path, term: str, place: str) -> None:
    terms = "terms:\n  survival:\n    kind: metric\n    " + place.format(term) + "\n"
    error = refused(tmp_path, terms=terms)
    assert error.file == "terms.yaml"
    assert 3 <= error.line <= 5
    assert f"{term!r} of 'survival' belongs to 'tae'" in str(error)


def test_an_exact_term_that_another_entry_claims_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, terms=TERMS + "    exact: [BE]\n")
    assert error.file == "terms.yaml"
    assert "'BE' of 'survival' belongs to 'tae'" in str(error)


def test_an_entry_may_name_its_own_term_again(tmp_path: Path) -> None:
    vocabulary = vocabulary_of(tmp_path, therapies=THERAPIES.replace("lay: [blocking", "lay: [T-A-E, blocking"))
    assert vocabulary.by_id["tae"].lay == ("T-A-E", "blocking the vessels")


@pytest.mark.parametrize("term", ["TAE (bland)", "bilirubin: high", "size = 5", "TAE; TACE", "[TAE]", "{TAE}"])
def test_a_term_with_a_remark_or_a_value_is_refused(tmp_path: Path, term: str) -> None:
    error = refused(tmp_path, terms=TERMS.replace("survival time", f"'{term}'"))
    assert error.file == "terms.yaml"
    assert f"{term!r} is not a bare term" in str(error)


# The line of the mistake, not of the entry it stands in.
@pytest.mark.parametrize(
    ("therapies", "terms", "line"),
    [
        (THERAPIES, TERMS.replace("5 years", "TAE"), 7),
        (THERAPIES, TERMS.replace("5 years", "years (5)"), 7),
        (THERAPIES.replace("[locoregional]", "[regional]"), TERMS, 4),
        (THERAPIES.replace("    lay: [blocking the vessels]", "    laymen:\n      - blocking"), TERMS, 7),
    ],
    ids=["claimed-twice", "not-bare", "unknown-parent", "unknown-key"],
)
def test_a_mistake_is_refused_at_the_very_line_it_stands_in(
    tmp_path: Path, therapies: str, terms: str, line: int
) -> None:
    assert refused(tmp_path, therapies, terms).line == line


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("TAE", "Transarterial Embolization"),
        ("TAE", "bland embolization"),
        ("TACE", "transarterial chemoembolization"),
        ("TARE", "Transarterial Radioembolization"),
        ("TARE", "selective internal radiation therapy"),
        ("RFA", "radiofrequency ablation"),
        ("MWA", "microwave ablation"),
        ("PRRT", "Peptide Receptor Radionuclide Therapy"),
        ("SSA", "somatostatin analog"),
        ("OS", "overall survival"),
        ("PFS", "progression-free survival"),
        ("ENETS", "European Neuroendocrine Tumor Society"),
        ("NANETS", "North American Neuroendocrine Society"),
        ("ESMO", "European Society of Medical Oncology"),
        ("RETNET", "Randomized Embolization Trial for Neuroendocrine Tumor Metastases to the Liver"),
        ("RECIST", "response evaluation criteria in solid tumors"),
        ("NET", "neuroendocrine tumor"),
    ],
)
def test_an_abbreviation_and_what_the_review_prints_it_for_are_one_entry(
    vocabulary: Vocabulary, short: str, long: str
) -> None:
    assert len(owners(vocabulary, short)) == 1
    assert owners(vocabulary, short) == owners(vocabulary, long)


def test_each_term_of_the_vocabulary_has_one_entry(vocabulary: Vocabulary) -> None:
    written: dict[str, set[str]] = {}
    cased: dict[str, set[str]] = {}
    for entry in vocabulary.entries:
        for term in (*entry.synonyms, *entry.lay):
            written.setdefault(folded(term), set()).add(entry.id)
        for term in entry.exact:
            cased.setdefault(term, set()).add(entry.id)
    assert {term: claims for term, claims in written.items() if len(claims) > 1} == {}
    assert {term: claims for term, claims in cased.items() if len(claims | written.get(folded(term), set())) > 1} == {}


def test_what_is_wider_leads_to_an_end(vocabulary: Vocabulary) -> None:
    remaining = {entry.id: set(entry.parents) for entry in vocabulary.entries}
    while ended := {name for name, parents in remaining.items() if not parents & remaining.keys()}:
        remaining = {name: parents for name, parents in remaining.items() if name not in ended}
    assert remaining == {}
