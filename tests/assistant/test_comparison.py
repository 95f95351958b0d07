from __future__ import annotations

import pytest

from assistant import Answer, Assistant
from assistant.answer import Comparison
from assistant.comparison import NOT_COMPARABLE, comparison
from index.library import Library

PAIRS = [
    ("TAE versus TACE?", ("tae", "tace")),
    ("cTACE vs DEB-TACE for NELM", ("ctace", "deb_tace")),
    ("Is TARE better than TACE?", ("tare", "tace")),
    ("RFA compared with MWA", ("rfa", "mwa")),
    ("resin vs glass microspheres", ("tare_resin", "tare_glass")),
    ("surgical resection versus microwave ablation", ("surgical_resection", "mwa")),
]


def compared(assistant: Assistant, question: str) -> tuple[Answer, Comparison]:
    answer = assistant.ask(question)
    assert answer.comparison is not None, question
    return answer, answer.comparison


@pytest.mark.parametrize(("question", "sides"), PAIRS)
def test_every_cell_is_printed_where_it_says(assistant: Assistant, question: str, sides: tuple[str, ...]) -> None:
    answer, table = compared(assistant, question)
    assert table.therapies == sides
    assert table.warning == NOT_COMPARABLE
    by_number = {citation.n: citation for citation in answer.citations}
    for row in table.rows:
        assert len(row.cells) == len(sides)
        for cell in row.cells:
            for figure in cell.figures:
                assert figure.citation in cell.citations
                printed = by_number[figure.citation].display.casefold()
                assert all(word in printed for word in figure.value.casefold().split())
            assert set(cell.citations) <= set(by_number)
    for n in range(len(sides)):
        assert any(row.cells[n].citations for row in table.rows)


def test_every_figure_of_a_side_is_in_its_column(library: Library) -> None:
    """Compared with a plain reading of the figures."""
    table = comparison(("tace", "tare"), library)
    assert table is not None
    shown = {figure.outcome.id for row in table.rows for cell in row.figures for figure in cell}
    for place in library.places:
        for outcome in library.knowledge_of(place).outcomes:
            lines = {entry for therapy in outcome.therapies for entry in library.lexicon.lineage(therapy)}
            sample = outcome.n is not None and outcome.low == outcome.high == outcome.n
            if outcome.kind in {"outcome", "harm"} and lines & {"tace", "tare"} and not sample:
                assert outcome.id in shown


def test_figures_of_one_comparison_are_marked(assistant: Assistant) -> None:
    _, table = compared(assistant, "cTACE versus radioembolization: survival?")
    marked = {f.value for row in table.rows for cell in row.cells for f in cell.figures if f.same_comparison}
    assert {"33.8 months", "23.4 months"} <= marked


def test_a_narrower_side_keeps_its_figures_to_itself(assistant: Assistant) -> None:
    _, table = compared(assistant, "TACE vs DEB-TACE: which is better?")
    tace = {f.value for row in table.rows for f in row.cells[0].figures}
    deb = {f.value for row in table.rows for f in row.cells[1].figures}
    assert "2.6%" in deb
    assert "2.6%" not in tace


@pytest.mark.parametrize("question", ["What is TACE?", "TACE after a Whipple?", "Is PRRT effective?"])
def test_what_compares_nothing_has_no_table(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).comparison is None


@pytest.mark.parametrize(
    ("question", "role", "sides"),
    [
        ("What was the ORR of DEB-TACE versus cTACE?", "lead", ("deb_tace", "ctace")),
        ("What is the response rate of TARE versus TACE?", "caveat", ("tace",)),
        ("Response rate of ablation versus resection?", "caveat", ("surgical_resection",)),
    ],
)
def test_a_number_asked_for_and_not_printed_of_a_side_is_said_to_be_none(
    assistant: Assistant, library: Library, question: str, role: str, sides: tuple[str, ...]
) -> None:
    answer, table = compared(assistant, question)
    (line,) = [s for s in answer.statements if "include no response rate" in s.text]
    assert (line.role, line.kind, line.citations) == (role, "derived", ())
    assert line.text in answer.text
    assert (answer.statements[0] is line) is (role == "lead")
    printed = [o for p in library.places for o in library.knowledge_of(p).outcomes if o.metric == "response_rate"]
    for therapy, name in zip(table.therapies, table.names, strict=True):
        held = [o for o in printed if any(therapy in library.lexicon.lineage(entry) for entry in o.therapies)]
        assert (name[1:] in line.text) is (therapy in sides) is (not held)


def test_a_direction_leads_where_a_number_is_lacking(assistant: Assistant) -> None:
    answer, _ = compared(assistant, "cTACE vs DEB-TACE in NELM: PFS?")
    assert "better than" in answer.statements[0].text
    assert "include no progression-free survival" in answer.statements[-1].text


@pytest.mark.parametrize("question", ["Compare survival of TACE and TARE", "TAE versus TACE?"])
def test_nothing_is_said_to_lack_where_both_are_printed_or_no_number_is_asked_for(
    assistant: Assistant, question: str
) -> None:
    assert "include no" not in compared(assistant, question)[0].text
