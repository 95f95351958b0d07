from __future__ import annotations

import sys
import time
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assistant.patient_text.reader import LONGEST_TEXT
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact
from corpus.definitions import FLAG, NUMBER, PRESENT
from tests.assistant.patient_text import book, reader
from tests.assistant.patient_text.test_traps import LISTS, items

TEXTS = [item["text"] for name in LISTS for part in ("", "-open") for item in items(name + part)]
ALONE = [item["text"] for item in items("cues") if "\n" not in item["text"]]


def read(text: str) -> Patient:
    return reader().read(text)


def state(text: str, name: str) -> str | None:
    fact = read(text).facts.get(name)
    return None if fact is None else fact.state


# Where a fact was read


def test_every_fact_has_its_words_at_its_place() -> None:
    seen = 0
    for text in TEXTS:
        for fact in read(text):
            assert fact.span is not None, text
            parts = fact.as_written.split(" … ")  # of two mentions that narrow each other
            assert text[slice(*fact.span)] == parts[0], (text, fact)
            assert all(part and part in text for part in parts)
            assert fact.id in book().facts
            seen += 1
    assert seen > 2000


@pytest.mark.parametrize(
    ("text", "name", "words", "cue"),
    [
        ("There was no ascites today.", "ascites", "ascites", "no"),
        ("Ascites cannot be excluded.", "ascites", "Ascites", "cannot be excluded"),
        ("Possible ascites", "ascites", "ascites", "Possible"),
        ("S/p Whipple 2019", "whipple_history", "Whipple", "S / p"),
        ("Her mother had ascites", "ascites", "ascites", "Her mother"),
        ("Planned for TACE", "planned_interventions", "TACE", "Planned for"),
        ("If ascites develops", "ascites", "ascites", "If"),
        ("Total bilirubin: 45 µmol/L", "bilirubin_mg_dl", "Total bilirubin: 45 µmol/L", ""),
        ("Known G2 pNET", "primary_site", "pNET", ""),
    ],
)
def test_words_and_cue_are_kept(text: str, name: str, words: str, cue: str) -> None:
    fact = read(text).facts[name]
    assert fact.as_written == words
    if cue:
        assert fact.cue == cue


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Possible ascites", "uncertain"),
        ("Ascites not recorded", "uncertain"),
        ("If ascites develops", "hypothetical"),
        ("Her mother had ascites", "another person"),
        ("History of ascites", "past"),
    ],
)
def test_what_is_unknown_says_why(text: str, reason: str) -> None:
    fact = read(text).facts["ascites"]
    assert (fact.state, fact.reason) == ("unknown", reason)


def test_the_turn_is_recorded() -> None:
    assert {fact.turn for fact in reader().read("62M, G2 pNET, bilirubin 1.2 mg/dL, no ascites", turn=3)} == {3}


def test_reading_the_same_text_gives_the_same_facts_in_the_same_order() -> None:
    for text in TEXTS[::7]:
        assert list(read(text)) == list(read(text))


# Properties


IRRELEVANT = (
    "The family was thanked for the referral.",
    "Kind regards.",
    "She enjoys gardening and takes the bus.",
    "Copies were sent to the archive.",
    "The interpreter attended.",
    "He drinks tea.",
)


def facts_of(patient: Patient) -> list[PatientFact]:
    """The facts, but for blanks after the words they were read from, and for the sex, which any pronoun gives."""
    return [replace(fact, as_written=fact.as_written.rstrip(), span=None) for fact in patient if fact.id != "sex"]


@settings(deadline=None, derandomize=True, max_examples=120)
@given(st.sampled_from(TEXTS), st.sampled_from(IRRELEVANT))
def test_an_irrelevant_sentence_after_it_changes_nothing(text: str, sentence: str) -> None:
    assume(text.rstrip()[-1] in ".!?")
    assert facts_of(read(f"{text.rstrip()} {sentence}")) == facts_of(read(text.rstrip()))
    assert facts_of(read(f"{text.rstrip()}\n{sentence}")) == facts_of(read(text.rstrip()))


FLAGS = [
    (definition.id, words)
    for definition in book().facts.values()
    if definition.kind == FLAG
    for group in definition.terms
    if group.says == PRESENT and group.denied is None
    for words in group.words
    if state(f"Known {words}.", definition.id) == "present"
]
CONTEXT = "62M with a G2 tumour. Bilirubin 1.2 mg/dL; Ki-67 4 %."


def test_most_words_of_flags_state_them() -> None:
    assert len(FLAGS) > 200
    assert len({name for name, _ in FLAGS}) > 20


@settings(deadline=None, derandomize=True, max_examples=120)
@given(st.sampled_from(FLAGS))
def test_no_before_the_word_of_a_flag_turns_that_fact_alone(flag: tuple[str, str]) -> None:
    name, words = flag
    stated, denied = read(f"{CONTEXT} Known {words}."), read(f"{CONTEXT} No {words}.")
    assert stated.facts[name].state == "present"
    turned = denied.facts.get(name)
    assert turned is None or turned.state in {"absent", "unknown"}
    before = read(CONTEXT)
    for fact in before:
        assert denied.facts[fact.id] == stated.facts[fact.id] == fact


def test_no_functional_tumour_of_an_organ_leaves_the_organ() -> None:
    site = read("No functional pNET.").facts.get("primary_site")
    assert site is None or not site.firm or "pancreas" in site.candidates


def test_no_before_the_word_of_a_flag_denies_nearly_all() -> None:
    denied = [state(f"No {words}.", name) == "absent" for name, words in FLAGS]
    assert sum(denied) / len(denied) >= 0.9


@settings(deadline=None, derandomize=True, max_examples=120)
@given(st.integers(min_value=1, max_value=290), st.sampled_from(["bilirubin", "creatinine"]))
def test_another_unit_leaves_the_value(tenths: int, analyte: str) -> None:
    factor, name = {"bilirubin": ("17.1", "bilirubin_mg_dl"), "creatinine": ("88.4", "serum_creatinine_mg_dl")}[analyte]
    value = Fraction(tenths, 10)
    assume(value <= 20)
    micromoles = value * Fraction(factor)
    written = f"{float(micromoles):.2f}"
    assert Fraction(written) == micromoles
    expected = Interval.point(value)
    for text in (
        f"{analyte} {float(value)} mg/dL",
        f"{analyte} {written} µmol/L",
        f"{analyte} {written.replace('.', ',')} umol/l",
        f"{analyte} {float(value)} mg/dL ({written} µmol/L)",
    ):
        assert read(text).facts[name].interval == expected, text


@settings(deadline=None, derandomize=True, max_examples=120)
@given(st.lists(st.sampled_from([*"aAé \n.,;:()[]-–<>≤/%0123456789µ²⁹x?", "no ", "ascites ", "Ki-67 "]), max_size=60))
def test_no_text_breaks_the_reading(parts: list[str]) -> None:
    text = "".join(parts)
    for fact in read(text):
        assert fact.span is not None
        assert text[slice(*fact.span)] == fact.as_written.split(" … ")[0]


@settings(deadline=None, derandomize=True, max_examples=120)
@given(st.sampled_from(ALONE))
def test_a_note_of_doubt_never_makes_a_no(text: str) -> None:
    doubted = read(f"It is not true that {text[0].lower()}{text[1:]}")
    assert [fact.id for fact in doubted if fact.state == "absent" and state(text, fact.id) != "absent"] == []


# Units that tell values apart

# "2.1 × 10⁹" must not be read as two diameters, of which the larger counts: 10


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("lymphocytes 2.1 x10^9/L", "lymphocytes_10e9_l", "2.1"),
        ("lymphocytes 2.1 × 10⁹/L", "lymphocytes_10e9_l", "2.1"),
        ("platelets 5 × 10⁹/L", "platelets_10e9_l", "5"),
        ("platelets 150 × 10⁹/L", "platelets_10e9_l", "150"),
        ("neutrophils 4.5 x 10e9/L", "neutrophils_10e9_l", "4.5"),
    ],
)
def test_powers_of_ten_belong_to_the_unit(text: str, name: str, value: str) -> None:
    assert read(text).facts[name].interval == Interval.point(Fraction(value))


@pytest.mark.parametrize(
    "unit",
    [
        "x ULN",
        "times the upper limit",
        "times upper limit of normal",
    ],
)
def test_a_multiple_of_the_upper_limit_is_no_value(unit: str) -> None:
    fact = read(f"AST 12 {unit}").facts["ast_u_l"]
    assert (fact.state, fact.interval) == ("unknown", None)


def test_what_follows_is_not_planned_but_awaited() -> None:
    assert state("Ascites to follow", "ascites") != "present"


def test_every_number_of_a_laboratory_keeps_its_mention() -> None:
    numeric = [definition for definition in book().facts.values() if definition.kind == NUMBER]
    assert len(numeric) >= 18
    patient = read("bilirubin 1.2 mg/dL, creatinine 0.9 mg/dL, albumin 38 g/L, AST 40 U/L, platelets 150 G/L")
    assert {fact.id: str(fact.interval) for fact in patient} == {
        "bilirubin_mg_dl": "1.2",
        "serum_creatinine_mg_dl": "0.9",
        "albumin_g_dl": "3.8",
        "ast_u_l": "40",
        "platelets_10e9_l": "150",
    }


# Hostile and long texts


HOSTILE = {
    "digits": "1",
    "numbers": "12 ",
    "points": "1.",
    "thousands": "1,000,",
    "ranges": "1-",
    "commas": ",",
    "brackets": "(",
    "square brackets": "[",
    "no": "no ",
    "letters": "a",
    "lines": "\n",
    "spaces": " ",
    "ages": "1y",
    "underscores": "_",
    "denials": "no ascites, ",
    "lesions": "lesions 3 cm ",
    "values": "bilirubin 3 ",
    "treatments": "TACE ",
    "treatments and numbers": "TACE 1 ",
    "comparators": "<",
    "years": "2019 ",
}
LONG = 100_000


ATTEMPTS = 4


def of_length(pattern: str, length: int) -> str:
    return (pattern * length)[:length]


def seconds(text: str) -> float:
    begin = time.process_time()
    read(text)
    return time.process_time() - begin


def longer_by(short: str, long: str, bound: float) -> float:
    """How many times as long a text takes as another: the first ratio below a bound, or the least."""
    ratio = float("inf")
    for _ in range(ATTEMPTS):
        ratio = min(ratio, seconds(long) / max(seconds(short), 1e-4))
        if ratio < bound:
            break
    return ratio


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read_in_linear_time(name: str) -> None:
    short, long = of_length(HOSTILE[name], LONGEST_TEXT // 4), of_length(HOSTILE[name], LONGEST_TEXT)
    assert longer_by(short, long, 9) < 9  # four times the text: four times as long, where a square takes sixteen times


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["commas", "brackets", "no", "letters", "lines", "values"])
def test_a_hundred_thousand_hostile_characters_are_cut_and_read(name: str) -> None:
    text = of_length(HOSTILE[name], LONG)
    assert list(read(text)) == list(read(text[:LONGEST_TEXT]))
    assert longer_by(text[:LONGEST_TEXT], text, 2) < 2


def test_a_text_is_read_to_its_limit_and_no_further() -> None:
    last = " Ascites."
    filling = "He drinks tea. " * LONGEST_TEXT
    fits = filling[: LONGEST_TEXT - len(last)] + last
    assert len(fits) == LONGEST_TEXT
    assert state(fits, "ascites") == "present"
    assert state(filling[:LONGEST_TEXT] + last, "ascites") is None
    assert list(read(fits + " Portal vein thrombosis.")) == list(read(fits))


def test_digits_beyond_what_python_converts_are_read() -> None:
    assert sys.get_int_max_str_digits() < LONGEST_TEXT
    assert [fact.id for fact in read(f"bilirubin {'1' * 5000}") if fact.firm] == []


# What a question takes for granted is stated; what it asks about is not


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("Which embolisation for a 70-year-old with portal vein occlusion?", "portal_vein", "occluded"),
        ("Is TACE possible in a 60-year-old with ascites?", "ascites", "present"),
        ("Is embolisation safe despite Whipple?", "whipple_history", "present"),
        ("Can she have TACE after a Whipple?", "whipple_history", "present"),
        ("What would you do with a bilioenteric anastomosis?", "biliary_anastomosis", "present"),
        ("Does he have ascites?", "ascites", "unknown"),
        ("62M, ascites?", "ascites", "unknown"),
        ("What about ascites?", "ascites", "unknown"),
        ("Possible ascites. TACE?", "ascites", "unknown"),
    ],
)
def test_a_question_takes_for_granted_what_it_does_not_ask_about(text: str, name: str, expected: str) -> None:
    fact = read(text).facts[name]
    assert expected in {fact.state, *(fact.candidates if fact.state == "value" else ())}


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("five lesions, largest 2.4 cm", (5, "2.4")),
        ("three 2 cm lesions", (3, "2")),
        ("a solitary 50 mm met", (1, "5")),
    ],
)
def test_a_count_and_a_size_stand_together(text: str, sizes: tuple[int, str]) -> None:
    facts = read(text).facts
    assert facts["lesion_count"].interval == Interval.point(Fraction(sizes[0]))
    assert facts["largest_lesion_cm"].interval == Interval.point(Fraction(sizes[1]))


def test_words_of_a_patient_s_text_name_a_therapy_by_its_isotope() -> None:
    assert read("62M, bilobar. TACE or Y90?").facts["planned_interventions"].candidates == ("tace", "tare")
    assert read("62M, had four cycles of lutetium.").facts["performed_interventions"].candidates == ("prrt",)


@pytest.mark.parametrize("words", ["maybe ascites", "perhaps ascites", "question of ascites", "potential ascites"])
def test_a_guess_is_no_finding(words: str) -> None:
    assert state(f"62M, {words}. TACE?", "ascites") == "unknown"
