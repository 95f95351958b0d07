from __future__ import annotations

import pytest

from web.plot import LETTERS_A_LINE, Figure, plot, scale


@pytest.mark.parametrize(
    ("largest", "labels"),
    [
        (100, ["0", "20", "40", "60", "80", "100"]),
        (81.9, ["0", "20", "40", "60", "80", "100"]),
        (28.4, ["0", "10", "20", "30"]),
        (5.3, ["0", "2", "4", "6"]),
        (1, ["0", "1"]),
    ],
)
def test_a_scale_reaches_its_greatest_number_in_a_few_steps(largest: float, labels: list[str]) -> None:
    ticks = scale(largest)
    assert [tick.label for tick in ticks] == labels
    assert (ticks[0].at, ticks[-1].at) == (0, 100)


def test_a_mark_stands_where_its_number_is_and_an_open_end_at_the_edge() -> None:
    figures = [
        Figure("point", 40, 40, "A", "OS 40 months"),
        Figure("range", 20, 60, "B", "OS 20 to 60 months"),
        Figure("above", 30, None, "C", "OS > 30 months"),
        Figure("below", None, 50, "D", "OS < 50 months"),
    ]
    drawing = plot(figures, 80, "months")
    assert drawing.ticks[-1].label == "80"
    assert [(mark.left, mark.right) for mark in drawing.marks] == [(50, 50), (25, 75), (37.5, 100), (0, 62.5)]
    assert [(mark.open_left, mark.open_right) for mark in drawing.marks[2:]] == [(False, True), (True, False)]


def test_rows_do_not_overlap_and_labels_are_wrapped() -> None:
    drawing = plot([Figure(str(n), 1, 2, "a word " * 12, "value 1 to 2") for n in range(4)], 2, "years")
    tops = [mark.top for mark in drawing.marks]
    bottoms = [mark.top + mark.height for mark in drawing.marks]
    assert all(bottom < top for bottom, top in zip(bottoms, tops[1:], strict=False))
    assert bottoms[-1] < drawing.height
    for mark in drawing.marks:
        assert all(len(text) <= LETTERS_A_LINE for text, _, _ in mark.lines)
        assert " ".join(text for text, _, _ in mark.lines) == ("a word " * 12 + "value 1 to 2")
        assert mark.lines[-1][1] < mark.track < mark.top + mark.height


def test_neighbours_of_one_comparison_are_joined() -> None:
    figures = [Figure(str(n), n, n, "A", "1", pair) for n, pair in enumerate(["", "x", "x", "", ""], 1)]
    assert [mark.joined for mark in plot(figures, 5, "%").marks] == [False, False, True, False, False]
