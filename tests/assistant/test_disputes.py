from __future__ import annotations

import pytest

from assistant import Assistant


def sides(assistant: Assistant, tension: str) -> tuple[set[str], set[str]]:
    found = next(t for t in assistant.patients.book.tensions if t.id == tension)
    return set(found.units_against), set(found.units_supporting)


@pytest.mark.parametrize(
    ("question", "tension"),
    [
        ("Does radioembolization damage the liver over the years?", "tare-hepatotoxicity"),
        ("Are drug-eluting beads safe in NELM?", "deb-tace-safety"),
        ("Does TACE or TARE give the longer survival?", "tace-or-tare"),
        ("Is liver-directed treatment supported for a G3 NET?", "g3"),
        ("May a 55 mm metastasis be treated with microwave ablation?", "ablation-size"),
        ("How large may the tumour burden be for chemoembolization?", "liver-burden"),
    ],
)
def test_both_sides_are_quoted_and_the_tension_told(assistant: Assistant, question: str, tension: str) -> None:
    answer = assistant.ask(question)
    assert answer.status == "conflict", answer.text
    text = next(t.text for t in assistant.patients.book.tensions if t.id == tension)
    (line,) = [s for s in answer.statements if s.kind == "derived" and s.role == "contradiction"]
    assert line.text == f"The review is not of one mind: {text}"
    by_number = {citation.n: citation.unit for citation in answer.citations}
    quoted = {by_number[s.citations[0]] for s in answer.statements if s.kind == "quote"}
    for side in sides(assistant, tension):
        assert quoted & side
    assert {by_number[n] for n in line.citations} <= quoted


@pytest.mark.parametrize(
    "question",
    [
        "What did Touloupas et al. find?",
        "Why was the DEB-TACE arm of RETNET halted?",
        "What is periprocedural carcinoid crisis?",
        "How many patients were studied for liver toxicity of radioembolization with PRRT?",
        "Which embolic agents are used in TAE?",
        "Which study stands behind the 5.3 years of median OS after TACE?",
        "Who proposed the mRECIST comparison after TACE?",
    ],
)
def test_a_question_for_one_fact_is_not_disputed(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).status != "conflict"


def test_most_questions_known_to_be_disputed_are_told_so(assistant: Assistant) -> None:
    """Each is alike itself: what is measured here is whether its sentence is found and the other side is near."""
    asked = [(t.id, question) for t in assistant.patients.book.tensions for question in t.asked[::3]]
    told = [assistant.ask(question).status == "conflict" for _, question in asked]
    assert sum(told) / len(told) >= 0.5
