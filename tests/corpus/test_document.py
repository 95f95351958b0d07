from __future__ import annotations

from corpus.document import Document, UnitKind


def test_every_unit_has_an_id_and_a_place_of_its_own(review: Document) -> None:
    assert len(review.unit_by_id) == len({(unit.start, unit.end) for unit in review.units}) == len(review.units)


def test_the_ids_of_a_section_count_what_can_be_cited_in_order(review: Document) -> None:
    for section in review.sections:
        slug = section.label.lower().replace(" ", "-")
        ids = [unit.id for unit in review.searchable if unit.section == section.label]
        assert ids == [f"{slug}-{n:02d}" for n in range(1, len(ids) + 1)]
    assert [unit.id for unit in review.units if unit.kind is UnitKind.HEADING][:3] == [
        "abstract-heading",
        "1-heading",
        "2-heading",
    ]


def test_a_unit_is_quoted_word_for_word_with_the_headings_above_it(review: Document) -> None:
    [unit] = [unit for unit in review.searchable if unit.display.startswith("Of note, negative prognostic factors")]
    quote = review.quote(unit)
    assert quote == review.source[unit.start : unit.end]
    assert "$\\leq 3.5$" in quote
    assert "≤ 3.5" in unit.display
    assert review.path(unit) == ("3. Locoregional Therapies", "3.2. Transarterial Chemoembolization")


def test_sections_begin_where_their_first_unit_or_mark_stands(review: Document) -> None:
    starts = [section.start for section in review.sections]
    assert starts == sorted(starts)
    for section in review.sections:
        units = [unit for unit in review.units if unit.section == section.label and unit.kind is not UnitKind.FURNITURE]
        assert units[0].start == section.start
        assert section.path[-1:] == (units[0].display,) or section.label in {"Front matter", "Back matter", "Figure 1"}


def test_a_reference_leads_to_the_unit_it_is_printed_in(review: Document) -> None:
    for number, reference in review.reference_by_number.items():
        unit = review.unit_by_id[reference.unit]
        assert unit.kind is UnitKind.REFERENCE
        assert unit.display.startswith(f"{number}. ")


def test_no_furniture_and_no_heading_can_be_found(review: Document) -> None:
    kinds = {unit.kind for unit in review.searchable}
    assert kinds == set(UnitKind) - {UnitKind.FURNITURE, UnitKind.HEADING}
    assert list(review.searchable) == [unit for unit in review.units if unit.kind in kinds]
