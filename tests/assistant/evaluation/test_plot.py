"""Curve, tables and picture of `assistant.evaluation.separation`, on drawn decisions."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.evaluation.separation import Separation, area_under_curve, plot_curve

KINDS = ("attribute", "entity", "ongoing")


def drawn(seed: int = 3, count: int = 300, threshold: float = 0.35) -> Separation:
    draw = np.random.default_rng(seed)
    answerable = draw.random(count) < 0.7
    probabilities = np.clip(draw.normal(np.where(answerable, 0.7, 0.4), 0.2), 0.0, 1.0)
    kinds = tuple(str(kind) for kind in draw.choice(KINDS, size=int((~answerable).sum())))
    return Separation(answerable, probabilities, kinds, threshold, {"margin": 0.9, "unknown": 0.55}, (0.5, 0.02))


def small() -> Separation:
    return Separation(
        np.array([True, False, True, True, False]),
        np.array([0.9, 0.2, 0.1, 1.0, 0.95]),
        ("entity", "attribute"),
        0.5,
        {"margin": 0.75},
        (0.5, 0.0),
    )


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1000)), min_size=1, max_size=40, unique_by=lambda x: x[1]))
def test_the_curve_equals_counting_at_every_threshold(drawn_pairs: list[tuple[bool, int]]) -> None:
    answerable = np.array([right for right, _ in drawn_pairs])
    if not answerable.any():
        return
    probabilities = np.array([value / 1000 for _, value in drawn_pairs])
    coverage, risk = Separation(answerable, probabilities, (), 0.5, {}, (0.0, 0.0)).curve()
    for number, least in enumerate(sorted(probabilities.tolist(), reverse=True)):
        answered = [right for right, p in zip(answerable.tolist(), probabilities.tolist(), strict=True) if p >= least]
        assert len(answered) == number + 1
        assert coverage[number] == pytest.approx(sum(answered) / answerable.sum())
        assert risk[number] == pytest.approx(answered.count(False) / len(answered))


def test_the_curve_by_hand() -> None:
    coverage, risk = small().curve()
    assert coverage.tolist() == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3, 1.0])
    assert risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4, 2 / 5])


def test_the_curve_ends_where_everything_is_answered() -> None:
    separation = drawn()
    coverage, risk = separation.curve()
    assert coverage[-1] == 1.0
    assert risk[-1] == pytest.approx((~separation.answerable).mean())
    assert (np.diff(coverage) >= 0).all()


def test_the_reliability_by_hand_keeps_a_sure_one_and_leaves_out_empty_ranges() -> None:
    assert list(small().reliability_rows()) == [
        ("0.1–0.2", "1", "0.100", "1.000"),
        ("0.2–0.3", "1", "0.200", "0.000"),
        ("0.9–1.0", "3", "0.950", "0.667"),
    ]


def test_the_reliability_equals_counting() -> None:
    separation = drawn()
    rows = list(separation.reliability_rows())
    assert sum(int(row[1]) for row in rows) == len(separation.probabilities)
    for label, count, mean, share in rows:
        low, high = (float(end) for end in label.split("–"))
        inside = [
            (p, bool(right))
            for p, right in zip(separation.probabilities.tolist(), separation.answerable, strict=True)
            if low <= p < high or (high == p == 1.0)
        ]
        assert int(count) == len(inside) > 0
        assert mean == f"{sum(p for p, _ in inside) / len(inside):.3f}"
        assert share == f"{sum(right for _, right in inside) / len(inside):.3f}"


def test_the_ablation_shows_all_features_and_each_alone() -> None:
    separation = drawn()
    first, *alone = separation.ablation_rows()
    refused = [p < 0.35 for p in separation.probabilities.tolist()]
    kept = [r for r, right in zip(refused, separation.answerable, strict=True) if right]
    silent = [r for r, right in zip(refused, separation.answerable, strict=True) if not right]
    area = area_under_curve(separation.probabilities, separation.answerable)
    assert first == (
        "all features",
        f"{area:.3f}",
        f"{sum(kept) / len(kept):.3f}",
        f"{sum(silent) / len(silent):.3f}",
    )
    assert alone == [("margin alone", "0.900", "", ""), ("unknown alone", "0.550", "", "")]
    assert 0.7 < area < 1


def test_the_threshold_itself_is_answered() -> None:
    separation = Separation(np.array([True, False]), np.array([0.5, 0.49]), ("entity",), 0.5, {}, (0.0, 0.0))
    assert next(separation.ablation_rows()) == ("all features", "1.000", "0.000", "1.000")


def test_the_kinds_are_counted_each_by_itself() -> None:
    assert list(small().kind_rows()) == [("attribute", "1", "0.000"), ("entity", "1", "1.000")]
    separation = drawn()
    rows = list(separation.kind_rows())
    assert [row[0] for row in rows] == sorted(KINDS)
    assert sum(int(row[1]) for row in rows) == int((~separation.answerable).sum())
    met = sum(round(int(count) * float(share)) for _, count, share in rows)
    assert met == int((separation.probabilities[~separation.answerable] < 0.35).sum())


# The picture


def test_the_curve_is_drawn_as_png_and_svg(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    png, svg = plot_curve(drawn(), tmp_path / "curve.anything")
    assert (png, svg) == (tmp_path / "curve.png", tmp_path / "curve.svg")
    assert png.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(png.read_bytes()[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (900, 600)
    root = ET.fromstring(svg.read_text(encoding="utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    comments = svg.read_text(encoding="utf-8")
    for words in ("answerable questions answered", "answers to unanswerable questions", "threshold 0.35"):
        assert f"<!-- {words} -->" in comments
    assert sorted(file.name for file in tmp_path.iterdir()) == ["curve.png", "curve.svg"]


def test_the_same_decisions_give_the_same_bytes_and_others_do_not(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    first, second, other = (
        [file.read_bytes() for file in plot_curve(drawn(seed), tmp_path / name)]
        for seed, name in ((3, "one"), (3, "two"), (4, "three"))
    )
    assert first == second
    assert first[0] != other[0]
    assert first[1] != other[1]
    assert b"<dc:date>" not in first[1]


def point_drawn(separation: Separation, path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[float, float]:
    """Where the mark of the threshold stands, as the axes were told."""
    axes = pytest.importorskip("matplotlib.axes")
    told: list[tuple[float, float]] = []
    plain = axes.Axes.plot

    def plot(self: object, x: object, y: object, *rest: object, **more: object) -> object:
        if rest == ("o",):
            told.append((float(str(x)), float(str(y))))
        return plain(self, x, y, *rest, **more)

    monkeypatch.setattr(axes.Axes, "plot", plot)
    plot_curve(separation, path)
    assert len(told) == 1
    return told[0]


def test_the_mark_stands_at_what_the_threshold_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    separation = drawn()
    answered = separation.answerable[separation.probabilities >= 0.35]
    at = point_drawn(separation, tmp_path / "curve", monkeypatch)
    assert at == pytest.approx((answered.sum() / separation.answerable.sum(), (~answered).mean()))


# Where no question reaches the threshold nothing is answered: the mark stands at the origin, not at the last point.
def test_a_threshold_that_nothing_reaches_is_not_marked_as_answering_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = point_drawn(drawn(threshold=1.01), tmp_path / "curve", monkeypatch)
    assert at[0] == 0.0


def test_drawing_leaves_no_figure_open(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    plot_curve(drawn(), tmp_path / "curve")
    assert sys.modules["matplotlib.pyplot"].get_fignums() == []
