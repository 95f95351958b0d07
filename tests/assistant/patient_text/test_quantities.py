from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assistant.patient_text.quantities import Quantity, UnitBook, as_value, dates_in, quantities
from assistant.rules.interval import Interval
from tests.assistant.patient_text import book

UNITS = UnitBook(book().units)
SPELLINGS = [(unit.id, spelling) for unit in book().units.values() for spelling in (*unit.written, *unit.exact)]
THOUSANDS = ("k", "K")
"""A number with this letter is read as thousands: "120 k/µL" as 120,000 per µL, the same."""


def read(text: str) -> list[Quantity]:
    return list(quantities(text, UNITS))


def written(text: str) -> list[tuple[str, list[str]]]:
    """Unit and readings of each quantity, the readings as an interval is written."""

    def shown(interval: Interval) -> str:
        if interval.single is not None:
            return str(interval.single)
        high = "inf" if interval.high is None else str(interval.high)
        closing = ")" if interval.high_open or interval.high is None else "]"
        return f"{'(' if interval.low_open else '['}{interval.low}, {high}{closing}"

    return [(quantity.unit, [shown(reading) for reading in quantity.readings]) for quantity in read(text)]


# Units


def test_spellings_are_many_and_of_every_unit() -> None:
    assert len(SPELLINGS) > 300
    assert {unit for unit, _ in SPELLINGS} == set(book().units)


@pytest.mark.parametrize(
    ("unit", "spelling"),
    [(unit, spelling) for unit, spelling in SPELLINGS],
)
def test_every_spelling_of_a_unit_is_recognised(unit: str, spelling: str) -> None:
    for text in (spelling, f" {spelling}", f"{spelling}, then", f"{spelling}\nPVT", f"  {spelling} (high)"):
        recognised, end = UNITS.at(text, 0)
        assert recognised == unit
        assert text[:end].strip() == spelling
    for text in (f"5 {spelling}", f"Value: 5 {spelling}; x", f"<5 {spelling}"):
        (quantity, *_) = read(text)
        if spelling.lower().startswith("k") and "kat" not in spelling:
            assert quantity.readings[0].high == 5000
            assert quantity.unit == {"K/uL": "/uL", "1000/mm3": "/mm3"}[unit] or spelling in THOUSANDS
        else:
            assert quantity.unit == unit
            assert quantity.readings[0].high == 5


@pytest.mark.parametrize(("unit", "spelling"), [(u, s) for u, s in SPELLINGS if s not in book().units[u].exact])
def test_case_spaces_micro_signs_and_superscripts_do_not_matter(unit: str, spelling: str) -> None:
    variants = [spelling.title(), spelling.replace("/", " / ")]
    if "G/" not in spelling.upper():  # G/L is told from g/L by case
        variants.append(spelling.upper())
    if spelling.startswith("u"):
        variants += [f"µ{spelling[1:]}", f"μ{spelling[1:]}"]
    variants.append(spelling.replace("^", "*"))
    variants.append(spelling.replace("mm3", "mm³").replace("mm2", "mm²"))
    for variant in variants:
        if len(variant) <= 26:
            assert UNITS.at(variant, 0) == (unit, len(variant)), variant


@pytest.mark.parametrize(("unit", "spelling"), [(u, s) for u, s in SPELLINGS if "10^" in s])
@pytest.mark.parametrize("variant", ["raised", "exponent"])
def test_powers_of_ten_may_be_written_with_superscripts_or_an_e(unit: str, spelling: str, variant: str) -> None:
    if variant == "exponent":
        text = spelling.replace("10^", "10e")
    else:
        text = spelling.replace("^9", "⁹").replace("^3", "³").replace("^5", "⁵")
    assert UNITS.at(text, 0) == (unit, len(text))


def test_a_unit_ends_with_its_last_letter() -> None:
    assert UNITS.at("mg/dL today", 0) == ("mg/dL", 5)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("g/L", "g/L"),
        ("G/L", "G/L"),
        ("g/l", "g/L"),
        ("mm", "mm"),
        ("mm2", ""),
        ("mm3", ""),
        ("mmol/L", "mmol/L"),
        ("mU/L", "mU/L"),
        ("mU/mL", "mU/mL"),
        ("months", "months"),
        ("monthly", ""),
        ("daily", ""),
        ("cmx", ""),
        ("yellow", ""),
        ("", ""),
        ("\nmg/dL", ""),
        ("; mg/dL", ""),
        (", mg/dL", ""),
    ],
)
def test_a_unit_is_a_whole_word_on_its_line(text: str, unit: str) -> None:
    assert UNITS.at(text, 0)[0] == unit


# Exact conversion: what laboratories print


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [
        ("bilirubin_mg_dl", "34.2 µmol/L", "2"),
        ("bilirubin_mg_dl", "17.1 umol/l", "1"),
        ("bilirubin_mg_dl", "34 µmol/L", "340/171"),
        ("bilirubin_mg_dl", "20 mg/L", "2"),
        ("serum_creatinine_mg_dl", "176.8 µmol/L", "2"),
        ("serum_creatinine_mg_dl", "88,4 µmol/L", "1"),
        ("serum_creatinine_mg_dl", "0.0884 mmol/L", "1"),
        ("albumin_g_dl", "35 g/L", "7/2"),
        ("albumin_g_dl", "3.5 g/dL", "7/2"),
        ("ast_u_l", "1 µkat/L", "60"),
        ("ast_u_l", "1000 nkat/L", "60"),
        ("ast_u_l", "40 IU/L", "40"),
        ("ldh_u_l", "5,5 µkat/l", "330"),
        ("platelets_10e9_l", "150 x10^9/L", "150"),
        ("platelets_10e9_l", "150 × 10⁹/L", "150"),
        ("platelets_10e9_l", "150 G/L", "150"),
        ("platelets_10e9_l", "150 k/µL", "150"),
        ("platelets_10e9_l", "150k", "150"),
        ("platelets_10e9_l", "150.000/µL", "150"),
        ("platelets_10e9_l", "150,000 /mm3", "150"),
        ("platelets_10e9_l", "1.5 lakh", "150"),
        ("platelets_10e9_l", "150 Tsd/µl", "150"),
        ("largest_lesion_cm", "31 mm", "31/10"),
        ("largest_lesion_cm", "1 inch", "127/50"),
        ("ki67_percent", "3 %", "3"),
        ("lvef_percent", "0.45", "45"),
        ("mitotic_count", "4 /10 HPF", "4"),
        ("mitotic_count", "2/mm2", "4"),
        ("months_since_procedure", "2 years", "24"),
    ],
)
def test_conversion_is_exact(fact: str, text: str, value: str) -> None:
    (quantity,) = read(text)
    got = as_value(quantity, book().facts[fact])
    assert got.state == "value"
    assert got.interval == Interval.point(Fraction(value))


def test_every_accepted_unit_converts_by_its_exact_factor() -> None:
    converted = 0
    for definition in book().facts.values():
        for unit, factor in definition.units.items():
            assert definition.plausible is not None
            canonical = (definition.plausible[0] + definition.plausible[1]) / 2
            got = as_value(Quantity((Interval.point(canonical / factor),), unit, 0, 0), definition)
            assert (got.state, got.interval) == ("value", Interval.point(canonical)), (definition.id, unit)
            converted += 1
    assert converted > 60


def test_a_unit_of_another_dimension_is_not_converted() -> None:
    refused = 0
    for definition in book().facts.values():
        for unit in book().units if definition.numeric else ():
            if unit not in definition.units:
                got = as_value(Quantity((Interval.point(Fraction(3)),), unit, 0, 0), definition)
                assert (got.state, got.interval) == ("unknown", None)
                refused += 1
    assert refused > 500


@pytest.mark.parametrize(
    ("fact", "text", "state"),
    [
        ("bilirubin_mg_dl", "1.9", "value"),
        ("bilirubin_mg_dl", "2", "unknown"),
        ("bilirubin_mg_dl", "45", "unknown"),
        ("bilirubin_mg_dl", "50 mg/dL", "value"),
        ("bilirubin_mg_dl", "50.1 mg/dL", "implausible"),
        ("ki67_percent", "0.03", "unknown"),
        ("ki67_percent", "1", "unknown"),
        ("ki67_percent", "100", "value"),
        ("ki67_percent", "101 %", "implausible"),
        ("albumin_g_dl", "6", "value"),
        ("albumin_g_dl", "8", "unknown"),
        ("albumin_g_dl", "38", "value"),
        ("performance_status_ecog", "5", "implausible"),
        ("months_since_procedure", "6", "unknown"),
        ("mitotic_count", "6", "unknown"),
        ("largest_lesion_cm", "4.9", "value"),
        ("largest_lesion_cm", "5", "unknown"),
        ("largest_lesion_cm", "31 cm", "implausible"),
    ],
)
def test_a_bare_number_is_read_only_where_no_doubt_is_left(fact: str, text: str, state: str) -> None:
    (quantity,) = read(text)
    assert as_value(quantity, book().facts[fact]).state == state


# Numbers, ranges, comparators


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", [("", ["7"])]),
        ("1,25", [("", ["5/4"])]),
        ("0,250", [("", ["1/4"])]),
        ("0.125", [("", ["1/8"])]),
        ("1,250", [("", ["1250", "5/4"])]),
        ("1.250", [("", ["5/4", "1250"])]),
        ("1,250.5", [("", ["2501/2"])]),
        ("1.250,5", [("", ["2501/2"])]),
        ("12,000,000", [("", ["12000000"])]),
        ("1.234.567", [("", ["1234567"])]),
        ("120 000", [("", ["120000"])]),
        ("120k", [("", ["120000"])]),
        ("12,18", [("", ["609/50"])]),
        ("3–5 %", [("%", ["[3, 5]"])]),
        ("3-5%", [("%", ["[3, 5]"])]),
        ("3 to 5 cm", [("cm", ["[3, 5]"])]),
        ("2 % to 3 %", [("%", ["[2, 3]"])]),
        ("1.5 to 2,5 cm", [("cm", ["[3/2, 5/2]"])]),
        ("between 3 and 5 mm", [("mm", ["[3, 5]"])]),
        ("3 and 5 mm", [("", ["3"]), ("mm", ["5"])]),
        ("120-150k", [("", ["[120000, 150000]"])]),
        ("5-3", [("", ["5"]), ("", ["3"])]),
        ("12 x 18 mm", [("mm", ["18"])]),
        ("18 × 12 mm", [("mm", ["18"])]),
        ("< 3 %", [("%", ["(0, 3)"])]),
        ("&lt;3", [("", ["(0, 3)"])]),
        ("less than 3", [("", ["(0, 3)"])]),
        ("under 3", [("", ["(0, 3)"])]),
        ("≤ 3", [("", ["[0, 3]"])]),
        ("<=3", [("", ["[0, 3]"])]),
        ("up to 3", [("", ["[0, 3]"])]),
        ("at most 3", [("", ["[0, 3]"])]),
        ("no more than 3", [("", ["[0, 3]"])]),
        ("> 3", [("", ["(3, inf)"])]),
        ("more than 3", [("", ["(3, inf)"])]),
        ("over 3", [("", ["(3, inf)"])]),
        (">/=3", [("", ["[3, inf)"])]),
        ("≥3", [("", ["[3, inf)"])]),
        ("at least 3", [("", ["[3, inf)"])]),
        ("no less than 3", [("", ["[3, inf)"])]),
        ("<0", [("", ["0"])]),
        ("about 3", [("", ["3"])]),
        ("~3 cm", [("cm", ["3"])]),
        ("approx. 3 cm", [("cm", ["3"])]),
        ("4.1 x10^9/L", [("10^9/L", ["41/10"])]),
        ("12 mm, 18 mm and 31 mm", [("mm", ["12"]), ("mm", ["18"]), ("mm", ["31"])]),
        ("G2", []),
        ("T1 N0", []),
        ("SSTR2", []),
        ("none", []),
    ],
)
def test_numbers_are_read_as_written(text: str, expected: list[tuple[str, list[str]]]) -> None:
    assert written(text) == expected


# a number with a thin or narrow space raises ValueError; a no-break space cuts it in two
@pytest.mark.parametrize("space", ["\u2009", "\u202f", "\u00a0"], ids=["thin", "narrow", "no-break"])
def test_thousands_may_be_set_apart_by_typographic_spaces(space: str) -> None:
    assert written(f"120{space}000/µL") == [("/uL", ["120000"])]


@pytest.mark.parametrize(
    "text",
    ["from 4.1 to 2.2 mg/dL", "from 4.1 to 1.2 mg/dL"],  # "to 1" is the unit of a ratio
)
def test_a_change_reads_the_latter_value(text: str) -> None:
    assert written(text) == [("mg/dL", [str(Fraction(text.split()[3]))])]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("seen on 12/03/2024", "12/03/2024"),
        ("12.03.2024", "12.03.2024"),
        ("12-03-24", "12-03-24"),
        ("2024-03-12", "2024-03-12"),
        ("2024/3/1", "2024/3/1"),
        ("in 03/2024", "03/2024"),
        ("March 2024", "March 2024"),
        ("Jan 5, 2020", "Jan 5, 2020"),
        ("3 Mar 2021", "3 Mar 2021"),
        ("20 May", "20 May"),
        ("Whipple 2019", "2019"),
        ("1987", "1987"),
    ],
)
def test_dates_measure_nothing(text: str, date: str) -> None:
    assert [text[start:end] for start, end in dates_in(text)] == [date]
    assert read(text) == []
    assert [q.readings for q in read(f"{text} bilirubin 1.5 mg/dL")] == [(Interval.point(Fraction(3, 2)),)]


@pytest.mark.parametrize("text", ["2000 mL", "2012 g", "1990 /µL", "2000 %", "1949", "2050", "2019.5", "12,018"])
def test_numbers_that_look_like_years_are_no_dates(text: str) -> None:
    assert dates_in(text) == ()
    assert len(read(text)) == 1


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.decimals(min_value="0.01", max_value="899", places=2), st.sampled_from(SPELLINGS))
def test_a_number_before_a_unit_is_exact_and_where_it_stands(number: Any, unit: tuple[str, str]) -> None:
    assume(unit[1].lower()[0] not in "k%")
    text = f"Value {number} {unit[1]} today"
    (quantity, *_) = read(text)
    assert quantity.readings == (Interval.point(Fraction(str(number))),)
    assert quantity.unit == unit[0]
    assert text[quantity.start : quantity.end].strip() == f"{number} {unit[1]}"


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.text(alphabet="0123456789., -–<>≤x%kmgto/\n()\u2009\u202f²", max_size=40))
def test_no_jumble_of_digits_and_signs_breaks_the_reading(text: str) -> None:
    places = [(quantity.start, quantity.end) for quantity in read(text.replace("\u2009", " ").replace("\u202f", " "))]
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(places))
    assert all(start < end <= len(text) for start, end in places)
