from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from corpus.document import Document
from corpus.errors import KnowledgeError
from corpus.integrity import GUIDELINES
from corpus.located_yaml import Node, read_yaml
from corpus.outcomes import KINDS, RELATIONS, load_outcomes
from corpus.pack import Pack, load_pack
from corpus.questions import ASKS
from corpus.statements import Outcome, Relation
from corpus.vocabulary import Vocabulary
from tests.conftest import REVIEW

Read = tuple[tuple[Outcome, ...], tuple[Relation, ...]]
ARM = """outcomes:
  arm-a:
    unit: "2.3-11"
    quote: "median OS of 48 months"
    therapies: [prrt, ssa]
    subject: "PRRT"
    metric: os
    metric_name: "median OS"
    value: "48 months"
    low: 48
    high: 48.5
    unit_of_value: "months"
    population: "NET"
    n: 231
    against: arm-b
    interval: "none printed"
    design: "RCT"
    study: "NETTER-1"
    references: [37, 35]
    asks: [duration, outcome]
    kind: prognosis
    notes: ["odd"]
"""
GOOD = (
    ARM
    + """  arm-b:
    unit: "3.2-08"
    quote: "from 30 to 44 months"
    subject: "TACE"
    metric_name: "survival"
    value: "30 To 44"
    asks: [percent]
    kind: outcome
    against: arm-a
relations:
  longer:
    unit: "2.3-10"
    quote: "significantly longer PFS"
    left: prrt
    relation: better
    right: [octreotide, ssa]
    by: [pfs]
    population: "NETs"
    references: [36]
"""
)
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def loaded(folder: Path, review: Document, vocabulary: Vocabulary, text: str) -> Read:
    (folder / "outcomes.yaml").write_text(text, encoding="utf-8")
    return load_outcomes(folder / "outcomes.yaml", review, vocabulary)


def refused(folder: Path, review: Document, vocabulary: Vocabulary, text: str) -> KnowledgeError:
    with pytest.raises(KnowledgeError) as caught:
        loaded(folder, review, vocabulary, text)
    assert str(caught.value).startswith(f"outcomes.yaml:{caught.value.line}:{caught.value.column}: ")
    return caught.value


def replaced(before: str, after: str) -> str:
    assert GOOD.count(before) == 1, before
    return GOOD.replace(before, after)


def test_figures_and_relations_are_read(tmp_path: Path, review: Document, vocabulary: Vocabulary) -> None:
    full = Outcome(
        id="arm-a",
        unit="2.3-11",
        therapies=("prrt", "ssa"),
        subject="PRRT",
        metric="os",
        metric_name="median OS",
        value="48 months",
        low=48.0,
        high=48.5,
        unit_of_value="months",
        population="NET",
        n=231,
        against="arm-b",
        interval="none printed",
        design="RCT",
        study="NETTER-1",
        references=(37, 35),
        asks=("duration", "outcome"),
        kind="prognosis",
    )
    bare = Outcome(
        id="arm-b",
        unit="3.2-08",
        therapies=(),
        subject="TACE",
        metric="",
        metric_name="survival",
        value="30 To 44",
        low=None,
        high=None,
        unit_of_value="",
        population="",
        n=None,
        against="arm-a",
        interval="",
        design="",
        study="",
        references=(),
        asks=("percent",),
        kind="outcome",
    )
    relation = Relation("longer", "2.3-10", "prrt", "better", ("octreotide", "ssa"), ("pfs",), "NETs")
    outcomes, relations = loaded(tmp_path, review, vocabulary, GOOD)
    assert outcomes == (full, bare)
    assert relations == (relation,)
    assert isinstance(full.n, int)


def test_what_a_relation_leaves_out_is_empty(tmp_path: Path, review: Document, vocabulary: Vocabulary) -> None:
    head, _, _ = GOOD.partition("    right:")
    _, relations = loaded(tmp_path, review, vocabulary, head)
    assert relations == (Relation("longer", "2.3-10", "prrt", "better", (), (), ""),)


def test_both_lists_may_be_empty_mappings(tmp_path: Path, review: Document, vocabulary: Vocabulary) -> None:
    assert loaded(tmp_path, review, vocabulary, "outcomes: {}\nrelations: {}\n") == ((), ())


def test_both_lists_keep_the_order_of_the_file(tmp_path: Path, review: Document, vocabulary: Vocabulary) -> None:
    first, second = GOOD.split("relations:\n")
    more = second.replace("longer:", "again:").replace("better", "worse")
    turned = first.replace("arm-a:", "z:").replace("against: arm-a", "against: z")
    outcomes, relations = loaded(tmp_path, review, vocabulary, f"{turned}relations:\n{second}{more}")
    assert [outcome.id for outcome in outcomes] == ["z", "arm-b"]
    assert [relation.id for relation in relations] == ["longer", "again"]


@pytest.mark.parametrize("zero", ["0", "0.0"])
def test_nought_is_a_number_and_not_nothing(
    tmp_path: Path, review: Document, vocabulary: Vocabulary, zero: str
) -> None:
    outcomes, _ = loaded(tmp_path, review, vocabulary, replaced("low: 48\n", f"low: {zero}\n"))
    assert outcomes[0].low == 0.0
    assert outcomes[0].low is not None


@pytest.mark.parametrize(
    ("before", "after", "place", "said"),
    [
        ('    unit: "2.3-11"', '    unit: "9.9-99"', (3, 11), "'9.9-99' is no unit of criss-makary-2024"),
        ('    unit: "2.3-11"', '    unit: "2.3-heading"', (3, 11), "'2.3-heading' is no unit"),
        ('    unit: "2.3-11"', '    unit: "furniture-1"', (3, 11), "'furniture-1' is no unit"),
        ('    unit: "2.3-11"\n', "", (3, 5), "missing ['unit']"),
        ("median OS of 48", "median OS of 49", (4, 12), "'2.3-11' does not print this; it prints 'Median OS was"),
        ("median OS of 48", "MEDIAN OS of 48", (4, 12), "does not print this"),
        ("[prrt, ssa]", "[prrt, lutium]", (5, 16), "unknown therapies 'lutium'"),
        ("[prrt, ssa]", "[prrt, PRRT]", (5, 16), "unknown therapies 'PRRT'"),
        ("[prrt, ssa]", "[prrt, prrt]", (5, 23), "'prrt' stands in this list twice"),
        ("[prrt, ssa]", "prrt", (5, 16), "expected a list, found text"),
        ('    subject: "PRRT"\n', "", (3, 5), "missing ['subject']"),
        ("metric: os", "metric: oss", (7, 13), "unknown metric 'oss'"),
        ("metric: os", "metric: [os]", (7, 13), "expected text, found a list"),
        ("metric: os", "metric:", (7, 12), "expected text, found nothing"),
        ('    metric_name: "median OS"\n', "", (3, 5), "missing ['metric_name']"),
        ('"48 months"', '"84 months"', (9, 12), "'2.3-11' does not print '84'"),
        ('"48 months"', '"48 years"', (9, 12), "'2.3-11' does not print 'years'"),
        ('"48 months"', '">48 months"', (9, 12), "'2.3-11' does not print '>48'"),
        ('    value: "48 months"\n', "", (3, 5), "missing ['value']"),
        ("low: 48\n", "low: four\n", (10, 10), "expected a number, found 'four'"),
        ("low: 48\n", 'low: "4,8"\n', (10, 10), "expected a number, found '4,8'"),
        ("low: 48\n", "low: nan\n", (10, 10), "expected a number, found 'nan'"),
        ("low: 48\n", "low: [48]\n", (10, 10), "expected text, found a list"),
        ("high: 48.5", "high: -inf", (11, 11), "expected a number, found '-inf'"),
        ("high: 48.5", "high: 48 months", (11, 11), "expected a number, found '48 months'"),
        ("high: 48.5", "high:", (11, 10), "expected text, found nothing"),
        ("n: 231", "n: many", (14, 8), "expected a number, found 'many'"),
        ("n: 231", "n: null", (14, 8), "expected text, found 'null'"),
        ("against: arm-b", "against: arm-c", (15, 14), "no figure 'arm-c'"),
        ("[37, 35]", "[37, 999]", (19, 17), "no reference 999"),
        ("[37, 35]", "[0]", (19, 18), "expected a whole number above 0"),
        ("[37, 35]", "[37, last]", (19, 22), "expected a number, found 'last'"),
        ("[37, 35]", "37", (19, 17), "expected a list, found text"),
        ("[duration, outcome]", "[duration, outcomes]", (20, 11), "unknown asks 'outcomes'"),
        ("[duration, outcome]", "[Duration]", (20, 11), "unknown asks 'Duration'"),
        ("    asks: [duration, outcome]\n", "", (3, 5), "missing ['asks']"),
        ("kind: prognosis", "kind: forecast", (21, 11), "unknown kind 'forecast'"),
        ("    kind: prognosis\n", "", (3, 5), "missing ['kind']"),
        ("interval:", "ci:", (16, 5), "unknown key 'ci'"),
        ("notes:", "note:", (22, 5), "unknown key 'note'"),
        ("n: 231", "low: 231", (14, 5), "'low' stands here a second time"),
        ("  arm-b:", "  arm-a:", (23, 3), "'arm-a' stands here a second time"),
        ("    against: arm-a\n", "", (15, 14), "'arm-b' is not against 'arm-a'"),
        ('unit: "2.3-10"', 'unit: "9.9-99"', (34, 11), "'9.9-99' is no unit of criss-makary-2024"),
        ("significantly longer PFS", "significantly shorter PFS", (35, 12), "'2.3-10' does not print this"),
        ("left: prrt", "left: prr", (36, 11), "unknown left 'prr'"),
        ("left: prrt", "left: [prrt]", (36, 11), "expected text, found a list"),
        ("    left: prrt\n", "", (34, 5), "missing ['left']"),
        ("relation: better", "relation: best", (37, 15), "unknown relation 'best'"),
        ("    relation: better\n", "", (34, 5), "missing ['relation']"),
        ("[octreotide, ssa]", "[octreotide, placebo]", (38, 12), "unknown right 'placebo'"),
        ("[octreotide, ssa]", "octreotide", (38, 12), "expected a list, found text"),
        ("by: [pfs]", "by: [time]", (39, 9), "unknown by 'time'"),
        ("[36]", "[999]", (41, 17), "no reference 999"),
        ("[36]", "[trial]", (41, 18), "expected a number, found 'trial'"),
        ('population: "NETs"', "low: 3", (40, 5), "unknown key 'low'"),
        ("relations:\n", "relation:\n", (32, 1), "unknown key 'relation'"),
        ("outcomes:\n", "figures:\n", (1, 1), "unknown key 'figures'"),
        ("  longer:", "  longer: []\n  other:", (33, 11), "expected a mapping, found a list"),
    ],
)
def test_a_mistake_is_refused_where_it_stands(
    tmp_path: Path,
    review: Document,
    vocabulary: Vocabulary,
    before: str,
    after: str,
    place: tuple[int, int],
    said: str,
) -> None:
    error = refused(tmp_path, review, vocabulary, replaced(before, after))
    assert said in str(error)
    assert (error.line, error.column) == place


def test_a_third_arm_that_the_first_does_not_name_is_refused(
    tmp_path: Path, review: Document, vocabulary: Vocabulary
) -> None:
    third = ARM.removeprefix("outcomes:\n").replace("arm-a:", "arm-c:")
    error = refused(tmp_path, review, vocabulary, GOOD.replace("relations:\n", f"{third}relations:\n"))
    assert "'arm-b' is not against 'arm-c'" in str(error)
    assert (error.line, error.column) == (32 - 1 + 14, 14), "at the arm that is not named back"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("outcomes: {}\n", "missing ['relations']"),
        ("relations: {}\n", "missing ['outcomes']"),
        ("- outcomes\n", "expected a mapping, found a list"),
    ],
)
def test_a_file_without_both_lists_is_refused_at_its_beginning(
    tmp_path: Path, review: Document, vocabulary: Vocabulary, text: str, said: str
) -> None:
    error = refused(tmp_path, review, vocabulary, text)
    assert (error.line, error.column) == (1, 1)
    assert said in str(error)


# What the code lets through although it is wrong; each of these is marked until it is refused.
LENIENT = [
    # `n` goes through int(): 231.7 patients become 231.
    pytest.param("n: 231", "n: 231.7", (14, 8), id="half-patients"),
    pytest.param("n: 231", "n: -3", (14, 8), id="negative-patients"),
    # References go through int() too: 37.9 becomes reference 37.
    pytest.param("[37, 35]", "[37.9]", (19, 17), id="half-reference"),
    pytest.param("[37, 35]", "[37, 37]", (19, 17), id="reference-twice"),
    # A figure against itself is "mutual".
    pytest.param("against: arm-b", "against: arm-a", (15, 14), id="against-itself"),
    # A part of a printed number is not printed.
    pytest.param('"48 months"', '"8 months"', (9, 12), id="part-of-a-number"),
    pytest.param("low: 48\n", "low: 49\n", (10, 10), id="low-above-high"),
    # Not of `therapies.yaml`, though in the vocabulary.
    pytest.param("[prrt, ssa]", "[os]", (5, 16), id="therapy-that-is-none"),
    # `notes` are a list of texts.
    pytest.param('notes: ["odd"]', "notes: {odd: [[]]}", (22, 12), id="notes-of-any-shape"),
]


@pytest.mark.parametrize(("before", "after", "place"), LENIENT)
def test_a_mistake_of_values_is_refused(
    tmp_path: Path, review: Document, vocabulary: Vocabulary, before: str, after: str, place: tuple[int, int]
) -> None:
    text = replaced(before, after)
    if "against: arm-a\n    interval" in text:  # leave the other arm alone
        text = text.replace("    kind: outcome\n    against: arm-a\n", "    kind: outcome\n")
    with pytest.raises(KnowledgeError) as caught:
        loaded(tmp_path, review, vocabulary, text)
    assert caught.value.line == place[0]


# The figures and relations of the review


@pytest.fixture(scope="module")
def pack(vocabulary: Vocabulary) -> Pack:
    return load_pack(GUIDELINES / REVIEW, vocabulary)


@pytest.fixture(scope="module")
def nodes() -> dict[str, dict[str, Node]]:
    """The fields of each entry of both lists, with those that are checked but not kept."""
    root = read_yaml(GUIDELINES / REVIEW / "outcomes.yaml").mapping()
    return {key: node.mapping() for name in ("outcomes", "relations") for key, node in root[name].mapping().items()}


def test_the_review_has_figures_and_relations_of_every_kind(pack: Pack) -> None:
    assert len(pack.outcomes) >= 115
    assert len(pack.relations) >= 160
    assert {outcome.kind for outcome in pack.outcomes} == KINDS
    assert {relation.relation for relation in pack.relations} == RELATIONS
    assert {asked for outcome in pack.outcomes for asked in outcome.asks} <= ASKS
    assert [outcome.id for outcome in pack.outcomes if not outcome.asks] == []


def test_the_ends_of_a_figure_are_in_order(pack: Pack) -> None:
    closed = [o for o in pack.outcomes if o.low is not None and o.high is not None]
    assert len(closed) >= 80
    assert [o.id for o in closed if o.low is not None and o.high is not None and o.low > o.high] == []


def expected_ends(value: str) -> tuple[float | None, float | None] | None:
    """The ends that a printed value has; ``None`` where it is no plain number or range (dates, phases)."""
    found = numbers(value)
    if re.match(r"[>≥]|greater than", value):
        return min(found), None
    if re.match(r"[<≤]|up to", value):
        return None, max(found)
    if not found or re.match(r"\d+ [A-Z][a-z]+ \d{4}$|phase", value):
        return None
    return found[0], found[-1]


@pytest.mark.parametrize(
    ("value", "ends"),
    [
        ("> 100,000/mL", (100_000, None)),
        (">70 – 90%", (70, None)),
        ("up to 90% of cases", (None, 90)),
        ("between 20 and 40%", (20, 40)),
        ("2076–2091", (2076, 2091)),
        ("18 February 2024", None),
        ("four decades", None),
    ],
)
def test_the_ends_of_a_printed_value_are_told(value: str, ends: tuple[float | None, float | None] | None) -> None:
    assert expected_ends(value) == ends


def test_every_printed_number_agrees_with_the_ends(pack: Pack) -> None:
    told = {outcome.id: ends for outcome in pack.outcomes if (ends := expected_ends(outcome.value)) is not None}
    assert len(told) >= 95
    wrong = [o for o in pack.outcomes if o.id in told and (o.low, o.high) != told[o.id]]
    assert [(o.id, o.value, o.low, o.high) for o in wrong] == []


IN_WORDS = {
    "four decades": (4, 4),
    "approximately two-thirds": (0.667, 0.667),
    "phase III": (3, 3),
    "one liver lobe at a time": (1, 1),
    "twofold": (2, 2),
    "three or more": (3, None),
    "less than three lesions": (None, 3),
    "one session": (1, 1),
    "six cohort studies": (6, 6),
    "one or more probes": (1, None),
    "four consecutive cycles": (4, 4),
}


def test_every_number_that_is_printed_as_a_word_agrees_with_the_ends(pack: Pack) -> None:
    worded = [o for o in pack.outcomes if not numbers(o.value) and (o.low, o.high) != (None, None)]
    assert {(o.value, (o.low, o.high)) for o in worded} == set(IN_WORDS.items())


def test_a_value_stands_in_its_quote_number_by_number(pack: Pack, nodes: dict[str, dict[str, Node]]) -> None:
    """Not only somewhere in the unit: the quote identifies the figure."""
    missing = [
        (o.id, o.value, nodes[o.id]["quote"].text())
        for o in pack.outcomes
        if Counter(numbers(o.value)) - Counter(numbers(nodes[o.id]["quote"].text()))
    ]
    assert missing == []


def test_an_interval_is_printed_and_holds_the_figure(pack: Pack) -> None:
    with_interval = [o for o in pack.outcomes if o.interval]
    assert [o.id for o in with_interval] != []
    for outcome in with_interval:
        assert outcome.interval in pack.document.unit_by_id[outcome.unit].display
        first, last = numbers(outcome.interval)[-2:]
        assert outcome.low is not None
        assert outcome.high is not None
        assert first <= outcome.low <= outcome.high <= last


def paragraph(pack: Pack, unit: str) -> str:
    number = pack.document.unit_by_id[unit].paragraph
    return " ".join(other.display for other in pack.document.searchable if other.paragraph == number)


def test_a_study_and_its_patients_are_named_in_the_paragraph(pack: Pack) -> None:
    named = [o for o in pack.outcomes if o.study]
    counted = [o for o in pack.outcomes if o.n is not None]
    assert len(named) >= 10
    assert len(counted) >= 10
    for outcome in named:
        text = paragraph(pack, outcome.unit)
        assert [name for name in outcome.study.split("; ") if name not in text] == [], outcome.id
    assert [o.id for o in counted if o.n not in numbers(paragraph(pack, o.unit))] == []


def test_therapies_are_therapies_and_metrics_are_none(pack: Pack, vocabulary: Vocabulary) -> None:
    kinds = {entry.id: entry.kind for entry in vocabulary.entries}
    assert [(o.id, t) for o in pack.outcomes for t in o.therapies if kinds[t] != "therapy"] == []
    assert [o.id for o in pack.outcomes if kinds.get(o.metric) == "therapy"] == []


def test_the_arms_of_a_comparison_name_one_another_and_stand_together(pack: Pack) -> None:
    by_id = {outcome.id: outcome for outcome in pack.outcomes}
    order = {unit.id: number for number, unit in enumerate(pack.document.searchable)}
    arms = [outcome for outcome in pack.outcomes if outcome.against]
    assert len(arms) >= 24
    for arm in arms:
        other = by_id[arm.against]
        assert other.against == arm.id
        assert other.id != arm.id
        assert abs(order[arm.unit] - order[other.unit]) <= 1, arm.id
        one, two = (pack.document.unit_by_id[outcome.unit] for outcome in (arm, other))
        assert (one.section, one.paragraph) == (two.section, two.paragraph)
        assert (arm.metric, arm.study, arm.n) == (other.metric, other.study, other.n), "one comparison, one study"
        assert (arm.subject, arm.population) != (other.subject, other.population)


def test_references_are_those_of_the_unit(pack: Pack, nodes: dict[str, dict[str, Node]]) -> None:
    units = {**{o.id: o.unit for o in pack.outcomes}, **{r.id: r.unit for r in pack.relations}}
    cited = {
        key: [int(item.number()) for item in fields["references"].items()]
        for key, fields in nodes.items()
        if "references" in fields
    }
    assert len(cited) >= 150
    own = {key: pack.document.unit_by_id[unit].references for key, unit in units.items()}
    assert {key: found for key, found in cited.items() if not set(found) <= set(own[key])} == {}
    assert [key for key, found in cited.items() if len(set(found)) < len(found)] == []


def test_no_relation_is_stated_twice_or_of_itself(pack: Pack) -> None:
    stated = Counter((r.unit, r.left, r.relation, r.right, r.by, r.population) for r in pack.relations)
    assert [relation for relation, count in stated.items() if count > 1] == []
    assert [r.id for r in pack.relations if r.left in r.right] == []


def test_no_direction_is_stated_both_ways(pack: Pack) -> None:
    """Better and worse, or indicated and contraindicated, of the same pair by the same metric in one unit."""
    opposite = {frozenset(pair) for pair in (("better", "worse"), ("indicated", "contraindicated"))}

    def key(relation: Relation) -> tuple[Any, ...]:
        return relation.unit, relation.left, relation.right, relation.by, relation.population

    both = [
        (one.id, other.id)
        for one, other in itertools.combinations(pack.relations, 2)
        if frozenset((one.relation, other.relation)) in opposite and key(one) == key(other)
    ]
    assert both == []


def test_figures_and_relations_have_different_ids(pack: Pack) -> None:
    assert {o.id for o in pack.outcomes} & {r.id for r in pack.relations} == set()


# Every figure that was read from the review before


@pytest.fixture(scope="module")
def known(shared: Path) -> list[dict[str, Any]]:
    file = shared / "clinical" / "knowledge.json"
    if not file.is_file():
        pytest.skip("the clinical knowledge is not beside the checkout")
    figures: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["numbers"]
    return figures


@pytest.mark.devset
def test_every_figure_known_has_an_outcome_in_the_unit_that_holds_its_quote(
    known: list[dict[str, Any]], pack: Pack
) -> None:
    figures = [figure for figure in known if re.search(r"\d", figure["value"])]
    assert len(figures) >= 85
    missing = []
    for figure in figures:
        units = {u.id for u in pack.document.searchable if figure["quote_display"] in u.display}
        holders = {u.id for u in pack.document.searchable if u.start <= figure["char_start"] < u.end}
        assert len(holders) == 1, figure["id"]
        assert holders <= units, figure["id"]
        printed = set(numbers(figure["value"].partition("(printed")[0]))
        for unit in units:  # a quote that is printed twice has its figure at both places
            held = {number for o in pack.outcomes if o.unit == unit for number in numbers(o.value)}
            held |= {end for o in pack.outcomes if o.unit == unit for end in (o.low, o.high) if end is not None}
            if not printed <= held:
                missing.append((figure["id"], unit, printed - held))
    assert missing == []
