"""The figures of vignettes, counted by hand on small sets; on the development set, what they must reach."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant import Answer, Assistant
from assistant.answer import Citation, Fact, MissingFact, Recommendation
from assistant.evaluation.cases import CaseFigures, Names, case_lines, narrower_by, score_cases
from assistant.evaluation.sets import EvaluationError

NAMES: dict[str, Any] = {
    "facts": {
        "bilirubin_mg_dl": {"name": "bili"},
        "platelets_10e9_l": {"name": "plt", "factor": 1000},
        "ascites": {"name": "fluid"},
        "grade": {"name": "stage"},
        "portal_vein": {"name": "vein_shut", "values": {"occluded": True, "patent": False, "partial": "uncertain"}},
        "lobes": [
            {"name": "distribution", "values": {"limited": "bilobar", "diffuse": "bilobar"}},
            {"name": "many", "values": {"diffuse": True}},
        ],
        "planned_interventions": {"name": "plan", "therapy": True},
    },
    "therapies": {
        "tace": "TACE",
        "deb_tace": "DEB",
        "tare": "TARE",
        "tare_glass": "TARE",
        "vessel": "VESSEL",
        "ct": "CT",
    },
    "effects": {
        "recommend": "recommend",
        "consider": "consider",
        "eligible": "consider",
        "prefer_over": "prefer",
        "caution": "caution",
        "contraindicated": "contraindicated",
        "ineligible": "ineligible",
        "prognosis": "prognosis",
        "follow_up": "follow_up",
        "info": "info",
    },
    "asked_or_reason_only": {"lvef_poor": "heart"},
}
PARENTS = {
    "vessel": (),
    "tace": ("vessel",),
    "deb_tace": ("tace",),
    "tare": ("vessel",),
    "tare_glass": ("tare",),
    "ct": (),
}
QUOTE = "Portal vein occlusion forbids it."


def fact(
    name: str,
    state: Any = "value",
    *candidates: str,
    low: float | None = None,
    high: float | None = None,
) -> Fact:
    return Fact(
        name, state, None, low, high, False, False, None, "", None, 1, "text", None, None, candidates, None
    )  # fmt: skip


def number(name: str, value: float) -> Fact:
    return fact(name, low=value, high=value)


def said(
    therapy: str, effect: Any, *, overruled: str | None = None, because: tuple[str, ...] = (), n: int = 1
) -> Recommendation:
    return Recommendation(f"g/{therapy}-{effect}", therapy, effect, (), "", because, overruled, False, "", False, (n,))


def cited(n: int, quote: str) -> Citation:
    return Citation(n, "g", f"u{n}", "1", (), None, quote, quote, 0, len(quote), (), "")


def answer(
    facts: Sequence[Fact] = (),
    recommendations: Sequence[Recommendation] = (),
    ask: Sequence[str] = (),
) -> Answer:
    return Answer(
        question="",
        resolved_question="",
        status="answered",
        text="",
        statements=(),
        citations=(cited(1, f"As printed: {QUOTE}"), cited(2, "Another sentence.")),
        passages=(),
        documents=(),
        knowledge="",
        index="",
        version="",
        facts=tuple(facts),
        recommendations=tuple(recommendations),
        ask=tuple(MissingFact(name, "?", (), False) for name in ask),
    )


def expects(therapy: str, effect: str, quote: str = QUOTE) -> dict[str, Any]:
    return {"therapy": therapy, "effect": effect, "quote": quote, "because": [], "section": "1"}


def vignette(name: str, **fields: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "expected_facts": {},
        "expected_recommendations": [],
        "must_not_recommend": [],
        "missing": [],
    }
    return {"id": name, "text": name, **empty, **fields}


Score = Callable[..., CaseFigures]


@pytest.fixture
def score(tmp_path: Path) -> Score:
    (tmp_path / "names.json").write_text(json.dumps(NAMES), encoding="utf-8")

    def run(*cases: tuple[dict[str, Any], Answer]) -> CaseFigures:
        lines = [json.dumps(item) for item, _ in cases]
        (tmp_path / "vignettes.jsonl").write_text("\n".join(lines) + "\n\n", encoding="utf-8")
        answers = {item["text"]: given for item, given in cases}
        return score_cases(answers.__getitem__, tmp_path, narrower_by(PARENTS, NAMES["therapies"]))

    return run


@pytest.fixture
def names(tmp_path: Path) -> Names:
    (tmp_path / "names.json").write_text(json.dumps(NAMES), encoding="utf-8")
    return Names.load(tmp_path)


def shares(figures: CaseFigures) -> dict[str, float]:
    """The figures that the report prints."""
    lines = "\n".join(case_lines(figures))
    found = {
        "cases": r"^vignettes: (\S+)$",
        "facts precision": r"^facts: precision (-?[\d.]+),",
        "facts recall": r"^facts: .*recall ([\d.]+)$",
        "negated": r"^negated facts: recall ([\d.]+)$",
        "lenient": r"recall lenient ([\d.]+)",
        "strict": r"strict ([\d.]+)",
        "precision": r"precision lenient ([\d.]+)$",
        "violations": r"^violations of what must not be recommended: (\d+)$",
        "missing": r"^missing facts named: ([\d.]+)$",
    }
    values: dict[str, float] = {}
    for name, pattern in found.items():
        match = re.search(pattern, lines, re.MULTILINE)
        assert match is not None, (name, lines)
        values[name] = float(match[1])
    return values


@pytest.mark.parametrize(
    ("given", "mapped"),
    [
        (number("bilirubin_mg_dl", 2.5), [("bili", 2.5, True)]),
        (number("bilirubin_mg_dl", 0.0), [("bili", 0.0, True)]),
        (number("platelets_10e9_l", 45.5), [("plt", 45500.0, True)]),
        (fact("bilirubin_mg_dl", low=1.0, high=2.0), [("bili", (1.0, 2.0), True)]),
        (fact("bilirubin_mg_dl", low=3.0), [("bili", (3.0, None), True)]),
        (fact("bilirubin_mg_dl", "conflicting"), [("bili", None, False)]),
        (fact("bilirubin_mg_dl", "implausible", low=90.0, high=90.0), [("bili", None, False)]),
        (fact("ascites", "present"), [("fluid", True, True)]),
        (fact("ascites", "absent"), [("fluid", False, True)]),
        (fact("ascites", "unknown"), [("fluid", None, False)]),
        (fact("grade", "value", "G2"), [("stage", "G2", True)]),
        (fact("grade", "value", "G1", "G2"), [("stage", None, False)]),
        (fact("portal_vein", "value", "occluded"), [("vein_shut", True, True)]),
        (fact("portal_vein", "value", "patent"), [("vein_shut", False, True)]),
        (fact("portal_vein", "value", "partial"), [("vein_shut", None, False)]),
        (fact("portal_vein", "value", "partial", "occluded"), [("vein_shut", None, False)]),
        (fact("lobes", "value", "diffuse"), [("distribution", "bilobar", True), ("many", True, True)]),
        (fact("lobes", "value", "limited"), [("distribution", "bilobar", True)]),
        (fact("lobes", "value", "limited", "diffuse"), [("distribution", "bilobar", True), ("many", None, False)]),
        (fact("lobes", "value", "unilobar"), [("distribution", "unilobar", True)]),
        (fact("planned_interventions", "value", "deb_tace", "tare"), [("plan", "DEB", True), ("plan", "TARE", True)]),
        (fact("planned_interventions", "value", "hat"), []),
        (fact("shoe_size", "present"), []),
    ],
)
def test_a_fact_is_called_by_the_names_of_the_set(
    names: Names, given: Fact, mapped: list[tuple[str, Any, bool]]
) -> None:
    assert list(names.of_fact(given)) == mapped


def test_what_is_asked_for_is_called_by_the_names_of_the_set(names: Names) -> None:
    assert names.missing("bilirubin_mg_dl") == {"bili"}
    assert names.missing("lobes") == {"distribution", "many"}
    assert names.missing("lvef_poor") == {"heart"}
    assert names.missing("shoe_size") == set()


@pytest.mark.parametrize("text", [None, "", "{not json"])
def test_a_set_without_readable_names_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "names.json").write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"names\.json is missing or no JSON"):
        Names.load(tmp_path)


def test_narrower_is_the_therapy_tree_in_the_names_of_the_set() -> None:
    narrower = narrower_by(PARENTS, NAMES["therapies"])
    under = {
        "VESSEL": {"VESSEL", "TACE", "DEB", "TARE", "TACE_doxorubicin"},
        "TACE": {"TACE", "DEB", "TACE_doxorubicin"},
        "DEB": {"DEB"},
        "TARE": {"TARE"},
        "CT": {"CT"},
        "TACE_doxorubicin": {"TACE_doxorubicin"},
        "UNKNOWN": {"UNKNOWN"},
    }
    for one in under:
        for other, below in under.items():
            assert narrower(one, other) == (one in below), (one, other)


def test_facts_are_counted_by_hand(score: Score) -> None:
    expected = {
        "bili": {"value": 2.0, "unit": "mg/dL", "status": "stated"},  # within two per cent
        "plt": {"value": 45000, "status": "stated"},
        "fluid": {"value": False, "status": "negated"},
        "vein_shut": {"value": False, "status": "negated"},  # read the other way round
        "stage": {"value": "G1", "status": "stated"},  # left open
    }
    figures = score(
        (
            vignette("a", expected_facts=expected, optional_facts=["plan"]),
            answer(
                [
                    number("bilirubin_mg_dl", 2.03),
                    number("platelets_10e9_l", 45),
                    fact("ascites", "absent"),
                    fact("portal_vein", "value", "occluded"),
                    fact("grade", "value", "G1", "G2"),
                    fact("planned_interventions", "value", "tare"),  # optional: not counted
                    fact("shoe_size", "present"),  # without a name: not counted
                ]
            ),
        ),
        (
            vignette("b", expected_facts={"bili": {"value": 2.0, "unit": "mg/dL", "status": "stated"}}),
            answer([number("bilirubin_mg_dl", 2.05), fact("ascites", "present")]),  # too far off; and not to be read
        ),
    )
    assert (figures.facts.expected, figures.facts.right) == (6, 3)
    assert (figures.negated.expected, figures.negated.right) == (2, 1)
    assert (figures.converted.expected, figures.converted.right) == (2, 1)  # neither figure stands in its text
    assert figures.facts.found == 4 + 2
    printed = shares(figures)
    assert printed["cases"] == 2
    assert printed["facts precision"] == pytest.approx(3 / 6, abs=5e-4)
    assert printed["facts recall"] == pytest.approx(3 / 6, abs=5e-4)
    assert printed["negated"] == pytest.approx(1 / 2, abs=5e-4)


@pytest.mark.parametrize("value", [1, 0])
def test_a_number_is_no_yes(score: Score, value: int) -> None:
    expected = {"fluid": {"value": value, "status": "stated"}}
    figures = score(
        (vignette("a", expected_facts=expected), answer([fact("ascites", "present" if value else "absent")]))
    )
    assert figures.facts.right == 0


@pytest.mark.parametrize("status", ["uncertain", "conflicting", "implausible"])
@pytest.mark.parametrize("state", ["unknown", "conflicting", "implausible"])
def test_what_is_held_back_is_no_mistake(score: Score, status: str, state: str) -> None:
    expected = {"fluid": {"value": True, "status": status}}
    figures = score((vignette("a", expected_facts=expected), answer([fact("ascites", state)])))
    assert (figures.facts.expected, figures.facts.found, figures.wrong) == (0, 0, [])
    assert shares(figures)["facts precision"] == 1.0


@pytest.mark.parametrize("status", ["uncertain", "conflicting", "implausible"])
def test_what_is_doubtful_and_used_as_firm_is_a_mistake(score: Score, status: str) -> None:
    expected = {"fluid": {"value": True, "status": status}}
    figures = score((vignette("a", expected_facts=expected), answer([fact("ascites", "present")])))
    assert (figures.facts.expected, figures.facts.found) == (0, 1)
    assert len(figures.wrong) == 1
    assert shares(figures)["facts precision"] == 0.0


def test_a_mistake_is_counted_once(score: Score) -> None:
    expected = {
        "fluid": {"value": True, "status": "uncertain"},
        "bili": {"value": 2.0, "status": "stated"},
    }
    facts = [fact("ascites", "present"), number("bilirubin_mg_dl", 2.0)]
    figures = score((vignette("a", expected_facts=expected), answer(facts)))
    assert shares(figures)["facts precision"] == pytest.approx(1 / 2, abs=5e-4)


@pytest.mark.parametrize(
    ("given", "wanted", "lenient", "strict"),
    [
        (said("tace", "contraindicated"), expects("TACE", "contraindicated"), 1, 1),
        (said("tace", "ineligible"), expects("TACE", "contraindicated"), 1, 0),
        (said("tace", "caution"), expects("TACE", "ineligible"), 1, 0),
        (said("tace", "consider"), expects("TACE", "recommend"), 1, 0),
        (said("tace", "eligible"), expects("TACE", "consider"), 1, 1),
        (said("tace", "prefer_over"), expects("TACE", "recommend"), 1, 0),
        (said("tace", "prefer_over"), expects("TACE", "prefer"), 1, 1),
        (said("tace", "consider"), expects("TACE", "contraindicated"), 0, 0),
        (said("tace", "caution"), expects("TACE", "consider"), 0, 0),
        (said("tace", "prognosis"), expects("TACE", "caution"), 0, 0),
        (said("tace", "info"), expects("TACE", "info"), 1, 1),
        (said("deb_tace", "contraindicated"), expects("TACE", "contraindicated"), 1, 1),
        (said("deb_tace", "contraindicated"), expects("VESSEL", "contraindicated"), 1, 1),
        (said("vessel", "contraindicated"), expects("TACE", "contraindicated"), 0, 0),
        (said("tare", "contraindicated"), expects("TACE", "contraindicated"), 0, 0),
        (said("tace", "contraindicated", n=2), expects("TACE", "contraindicated"), 0, 0),
        (said("tace", "contraindicated", overruled="g/x"), expects("TACE", "contraindicated"), 1, 1),
        (said("hat", "contraindicated"), expects("TACE", "contraindicated"), 0, 0),
        (said("tace", "consider", because=("tace_agent",)), expects("TACE_doxorubicin", "consider"), 1, 1),
        (said("tace", "consider"), expects("TACE_doxorubicin", "consider"), 0, 0),
        (said("tare", "consider", because=("tace_agent",)), expects("TACE_doxorubicin", "consider"), 0, 0),
        (said("ct", "follow_up"), expects("CT_follow_up", "follow_up"), 1, 1),
        (said("ct", "consider"), expects("CT_follow_up", "consider"), 0, 0),
    ],
)
def test_an_expected_recommendation_is_met(
    score: Score, given: Recommendation, wanted: dict[str, Any], lenient: int, strict: int
) -> None:
    figures = score((vignette("a", expected_recommendations=[wanted]), answer((), [given])))
    assert (figures.lenient.expected, figures.strict.expected) == (1, 1)
    assert (figures.lenient.right, figures.strict.right) == (lenient, strict)
    assert (shares(figures)["lenient"], shares(figures)["strict"]) == (lenient, strict)
    assert len(figures.lost) == 1 - lenient


def test_a_quote_is_found_whatever_its_typography(score: Score) -> None:
    wanted = expects("TACE", "contraindicated", "PORTAL  vein <i>occlusion</i> forbids\nit.")
    figures = score((vignette("a", expected_recommendations=[wanted]), answer((), [said("tace", "contraindicated")])))
    assert figures.strict.right == 1


BANNED = [{"therapy": "TACE", "effects": ["recommend", "consider", "prefer"]}]


@pytest.mark.parametrize(
    ("given", "violations"),
    [
        (said("tace", "recommend"), 1),
        (said("tace", "eligible"), 1),  # called consider by the set
        (said("deb_tace", "consider"), 1),
        (said("deb_tace", "prefer_over"), 1),
        (said("tace", "recommend", overruled="g/contraindication"), 0),
        (said("vessel", "recommend"), 0),
        (said("tare", "recommend"), 0),
        (said("tace", "caution"), 0),
        (said("tace", "info"), 0),
        (said("hat", "recommend"), 0),
    ],
)
def test_what_must_not_be_recommended_is_counted(score: Score, given: Recommendation, violations: int) -> None:
    figures = score((vignette("a", must_not_recommend=BANNED), answer((), [given])))
    assert len(figures.violations) == violations
    assert shares(figures)["violations"] == violations


def test_the_very_pair_that_is_expected_violates_nothing(score: Score) -> None:
    item = vignette("a", must_not_recommend=BANNED, expected_recommendations=[expects("DEB", "consider")])
    assert score((item, answer((), [said("deb_tace", "consider")]))).violations == []
    assert len(score((item, answer((), [said("deb_tace", "recommend")]))).violations) == 1
    assert len(score((item, answer((), [said("tace", "consider")]))).violations) == 1


def test_banned_information_is_never_advice_even_where_it_is_banned(score: Score) -> None:
    item = vignette("a", must_not_recommend=[{"therapy": "TACE", "effects": ["info"]}])
    assert score((item, answer((), [said("tace", "info")]))).violations == []


def test_precision_counts_each_piece_of_advice_once(score: Score) -> None:
    item = vignette(
        "a",
        expected_recommendations=[expects("TACE", "contraindicated")],
        also_acceptable=[{"therapy": "TARE", "effect": "consider"}],
        must_not_recommend=BANNED,
    )
    given = [
        said("tace", "contraindicated"),  # expected
        said("tace", "contraindicated"),  # the same again
        said("tace", "caution"),  # the same direction
        said("tare_glass", "recommend"),  # acceptable, in its direction
        said("deb_tace", "consider"),  # banned
        said("vessel", "consider"),  # neither
        said("tace", "info"),  # no advice
        said("tare", "caution", overruled="g/x"),  # overruled
        said("hat", "recommend"),  # without a name
    ]
    figures = score((item, answer((), given)))
    assert figures.lenient.found == 5
    assert figures.strict.found == 3
    assert shares(figures)["precision"] == pytest.approx(3 / 5, abs=5e-4)
    assert len(figures.violations) == 1


def test_an_acceptable_piece_of_advice_that_is_banned_is_wrong(score: Score) -> None:
    item = vignette("a", also_acceptable=[{"therapy": "TACE", "effect": "consider"}], must_not_recommend=BANNED)
    figures = score((item, answer((), [said("tace", "consider")])))
    assert (figures.lenient.found, figures.strict.found, len(figures.violations)) == (1, 0, 1)


def test_missing_facts_are_counted_by_name(score: Score) -> None:
    figures = score(
        (
            vignette("a", missing=["bili", "many", "heart", "stage"]),
            answer(ask=["bilirubin_mg_dl", "lobes", "lvef_poor", "shoe_size"]),
        ),
        (vignette("b", missing=["bili"]), answer(ask=["grade"])),
    )
    assert (figures.missing.expected, figures.missing.right) == (5, 3)
    assert [line for line in figures.lost if "missing" in line] == ["a missing stage", "b missing bili"]
    assert shares(figures)["missing"] == pytest.approx(3 / 5, abs=5e-4)


def test_nothing_expected_and_nothing_said_is_right(score: Score) -> None:
    printed = shares(score((vignette("a"), answer())))
    assert printed["violations"] == 0
    assert {value for name, value in printed.items() if name not in {"cases", "violations"}} == {1.0}


# The development set


@pytest.mark.devset
def test_the_development_set_is_read_and_concluded_on_as_well_as_it_must(shared: Path, assistant: Assistant) -> None:
    folder = shared / "eval"
    if not folder.is_dir():
        pytest.skip("the development set is not beside the checkout")
    parents: Mapping[str, tuple[str, ...]] = assistant.patients.book.parents
    figures = score_cases(assistant.ask, folder, narrower_by(parents, Names.load(folder).therapies))
    printed = shares(figures)
    lines = (folder / "vignettes.jsonl").read_text(encoding="utf-8").split("\n")
    assert printed["cases"] == sum(bool(line.strip()) for line in lines) > 0
    assert printed["violations"] == 0, figures.violations
    assert printed["facts precision"] >= 0.97
    assert printed["missing"] >= 0.95
    assert printed["precision"] >= 0.88
