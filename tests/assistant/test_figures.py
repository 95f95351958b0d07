from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from assistant import Assistant
from assistant.answer import Answer, Citation, Statement
from assistant.asking import read_asking
from assistant.figures import compared, direct_line, directions, figure_on_record, fitting_figures
from assistant.question import claims_something
from corpus.document import Document
from corpus.integrity import GUIDELINES
from corpus.pack import Pack, load_pack
from corpus.statements import Outcome, Relation
from corpus.vocabulary import Vocabulary
from index.analysis import Lexicon, compile_lexicon, content_terms
from index.library import Library, Place, UnitKnowledge
from index.search import Query
from tests.conftest import REVIEW

UNIT, OTHER = "3.5-01", "3.5-02"
OS = "How long is overall survival after {}?"


@dataclass(frozen=True)
class Bench:
    """The review, of which a test says what is known."""

    document: Document
    lexicon: Lexicon

    def library(self, **known: UnitKnowledge) -> Library:
        units = {"one": UNIT, "two": OTHER}
        return Library((self.document,), {REVIEW: {units[n]: k for n, k in known.items()}}, (), self.lexicon, "k")

    def query(self, text: str) -> Query:
        return Query(text, text, Counter(content_terms(text)), self.lexicon.concepts(text, 0.4), known=True)

    def figures(self, text: str, *outcomes: Outcome) -> list[str]:
        library = self.library(one=UnitKnowledge(outcomes=outcomes))
        place = library.place(REVIEW, UNIT)
        return [o.id for o in fitting_figures(self.query(text), read_asking(text), place, library)]

    def line(self, text: str, *outcomes: Outcome, relations: tuple[Relation, ...] = ()) -> list[str]:
        library = self.library(one=UnitKnowledge(outcomes=outcomes, relations=relations))
        line = direct_line(self.query(text), read_asking(text), [library.place(REVIEW, UNIT)], library)
        return [] if line is None else [said for said, _ in line.parts]


@pytest.fixture(scope="module")
def bench(review: Document, vocabulary: Vocabulary) -> Bench:
    return Bench(review, compile_lexicon(vocabulary))


def outcome(name: str = "tace", **fields: Any) -> Outcome:
    values: dict[str, Any] = {
        "id": name,
        "unit": UNIT,
        "therapies": (name,),
        "subject": name.upper(),
        "metric": "os",
        "metric_name": "median OS",
        "value": "33 months",
        "low": 33,
        "high": 33,
        "unit_of_value": "months",
        "population": "",
        "n": None,
        "against": "",
        "interval": "",
        "design": "",
        "study": "",
        "references": (),
        "asks": ("duration",),
        "kind": "outcome",
    }
    return Outcome(**{**values, **fields})


def relation(kind: str = "better", by: tuple[str, ...] = ("os",), population: str = "", name: str = "r") -> Relation:
    return Relation(name, UNIT, "tace", kind, ("tare",), by, population)


TWO_ARMS = (outcome("tace", against="tare"), outcome("tare", against="tace", value="23 months"))


# Figures


def test_a_line_says_all_that_is_known_of_the_figure(bench: Bench) -> None:
    full = outcome(
        interval="95% CI 1–2", n=50, design="retrospective", study="Minh", references=(70,), population="never said"
    )
    assert bench.line(OS.format("TACE"), full) == [
        "Median OS: TACE, 33 months (95% CI 1–2) (retrospective, 50 patients, Minh, reference 70)."
    ]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "Median OS: TACE, 33 months."),
        ({"references": (1, 7)}, "Median OS: TACE, 33 months (references 1, 7)."),
        ({"study": "Minh"}, "Median OS: TACE, 33 months (Minh)."),
        ({"n": 9}, "Median OS: TACE, 33 months (9 patients)."),
        ({"value": "202 patients", "n": 202}, "Median OS: TACE, 202 patients."),
        ({"interval": "1–2"}, "Median OS: TACE, 33 months (1–2)."),
        ({"value": "27.6 months", "n": 27}, "Median OS: TACE, 27.6 months (27 patients)."),
        ({"value": "1,027 patients", "n": 27}, "Median OS: TACE, 1,027 patients (27 patients)."),
        ({"value": "1,027 patients", "n": 1027}, "Median OS: TACE, 1,027 patients."),
    ],
)
def test_what_is_not_known_leaves_no_trace(bench: Bench, fields: dict[str, Any], line: str) -> None:
    assert bench.line(OS.format("TACE"), outcome(**fields)) == [line]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (OS.format("TACE"), ["tace"]),
        (OS.format("radioembolization"), ["tare"]),
        ("Is overall survival better after TACE than after TARE?", ["tace", "tare"]),
        ("Median overall survival after chemoembolization vs. radioembolization?", ["tace", "tare"]),
        ("How long is overall survival?", ["tace", "tare"]),  # neither named: both
        (OS.format("transarterial therapy"), ["tace", "tare"]),  # both are
        (OS.format("microwave ablation"), []),  # of another treatment
        (OS.format("TACE and microwave ablation"), []),
        ("How often are there complications after TACE?", []),  # of another metric
        ("How many patients had TACE?", []),
        ("What is TACE?", []),
    ],
)
def test_the_arm_asked_for_or_both_sides_are_taken(bench: Bench, question: str, found: list[str]) -> None:
    assert sorted(bench.figures(question, *TWO_ARMS)) == found
    assert sorted(bench.figures(question, *reversed(TWO_ARMS))) == found


def test_both_arms_stand_in_one_line(bench: Bench) -> None:
    lines = bench.line("Is overall survival better after TACE than after TARE?", *TWO_ARMS)
    assert lines == ["Median OS: TACE, 33 months; TARE, 23 months."]


def test_figures_that_cannot_be_told_apart_give_no_line(bench: Bench) -> None:
    pair = (outcome("tace", id="one"), outcome("tace", id="two", value="40 months"))
    assert bench.figures(OS.format("TACE"), *pair) == []
    library = bench.library(one=UnitKnowledge(outcomes=pair))
    text = OS.format("TACE")
    assert figure_on_record(bench.query(text), read_asking(text), library.place(REVIEW, UNIT), library)


@pytest.mark.parametrize("field", ["study", "population", "subject"])
def test_what_tells_figures_apart_is_looked_for_in_the_question(bench: Bench, field: str) -> None:
    more: dict[str, Any] = {field: "TACE, Touloupas"}
    pair = (outcome("tace", id="one"), outcome("tace", id="two", **more))
    assert bench.figures("How long is overall survival after TACE in Touloupas?", *pair) == ["two"]


def test_a_metric_named_exactly_goes_before_a_wider_one(bench: Bench) -> None:
    wide = outcome("tace", id="wide", metric="survival", metric_name="survival")
    assert bench.figures(OS.format("TACE"), wide, outcome("tace", id="exact")) == ["exact"]
    assert bench.figures("How long is survival after TACE?", wide, outcome("tace", id="exact")) == ["wide"]


def test_a_metric_may_be_named_by_its_printed_words(bench: Bench) -> None:
    needle = outcome("tae", metric="", metric_name="needle gauge", value="18–21 gauge", asks=("size",))
    assert bench.figures("What gauge of needle for TAE, what size?", needle) == ["tae"]
    assert bench.figures("What size for TAE?", needle) == []


def test_a_figure_is_of_what_is_asked_for(bench: Bench) -> None:
    rate = outcome("tace", metric="", metric_name="response", asks=("percent",))
    assert bench.figures("What percentage has a response to TACE?", rate) == ["tace"]
    assert bench.figures("Why is there a response to TACE?", rate) == []


def test_whether_a_figure_is_on_record(bench: Bench) -> None:
    library = bench.library(one=UnitKnowledge(outcomes=TWO_ARMS))
    for text, unit, known in (
        (OS.format("TACE"), UNIT, True),
        (OS.format("TACE"), OTHER, False),
        ("How often are there complications after TACE?", UNIT, False),
    ):
        assert figure_on_record(bench.query(text), read_asking(text), library.place(REVIEW, unit), library) is known


# Directions

VERSUS = "TACE versus TARE: overall survival"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("better", "{0} better than {1}: overall survival (NELM)."),
        ("worse", "{0} worse than {1}: overall survival (NELM)."),
        ("similar", "{0} and {1} similar: overall survival (NELM)."),
        ("not_significant", "no significant difference between {0} and {1}: overall survival (NELM)."),
    ],
)
def test_a_direction_is_said_by_the_names_of_the_vocabulary(bench: Bench, kind: str, said: str) -> None:
    names = [bench.lexicon.names[entry] for entry in ("tace", "tare")]
    (line,) = bench.line(VERSUS, relations=(relation(kind, population="NELM"),))
    assert line.casefold() == said.format(*names).casefold()


def test_a_direction_without_metric_or_population_ends_plainly(bench: Bench) -> None:
    names = [bench.lexicon.names[entry] for entry in ("tace", "tare")]
    line = "{} better than {}.".format(*names)
    assert bench.line(VERSUS, relations=(relation(by=()),)) == [line[0] + line[1:].replace("than T", "than t")]


def test_at_most_two_directions_lead_and_only_of_the_endpoint_asked(bench: Bench) -> None:
    bys = ("os", "complication", "tumour_response", "tolerability")
    known = tuple(relation(by=(by,), name=by) for by in bys)
    assert [line.rpartition(": ")[2] for line in bench.line("TACE versus TARE", relations=known)] == [
        "overall survival.",
        "complication.",
    ]
    assert len(bench.line("TACE versus TARE: tolerability", relations=known)) == 1
    assert bench.line("TACE versus TARE: quality of life", relations=known) == []
    assert len(bench.line("TACE versus TARE: survival", relations=known)) == 1  # a wider one
    assert len(bench.line("TACE versus TARE in pancreatic NET", relations=known)) == 2  # no endpoint


@pytest.mark.parametrize("kind", ["better", "worse", "similar", "not_significant"])
def test_a_direction_begins_with_a_capital_letter(bench: Bench, kind: str) -> None:
    (line,) = bench.line(VERSUS, relations=(relation(kind),))
    assert line[0].isupper()


@pytest.mark.parametrize("kind", ["before", "after", "indicated", "arm", "agent", "contraindicated", "first_line"])
def test_other_relations_are_no_directions(bench: Bench, kind: str) -> None:
    assert bench.line(VERSUS, relations=(relation(kind),)) == []


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        (VERSUS, 1),
        ("TARE versus TACE: overall survival", 1),
        ("What is the overall survival after TACE and TARE?", 0),  # compares nothing
        ("Is TACE better?", 0),  # one side
        ("TACE versus microwave ablation", 0),  # another side
        ("TACE versus TARE versus microwave ablation", 0),
    ],
)
def test_a_direction_is_said_of_the_sides_compared(bench: Bench, question: str, lines: int) -> None:
    assert len(bench.line(question, relations=(relation(),))) == lines


def test_directions_of_the_metric_asked_go_before_all_others(bench: Bench) -> None:
    both = (relation(name="os"), relation("worse", ("complication",), name="harm"))
    sides = frozenset({"tace", "tare"})
    for text, found in (
        (VERSUS, ["os"]),
        ("TACE versus TARE: complications", ["harm"]),
        ("TACE versus TARE", ["os", "harm"]),
    ):
        query = bench.query(text)
        assert compared(query, read_asking(text), bench.lexicon) == sides
        assert [r.id for r in directions(both, sides, query)] == found
    assert directions(both, frozenset(), bench.query(VERSUS)) == ()


def test_each_direction_rests_on_its_own_sentence_and_stands_once(bench: Bench) -> None:
    first, second = relation(name="a"), relation("similar", name="b")
    library = bench.library(
        one=UnitKnowledge(relations=(first,)), two=UnitKnowledge(relations=(relation(name="again"), second))
    )
    places = [library.place(REVIEW, unit) for unit in (UNIT, OTHER)]
    line = direct_line(bench.query(VERSUS), read_asking(VERSUS), places, library)
    assert line is not None
    assert [place.unit.id for _, place in line.parts] == [UNIT, OTHER]
    assert len({said for said, _ in line.parts}) == 2


def test_a_figure_is_taken_of_the_best_sentence_only_and_goes_before_directions(bench: Bench) -> None:
    library = bench.library(one=UnitKnowledge(outcomes=TWO_ARMS), two=UnitKnowledge(relations=(relation(),)))
    one, two = (library.place(REVIEW, unit) for unit in (UNIT, OTHER))

    def parts(*best: Place) -> list[str]:
        line = direct_line(bench.query(VERSUS), read_asking(VERSUS), best, library)
        return [] if line is None else [place.unit.id for _, place in line.parts]

    assert parts(one, two) == [UNIT]
    assert parts(two, one) == [OTHER]
    assert parts() == []


# The whole assistant, on a sample of the curated questions of units that print a figure


@dataclass(frozen=True)
class Led:
    answer: Answer
    line: Statement

    @property
    def citation(self) -> Citation:
        (number,) = self.line.citations
        return self.answer.citations[number - 1]


@dataclass(frozen=True)
class Knowledge:
    """The pack's file, read here without the product's reader."""

    figures: dict[str, list[dict[str, Any]]]
    relations: dict[str, list[dict[str, Any]]]
    by_id: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    values = yaml.safe_load((GUIDELINES / REVIEW / "outcomes.yaml").read_text(encoding="utf-8"))
    figures: dict[str, list[dict[str, Any]]] = {}
    relations: dict[str, list[dict[str, Any]]] = {}
    for key, value in values["outcomes"].items():
        value["id"] = key
        figures.setdefault(value["unit"], []).append(value)
    for value in values["relations"].values():
        relations.setdefault(value["unit"], []).append(value)
    return Knowledge(figures, relations, values["outcomes"])


@pytest.fixture(scope="module")
def pack(vocabulary: Vocabulary) -> Pack:
    return load_pack(GUIDELINES / REVIEW, vocabulary)


@pytest.fixture(scope="module")
def answers(assistant: Assistant, pack: Pack) -> list[Answer]:
    """Answers to every eighth curated question of a unit that prints a figure, and to every other that compares."""
    figures, relations = ({known.unit for known in kind} for kind in (pack.outcomes, pack.relations))
    of_figures = [q for curated in pack.curated if curated.unit in figures for q in curated.questions]
    of_relations = [q for curated in pack.curated if curated.unit in relations for q in curated.questions]
    comparing = [q for q in of_relations if "comparison" in read_asking(q).attributes]
    asked = list(dict.fromkeys([*of_figures[::8], *comparing[::2]]))
    assert len(asked) > 250
    found = [assistant.ask(question) for question in asked]
    return [answer for answer in found if answer.status == "answered" and answer.patient is None and not answer.facts]


@pytest.fixture(scope="module")
def led(answers: list[Answer]) -> list[Led]:
    """Lines that lead, without the words that stand above a question which claims something."""
    return [
        Led(answer, s)
        for answer in answers
        if not answer.therapies
        for s in answer.statements
        if s.kind == "derived" and s.role == "lead" and s.text != "The review says:"
    ]


DIRECTION = re.compile(
    r"(?:(?P<one>.+) (?:better|worse) than (?P<two>.+?)|(?P<three>.+) and (?P<four>.+?) similar"
    r"|[Nn]o significant difference between (?P<five>.+) and (?P<six>.+?))(?=: |\.| \()"
)
REFERENCES = re.compile(r"references? (\d+(?:, \d+)*)")


def is_figure(led: Led, knowledge: Knowledge) -> bool:
    return bool(stated(led, knowledge))


def stated(led: Led, knowledge: Knowledge) -> list[dict[str, Any]]:
    """The figures of a line: of the cited unit, and the other arm of one of them."""
    own = knowledge.figures.get(led.citation.unit, [])
    arms = [knowledge.by_id[figure["against"]] for figure in own if "against" in figure]
    candidates = {figure["id"]: figure for figure in (*own, *arms)}.values()
    said = led.line.text
    heads = [f for f in candidates if said.casefold().startswith(f"{f['metric_name']}:".casefold())]
    found: list[dict[str, Any]] = []
    for figure in heads:
        part = re.escape(f"{figure['subject']}, {figure['value']}")
        if re.search(rf"[:;] {part}(?!\w|\.\d)", said[len(figure["metric_name"]) :]):
            found.append(figure)
    return found


def removed(text: str, pieces: list[str]) -> str:
    """A text without the first occurrence of each piece, longest first."""
    for piece in sorted(pieces, key=len, reverse=True):
        if piece:
            text = text.replace(piece, "", 1)
    return text


def test_many_lines_lead_and_each_rests_on_one_sentence_shown(led: list[Led], answers: list[Answer]) -> None:
    assert len(led) > 150
    assert len({line.line.text for line in led}) > 80
    for one in led:
        assert len(one.line.citations) == 1
        quotes = [s for s in one.answer.statements if s.kind == "quote" and s.citations == one.line.citations]
        assert [s.text for s in quotes] == [one.citation.display]
        first_quote = next(n for n, s in enumerate(one.answer.statements) if s.kind == "quote")
        assert one.answer.statements.index(one.line) < first_quote
        assert f"{one.line.text} [{one.line.citations[0]}]" in one.answer.text
    assert len(answers) > 300


def test_every_figure_is_composed_of_nothing_but_the_fields_of_the_file(led: list[Led], knowledge: Knowledge) -> None:
    lines = [one for one in led if is_figure(one, knowledge)]
    assert len(lines) > 80
    for one in lines:
        figures = stated(one, knowledge)
        assert len(figures) <= 2, one.line.text
        if len(figures) == 2:
            assert figures[0]["against"] == figures[1]["id"]
            assert figures[1]["against"] == figures[0]["id"]
        pieces: list[str] = []
        details = {f"{f.get('n')} patients" for f in figures}
        for figure in figures:
            pieces += [f"{figure['subject']}, {figure['value']}", figure.get("interval", "")]
        for figure in figures[:1]:
            numbers = ", ".join(map(str, figure.get("references", [])))
            pieces += [figure.get("design", ""), figure.get("study", ""), f" {numbers}" if numbers else ""]
        name = figures[0]["metric_name"]
        assert one.line.text[: len(name)] == name[0].upper() + name[1:]
        rest = removed(one.line.text[len(name) :], pieces)
        for detail in details:
            rest = rest.replace(detail, "")
        assert re.fullmatch(r"[\s:;,().]*(?:references?)?[\s,().]*", rest), (one.line.text, rest)


def test_every_value_and_reference_of_a_figure_stands_in_the_cited_sentence(
    led: list[Led], knowledge: Knowledge
) -> None:
    for one in led:
        for figure in stated(one, knowledge):
            sentences = {c.display for c in one.answer.citations if c.unit == figure["unit"]}
            assert sentences, (one.answer.question, one.line.text)
            (sentence,) = sentences
            for part in figure["value"].casefold().split():
                assert re.search(rf"(?<![\d.,]){re.escape(part)}(?!\d|[.,]\d)", sentence.casefold()), one.line.text
        if numbers := REFERENCES.search(one.line.text):
            assert {int(n) for n in numbers[1].split(", ")} <= set(one.citation.references), one.line.text


def test_every_number_of_a_line_is_printed_by_the_review(led: list[Led], assistant: Assistant) -> None:
    source = " ".join(unit.display for unit in assistant.documents[0].searchable)
    printed = set(re.findall(r"\d+(?:[.,]\d+)*", source))
    for one in led:
        text = REFERENCES.sub("", one.line.text)
        assert set(re.findall(r"\d+(?:[.,]\d+)*", text)) <= printed, text


def test_every_direction_is_one_of_the_cited_unit_by_the_names_of_the_vocabulary(
    led: list[Led], knowledge: Knowledge, vocabulary: Vocabulary
) -> None:
    names = {entry.id: entry.name for entry in vocabulary.entries}
    lines = [one for one in led if not is_figure(one, knowledge)]
    assert len(lines) > 70
    for one in lines:
        found = DIRECTION.match(one.line.text)
        assert found is not None, one.line.text
        left, right = (text for text in found.groups() if text is not None)
        tail = one.line.text[found.end() :]
        assert [
            r
            for r in knowledge.relations[one.citation.unit]
            if names[r["left"]].casefold() == left.casefold()
            and ", ".join(names[entry] for entry in r["right"]).casefold() == right.casefold()
            and r["relation"] in kinds_said(one.line.text)
            and removed(
                tail, [*(names[entry].lower() for entry in r.get("by", [])), f"({r.get('population', '')})"]
            ).strip(":, .")
            == ""
        ], one.line.text


def kinds_said(text: str) -> set[str]:
    words = {"better": " better than ", "worse": " worse than ", "similar": " similar"}
    said = {kind for kind, word in words.items() if word in text}
    return {"not_significant"} if text.casefold().startswith("no significant difference") else said


def test_no_line_leads_where_the_question_claims_something(answers: list[Answer]) -> None:
    claiming = [answer for answer in answers if claims_something(answer.resolved_question) and not answer.therapies]
    assert len(claiming) >= 10
    for answer in claiming:
        leads = [s.text for s in answer.statements if s.kind == "derived" and s.role in {"lead", "premise"}]
        assert leads in (["The review says:"], ["The review says otherwise:"]), answer.question


@pytest.mark.parametrize(
    ("question", "line", "unit"),
    [
        (
            "What is the median OS after TACE in Touloupas?",
            "Median OS: TACE for NELM, 5.3 years (95% CI 4.2–6.7)"
            " (retrospective, 202 patients, Touloupas, reference 65).",
            "3.2-07",
        ),
        ("cTACE 5-year survival", "5-year survival: cTACE for NELM, 28–36% (references 66, 70).", "3.2-09"),
        (
            "What activity does one resin particle carry?",
            "Activity per particle: resin particles, 50 Bq per particle (references 76, 98).",
            "3.4-05",
        ),
        ("RFA vs MWA", "Microwave ablation better than radiofrequency ablation: heat-sink effect.", "4-25"),
    ],
)
def test_a_question_is_led_by_the_line(assistant: Assistant, question: str, line: str, unit: str) -> None:
    answer = assistant.ask(question)
    first = answer.statements[0]
    assert (first.text, first.kind, first.role) == (line, "derived", "lead")
    assert [answer.citations[n - 1].unit for n in first.citations] == [unit]


@pytest.mark.parametrize("question", ["What are the contraindications of TACE?", "How does cryoablation work?"])
def test_where_no_number_and_no_comparison_is_asked_the_sentence_leads(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).statements[0].kind == "quote"
