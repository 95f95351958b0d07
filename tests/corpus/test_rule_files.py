from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from corpus.conditions import All, Always, Compare, In, Is, Not, atoms
from corpus.definitions import FactDefinition
from corpus.document import Document, Unit
from corpus.errors import KnowledgeError
from corpus.fact_files import load_facts
from corpus.integrity import GUIDELINES
from corpus.pack import Pack, load_pack
from corpus.rule_files import RulePack, load_rules, rulepack_from
from corpus.rules import EFFECTS, Conclusion, Rule, SourceNote, Tension
from corpus.vocabulary import Vocabulary
from tests.conftest import REVIEW, ROOT

RULES = """- id: R-whipple
  status: active
  when: {fact: whipple_history, is: present}
  then:
    - {therapy: tace, effect: contraindicated}
    - {therapy: null, effect: prognosis, direction: worse}
  summary: "Listed: Whipple"
  quote: "history of pancreaticoduodenectomy"
  section: "3.3"
  start: 23427
  end: 23461
  references: [85, 87]
  strength: review assertion
  inferred: false
  notes: [S-ODD]
  reviewed_by: null
  reviewed_on: null
  cases:
    - {facts: {whipple_history: present}, expect: fires}
    - {facts: {whipple_history: absent}, expect: does_not_fire}
    - {facts: {}, expect: undetermined}
- id: R-burden
  status: draft
  when: {all: [{fact: liver_tumor_burden_percent, op: "<", value: 50, unit: "%"}, {not: {fact: grade, in: [G3]}}]}
  then: [{therapy: tare, effect: prefer_over, over: [tace, tae]}]
  summary: "Less than half"
  quote: "tumor burden < 50% of the liver"
  section: "3.3"
  start: 23233
  end: 23264
  references: []
  strength: RCT
  inferred: true
  inference: "Less is less."
  display_only: true
  show_with: [R-whipple]
  notes: []
  reviewed_by: "A. Clinician"
  reviewed_on: 2024-05-01
  cases:
    - {facts: {liver_tumor_burden_percent: "[40, 49]", grade: G1}, expect: fires}
    - {facts: {grade: [G3]}, expect: does_not_fire}
    - {facts: {}, expect: undetermined}
"""
NOTES = """notes:
  S-ODD: {severity: high, text: "Odd.", units: ["3.3-06"], facts: [whipple_history]}
  S-BARE: {severity: low, text: "Bare.", units: []}
"""
TENSIONS = """tensions:
  two-minds:
    title: "Two minds"
    standing: true
    text: "One says, the other says."
    against: {rules: [R-whipple], units: ["3.3-06"]}
    for: {rules: [R-burden], units: ["3.3-05", "3.3-04"]}
    therapies: [tace]
    notes: [S-ODD]
    asked: ["Which is it?"]
"""
FILES = {"a.yaml": RULES, "notes.yaml": NOTES, "tensions.yaml": TENSIONS}
HERE = "¦"  # stands in a changed text where the mistake is to be reported
WHIPPLE = "when: {fact: whipple_history, is: present}"
PREFERENCE = "{therapy: tare, effect: prefer_over, over: [tace, tae]}"
PROGNOSIS = "{therapy: null, effect: prognosis, direction: worse}"
LESS = '{fact: liver_tumor_burden_percent, op: "<", value: 50, unit: "%"}'


@pytest.fixture(scope="module")
def facts() -> dict[str, FactDefinition]:
    return load_facts().facts


class Loader:
    """Writes a small pack's knowledge and reads it."""

    def __init__(
        self, folder: Path, document: Document, vocabulary: Vocabulary, facts: dict[str, FactDefinition]
    ) -> None:
        self.folder = folder
        self._knowledge = (document, vocabulary, facts)

    def load(self, **changed: str) -> RulePack:
        (self.folder / "rules").mkdir(exist_ok=True)
        for name, text in FILES.items():
            path = self.folder / "rules" / name if name == "a.yaml" else self.folder / name
            path.write_text(changed.get(name.partition(".")[0], text), encoding="utf-8")
        return self.read()

    def read(self) -> RulePack:
        return load_rules(self.folder, *self._knowledge)

    def refused(self, name: str, before: str, after: str) -> str:
        """Load with one file changed; check that the refusal names the marked place; return what it says."""
        text = FILES[name].replace(before, after, 1)
        assert FILES[name].count(before) == 1
        above, _, _ = text.partition(HERE)
        line, column = above.count("\n") + 1, len(above.rpartition("\n")[2]) + 1
        with pytest.raises(KnowledgeError) as caught:
            self.load(**{name.partition(".")[0]: text.replace(HERE, "")})
        error = caught.value
        assert (error.file, error.line, error.column) == (name, line, column), str(error)
        assert str(error).startswith(f"{name}:{line}:{column}: ")
        return str(error)


@pytest.fixture
def loader(tmp_path: Path, review: Document, vocabulary: Vocabulary, facts: dict[str, FactDefinition]) -> Loader:
    return Loader(tmp_path, review, vocabulary, facts)


def test_rules_are_read(loader: Loader, review: Document) -> None:
    whipple, burden = loader.load().rules
    quote = "history of pancreaticoduodenectomy"
    assert review.source[23427:23461] == quote
    assert whipple == Rule(
        id="R-whipple",
        document=REVIEW,
        status="active",
        when=Is("whipple_history", present=True),
        then=(Conclusion("tace", "contraindicated", (), ""), Conclusion("", "prognosis", (), "worse")),
        summary="Listed: Whipple",
        quote=quote,
        section="3.3",
        unit="3.3-06",
        start=23427,
        end=23461,
        references=(85, 87),
        strength="review assertion",
        inference="",
        notes=("S-ODD",),
        display_only=False,
        show_with=(),
        reviewed_by="",
    )
    assert whipple.key == f"{REVIEW}/R-whipple"
    assert burden.when == All(
        (Compare("liver_tumor_burden_percent", "<", Fraction(50), "%"), Not(In("grade", ("G3",))))
    )
    assert burden.then == (Conclusion("tare", "prefer_over", ("tace", "tae"), ""),)
    assert (burden.status, burden.unit, burden.strength, burden.references) == ("draft", "3.3-05", "RCT", ())
    assert (burden.inference, burden.display_only, burden.show_with) == ("Less is less.", True, ("R-whipple",))
    assert (burden.reviewed_by, burden.notes) == ("A. Clinician", ())


def test_notes_and_tensions_are_read(loader: Loader) -> None:
    pack = loader.load()
    assert pack.notes == (
        SourceNote("S-ODD", REVIEW, "high", "Odd.", ("3.3-06",), ("R-whipple",), ("whipple_history",)),
        SourceNote("S-BARE", REVIEW, "low", "Bare.", (), (), ()),
    )
    assert pack.tensions == (
        Tension(
            id="two-minds",
            document=REVIEW,
            title="Two minds",
            standing=True,
            text="One says, the other says.",
            against=("R-whipple",),
            supporting=("R-burden",),
            units_against=("3.3-06",),
            units_supporting=("3.3-05", "3.3-04"),
            therapies=("tace",),
            notes=("S-ODD",),
            asked=("Which is it?",),
        ),
    )


def test_cases_are_read_with_their_place_and_stay_out_of_what_is_stored(loader: Loader) -> None:
    pack = loader.load()
    assert [(case.rule, case.facts, case.expect) for case in pack.cases] == [
        ("R-whipple", {"whipple_history": "present"}, "fires"),
        ("R-whipple", {"whipple_history": "absent"}, "does_not_fire"),
        ("R-whipple", {}, "undetermined"),
        ("R-burden", {"liver_tumor_burden_percent": "[40, 49]", "grade": "G1"}, "fires"),
        ("R-burden", {"grade": ["G3"]}, "does_not_fire"),
        ("R-burden", {}, "undetermined"),
    ]
    lines = RULES.splitlines()
    for case in pack.cases:
        mark = case.node.node.start_mark
        assert f"expect: {case.expect}" in lines[mark.line][mark.column :]
    assert all("cases" not in values for values in pack.values["rules"])


def test_the_same_knowledge_comes_from_json(loader: Loader) -> None:
    pack = loader.load()
    again = rulepack_from(json.loads(json.dumps(pack.values)))
    assert (again.rules, again.notes, again.tensions) == (pack.rules, pack.notes, pack.tensions)
    assert again.cases == ()


def test_a_pack_need_not_have_any(loader: Loader) -> None:
    pack = loader.read()
    assert (pack.rules, pack.notes, pack.tensions, pack.cases) == ((), (), (), ())


def test_rules_come_by_file_name_and_a_second_of_a_name_is_refused(loader: Loader) -> None:
    loader.load()
    first = RULES[: RULES.index("- id: R-burden")]
    (loader.folder / "rules" / "0.yaml").write_text(first.replace("R-whipple", "R-first"), encoding="utf-8")
    assert [rule.id for rule in loader.read().rules] == ["R-first", "R-whipple", "R-burden"]
    (loader.folder / "rules" / "b.yaml").write_text("# again\n" + first, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"^b\.yaml:2:3: rule 'R-whipple' stands in the pack twice"):
        loader.read()


def test_a_rule_that_always_holds_needs_only_the_case_that_fires(loader: Loader) -> None:
    always = RULES.replace(WHIPPLE, "when: {always: true}")
    for line in ("    - {facts: {whipple_history: absent}, expect: does_not_fire}\n", "    - {facts: {}, expect: "):
        always = re.sub(re.escape(line) + ("" if line.endswith("\n") else "undetermined}\n"), "", always, count=1)
    assert loader.load(a=always).rules[0].when == Always()


def test_a_summary_has_at_most_139_characters(loader: Loader) -> None:
    longest = "é" * 139
    assert loader.load(a=RULES.replace("Listed: Whipple", longest)).rules[0].summary == longest
    assert "140 characters; at most 139" in loader.refused("a.yaml", '"Listed: Whipple"', f'¦"{longest}x"')


@pytest.mark.parametrize("effect", [effect for effect in EFFECTS if effect not in {"prefer_over", "prognosis"}])
def test_every_other_effect_stands_without_over(loader: Loader, effect: str) -> None:
    pack = loader.load(a=RULES.replace("effect: contraindicated", f"effect: {effect}"))
    assert pack.rules[0].then[0] == Conclusion("tace", effect, (), "")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        # the entry
        ("- id: R-whipple\n  status", "- ¦status", "missing ['id']"),
        ("  references: [85, 87]\n", "  references: [85, 87]\n  ¦page: 3\n", "unknown key 'page'"),
        ('  summary: "Less than half"', '  summary: "Less"\n  ¦summary: "Less than half"', "a second time"),
        ("status: draft", "status: ¦new", "expected draft, active or retired"),
        ("status: draft", "status: ¦Active", "expected draft, active or retired"),
        ("strength: RCT", "strength: ¦rct", "unknown strength"),
        ("strength: RCT", "strength: ¦strong", "unknown strength"),
        ('"Less than half"', '¦""', "expected text, found nothing"),
        # the condition
        (WHIPPLE, "when: ¦{fact: whipple, is: present}", "no fact 'whipple'"),
        (WHIPPLE, "when: ¦{fact: whipple_history, is: true}", "no condition"),
        (WHIPPLE, "when: ¦{fact: whipple_history, in: [present]}", "does not go with 'whipple_history', a flag"),
        (WHIPPLE, "when: ¦{fact: whipple_history, has: tace}", "does not go with 'whipple_history', a flag"),
        (WHIPPLE, "when: ¦{fact: grade, is: present}", "does not go with 'grade', a choice"),
        (WHIPPLE, "when: ¦{fact: grade, in: [G2, G4]}", "does not go with 'grade', a choice"),
        (WHIPPLE, "when: ¦{fact: grade, undecided: [G2, G4]}", "does not go with 'grade', a choice"),
        (WHIPPLE, "when: ¦{fact: planned_interventions, has: whisky}", "a set in"),
        (WHIPPLE, "when: ¦{fact: planned_interventions, in: [tace]}", "a set in"),
        (WHIPPLE, "when: ¦{always: false}", "no condition"),
        (WHIPPLE, "when: ¦[]", "no condition"),
        (WHIPPLE, "when: ¦{is: present}", "fact"),
        # the conclusions
        ("{therapy: tace, effect", "¦{therapy: whisky, effect", "no therapy 'whisky'"),
        ("{therapy: tace, effect", "¦{therapy: liver_metastases, effect", "no therapy 'liver_metastases'"),
        ("effect: contraindicated", "effect: ¦forbidden", "unknown effect 'forbidden'"),
        ("effect: contraindicated", "effect: ¦Contraindicated", "unknown effect 'Contraindicated'"),
        ("{therapy: tace, effect: contraindicated}", "¦{effect: contraindicated}", "missing ['therapy']"),
        ("effect: contraindicated}", "effect: contraindicated, ¦because: x}", "unknown key 'because'"),
        ("{therapy: tace, effect", "¦{therapy: tace, over: [tae], effect", "a preference says over which"),
        ("over: [tace, tae]", "over: [tace, ¦tace]", "'tace' stands in this list twice"),
        (PREFERENCE, "¦{therapy: tare, effect: prefer_over}", "a preference says over which"),
        (PREFERENCE, "¦{therapy: tare, effect: prefer_over, over: [tace, whisky]}", "no therapy 'whisky'"),
        (PROGNOSIS, "¦{therapy: null, effect: prognosis}", "a prognosis has the direction better or worse"),
        (PROGNOSIS, "¦{therapy: null, effect: prognosis, direction: up}", "the direction better or worse"),
        (PROGNOSIS, "{therapy: null, effect: ¦cure, direction: worse}", "unknown effect 'cure'"),
        # the quote
        ('quote: "history of', 'quote: ¦"History of', "the source has not this at 23427-23461"),
        ('quote: "history of pan', 'quote: ¦"history  of pan', "the source has not this at 23427-23461"),
        ('"history of pancreaticoduodenectomy"', '¦"history of pancreaticoduodenectomy."', "the source has not this"),
        ('quote: "tumor burden < 50% of the liver"', 'quote: ¦"tumor burden &lt; 50% of the liver"', "has not this"),
        ("[85, 87]", "[85, ¦142]", "no reference 142"),
        ("[85, 87]", "[¦0, 87]", "expected a whole number above 0"),
        ("[85, 87]", "[85, ¦87a]", "expected a number, found '87a'"),
        ("[85, 87]", "[¦85-87]", "expected a number, found '85-87'"),
        # inference, notes, companions
        ("inferred: false", "inferred: ¦true", "what is inferred has its sentence"),
        ("inferred: true", "inferred: ¦false", "and nothing else has one"),
        ("inferred: true", 'inferred: ¦"true"', "what is inferred has its sentence"),
        ("notes: [S-ODD]", "notes: ¦[S-ODD, S-EVEN]", "no note 'S-EVEN'"),
        ("notes: [S-ODD]", "notes: [S-ODD, ¦S-ODD]", "'S-ODD' stands in this list twice"),
        ("show_with: [R-whipple]", "show_with: ¦[R-whipple, R-none]", "no rule 'R-none'"),
        # the cases
        ("{whipple_history: present}, expect: fires", "{whipple_history: present}, expect: ¦fire", "expected one of"),
        ("{facts: {whipple_history: absent}", "{facts: {¦whipple: absent}", "no fact 'whipple'"),
        ("- {facts: {whipple_history: absent}, expect", "- ¦{expect", "missing ['facts']"),
        ("{facts: {whipple_history: absent}", "{facts: ¦absent", "expected a mapping, found text"),
        ("{facts: {whipple_history: absent}", "{¦when: x, facts: {}", "unknown key 'when'"),
    ],
)
def test_a_mistake_in_a_rule_is_refused_where_it_stands(loader: Loader, before: str, after: str, said: str) -> None:
    assert said in loader.refused("a.yaml", before, after)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (', unit: "%"', "", "no condition"),
        ('"%"', "fraction", "does not go with 'liver_tumor_burden_percent', a number in %"),
        ('"%"', '"mg/dL"', "does not go with 'liver_tumor_burden_percent', a number in %"),
        ('"<"', '"<<"', "no condition"),
        ("50", "half", "half"),
        ("liver_tumor_burden_percent", "burden", "no fact 'burden'"),
        ("liver_tumor_burden_percent", "grade", "does not go with 'grade', a choice"),
    ],
)
def test_a_mistake_within_a_condition_is_refused_where_the_condition_stands(
    loader: Loader, before: str, after: str, said: str
) -> None:
    assert LESS.count(before) == 1
    wrong = LESS.replace(before, after)
    assert said in loader.refused("a.yaml", "{all: [" + LESS, HERE + "{all: [" + wrong)


@pytest.mark.parametrize("expect", ["fires", "does_not_fire", "undetermined"])
def test_each_of_three_cases_is_wanted(loader: Loader, expect: str) -> None:
    block = RULES[RULES.index("    - {facts: {whipple_history: present}") : RULES.index("- id: R-burden")]
    rest = [line for line in block.splitlines(keepends=True) if not line.endswith(f"expect: {expect}}}\n")]
    assert len(rest) == 2
    rest[0] = rest[0].replace("- ", "¦- ", 1)
    assert f"no case that {expect}" in loader.refused("a.yaml", block, "".join(rest))


@pytest.mark.parametrize(
    ("quote", "start", "said"),
    [
        ("history of pancreaticoduodenectomy", 23426, "the source has not this at 23426-23460"),
        ("history of pancreaticoduodenectomy", 23428, "the source has not this at 23428-23462"),
        ("history of pancreaticoduodenectomy", 10**7, "the source has not this"),
    ],
)
def test_a_quote_one_off_its_place_is_refused(loader: Loader, quote: str, start: int, said: str) -> None:
    moved = f'quote: ¦"{quote}"\n  section: "3.3"\n  start: {start}\n  end: {start + len(quote)}\n'
    assert said in loader.refused("a.yaml", place_of(quote, 23427), moved)


def place_of(quote: str, start: int) -> str:
    return f'quote: "{quote}"\n  section: "3.3"\n  start: {start}\n  end: {start + len(quote)}\n'


def test_a_heading_or_a_place_counted_from_the_end_is_no_unit_to_quote(loader: Loader, review: Document) -> None:
    heading = "Important Considerations with"
    start = review.source.index(heading)
    assert review.unit_by_id["3.3-heading"].start < start < review.unit_by_id["3.3-heading"].end
    before = place_of("history of pancreaticoduodenectomy", 23427)
    for place in (start, start - len(review.source)):
        after = f'quote: "{heading}"\n  section: "3.3"\n  start: ¦{place}\n  end: {place + len(heading)}\n'
        assert "no searchable unit stands here" in loader.refused("a.yaml", before, after)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("notes:", "¦note:", "unknown key 'note'"),
        ("severity: high", "severity: ¦urgent", "expected one of ('high', 'medium', 'low')"),
        ("severity: high", "severity: ¦High", "expected one of ('high', 'medium', 'low')"),
        ('text: "Odd."', 'text: ¦""', "expected text, found nothing"),
        ('units: ["3.3-06"]', 'units: ¦["3.3-06", "9.9-01"]', "no unit '9.9-01'"),
        ('units: ["3.3-06"]', 'units: ¦["3.3-heading"]', "no unit '3.3-heading'"),
        ('units: ["3.3-06"]', 'units: ¦["furniture-12"]', "no unit 'furniture-12'"),
        ("facts: [whipple_history]", "¦rules: [R-whipple]", "unknown key 'rules'"),
        ("facts: [whipple_history]", "facts: ¦[whipple]", "no fact 'whipple'"),
        ("{severity: high, ", "¦{", "missing ['severity']"),
        ("{severity: high, ", "{severity: high, ¦quote: x, ", "unknown key 'quote'"),
        ("  S-BARE:", "  ¦S-ODD:", "'S-ODD' stands here a second time"),
    ],
)
def test_a_mistake_in_a_note_is_refused_where_it_stands(loader: Loader, before: str, after: str, said: str) -> None:
    assert said in loader.refused("notes.yaml", before, after)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("tensions:", "¦tension:", "unknown key 'tension'"),
        ('    title: "Two minds"\n    standing', "    ¦standing", "missing ['title']"),
        ("    therapies: [tace]", "    therapies: [tace]\n    ¦severity: high", "unknown key 'severity'"),
        ("against: {rules: [R-whipple]", "against: {rules: ¦[R-none]", "no rule 'R-none'"),
        ("for: {rules: [R-burden]", "for: {rules: ¦[R-burden, R-none]", "no rule 'R-none'"),
        ('units: ["3.3-06"]', 'units: ¦["3.3-99"]', "no unit '3.3-99'"),
        ('units: ["3.3-05", "3.3-04"]', 'units: ¦["3.3-05", "3.3-heading"]', "no unit '3.3-heading'"),
        ('for: {rules: [R-burden], units: ["3.3-05", "3.3-04"]}', "for: ¦{rules: [R-burden]}", "missing ['units']"),
        ("for: {rules: [R-burden]", "for: {¦says: x, rules: [R-burden]", "unknown key 'says'"),
        ("therapies: [tace]", "therapies: ¦[tace, whisky]", "no therapy 'whisky'"),
        ("notes: [S-ODD]", "notes: ¦[S-EVEN]", "no note 'S-EVEN'"),
        ('asked: ["Which is it?"]', "asked: ¦which", "expected a list, found text"),
        ('"Which is it?"]', '"Which is it?", ¦"Which is it?"]', "stands in this list twice"),
    ],
)
def test_a_mistake_in_a_tension_is_refused_where_it_stands(loader: Loader, before: str, after: str, said: str) -> None:
    assert said in loader.refused("tensions.yaml", before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("start: 23427", 'start: ¦"23427"'),
        ("start: 23427", "start: ¦23427.0"),
        ("end: 23461", "end: ¦soon"),
        ("{therapy: tace, effect", "{therapy: ¦[tace], effect"),
        (WHIPPLE, "when: ¦null"),
        (WHIPPLE, "when: ¦{all: [null]}"),
    ],
)
def test_a_wrong_shape_is_refused_where_it_stands(loader: Loader, before: str, after: str) -> None:
    loader.refused("a.yaml", before, after)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.yaml", "then: [{therapy: tare, effect: prefer_over, over: [tace, tae]}]", "then: ¦[]"),
        ("a.yaml", 'section: "3.3"\n  start: 23427', 'section: ¦"9.9"\n  start: 23427'),
        ("a.yaml", "display_only: true", "display_only: ¦sometimes"),
        ("tensions.yaml", "standing: true", "standing: ¦sometimes"),
    ],
)
def test_what_cannot_be_meant_is_refused(loader: Loader, name: str, before: str, after: str) -> None:
    loader.refused(name, before, after)


# YAML reads each of these as true.
@pytest.mark.parametrize("word", ["True", "TRUE", "yes", "on"])
def test_a_truth_value_is_read_as_written_or_refused(loader: Loader, word: str) -> None:
    for changed in (
        {"a": RULES.replace("display_only: true", f"display_only: {word}")},
        {"tensions": TENSIONS.replace("standing: true", f"standing: {word}")},
    ):
        try:
            pack = loader.load(**changed)
        except KnowledgeError:
            continue
        assert pack.rules[1].display_only
        assert pack.tensions[0].standing


# The rules of the review

ORDERS = re.compile(r"\b(must|should|shall|never|always|absolute|need to|have to)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def pack(review: Document, vocabulary: Vocabulary, facts: dict[str, FactDefinition]) -> RulePack:
    return load_rules(GUIDELINES / REVIEW, review, vocabulary, facts)


@pytest.fixture(scope="module")
def rules(pack: RulePack) -> dict[str, Rule]:
    return {rule.id: rule for rule in pack.rules}


@pytest.fixture(scope="module")
def knowledge(shared: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((shared / "clinical" / "knowledge.json").read_text(encoding="utf-8"))
    return values


def covered(rule: Rule, document: Document) -> list[Unit]:
    """Units that a rule's quote touches."""
    return [unit for unit in document.searchable if unit.start < rule.end and rule.start < unit.end]


@pytest.mark.devset
def test_each_candidate_that_is_not_mere_information_is_a_rule_or_named_with_its_reason(
    rules: dict[str, Rule], knowledge: dict[str, Any]
) -> None:
    page = ROOT / "docs" / "rules.md"
    if not page.is_file():
        pytest.skip("docs/rules.md is not there")
    named = set(re.findall(r"\bR-[\w.-]*\w", page.read_text(encoding="utf-8")))
    asked = [item["id"] for item in knowledge["rules"] if item["conclusion"]["effect"] != "info"]
    assert len(asked) == 155
    assert [name for name in asked if name not in rules and name not in named] == []
    taken = re.search(r"^(\d+) rules stand for", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert taken is not None
    assert int(taken[1]) == len(rules)


@pytest.mark.devset
def test_what_is_no_candidate_is_named_too(rules: dict[str, Rule], knowledge: dict[str, Any]) -> None:
    page = ROOT / "docs" / "rules.md"
    if not page.is_file():
        pytest.skip("docs/rules.md is not there")
    named = set(re.findall(r"\bR-[\w.-]*\w", page.read_text(encoding="utf-8")))
    candidates = {item["id"] for item in knowledge["rules"]}
    assert [name for name in rules if name not in candidates and name not in named] == []


def test_every_quote_stands_at_its_offsets_in_its_section(rules: dict[str, Rule], review: Document) -> None:
    assert len(rules) >= 150
    for rule in rules.values():
        assert review.source[rule.start : rule.end] == rule.quote, rule.id
        assert rule.quote == rule.quote.strip(), rule.id
        units = covered(rule, review)
        assert units[0].id == rule.unit, rule.id
        assert {unit.section for unit in units} == {rule.section}, rule.id


def test_references_are_those_cited_where_the_quote_stands(rules: dict[str, Rule], review: Document) -> None:
    for rule in rules.values():
        assert list(rule.references) == sorted(set(rule.references)), rule.id
        units = covered(rule, review)
        paragraphs = {unit.paragraph for unit in units}
        around = [unit for unit in review.searchable if unit.paragraph in paragraphs]
        assert set(rule.references) <= {number for unit in around for number in unit.references}, rule.id


@pytest.mark.devset
def test_references_are_those_of_the_candidates_and_strength_is_never_upgraded(
    rules: dict[str, Rule], knowledge: dict[str, Any]
) -> None:
    compared = 0
    for item in knowledge["rules"]:
        rule = rules.get(item["id"])
        if rule is not None:
            compared += 1
            assert set(item["refs"]) <= set(rule.references), rule.id
            assert rule.strength in {item["strength"], "review assertion"}, rule.id
    assert compared >= 150


def test_summaries_are_short_sentences_that_order_nothing(rules: dict[str, Rule]) -> None:
    for rule in rules.values():
        assert 20 <= len(rule.summary) < 140, rule.id
        assert rule.summary == " ".join(rule.summary.split()), rule.id
        assert not rule.summary.endswith("."), rule.id
        assert ORDERS.search(rule.summary.replace("should be considered", "")) is None, rule.id


def test_no_two_rules_have_one_summary(rules: dict[str, Rule]) -> None:
    summaries = [rule.summary for rule in rules.values()]
    assert sorted(set(summaries)) == sorted(summaries)


def test_a_contraindication_is_said_to_be_listed_in_the_review(rules: dict[str, Rule]) -> None:
    listed = [rule for rule in rules.values() if any(item.effect == "contraindicated" for item in rule.then)]
    assert {item.therapy for rule in listed for item in rule.then} == {"tae", "tace"}
    for rule in listed:
        assert "contraindication" in rule.summary, rule.id
        assert re.search(r"\blist(s|ed)\b", rule.summary), rule.id
        assert "contraindications" in rule.quote, rule.id


@pytest.mark.devset
def test_the_contraindications_are_those_of_the_raw_material(rules: dict[str, Rule], knowledge: dict[str, Any]) -> None:
    listed = {item["id"] for item in knowledge["rules"] if item["conclusion"]["effect"] == "contraindicated"}
    assert listed == {rule.id for rule in rules.values() if any(item.effect == "contraindicated" for item in rule.then)}


def test_no_one_has_reviewed_what_no_one_has_reviewed(rules: dict[str, Rule]) -> None:
    assert {rule.reviewed_by for rule in rules.values()} == {""}


def test_what_is_only_quoted_advises_nothing(rules: dict[str, Rule]) -> None:
    quoted = [rule for rule in rules.values() if rule.display_only]
    assert len(quoted) > 20
    for rule in quoted:  # whatever it says is shown as information; nothing that excludes or warns may get lost by that
        effects = {item.effect for item in rule.then}
        assert not effects & {"contraindicated", "ineligible", "caution", "eligible", "recommend"}, rule.id


def test_each_inference_is_a_sentence(rules: dict[str, Rule]) -> None:
    inferred = [rule for rule in rules.values() if rule.inference]
    assert len(inferred) > 50
    for rule in inferred:
        assert rule.inference.lstrip('"')[0].isupper(), rule.id
        assert rule.inference.endswith("."), rule.id
        assert len(rule.inference) > 40, rule.id


def test_each_rule_has_its_cases_and_they_speak_of_its_facts(pack: RulePack) -> None:
    for rule in pack.rules:
        cases = [case for case in pack.cases if case.rule == rule.id]
        found = {case.expect for case in cases}
        read = {atom.fact for atom in atoms(rule.when)}
        if not read:
            assert found == {"fires"}, rule.id
        else:
            assert found == {"fires", "does_not_fire", "undetermined"}, rule.id
            assert any(case.expect == "undetermined" and read - set(case.facts) for case in cases), rule.id
        mentioned = {fact for case in cases for fact in case.facts}
        assert read <= mentioned, rule.id


def numbers_of(value: Any) -> Iterator[Fraction]:
    for text in re.findall(r"\d+(?:\.\d+)?", str(value)):
        yield Fraction(text)


def test_each_threshold_has_a_case_on_it_and_one_on_either_side(pack: RulePack) -> None:
    for rule in pack.rules:
        for atom in atoms(rule.when):
            if isinstance(atom, Compare):
                values = [
                    number
                    for case in pack.cases
                    if case.rule == rule.id and atom.fact in case.facts
                    for number in numbers_of(case.facts[atom.fact])
                ]
                assert atom.value in values, f"{rule.id}: {atom}"
                assert min(values) < atom.value < max(values), f"{rule.id}: {atom}"


def test_companions_are_other_rules(rules: dict[str, Rule]) -> None:
    for rule in rules.values():
        assert rule.id not in rule.show_with
        assert {rules[name].status for name in rule.show_with} <= {"active"}, rule.id


def test_what_is_proposed_for_poor_liver_function_stands_with_what_overrules_it(rules: dict[str, Rule]) -> None:
    proposal = rules["R-3.2-deb-poor-liver"]
    assert [(item.therapy, item.effect) for item in proposal.then] == [("deb_tace", "consider")]
    assert "R-3.3-ci-poor-reserve" in proposal.show_with


@pytest.mark.devset
def test_no_weighty_note_of_the_raw_material_is_left_out(pack: RulePack, knowledge: dict[str, Any]) -> None:
    ours = {note.id: note for note in pack.notes}
    left_out = [note for note in knowledge["source_notes"] if note["id"] not in ours]
    assert {note["severity"] for note in left_out} <= {"medium", "low"}
    assert {note["id"] for note in left_out} == {"S-PAGEBREAK", "S-HEADINGS", "S-TABLE", "S-MARKUP", "S-REFNAMES"}


def test_notes_are_short_and_touch_something(pack: RulePack) -> None:
    for note in pack.notes:
        assert 20 < len(note.text) < 240, note.id
        assert note.text.endswith((".", '."')), note.id
        assert note.units or note.rules or note.facts, note.id


def test_each_note_of_a_rule_lists_the_rule(pack: RulePack) -> None:
    notes = {note.id: note for note in pack.notes}
    assert [(rule.id, name) for rule in pack.rules for name in rule.notes if rule.id not in notes[name].rules] == []


def test_each_rule_of_a_note_names_the_note(pack: RulePack, rules: dict[str, Rule]) -> None:
    assert [(note.id, name) for note in pack.notes for name in note.rules if note.id not in rules[name].notes] == []


def test_the_sides_of_a_tension_differ_and_each_has_its_sentences(pack: RulePack, rules: dict[str, Rule]) -> None:
    assert len(pack.tensions) >= 15
    for tension in pack.tensions:
        assert tension.units_against, tension.id
        assert tension.units_supporting, tension.id
        assert not set(tension.against) & set(tension.supporting), tension.id
        assert not set(tension.units_against) & set(tension.units_supporting), tension.id
        assert len(tension.text) < 240, tension.id
        shown = {*tension.units_against, *tension.units_supporting}
        assert {rules[name].unit for name in (*tension.against, *tension.supporting)} <= shown, tension.id


def lineage(therapy: str, vocabulary: Vocabulary) -> set[str]:
    """Return a therapy and whatever is wider."""
    found, waiting = set(), [therapy]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(vocabulary.by_id[current].parents)
    return found


def test_a_tension_with_a_standing_has_an_exclusion_and_a_support_of_its_therapies(
    pack: RulePack, rules: dict[str, Rule], vocabulary: Vocabulary
) -> None:
    decided = [tension for tension in pack.tensions if tension.standing]
    assert len(decided) >= 7
    for tension in decided:
        for therapy in tension.therapies:
            line = lineage(therapy, vocabulary)
            against = {c.effect for name in tension.against for c in rules[name].then if c.therapy in line}
            supporting = {c.effect for name in tension.supporting for c in rules[name].then if c.therapy in line}
            assert against & {"contraindicated", "ineligible", "caution"}, (tension.id, therapy)
            assert supporting & {"recommend", "consider", "prefer_over"}, (tension.id, therapy)
            assert not supporting & {"contraindicated", "ineligible"}, (tension.id, therapy)
        used = {*tension.against, *tension.supporting}
        assert {rules[name].status for name in used} == {"active"}, tension.id


def test_the_tensions_that_were_asked_for_are_there(pack: RulePack) -> None:
    decided = {tension.id for tension in pack.tensions if tension.standing}
    stated = {tension.id for tension in pack.tensions if not tension.standing}
    assert {"g3", "liver-burden", "ablation-size", "ablation-interim", "poor-liver-function"} <= decided
    assert {"limited-bilobar-resection", "tare-extrahepatic"} <= decided
    assert {"five-year-survival", "systemic-or-locoregional-first", "tace-or-tare"} <= stated


def test_what_is_asked_of_a_tension_is_asked_of_one(pack: RulePack, vocabulary: Vocabulary) -> None:
    asked = [" ".join(question.casefold().split()) for tension in pack.tensions for question in tension.asked]
    assert [tension.id for tension in pack.tensions if len(tension.asked) < 4] == []
    assert sorted(set(asked)) == sorted(asked)
    whole: Pack = load_pack(GUIDELINES / REVIEW, vocabulary)
    silent = {" ".join(question.casefold().split()) for gap in whole.gaps for question in gap.questions}
    assert silent & set(asked) == set()


def test_the_rules_of_the_review_come_from_json_as_from_yaml(pack: RulePack) -> None:
    again = rulepack_from(json.loads(json.dumps(pack.values)))
    assert (again.rules, again.notes, again.tensions) == (pack.rules, pack.notes, pack.tensions)
