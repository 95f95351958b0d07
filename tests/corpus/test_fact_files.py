from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.conditions import Atom, Compare, Has, In, Is, Undecided, atoms
from corpus.definitions import BareNumber, Code, Derivation, FactDefinition, UnitOfMeasure, Words
from corpus.document import Document
from corpus.errors import KnowledgeError
from corpus.fact_files import FactBook, factbook_from, load_facts, loinc_is_sound
from corpus.vocabulary import Vocabulary

UNITS = """units:
  mg/dL: {ucum: "mg/dL", written: ["mg/dl", "mg per dl"]}
  g/L: {ucum: "g/L", exact: ["g/L"], written: ["grams/l"]}
  G/L: {ucum: "10*9/L", exact: ["G/L"], written: ["giga/l"]}
"""
FACTS = """facts:
  bilirubin:
    name: "Bilirubin"
    kind: number
    lasting: false
    unit: mg/dL
    units: {mg/dL: "1", g/L: "100"}
    plausible: [0.1, 50]
    without_unit:
      - {from: 0.1, below: 2.05, unit: mg/dL}
    refuse_units: [G/L]
    terms:
      - {says: measure, words: [bilirubin, serum-bilirubin], exact: ["TB"]}
      - {says: ">=2", words: [hyperbilirubinaemia]}
    question: "What is the bilirubin?"
    codes:
      - {loinc: "1975-2", display: "Bilirubin total", unit: mg/dL}
  grade:
    name: "Grade"
    kind: choice
    values: [G1, G2, G3]
    lasting: true
    terms:
      - {says: [G1], words: [grade 1], denied: [G2]}
      - {says: [G2, G3], words: [high grade], denied: []}
      - {says: ask, words: [grade]}
    of_else: {before: [ALBI], beside: [toxicity], spelled: [ascites], unless: [NET]}
    question: "Which grade?"
    critical_with: [jaundice]
  jaundice:
    name: "Jaundice"
    kind: flag
    lasting: false
    terms:
      - {says: present, words: [icteric]}
      - {says: absent, words: [anicteric]}
    derived:
      - {when: {fact: bilirubin, op: ">", value: 3, unit: mg/dL}, says: present, inferred: true, inference: "Seen."}
    question: "Is there jaundice?"
  planned:
    name: "Planned"
    kind: set
    values: [tace, tare]
    lasting: false
    terms: []
    question: "What is planned?"
"""
DERIVED = '{when: {fact: bilirubin, op: ">", value: 3, unit: mg/dL}, says: present, inferred: true, inference: "Seen."}'
CUES = """cues:
  - {kind: negated, side: before, reach: clause, words: ["no", without]}
  - {kind: nothing, side: either, reach: near, words: [no change in]}
boundaries: [but, however]
"""
FILES = {"units.yaml": UNITS, "facts.yaml": FACTS, "cues.yaml": CUES}
HERE = "¦"  # stands in a changed text where the mistake is to be reported


def loaded(folder: Path, **changed: str) -> FactBook:
    for name, text in FILES.items():
        (folder / name).write_text(changed.get(name.partition(".")[0], text), encoding="utf-8")
    return load_facts(folder)


def refused(folder: Path, name: str, before: str, after: str) -> KnowledgeError:
    """Load the files with one of them changed; check that the refusal names the marked place."""
    assert FILES[name].count(before) == 1
    text = FILES[name].replace(before, after)
    line, column = text[: text.index(HERE)].count("\n") + 1, len(text[: text.index(HERE)].rpartition("\n")[2]) + 1
    with pytest.raises(KnowledgeError) as caught:
        loaded(folder, **{name.partition(".")[0]: text.replace(HERE, "")})
    error = caught.value
    assert (error.file, error.line, error.column) == (name, line, column)
    assert str(error).startswith(f"{name}:{line}:{column}: ")
    return error


def test_facts_units_and_cues_are_read(tmp_path: Path) -> None:
    book = loaded(tmp_path)
    assert book.units == {
        "mg/dL": UnitOfMeasure("mg/dL", "mg/dL", ("mg/dl", "mg per dl"), ()),
        "g/L": UnitOfMeasure("g/L", "g/L", ("grams/l",), ("g/L",)),
        "G/L": UnitOfMeasure("G/L", "10*9/L", ("giga/l",), ("G/L",)),
    }
    assert list(book.facts) == ["bilirubin", "grade", "jaundice", "planned"]
    bilirubin = book.facts["bilirubin"]
    assert (bilirubin.id, bilirubin.name, bilirubin.kind, bilirubin.lasting) == (
        "bilirubin",
        "Bilirubin",
        "number",
        False,
    )
    assert (bilirubin.unit, bilirubin.units) == ("mg/dL", {"mg/dL": Fraction(1), "g/L": Fraction(100)})
    assert bilirubin.plausible == (Fraction(1, 10), Fraction(50))
    assert bilirubin.without_unit == (BareNumber(Fraction(1, 10), Fraction(41, 20), "mg/dL"),)
    assert bilirubin.refuse_units == ("G/L",)
    assert bilirubin.terms == (
        Words("measure", ("bilirubin", "serum-bilirubin"), ("TB",), None),
        Words(">=2", ("hyperbilirubinaemia",), (), None),
    )
    assert bilirubin.codes == (Code("1975-2", "Bilirubin total", "mg/dL"),)
    assert bilirubin.question == "What is the bilirubin?"
    grade = book.facts["grade"]
    assert (grade.values, grade.lasting, grade.critical_with) == (("G1", "G2", "G3"), True, ("jaundice",))
    assert [(group.says, group.denied) for group in grade.terms] == [
        (("G1",), ("G2",)),
        (("G2", "G3"), ()),
        ("ask", None),
    ]
    assert (grade.unit, grade.units, grade.plausible, grade.without_unit) == ("", {}, None, ())
    assert book.facts["jaundice"].derived == (
        Derivation(Compare("bilirubin", ">", Fraction(3), "mg/dL"), "present", inferred=True, inference="Seen."),
    )
    assert [fact.numeric for fact in book.facts.values()] == [True, False, False, False]
    assert book.values["cues"] == {
        "cues": [
            {"kind": "negated", "side": "before", "reach": "clause", "words": ["no", "without"]},
            {"kind": "nothing", "side": "either", "reach": "near", "words": ["no change in"]},
        ],
        "boundaries": ["but", "however"],
    }


def test_a_number_has_the_kinds_of_a_list_too(tmp_path: Path) -> None:
    book = loaded(tmp_path, facts=FACTS.replace("kind: number", "kind: numbers").replace('">=2"', "ask"))
    assert book.facts["bilirubin"].numeric


@pytest.mark.parametrize("says", ["0", "1", ">=2", "<=2", ">3", "<3", "<0.5", "measure", "ask"])
def test_what_a_word_can_say_of_a_number(tmp_path: Path, says: str) -> None:
    assert loaded(tmp_path, facts=FACTS.replace('">=2"', f'"{says}"')).facts["bilirubin"].terms[1].says == says


def test_words_may_repeat_within_what_says_the_same_and_between_case_and_no_case(tmp_path: Path) -> None:
    again = FACTS.replace("words: [anicteric]}", 'words: [anicteric], exact: ["ICTERIC", "TB2"]}')
    again = again.replace("    derived:", "      - {says: present, words: [Icteric]}\n    derived:")
    assert loaded(tmp_path, facts=again).facts["jaundice"].terms[2].words == ("Icteric",)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("units:", "¦unit:", "unknown key 'unit'"),
        ('{ucum: "mg/dL", ', "¦{", "missing ['ucum']"),
        ('ucum: "mg/dL", ', 'ucum: "mg/dL", ¦spelt: [], ', "unknown key 'spelt'"),
        ('["grams/l"]', '["grams/l", ¦"MG PER DL"]', "'MG PER DL' of 'g/L' belongs to 'mg/dL'"),
        ('["grams/l"]', '["grams/l", ¦"mg-per  dl"]', "'mg-per  dl' of 'g/L' belongs to 'mg/dL'"),
        ('exact: ["G/L"]', 'exact: ["G/L", ¦"g/L"]', "'g/L' of 'G/L' belongs to 'g/L'"),
        ('["grams/l"]', "[¦1000]", "a word is text: quote it"),
        ('["grams/l"]', "[¦true]", "a word is text: quote it"),
        ('["grams/l"]', "¦grams", "expected a list, found text"),
        ('exact: ["G/L"]', 'exact: [¦["G/L"]]', "a word is text: quote it"),
    ],
)
def test_a_mistake_among_the_units_is_refused_where_it_stands(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert said in str(refused(tmp_path, "units.yaml", before, after))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        # keys and kinds
        ("facts:", "¦fact:", "unknown key 'fact'"),
        ('    name: "Bilirubin"\n', '    name: "Bilirubin"\n    ¦label: x\n', "unknown key 'label'"),
        ('    name: "Bilirubin"\n    kind: number', "    ¦kind: number", "missing ['name']"),
        ('\n    question: "Which grade?"', '\n    question: "Which grade?"\n    ¦question: "Which?"', "a second time"),
        ("  planned:", "  ¦grade:", "'grade' stands here a second time"),
        ("kind: number", "kind: ¦quantity", "unknown kind 'quantity'"),
        ("kind: number", "kind: ¦Number", "unknown kind 'Number'"),
        ("unit: mg/dL\n    units", "unit: mg/dL\n    ¦unit: g/L\n    units", "'unit' stands here a second time"),
        ("lasting: true", "lasting: ¦sometimes", "expected true or false"),
        ("lasting: true", 'lasting: ¦"true"', "expected true or false"),
        ("lasting: true", "lasting: ¦1", "expected true or false"),
        ("  planned:\n    name", "  planned:\n    ¦other: 1\n    name", "unknown key 'other'"),
        ("{before: [ALBI], beside", "¦{beside", "missing ['before']"),
        ("unless: [NET]", "unless: [NET], ¦other: [x]", "unknown key 'other'"),
        # values
        ("values: [G1, G2, G3]", "values: [G1, G2, ¦G2]", "'G2' stands in this list twice"),
        (
            '  grade:\n    name: "Grade"\n    kind: choice\n    values: [G1, G2, G3]\n',
            '  grade:\n    ¦name: "Grade"\n    kind: choice\n',
            "a choice or a set has values",
        ),
        (
            'name: "Planned"\n    kind: set\n    values: [tace, tare]\n',
            '¦name: "Planned"\n    kind: set\n',
            "a choice or a set has values",
        ),
        ('name: "Jaundice"\n', '¦name: "Jaundice"\n    values: [a]\n', "and nothing else has"),
        ('name: "Bilirubin"\n', '¦name: "Bilirubin"\n    values: [a]\n', "and nothing else has"),
        # numbers
        (
            "kind: number\n    lasting: false\n    unit: mg/dL",
            "kind: ¦number\n    lasting: false",
            "a number has 'unit'",
        ),
        ("kind: flag", "kind: ¦number", "a number has 'unit'"),
        ('g/L: "100"', '¦g/dL: "100"', "no unit 'g/dL'"),
        ('g/L: "100"', 'g/L: ¦"0"', "'0' is no factor"),
        ('g/L: "100"', 'g/L: ¦"-100"', "'-100' is no factor"),
        ('g/L: "100"', 'g/L: ¦"1/0"', "'1/0' is no factor"),
        ('g/L: "100"', 'g/L: ¦"hundred"', "'hundred' is no factor"),
        ('g/L: "100"', 'g/L: ¦"1e400000000x"', "is no factor"),
        ("    unit: mg/dL\n", "    unit: ¦G/L\n", "'G/L' is not among the units with the factor 1"),
        ("    unit: mg/dL\n", "    unit: ¦g/L\n", "'g/L' is not among the units with the factor 1"),
        ("[0.1, 50]", "¦[50, 0.1]", "the range is empty"),
        ("[0.1, 50]", "¦[50, 50]", "the range is empty"),
        ("[0.1, 50]", "[¦low, 50]", "expected a number, found 'low'"),
        ("[0.1, 50]", "[0.1, ¦.inf]", "expected a number, found '.inf'"),
        ("[0.1, 50]", "¦all", "expected a list, found text"),
        ("{from: 0.1, below: 2.05", "¦{from: 2.05, below: 2.05", "the range is empty"),
        ("{from: 0.1, below: 2.05", "¦{from: 3, below: 2.05", "the range is empty"),
        ("2.05, unit: mg/dL", "2.05, unit: ¦G/L", "'G/L' is not among the units"),
        ("2.05, unit: mg/dL", "2.05, unit: mg/dL, ¦to: 3", "unknown key 'to'"),
        ("{from: 0.1, below", "¦{below", "missing ['from']"),
        ("refuse_units: [G/L]", "refuse_units: [¦mmol/L]", "'mmol/L' is no unit, or one that is accepted"),
        ("refuse_units: [G/L]", "refuse_units: [G/L, ¦g/L]", "'g/L' is no unit, or one that is accepted"),
        # words
        ("words: [anicteric]", "words: [anicteric, ¦icteric]", "'icteric' of 'jaundice: absent: ' belongs to"),
        ("words: [anicteric]", "words: [¦ICTERIC]", "'ICTERIC' of 'jaundice: absent: ' belongs to"),
        ("words: [anicteric]", "words: [¦Serum  Bilirubin]", "belongs to 'bilirubin: measure: '"),
        ("words: [anicteric]", "words: [¦high-grade]", "belongs to \"grade: ['G2', 'G3']: []\""),
        ("words: [anicteric]", 'words: [a], exact: [¦"TB"]', "'TB' of 'jaundice: absent: ' belongs to"),
        ("words: [anicteric]", "words: [¦no]", "a word is text: quote it"),
        ("words: [anicteric]", "words: [¦3]", "a word is text: quote it"),
        ("{says: absent, words: [anicteric]}", "¦{says: absent}", "missing ['words']"),
        ("{says: absent, words: [anicteric]}", "{says: absent, words: [a], ¦lay: [b]}", "unknown key 'lay'"),
        ("says: absent", "says: ¦measure", "'measure' is nothing a flag can be"),
        ("says: absent", 'says: ¦">=2"', "'>=2' is nothing a flag can be"),
        ("says: absent", "says: ¦null", "None is nothing a flag can be"),
        ("says: absent", "says: ¦Absent", "'Absent' is nothing a flag can be"),
        ("says: [G1]", "says: ¦[G4]", "'G4' is no value; expected one of ['G1', 'G2', 'G3']"),
        ("says: [G1]", "says: ¦G1", "'G1' is nothing a choice can be"),
        ("says: [G1]", "says: ¦present", "'present' is nothing a choice can be"),
        ("says: [G1]", "says: [G1, ¦G1]", "'G1' stands in this list twice"),
        ("denied: [G2]", "denied: ¦[G4]", "'G4' is no value; expected one of ['G1', 'G2', 'G3']"),
        ("denied: [G2]", "denied: ¦G2", "expected a list, found text"),
        ('says: ">=2"', "says: ¦present", "'present' is nothing a number can be"),
        ('says: ">=2"', 'says: ¦">=two"', "'>=two' is nothing a number can be"),
        ('says: ">=2"', 'says: ¦">="', "'>=' is nothing a number can be"),
        ('says: ">=2"', 'says: ¦"=2"', "'=2' is nothing a number can be"),
        ('says: ">=2"', 'says: ¦">=1.2.3"', "'>=1.2.3' is nothing a number can be"),
        # derivations, companions, codes
        ("{fact: bilirubin, op", "¦{fact: bili, op", "no fact 'bili'"),
        ('{fact: bilirubin, op: ">", value: 3, unit: mg/dL}', "¦{fact: grade}", "no condition"),
        ('{fact: bilirubin, op: ">", value: 3, unit: mg/dL}', "¦{is: present}", "fact"),
        (
            'op: ">", value: 3, unit: mg/dL}, says: present',
            'op: ">", value: 3, unit: mg/dL}, says: ¦G1',
            "nothing a flag",
        ),
        (DERIVED, HERE + DERIVED.replace("true", "false"), "what is inferred has its sentence"),
        (DERIVED, HERE + DERIVED.replace(', inference: "Seen."', ""), "and nothing else has one"),
        ("critical_with: [jaundice]", "critical_with: [jaundice, ¦ascites]", "no fact 'ascites'"),
        ('loinc: "1975-2"', 'loinc: ¦"1975-3"', "'1975-3' has a wrong check digit"),
        ('loinc: "1975-2"', 'loinc: ¦"1957-2"', "'1957-2' has a wrong check digit"),
        ('loinc: "1975-2"', 'loinc: ¦"19752"', "'19752' has a wrong check digit"),
        ('{loinc: "1975-2", ', "¦{", "missing ['loinc']"),
        ('display: "Bilirubin total", ', 'display: "Bilirubin total", ¦system: x, ', "unknown key 'system'"),
    ],
)
def test_a_mistake_among_the_facts_is_refused_where_it_stands(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert said in str(refused(tmp_path, "facts.yaml", before, after))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("cues:", "¦cue:", "unknown key 'cue'"),
        ("boundaries: [but, however]\n", "", "missing ['boundaries']"),
        ("kind: negated", "kind: ¦denied", "unknown kind; expected one of"),
        ("side: before", "side: ¦left", "unknown side; expected one of ['after', 'before', 'either']"),
        ("reach: near", "reach: ¦far", "unknown reach; expected one of ['clause', 'list', 'near', 'next', 'sentence']"),
        ("{kind: negated, ", "¦{", "missing ['kind']"),
        ("{kind: negated, ", "{kind: negated, ¦scope: 3, ", "unknown key 'scope'"),
        ('["no", without]', '["no", ¦"no"]', "'no' stands in this list twice"),
        ('["no", without]', "¦without", "expected a list, found text"),
        ("[but, however]", "[but, ¦but]", "'but' stands in this list twice"),
        ("[but, however]", "¦but", "expected a list, found text"),
        ("[no change in]", '[¦""]', "expected text, found nothing"),
    ],
)
def test_a_mistake_among_the_cues_is_refused_where_it_stands(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    if HERE not in after:  # what is missing from the file is missing where it begins
        assert CUES.count(before) == 1
        with pytest.raises(KnowledgeError, match=rf"^cues\.yaml:1:1: {re.escape(said)}"):
            loaded(tmp_path, cues=CUES.replace(before, after))
    else:
        assert said in str(refused(tmp_path, "cues.yaml", before, after))


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_or_empty_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"^{name}:1:1: the file is empty"):
        loaded(tmp_path, **{name.partition(".")[0]: "# nothing\n"})
    (tmp_path / name).unlink()
    with pytest.raises(KnowledgeError, match=rf"^{name}:1:1: the file is missing"):
        load_facts(tmp_path)


# Each of these is knowledge that cannot be meant; what `load_facts` documents is a refusal with its place.
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[0.1, 50]", "¦[0.1]"),
        ("[0.1, 50]", "¦[0.1, 25, 50]"),
        ('{fact: bilirubin, op: ">", value: 3, unit: mg/dL}', "¦{all: [null]}"),
        ('{fact: bilirubin, op: ">", value: 3, unit: mg/dL}', "¦{fact: grade, in: [G9]}"),
        ('{fact: bilirubin, op: ">", value: 3, unit: mg/dL}', "¦{fact: grade, is: present}"),
        ('{fact: bilirubin, op: ">", value: 3, unit: mg/dL}', '¦{fact: bilirubin, op: ">", value: 3, unit: g/L}'),
        ('says: ">=2"', "says: ¦[present]"),
        ('says: ">=2"', 'says: ¦">=<2"'),
        ('says: ">=2"', "says: ¦[]"),
        ("says: [G1]", "says: ¦[]"),
        ('question: "Which grade?"', 'question: "Which grade?"\n    always_ask: ¦sometimes'),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(tmp_path: Path, before: str, after: str) -> None:
    refused(tmp_path, "facts.yaml", before, after)


# YAML reads each of these as true.
@pytest.mark.parametrize("word", ["True", "TRUE", "yes", "on"])
def test_a_truth_value_is_read_as_written_or_refused(tmp_path: Path, word: str) -> None:
    try:
        book = loaded(tmp_path, facts=FACTS.replace("lasting: true", f"lasting: {word}"))
    except KnowledgeError:
        return
    assert book.facts["grade"].lasting


# Check digits


def mod_10(number: str) -> int:
    """Return the check digit as the LOINC manual describes it, step by step."""
    odd, even = number[::-1][::2], number[::-1][1::2]
    digits = f"{even}{int(odd) * 2}"
    return -sum(int(digit) for digit in digits) % 10


@pytest.mark.parametrize(
    "code",
    [
        "12345-5",  # the manual's own: 531 doubled is 1062, with 42 before it 421062, digits 15, to the next ten 5
        "718-7",  # haemoglobin: 87 doubled is 174, with 1 before it 1174, digits 13
        "1975-2",  # bilirubin: 59 doubled is 118 (either way round), with 7 and 1: digits 18
        "2160-0",
        "2345-7",
        "777-3",
        "1751-7",
        "1920-8",
        "30525-0",
        "29463-7",
        "8302-2",
        "8480-6",
    ],
)
def test_published_codes_are_sound_and_no_other_check_digit_is(code: str) -> None:
    number, _, check = code.partition("-")
    assert str(mod_10(number)) == check
    assert [digit for digit in range(10) if loinc_is_sound(f"{number}-{digit}")] == [int(check)]


def test_each_number_has_one_check_digit() -> None:
    for number in range(1, 20_000):
        sound = [digit for digit in range(10) if loinc_is_sound(f"{number}-{digit}")]
        assert sound == [mod_10(str(number))], number


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 99_999), st.data())
def test_one_wrong_digit_is_found(number: int, data: st.DataObject) -> None:
    digits = str(number)
    place = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[place]]))
    wrong = digits[:place] + other + digits[place + 1 :]
    assert not loinc_is_sound(f"{wrong}-{mod_10(digits)}")


@pytest.mark.parametrize(
    "code",
    [
        "",
        "-",
        "1975",
        "1975-",
        "-2",
        "1975-02",
        "1975-22",
        "1975--2",
        "1975-2 ",
        " 1975-2",
        "L975-2",
        "1975-X",
        "1975_2",
        "1²-3",
        "1975-²",
    ],
)
def test_what_is_no_code_is_not_sound(code: str) -> None:
    assert not loinc_is_sound(code)


# The facts of the vocabulary

FACTORS = {
    ("age_years", "months"): "1/12",
    ("ki67_percent", "fraction"): "100",
    ("liver_tumor_burden_percent", "fraction"): "100",
    ("cytoreduction_achievable_percent", "fraction"): "100",
    ("lvef_percent", "fraction"): "100",
    ("lesion_sizes_cm", "mm"): "1/10",
    ("lesion_sizes_cm", "inch"): "2.54",
    ("largest_lesion_cm", "mm"): "1/10",
    ("largest_lesion_cm", "inch"): "2.54",
    ("mitotic_count", "/mm2"): "2",
    ("months_since_procedure", "years"): "12",
}


@pytest.fixture(scope="module")
def book() -> FactBook:
    return load_facts()


@pytest.fixture(scope="module")
def candidates(shared: Path) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = json.loads((shared / "clinical" / "knowledge.json").read_text(encoding="utf-8"))[
        "facts"
    ]
    return facts


@pytest.mark.devset
def test_every_fact_of_the_raw_material_is_there_and_what_cases_carry_besides(
    book: FactBook, candidates: list[dict[str, Any]]
) -> None:
    ids = {fact["id"] for fact in candidates}
    assert len(ids) >= 68
    assert ids - set(book.facts) == set()
    assert {"age_years", "sex", "lesion_sizes_cm"} <= set(book.facts) - ids


@pytest.mark.devset
def test_kinds_and_units_are_those_of_the_raw_material_and_ranges_no_wider(
    book: FactBook, candidates: list[dict[str, Any]]
) -> None:
    kinds = {"bool": "flag", "enum": "choice", "number": "number", "set": "set"}
    for raw in candidates:
        fact = book.facts[raw["id"]]
        assert fact.kind == kinds[raw["type"]], fact.id
        if fact.kind == "number":
            assert fact.unit == raw["unit"], fact.id
            assert fact.plausible is not None
            low, high = (Fraction(str(end)) for end in raw["plausible_range"])
            assert low <= fact.plausible[0] < fact.plausible[1] <= high, fact.id


@pytest.mark.devset
def test_values_are_those_of_the_raw_material_but_for_an_unknown_course(
    book: FactBook, candidates: list[dict[str, Any]]
) -> None:
    for raw in candidates:
        if raw["type"] == "enum":  # of unknown course is no value: it is stable or progressive
            assert set(book.facts[raw["id"]].values) == set(raw["values"]) - {"present_unspecified"}, raw["id"]


def test_no_word_stands_in_two_groups(book: FactBook) -> None:
    owners: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for fact in book.facts.values():
        for position, group in enumerate(fact.terms):
            for word in group.words:
                owners[re.sub(r"[\s-]+", " ", word.casefold()).strip()].add((fact.id, position))
            for word in group.exact:
                owners[f"exactly {word}"].add((fact.id, position))
    assert len(owners) > 2000
    assert {word: groups for word, groups in owners.items() if len(groups) > 1} == {}


def test_no_spelling_stands_for_two_units(book: FactBook) -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for unit in book.units.values():
        for spelling in unit.written:
            owners[re.sub(r"[\s-]+", "", spelling.casefold())].add(unit.id)
        for spelling in unit.exact:
            owners[f"exactly {spelling}"].add(unit.id)
    assert {spelling: units for spelling, units in owners.items() if len(units) > 1} == {}


@pytest.mark.parametrize(
    ("fact", "value", "unit", "canonical"),
    [
        ("bilirubin_mg_dl", "34.2", "umol/L", "2"),
        ("bilirubin_mg_dl", "17.1", "umol/L", "1"),
        ("bilirubin_mg_dl", "51.3", "umol/L", "3"),
        ("bilirubin_mg_dl", "20", "mg/L", "2"),
        ("serum_creatinine_mg_dl", "176.8", "umol/L", "2"),
        ("serum_creatinine_mg_dl", "88.4", "umol/L", "1"),
        ("serum_creatinine_mg_dl", "0.1768", "mmol/L", "2"),
        ("serum_creatinine_mg_dl", "20", "mg/L", "2"),
        ("albumin_g_dl", "35", "g/L", "3.5"),
        ("albumin_g_dl", "34.9", "g/L", "3.49"),
        ("albumin_g_dl", "250000/166.09", "umol/L", "10"),
        ("ast_u_l", "1", "ukat/L", "60"),
        ("ast_u_l", "1000", "nkat/L", "60"),
        ("ast_u_l", "100", "mU/mL", "100"),
        ("ast_u_l", "100", "IU/L", "100"),
        ("ldh_u_l", "1", "ukat/L", "60"),
        ("ldh_u_l", "50", "nkat/L", "3"),
        ("ldh_u_l", "425", "mU/mL", "425"),
        ("platelets_10e9_l", "100000", "/uL", "100"),
        ("platelets_10e9_l", "100000", "/mm3", "100"),
        ("platelets_10e9_l", "100", "10^3/uL", "100"),
        ("platelets_10e9_l", "100", "K/uL", "100"),
        ("platelets_10e9_l", "100", "G/L", "100"),
        ("platelets_10e9_l", "100", "Gpt/L", "100"),
        ("platelets_10e9_l", "100", "Tsd/uL", "100"),
        ("platelets_10e9_l", "100", "1000/mm3", "100"),
        ("platelets_10e9_l", "1.5", "10^5/uL", "150"),
        ("neutrophils_10e9_l", "4200", "/uL", "4.2"),
        ("lymphocytes_10e9_l", "900", "/mm3", "0.9"),
        *((fact, "1", unit, factor) for (fact, unit), factor in FACTORS.items()),
    ],
)
def test_a_conversion_is_exact(book: FactBook, fact: str, value: str, unit: str, canonical: str) -> None:
    number, _, divisor = value.partition("/")
    assert Fraction(number) / Fraction(divisor or 1) * book.facts[fact].units[unit] == Fraction(canonical)


def test_the_cautious_factors_leave_the_limits_on_their_side(book: FactBook) -> None:
    bilirubin, creatinine = book.facts["bilirubin_mg_dl"], book.facts["serum_creatinine_mg_dl"]
    assert Fraction("34.19") * bilirubin.units["umol/L"] < 2 < Fraction("34.21") * bilirubin.units["umol/L"]
    assert Fraction("176.79") * creatinine.units["umol/L"] < 2 < Fraction("176.81") * creatinine.units["umol/L"]


def test_weeks_and_days_agree_with_a_year_of_365_and_a_quarter_days(book: FactBook) -> None:
    units = book.facts["months_since_procedure"].units
    assert Fraction("365.25") * units["days"] == units["years"] == 12
    assert units["weeks"] == 7 * units["days"]


def test_units_of_one_ucum_code_have_one_factor(book: FactBook) -> None:
    same = {"[IU]/L": "U/L", "10*3/uL": "10*9/L", "10*3/mm3": "10*9/L", "mU/mL": "U/L", "/mm3": "/uL"}
    for fact in book.facts.values():
        factors: dict[str, set[Fraction]] = defaultdict(set)
        for unit, factor in fact.units.items():
            code = book.units[unit].ucum
            factors[same.get(code, code)].add(factor)
        assert [code for code, found in factors.items() if len(found) > 1] == [], fact.id


def test_every_unit_named_is_known_and_every_known_unit_is_named(book: FactBook) -> None:
    named = set()
    for fact in book.facts.values():
        own = {fact.unit, *fact.units, *fact.refuse_units} - {""}
        assert own <= set(book.units), fact.id
        assert not set(fact.units) & set(fact.refuse_units), fact.id
        assert {item.unit for item in fact.without_unit} <= set(fact.units), fact.id
        assert {code.unit for code in fact.codes} <= set(fact.units), fact.id
        named |= own
    assert set(book.units) - named == set()


def test_a_limit_that_the_print_gives_in_an_impossible_unit_is_refused_in_it(book: FactBook) -> None:
    assert "mg/dL" in book.facts["albumin_g_dl"].refuse_units
    assert "mL" in book.facts["ast_u_l"].refuse_units
    assert "/mL" in book.facts["platelets_10e9_l"].refuse_units


def test_every_factor_stays_among_plausible_numbers_and_is_stated_with_its_source(book: FactBook) -> None:
    for fact in book.facts.values():
        if fact.numeric:
            assert fact.units[fact.unit] == 1
            assert len(str(book.values["facts"][fact.id]["conversion_source"])) > 10, fact.id


def test_a_number_without_unit_is_read_only_where_it_is_plausible(book: FactBook) -> None:
    for fact in book.facts.values():
        for item in fact.without_unit:
            assert fact.plausible is not None
            factor = fact.units[item.unit]
            assert fact.plausible[0] <= item.low * factor, fact.id
            # the end is not included: it lies at most a hundredth above the last plausible number
            assert (item.high - Fraction(1, 100)) * factor <= fact.plausible[1], fact.id


def test_a_number_without_unit_has_one_reading(book: FactBook) -> None:
    for fact in book.facts.values():
        ranges = sorted((item.low, item.high) for item in fact.without_unit)
        assert all(above[0] >= below[1] for below, above in itertools.pairwise(ranges)), fact.id


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("ki67_percent", "fraction"),
        ("liver_tumor_burden_percent", "fraction"),
        ("cytoreduction_achievable_percent", "fraction"),
        ("lvef_percent", "fraction"),
        ("serum_creatinine_mg_dl", "umol/L"),
        ("albumin_g_dl", "g/L"),
        ("platelets_10e9_l", "/uL"),
        ("neutrophils_10e9_l", "/uL"),
        ("lymphocytes_10e9_l", "/uL"),
    ],
)
def test_a_number_read_without_unit_is_implausible_in_the_other_usual_unit(
    book: FactBook, name: str, other: str
) -> None:
    fact = book.facts[name]
    assert fact.plausible is not None
    low, high = fact.plausible
    units = {fact.unit, other}
    for item in fact.without_unit:
        rest = units - {item.unit}
        for step in range(200):
            top = min(item.high, high / fact.units[item.unit])
            bare = item.low + (top - item.low) * step / 200
            assert low <= bare * fact.units[item.unit] <= high
            assert not any(low <= bare * fact.units[unit] <= high for unit in rest), f"{float(bare)} of {name}"


# 2000 × 10⁹/L and 2000/µL, 2 × 10⁹/L, are both plausible: both ends are included.
def test_a_platelet_count_of_2000_without_unit_is_not_read(book: FactBook) -> None:
    fact = book.facts["platelets_10e9_l"]
    assert fact.plausible is not None
    readings = {Fraction(2000) * fact.units[unit] for unit in ("10^9/L", "/uL")}
    plausible = [value for value in readings if fact.plausible[0] <= value <= fact.plausible[1]]
    assert len(plausible) == 1 or not any(item.low <= 2000 < item.high for item in fact.without_unit)


def goes_with(atom: Atom, fact: FactDefinition) -> bool:
    match atom:
        case Is():
            return fact.kind == "flag"
        case In(_, values) | Undecided(_, values):
            return fact.kind == "choice" and set(values) <= set(fact.values)
        case Compare(_, _, _, unit):
            return fact.numeric and unit == fact.unit
        case Has(_, therapy):
            return fact.kind == "set" and therapy in fact.values


def test_every_derivation_goes_with_the_facts_it_reads(book: FactBook) -> None:
    seen = 0
    for fact in book.facts.values():
        for step in fact.derived:
            assert step.inferred == bool(step.inference.strip()), fact.id
            for atom in atoms(step.when):
                seen += 1
                assert goes_with(atom, book.facts[atom.fact]), f"{fact.id}: {atom}"
                assert atom.fact != fact.id
    assert seen > 20


@pytest.mark.parametrize("silent", ["nlr", "lvef_poor", "lvef_percent", "nlr_elevated", "grade", "ki67_percent"])
def test_a_step_that_the_review_does_not_print_is_not_taken(book: FactBook, silent: str) -> None:
    read = {atom.fact for step in book.facts[silent].derived for atom in atoms(step.when)}
    numbers = {"neutrophils_10e9_l", "lymphocytes_10e9_l", "nlr", "lvef_percent", "ki67_percent", "mitotic_count"}
    assert read & numbers == set()


def test_facts_without_a_printed_cut_off_say_so(book: FactBook) -> None:
    unprinted = {"lvef_percent", "lymphocytes_10e9_l", "neutrophils_10e9_l", "nlr", "mitotic_count", "ki67_percent"}
    assert {name for name in unprinted if not book.facts[name].no_step} == set()


def test_every_fact_has_a_question_and_words(book: FactBook) -> None:
    assert [fact.id for fact in book.facts.values() if not fact.question.endswith("?")] == []
    # the words of a set are those of its therapies
    assert [fact.id for fact in book.facts.values() if bool(fact.terms) == (fact.kind == "set")] == []
    asked = [fact.question for fact in book.facts.values()]
    assert len(asked) == len(set(asked))


def test_codes_stand_once_and_are_sound(book: FactBook) -> None:
    codes = [code.loinc for fact in book.facts.values() for code in fact.codes]
    assert len(codes) >= 15
    assert len(codes) == len(set(codes))
    for code in codes:
        number, _, check = code.partition("-")
        assert str(mod_10(number)) == check, code


def test_what_is_always_asked_is_asked_because_of_a_sentence(book: FactBook, review: Document) -> None:
    asked = [key for key, values in book.values["facts"].items() if values.get("always_ask")]
    assert asked
    for key, values in book.values["facts"].items():
        assert bool(values.get("always_ask")) == ("always_ask_quote" in values), key
        if key in asked:
            assert values["always_ask_quote"] in review.source, key


def test_the_values_of_a_set_are_therapies(book: FactBook, therapies: set[str]) -> None:
    sets = [fact for fact in book.facts.values() if fact.kind == "set"]
    assert {fact.id for fact in sets} == {"planned_interventions", "performed_interventions"}
    for fact in sets:
        assert set(fact.values) <= therapies, fact.id


@pytest.fixture(scope="module")
def therapies(vocabulary: Vocabulary) -> set[str]:
    return {entry.id for entry in vocabulary.entries if entry.kind == "therapy"}


def test_no_cue_both_denies_and_affirms_on_one_side(book: FactBook) -> None:
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for group in book.values["cues"]["cues"]:
        for word in group["words"]:
            for side in ("before", "after") if group["side"] == "either" else (group["side"],):
                owners[word.casefold(), side].add(group["kind"])
    assert len(owners) > 800
    denying, stating = {"negated", "resolved", "other"}, {"affirmed", "historical", "uncertain", "planned"}
    assert {word: kinds for word, kinds in owners.items() if kinds & denying and kinds & stating} == {}


def test_the_same_facts_come_from_json(book: FactBook) -> None:
    again = factbook_from(json.loads(json.dumps(book.values)))
    assert again == book
    assert list(again.facts) == list(book.facts)
