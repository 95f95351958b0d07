from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.calibration import Logistic as Model
from assistant.decision import SIGNS, unknown_words
from index.opening import SearchIndex

MODEL = Model(
    weights={name: 0.5 * sign for name, sign in SIGNS.items()},
    means=dict.fromkeys(SIGNS, 0.0),
    deviations=dict.fromkeys(SIGNS, 1.0),
    intercept=0.0,
    threshold=0.5,
)


@pytest.mark.parametrize("name", SIGNS)
def test_each_feature_moves_the_probability_the_way_of_its_sign(name: str) -> None:
    rest = dict.fromkeys(SIGNS, 0.3)
    low, high = MODEL.probability({**rest, name: 0.0}), MODEL.probability({**rest, name: 1.0})
    assert (high - low) * SIGNS[name] > 0


def test_the_fitted_weights_have_the_expected_signs(search_index: SearchIndex) -> None:
    weights = search_index.manifest.facts["models"]["decision"]["weights"]
    assert set(weights) == set(SIGNS)
    assert len(weights) <= 10
    assert [name for name, weight in weights.items() if weight * SIGNS[name] < 0] == []


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("Does the review recommend telotristat?", ("telotristat",)),
        ("Which INR is safe before TACE?", ("INR",)),
        ("Is chemoembolisation of hepatic metastases useful?", ()),
        ("What do grandmothers think of breakfast?", ()),
        ("WHAT IS THE OS AFTER TACE", ()),
    ],
)
def test_technical_words_nobody_knows_are_counted(
    search_index: SearchIndex, question: str, unknown: tuple[str, ...]
) -> None:
    assert unknown_words(search_index.search.read(question), search_index.search.speller) == unknown


SILENT = [
    ("What is the price of a radioembolization in Canada?", None),
    ("How do I grow tomatoes on a balcony?", None),
    ("Which antibiotics prevent a liver abscess after TACE?", None),
    ("What activity of yttrium-90 in GBq is prescribed?", None),
    ("Is telotristat ethyl effective?", None),
    ("What did the COMPETE trial find?", None),
    ("How is holmium-166 radioembolization dosed?", None),
    ("Should children with neuroblastoma have TACE?", None),
]
ANSWERED = [
    ("What are the contraindications of TACE?", "3.3-06"),
    ("When is radioembolization preferred over TACE?", "3.5-12"),
    ("What is the dose of octreotide against carcinoid crisis?", "3.3-09"),
    ("cTACE 5-year survival", "3.2-09"),
    ("Which laboratory values allow embolization?", "3.3-05"),
    ("What are the complications of bland embolization?", "3.3-03"),
    ("What activity does one resin particle carry?", "3.4-05"),
    ("What does a Ki-67 of 3% predict?", "3.5-09"),
]


def test_what_the_review_does_not_say_is_said_to_be_so(assistant: Assistant) -> None:
    answers = [(assistant.ask(question), reason) for question, reason in SILENT]
    silent = [answer for answer, _ in answers if answer.status == "not_covered"]
    assert len(silent) >= 5, [answer.question for answer, _ in answers if answer.status != "not_covered"]
    for answer, reason in answers:
        if answer.status == "not_covered":
            assert answer.reason is not None
            assert reason in {None, answer.reason}
            assert {s.role for s in answer.statements if s.kind == "quote"} <= {"nearest"}
            assert not any(citation.display in answer.text for citation in answer.citations)


@pytest.mark.parametrize(("question", "unit"), ANSWERED)
def test_what_the_review_says_is_answered_by_the_sentence(assistant: Assistant, question: str, unit: str) -> None:
    answer = assistant.ask(question)
    assert answer.status == "answered"
    assert unit in {citation.unit for citation in answer.citations}
    assert answer.confidence is not None
    assert 0 < answer.confidence <= 1
