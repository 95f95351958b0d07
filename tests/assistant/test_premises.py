from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from assistant import Assistant
from assistant.calibration import Logistic
from assistant.premises import SIGNS, ClaimReader, PremiseReader, claim_features, terms
from assistant.question import claims_something
from corpus.document import Document
from corpus.integrity import GUIDELINES
from corpus.pack import Pack, load_pack
from corpus.statements import Outcome, Refutation, Relation
from corpus.vocabulary import Entry, Vocabulary
from index.analysis import Lexicon, compile_lexicon, content_terms
from index.lexical import TermIndex
from index.library import Library, Place, UnitKnowledge
from index.opening import SearchIndex
from index.search import Legs, Query, lexical_legs
from tests.conftest import REVIEW

BARE = Lexicon({}, {}, {}, {})


def constant(threshold: float) -> Logistic:
    """A model that gives every claim one half."""
    return Logistic(dict.fromkeys(SIGNS, 0.0), dict.fromkeys(SIGNS, 0.0), dict.fromkeys(SIGNS, 1.0), 0.0, threshold)


NEVER, ALWAYS = constant(0.6), constant(0.4)


# The features of a question beside a wrong claim


def features(question: str, claim: str, says: str, lexicon: Lexicon = BARE, also: str = "") -> dict[str, float]:
    true = terms(f"{says} . {also}", lexicon)
    return dict(zip(SIGNS, claim_features(question, claim, says, true.__contains__, lexicon), strict=True))


SAYS = "Survival was shorter with TACE, 9 months."


def test_the_features_by_hand() -> None:
    assert features("Why does TACE prolong survival by 12 months?", "TACE prolongs survival", SAYS) == {
        "false_words": 1,  # prolong
        "true_words": 1,  # month
        "claim_covered": 1,  # TACE, prolong, survival
        "false_share": 1,
        "opposites": 1,  # prolong, where the sentence has shorter
        "numbers": 1,  # 12
    }


def test_the_features_of_the_true_twin_by_hand() -> None:
    assert features("Why was survival shorter, 9 months, with TACE?", "TACE prolongs survival", SAYS) == {
        "false_words": 0,
        "true_words": 3,  # shorter, 9, month
        "claim_covered": pytest.approx(2 / 3),
        "false_share": 0,
        "opposites": 0,
        "numbers": 0,
    }


def test_a_question_of_something_else_has_no_feature() -> None:
    assert set(features("Why is the sky blue?", "TACE prolongs survival", SAYS).values()) == {0}


def test_words_of_the_heading_and_of_the_curated_questions_are_not_of_the_claim_alone() -> None:
    question, claim = "Why does TACE prolong life greatly?", "TACE greatly prolongs life"
    plain = features(question, claim, SAYS)
    assert (plain["false_words"], plain["false_share"]) == (3, 1)  # great, prolong, life
    known = features(question, claim, SAYS, also="Does it prolong life?")
    assert (known["false_words"], known["false_share"]) == (1, 1)  # great
    assert known["claim_covered"] == plain["claim_covered"] == 1


def test_a_concept_of_a_claim_is_known_where_a_curated_question_says_its_words(review: Document) -> None:
    entry = Entry("tare", "therapy", "radioembolization", (), ("radioembolization", "yttrium beads"), (), ())
    lexicon = compile_lexicon(Vocabulary((entry,)))
    nothing = TermIndex.from_bags([{}])
    place = Place(0, review, review.unit_by_id["3.5-03"])
    for asked, known in (({"yttrium": 1.0, "bead": 1.0}, True), ({"yttrium": 1.0}, False)):
        reader = ClaimReader(lexicon, TermIndex.from_bags([asked]), nothing)
        values = reader.read("Since yttrium beads cure", "Yttrium beads cure", place)
        assert values["false_words"] == (1 if known else 3)  # cure; bead and the treatment
        by_concept = ClaimReader(lexicon, TermIndex.from_bags([asked]), TermIndex.from_bags([{"tare": 1.0}]))
        assert by_concept.read("Since yttrium beads cure", "Yttrium beads cure", place)["false_words"] == 2 - known


def test_a_vocabulary_entry_counts_under_every_name() -> None:
    vocabulary = Vocabulary((Entry("tare", "therapy", "radioembolization", (), ("radioembolization",), (), ()),))
    synonym = replace(vocabulary.entries[0], synonyms=("radioembolization", "yttrium beads"))
    lexicon = compile_lexicon(Vocabulary((synonym,)))
    assert terms("Yttrium beads!", lexicon) == {"yttrium", "bead", "§tare"}
    values = features("Since yttrium beads cure", "Radioembolization cures", "Nothing.", lexicon)
    assert values["false_words"] == 2  # cure and the treatment
    assert values["claim_covered"] == pytest.approx(2 / 3)  # all but the word "radioembolization"
    assert features("Since yttrium beads cure", "Radioembolization cures", "Nothing.")["false_words"] == 1


@pytest.mark.parametrize(
    ("question", "says", "count"),
    [
        ("Why is it better?", "It is worse.", 1),
        ("Why is it worse?", "It is better.", 1),
        ("Why is it better?", "It is better or worse.", 0),
        ("Is it better or worse?", "It is worse.", 0),
        ("Why is it better?", "It is blue.", 0),
        ("Given before, and recommended?", "Given after; contraindicated.", 2),
        ("Why is it retrospective?", "A prospective study.", 1),
    ],
)
def test_opposites_of_the_sentence_are_counted(question: str, says: str, count: int) -> None:
    assert features(question, "claim", says)["opposites"] == count


@pytest.mark.parametrize(
    ("question", "says", "count"),
    [
        ("as 12 of 30 lived", "12 of 30 lived", 0),
        ("as 12 of 31 lived", "12 of 30 lived", 1),
        ("as 11 of 31 lived", "12 of 30 lived", 2),
        ("as 12 lived", "most lived", 0),  # the sentence prints none to compare with
        ("at 3.5 mg", "at 3 mg", 1),
        ("in NETTER-1", "in 2 trials", 0),
        ("with Y90", "in 2 trials", 0),
    ],
)
def test_numbers_that_the_sentence_does_not_print_are_counted(question: str, says: str, count: int) -> None:
    assert features(question, "claim", says)["numbers"] == count


# Comparisons and figures, on the review with one thing known of one unit


@dataclass(frozen=True)
class Bench:
    document: Document
    lexicon: Lexicon

    def reader(self, unit: str, known: UnitKnowledge, model: Logistic = NEVER) -> tuple[PremiseReader, Place]:
        library = Library((self.document,), {REVIEW: {unit: known}}, (), self.lexicon, "k")
        empty = TermIndex.from_bags([{} for _ in library.places])
        legs = cast("Legs", SimpleNamespace(asked_words=empty, concepts=empty))
        return PremiseReader(library, legs, model), library.place(REVIEW, unit)

    def query(self, text: str) -> Query:
        return Query(text, text, Counter(content_terms(text)), self.lexicon.concepts(text, 0.4), known=True)

    def contradicts(self, text: str, unit: str, known: UnitKnowledge) -> bool:
        reader, place = self.reader(unit, known)
        found = reader.contradicted_by(self.query(text), [place])
        assert found in {None, place}
        return found is not None


@pytest.fixture(scope="module")
def bench(review: Document, vocabulary: Vocabulary) -> Bench:
    return Bench(review, compile_lexicon(vocabulary))


def relation(relation: str = "better", by: tuple[str, ...] = ("os",), left: str = "tace", right: str = "tare") -> Any:
    return Relation("r", "3.5-03", left, relation, (right,), by, "")


COMPARED = [
    ("Why is overall survival better with TARE than with TACE?", True),
    ("Why is overall survival better with TACE than with TARE?", False),
    ("Why is overall survival worse with TACE than with TARE?", True),
    ("Why is overall survival worse with TARE than with TACE?", False),
    ("Why is radioembolization superior to chemoembolization?", True),
    ("Since TARE is better than TACE, who gets it?", True),
    ("TARE is better than TACE, right?", True),
    ("Why is tolerability better with TARE than with TACE?", False),  # another metric
    ("Why is overall survival not better with TARE than with TACE?", False),  # denied
    ("Why isn't TARE better than TACE?", False),
    ("Why is overall survival better with RFA than with TACE?", False),  # another treatment
    ("Why are RFA and TARE better than TACE?", False),  # three sides
    ("Why is TARE better?", False),  # one side
    ("Why are TARE and TACE compared?", False),  # no direction
    ("Is TARE better than TACE for overall survival?", False),  # takes nothing for granted
    ("Which is better for overall survival, TARE or TACE?", False),
    ("TARE vs TACE", False),
]


@pytest.mark.parametrize(("question", "contradicted"), COMPARED)
def test_a_comparison_turned_round_is_contradicted(bench: Bench, question: str, contradicted: bool) -> None:
    assert bench.contradicts(question, "3.5-03", UnitKnowledge(relations=(relation(),))) is contradicted
    mirrored = relation("worse", left="tare", right="tace")
    assert bench.contradicts(question, "3.5-03", UnitKnowledge(relations=(mirrored,))) is contradicted


@pytest.mark.parametrize("kind", ["similar", "not_significant"])
def test_a_difference_either_way_goes_against_likeness(bench: Bench, kind: str) -> None:
    known = UnitKnowledge(relations=(relation(kind),))
    for one, other in (("TARE", "TACE"), ("TACE", "TARE")):
        assert bench.contradicts(f"Why is overall survival better with {one} than with {other}?", "3.5-03", known)
        assert not bench.contradicts(f"Is overall survival better with {one} than with {other}?", "3.5-03", known)


@pytest.mark.parametrize("kind", ["before", "after", "indicated", "agent", "arm"])
def test_a_relation_without_direction_contradicts_no_comparison(bench: Bench, kind: str) -> None:
    known = UnitKnowledge(relations=(relation(kind),))
    assert not bench.contradicts("Why is overall survival better with TARE than with TACE?", "3.5-03", known)


def test_a_metric_is_the_same_one_narrower_or_wider(bench: Bench) -> None:
    assert "survival" in bench.lexicon.lineage("os")
    question = "Why is {} better with TARE than with TACE?"
    narrow, wide = (UnitKnowledge(relations=(relation(by=(by,)),)) for by in ("os", "survival"))
    assert bench.contradicts(question.format("survival"), "3.5-03", narrow)
    assert bench.contradicts(question.format("overall survival"), "3.5-03", wide)


# What follows "compared with" is the other side, wherever it stands.
@pytest.mark.parametrize(
    "question",
    [
        "Why, compared with TARE, is TACE better for overall survival?",
        "Given that, compared to TARE, TACE has better overall survival, who gets it?",
        "Why, compared with TARE, is overall survival better with TACE?",
        "Why is TACE, compared with TARE, better for overall survival?",
        "Why is overall survival better with TACE, compared with TARE?",
    ],
)
def test_the_order_of_words_does_not_turn_a_comparison(bench: Bench, question: str) -> None:
    assert not bench.contradicts(question, "3.5-03", UnitKnowledge(relations=(relation(),)))
    turned = question.replace("TACE", "RFA").replace("TARE", "TACE").replace("RFA", "TARE")
    assert bench.contradicts(turned, "3.5-03", UnitKnowledge(relations=(relation(),)))


@pytest.mark.parametrize(
    "question",
    [
        "Given the trial of TACE versus TARE, why is TARE better?",
        "Why is survival better with TARE after TACE than without?",
        "Why does TARE after TACE give better survival than TACE alone?",
        "Why are TARE and TACE better?",
        "Why do TARE results improve, and who gets TACE?",
        "Why is TARE better for survival but worse for safety than TACE?",
    ],
)
def test_where_it_is_not_sure_which_side_is_better_nothing_is_contradicted(bench: Bench, question: str) -> None:
    assert not bench.contradicts(question, "3.5-03", UnitKnowledge(relations=(relation(),)))


# 3.5-09: TARE is better with Ki-67 >= 3 %, TACE with Ki-67 < 3 %. The one that agrees wins over the opposed one.
@pytest.mark.parametrize(
    "question",
    [
        "Why is TACE better than radioembolization with a Ki-67 below 3%?",
        "Why is TACE better than radioembolization when Ki-67 is low?",
    ],
)
def test_what_a_unit_itself_states_is_not_corrected(bench: Bench, question: str) -> None:
    known = UnitKnowledge(
        relations=(
            relation(by=("tumour_response", "proliferation_index"), left="tare", right="tace"),
            relation(by=("proliferation_index",)),
        )
    )
    assert not bench.contradicts(question, "3.5-09", known)


def test_what_another_chosen_sentence_states_is_not_corrected(bench: Bench) -> None:
    units = {"3.5-03": UnitKnowledge(relations=(relation(),)), "3.5-12": UnitKnowledge(relations=(relation("worse"),))}
    library = Library((bench.document,), {REVIEW: units}, (), bench.lexicon, "k")
    places = [library.place(REVIEW, unit) for unit in units]
    reader = PremiseReader(library, cast("Legs", SimpleNamespace(asked_words=None, concepts=None)), NEVER)
    query = bench.query("Why is overall survival better with TARE than with TACE?")
    assert [reader.contradicted_by(query, [place]) for place in places] == [places[0], None]
    assert reader.contradicted_by(query, places) is None


def outcome(low: float | None, high: float | None, unit: str = "3.5-01", **fields: Any) -> Outcome:
    values: dict[str, Any] = {
        "id": "o",
        "unit": unit,
        "therapies": ("tare",),
        "subject": "TARE",
        "metric": "os",
        "metric_name": "OS",
        "value": "",
        "low": low,
        "high": high,
        "unit_of_value": "months",
        "population": "",
        "n": None,
        "against": "",
        "interval": "",
        "design": "",
        "study": "",
        "references": (),
        "asks": (),
        "kind": "outcome",
    }
    return Outcome(**{**values, **fields})


@pytest.mark.parametrize(
    ("question", "contradicted"),
    [
        ("Since overall survival with TARE was 12 months, is it worth it?", True),
        ("Since overall survival with radioembolization was 48.5 months, is it worth it?", True),
        ("Since overall survival with TARE was 23.4 months, is it worth it?", False),  # the figure
        ("Since overall survival with TARE was 23.45 months, is it worth it?", False),  # rounded
        ("Since overall survival with TARE was 24 months, is it worth it?", True),
        ("Since overall survival with TARE was 33.8 months, is it worth it?", False),  # printed, of the other arm
        ("Since overall survival was 12 months, is it worth it?", True),
        ("Since overall survival with TARE was 12 or 13 months, is it worth it?", False),  # which of them?
        ("Since overall survival with RFA was 12 months, is it worth it?", False),  # another treatment
        ("Since the complication rate of TARE was 12%, is it worth it?", False),  # another metric
        ("Since overall survival with TARE was poor, is it worth it?", False),  # no figure
        ("Was overall survival with TARE 12 months?", False),  # takes nothing for granted
    ],
)
def test_another_figure_is_contradicted(bench: Bench, question: str, contradicted: bool) -> None:
    known = UnitKnowledge(outcomes=(outcome(23.4, 23.4),))
    assert bench.contradicts(question, "3.5-01", known) is contradicted


@pytest.mark.parametrize(("stated", "contradicted"), [(19, True), (20, False), (25, False), (30, False), (31, True)])
def test_a_figure_within_the_range_is_left_alone(bench: Bench, stated: int, contradicted: bool) -> None:
    known = UnitKnowledge(outcomes=(outcome(20, 30),))
    question = f"Since overall survival with TARE was {stated} months, is it worth it?"
    assert bench.contradicts(question, "3.5-01", known) is contradicted


def test_a_figure_that_fits_one_of_several_is_left_alone(bench: Bench) -> None:
    known = UnitKnowledge(outcomes=(outcome(20, 30), outcome(40, 50, id="other")))
    for stated, contradicted in ((25, False), (45, False), (35, True)):
        question = f"Since overall survival with TARE was {stated} months, is it worth it?"
        assert bench.contradicts(question, "3.5-01", known) is contradicted


# A value without an upper end ("≥ 2 mg/dL", "> 30 years") holds every number above its lower one.
@pytest.mark.parametrize(
    ("question", "unit", "metric", "therapies", "low", "measure"),
    [
        ("Since a bilirubin of 4 mg/dL predicts a poor outcome?", "3.2-13", "bilirubin", ("tace",), 2, "mg/dL"),
        ("Since a tumour burden of 80% predicts a poor outcome?", "3.2-13", "tumour_burden", ("tace",), 70, "%"),
        ("Because the Ki-67 score is 5%, is TARE the choice?", "3.5-09", "proliferation_index", ("tare",), 3, "%"),
        ("Since OS is 35 years in localized disease, what of metastasis?", "1-08", "os", (), 30, "years"),
        ("Since platelets of 150,000/mL are enough for TACE?", "3.3-05", "platelets", ("tace",), 100_000, "/mL"),
    ],
)
def test_a_number_beyond_an_open_limit_is_left_alone(
    bench: Bench, question: str, unit: str, metric: str, therapies: tuple[str, ...], low: float, measure: str
) -> None:
    fields: dict[str, Any] = {"metric": metric, "therapies": therapies, "unit_of_value": measure}
    assert not bench.contradicts(question, unit, UnitKnowledge(outcomes=(outcome(low, None, unit, **fields),)))
    above = UnitKnowledge(outcomes=(outcome(1_000_000, None, unit, **fields),))
    assert bench.contradicts(question, unit, above)


def test_a_number_below_an_open_limit_is_not_within_it(bench: Bench) -> None:
    known = UnitKnowledge(outcomes=(outcome(30, None, "1-08", therapies=(), unit_of_value="years"),))
    assert bench.contradicts("Since OS is 5 years in localized disease, what of metastasis?", "1-08", known)


def test_an_upper_limit_alone_contradicts_nothing_but_holds_what_is_below(bench: Bench) -> None:
    question = "Since OS with TARE was {} months, is it worth it?"
    upper, figure = outcome(None, 10), outcome(50, 50, id="other")
    for stated in (5, 12):
        assert not bench.contradicts(question.format(stated), "3.5-01", UnitKnowledge(outcomes=(upper,)))
    both = UnitKnowledge(outcomes=(upper, figure))
    assert [bench.contradicts(question.format(stated), "3.5-01", both) for stated in (5, 12)] == [False, True]


@pytest.mark.parametrize(
    ("stated", "contradicted"),
    [
        ("48 months", False),
        ("4 years", False),
        ("4.0 yrs", False),
        ("209 weeks", False),
        ("5 years", True),
        ("100 weeks", True),
        ("4 months", True),
        ("4", True),  # no unit: the figure's own
        ("4%", False),  # cannot be compared
        ("4 cycles", False),
    ],
)
def test_a_figure_is_compared_in_its_own_unit(bench: Bench, stated: str, contradicted: bool) -> None:
    known = UnitKnowledge(outcomes=(outcome(48, 48, "2.3-11", therapies=("prrt",)),))
    question = f"Since overall survival with PRRT was {stated}, is it safe?"
    assert bench.contradicts(question, "2.3-11", known) is contradicted


def test_who_converts_also_rounds(bench: Bench) -> None:
    known = UnitKnowledge(outcomes=(outcome(5.3, 5.3, "3.2-07", therapies=("tace",), unit_of_value="years"),))
    for stated, contradicted in (("64 months", False), ("63.6 months", False), ("66 months", True), ("5 years", True)):
        question = f"Since overall survival with TACE was {stated}, is it safe?"
        assert bench.contradicts(question, "3.2-07", known) is contradicted


def test_a_known_wrong_claim_counts_for_its_own_unit_and_the_first_that_contradicts_is_named(bench: Bench) -> None:
    known = UnitKnowledge(refutes=(Refutation("claim", "asked", "twin"),))
    reader, place = bench.reader("3.5-03", known, ALWAYS)
    other = replace(place, row=0, unit=bench.document.unit_by_id["1-08"])
    query = bench.query("Why is TACE useless?")
    assert reader.contradicted_by(query, [other]) is None
    assert reader.contradicted_by(query, [other, place]) is place
    assert reader.contradicted_by(query, []) is None
    assert reader.contradicted_by(bench.query("Is TACE useless?"), [place]) is None
    never, place = bench.reader("3.5-03", known, NEVER)
    assert never.contradicted_by(query, [place]) is None


# The pack's own wrong claims and their true twins, on the built index


@pytest.fixture(scope="module")
def pack(vocabulary: Vocabulary) -> Pack:
    return load_pack(GUIDELINES / REVIEW, vocabulary)


@pytest.fixture(scope="module")
def reader(search_index: SearchIndex) -> PremiseReader:
    held = search_index.manifest.facts["models"]["premises"]
    return PremiseReader(search_index.library, search_index.search.legs, Logistic(**held))


@pytest.fixture(scope="module")
def eager(search_index: SearchIndex) -> PremiseReader:
    """One that takes every claim for a wrong one."""
    return PremiseReader(search_index.library, search_index.search.legs, ALWAYS)


def corrected(reader: PremiseReader, search: SearchIndex, asked: Sequence[tuple[str, str]]) -> list[str]:
    """The questions that their own unit is said to contradict."""
    library = search.library
    return [
        question
        for unit, question in asked
        if reader.contradicted_by(search.search.read(question), [library.place(REVIEW, unit)]) is not None
    ]


def test_wrong_claims_are_recognised_and_their_true_twins_left_alone(
    reader: PremiseReader, search_index: SearchIndex, pack: Pack
) -> None:
    wrong = [(curated.unit, claim.asked) for curated in pack.curated for claim in curated.refutes]
    twins = [(curated.unit, claim.twin) for curated in pack.curated for claim in curated.refutes]
    assert len(wrong) == len(twins) >= 600
    assert len(corrected(reader, search_index, wrong)) / len(wrong) >= 0.40
    taken = corrected(reader, search_index, twins)
    assert len(taken) / len(twins) <= 0.02, taken


def test_features_are_those_that_the_model_was_fitted_on(search_index: SearchIndex, pack: Pack) -> None:
    library, legs = search_index.library, search_index.search.legs
    asked = [question for curated in pack.curated for question in curated.questions]
    _, words, concepts = lexical_legs(library, asked, library.question_rows)
    at_build = ClaimReader(library.lexicon, words, concepts)
    serving = ClaimReader(library.lexicon, legs.asked_words, legs.concepts)
    for curated in pack.curated:
        place = library.place(REVIEW, curated.unit)
        for claim in curated.refutes:
            for question in (claim.asked, claim.twin):
                assert at_build.read(question, claim.claim, place) == serving.read(question, claim.claim, place)


def test_curated_questions_on_true_premises_are_hardly_ever_corrected(
    reader: PremiseReader, search_index: SearchIndex, pack: Pack
) -> None:
    asked = [(c.unit, question) for c in pack.curated for question in c.questions if claims_something(question)]
    assert len(asked) >= 100
    assert len(corrected(reader, search_index, asked)) / len(asked) <= 0.02


PLAIN = re.compile(r"(?:Is|Are|Does|Do|Did|Was|Were|Can|Could|Has|Have|Should|Will)\b")
TRIGGER = re.compile(
    r"\b(?:why|since|given|seeing|because|right|correct|no|guidelines?|review|authors?|paper|how)\b|n['’]t\b", re.I
)


def test_plain_questions_are_never_corrected(eager: PremiseReader, search_index: SearchIndex, pack: Pack) -> None:
    plain = [
        (curated.unit, question)
        for curated in pack.curated
        for question in (*curated.questions, *(miss.text for miss in curated.near_misses))
        if PLAIN.match(question) and not TRIGGER.search(question)
    ]
    assert len(plain) >= 500
    assert corrected(eager, search_index, plain) == []
    curated = {unit.unit for unit in pack.curated if unit.refutes}
    why = [(unit, f"Why? {question}") for unit, question in plain if unit in curated]
    assert len(corrected(eager, search_index, why)) == len(why) > 300  # it would, if it were allowed to


@pytest.mark.parametrize(
    "question",
    [
        "RFA vs MWA",
        "MWA vs RFA?",
        "Is RFA better than MWA?",
        "Is MWA better than RFA against the heat-sink effect?",
        "Which is better, RFA or MWA?",
        "Is TARE superior to TACE in overall survival?",
        "Does DEB-TACE prolong survival more than cTACE?",
        "Was the median OS after TACE 12 months?",
    ],
)
def test_what_takes_nothing_for_granted_is_answered_without_a_correction(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.premise is None
    assert not any("otherwise" in statement.text for statement in answer.statements if statement.kind == "derived")


@pytest.mark.parametrize(
    ("question", "unit"),
    [
        ("Why is RFA better than MWA against the heat-sink effect?", "4-25"),
        ("Why is DEB-TACE better than cTACE for overall survival?", "3.2-16"),
        ("Since PFS with Lu-DOTATATE was 40 months, what was the control?", "2.3-10"),
    ],
)
def test_a_wrong_claim_is_contradicted_by_the_sentence(assistant: Assistant, question: str, unit: str) -> None:
    answer = assistant.ask(question)
    assert answer.premise is not None
    assert answer.premise.verdict == "contradicted"
    assert answer.premise.claim == answer.resolved_question
    (number,) = answer.premise.citations
    assert answer.citations[number - 1].unit == unit
    first = answer.statements[0]
    assert (first.text, first.role, first.citations) == ("The review says otherwise:", "premise", (number,))


@pytest.mark.parametrize(
    "question",
    [
        "Why is MWA better than RFA against the heat-sink effect?",
        "Why is cTACE better than DEB-TACE for overall survival?",
        "Since PFS with Lu-DOTATATE was 28.4 months, what was the control?",
        "Why is TACE better than radioembolization with a Ki-67 below 3%?",
        "Why, compared with TARE, is TACE better for overall survival?",
        "Since bilirubin 3 mg/dL predicts poor outcome after TACE, what else does?",
        "Since overall survival with PRRT was 48 months, was the difference significant?",
    ],
)
def test_its_true_twin_is_answered_as_it_stands(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.status == "answered"
    assert answer.premise is None
    assert answer.statements[0].text == "The review says:"


OF_THE_REVIEW = re.compile(
    r"“Ongoing”, “recent” and “current” mean as of [A-Z][a-z]+ \d{4}\."
    r"|The figures read from the review include no [\w -]+ for [\w -]+\."  # names of the vocabulary
)


def test_nothing_of_a_question_that_claims_something_stands_in_a_derived_statement(
    assistant: Assistant, pack: Pack
) -> None:
    claims = [claim.asked for curated in pack.curated for claim in curated.refutes if claims_something(claim.asked)]
    answers = [assistant.ask(question) for question in claims[::2]]
    plain = [answer for answer in answers if answer.status == "answered" and not answer.facts]
    assert len(plain) > 100
    for answer in plain:
        derived = [s.text for s in answer.statements if s.kind == "derived"]
        lead = "The review says:" if answer.premise is None else "The review says otherwise:"
        assert derived[0] == lead == answer.statements[0].text
        assert [text for text in derived[1:] if not OF_THE_REVIEW.fullmatch(text)] == []


@pytest.mark.parametrize(
    "question",
    [
        "Why is RFA better than MWA against the heat-sink effect, as Quorblax found?",
        "Since PFS with Lu-DOTATATE was 40.7 months in Quorblax, what was the control?",
        "Median OS after TACE was 5.3 years in Quorblax, right?",
        "Quorblax: median OS after TACE in Touloupas?",
    ],
)
def test_a_planted_word_or_number_is_not_repeated(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert not any("Quorblax" in s.text or "40.7" in s.text for s in answer.statements)
    assert "Quorblax" not in answer.text
