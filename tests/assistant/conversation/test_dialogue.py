"""What holds of every conversation: state is a function of the turns, complete questions stay, nothing crosses over."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.conversation.moves import aside, back_to_patient, new_patient, numbered_patient, opening, ordinal
from assistant.conversation.turns import state_after

OWN = Path(__file__).parent.parent.parent / "evaluation" / "own.jsonl"


def complete_questions(assistant: Assistant, count: int) -> list[str]:
    """Short questions that name what they are about and lean on nothing."""
    kinds = assistant.library.lexicon.kinds
    found: list[str] = []
    for line in OWN.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)["question"]
        named = {kinds.get(mention.entry) for mention in assistant.library.lexicon.mentions(question)}
        words = question.lower().replace("?", " ").split()
        leaning = {"it", "its", "they", "their", "them", "this", "that", "these", "those", "he", "she", "his", "her"}
        if (
            "therapy" in named
            and len(words) <= 12
            and not leaning & set(words)
            and words[0] not in {"and", "for", "in"}
        ):
            found.append(question)
    return found[:count]


def test_a_hundred_complete_questions_are_left_alone(assistant: Assistant) -> None:
    questions = complete_questions(assistant, 100)
    assert len(questions) == 100
    before = assistant.dialogue.turn("What did the PROMID trial measure?")
    changed = []
    for question in questions:
        turn = assistant.dialogue.turn(question, [before])
        if turn.answer.to_json() != assistant.ask(question).to_json() and turn.move == "question":
            changed.append((question, turn.resolved))
    assert changed == []


def test_the_same_turns_give_the_same_turn(assistant: Assistant) -> None:
    said = ["62M, NELM, bilirubin 1.4 mg/dL. TACE?", "sorry, bilirubin is 3.1", "why?", "what about TARE?"]
    one, other = assistant.conversation(), assistant.conversation()
    for text in said:
        assert one.say(text).to_json() == other.say(text).to_json()
    again = assistant.ask("and TAE?", history=one.turns)
    assert again.to_json() == one.say("and TAE?").to_json()


def test_a_resolved_question_typed_alone_gives_the_same_answer(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("What is bland embolization?")
    followed = conversation.say("What are its complications?")
    alone = assistant.ask(followed.resolved_question)
    assert [s.text for s in followed.statements] == [s.text for s in alone.statements]
    assert followed.citations == alone.citations


def test_a_correction_is_named_with_what_it_changes(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("62M, NELM, bilirubin 1.4 mg/dL. TACE?")
    answer = conversation.say("sorry, bilirubin is 3.1")
    lines = [statement.text for statement in answer.statements if statement.kind == "derived"]
    assert lines[0] == "Total serum bilirubin: 3.1 mg/dL replaces 1.4 mg/dL (turn 1)."
    assert "Transarterial chemoembolization: printed criterion not met (before:" in lines[1]
    bilirubin = next(fact for fact in answer.facts if fact.id == "bilirubin_mg_dl")
    assert (bilirubin.low, bilirubin.turn, bilirubin.source) == (3.1, 2, "correction")
    assert "serum bilirubin < 2 mg/dL" in answer.text


def test_a_correction_after_a_confirmation_is_compared_with_what_was_confirmed(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("62M with unresectable diffuse bilobar NELM, G2, bilirubin 1.1 mg/dL. TAE?")
    conversation.say("None of these applies.", facts={}, confirmed=["tae"])
    changed = conversation.say("sorry, bilirubin is 3.1 mg/dL").statements[1].text
    assert "Transarterial embolization: printed criterion not met (before: supported with caution)" in changed


def test_the_unit_said_before_goes_with_a_bare_value(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("62M, NELM, creatinine 80 µmol/L. TACE?")
    answer = conversation.say("and his creatinine has gone up to 190")
    creatinine = next(fact for fact in answer.facts if fact.id == "serum_creatinine_mg_dl")
    assert creatinine.low == pytest.approx(190 / 88.4, rel=0.01)


# A figure that is not understood must never leave the old one standing as if nothing had been said
def test_a_figure_that_cannot_be_read_puts_the_old_one_in_doubt(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("62M, NELM, bilirubin 1.4 mg/dL. TACE?")
    answer = conversation.say("Her bilirubin went absolutely through the roof, at 9 something.")
    bilirubin = next(fact for fact in answer.facts if fact.id == "bilirubin_mg_dl")
    assert bilirubin.low != 1.4
    assert bilirubin.state != "value" or bilirubin.low == 9


@pytest.mark.parametrize(
    "said",
    [
        "another patient: 70F, G1 NELM, 2 lesions up to 2.5 cm. RFA?",
        "Next case. 70F, G1 NELM, 2 lesions up to 2.5 cm. RFA?",
        "Second patient: 70F, G1 NELM, 2 lesions up to 2.5 cm. RFA?",
        "70F, G1 NELM, 2 lesions up to 2.5 cm. RFA?",
    ],
)
def test_a_new_patient_carries_nothing_over(assistant: Assistant, said: str) -> None:
    conversation = assistant.conversation()
    conversation.say("62M, NELM, previous Whipple, bilirubin 3.4 mg/dL. TACE?")
    answer = conversation.say(said)
    assert answer.patient == "Patient 2"
    assert not {"whipple_history", "bilirubin_mg_dl"} & {fact.id for fact in answer.facts}
    back = conversation.say("back to the first patient: is TACE possible?")
    assert back.patient == "Patient 1"
    assert [t.standing for t in back.therapies if t.therapy == "tace"] == ["contraindicated"]


def test_unknown_never_takes_the_place_of_what_is_known(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("62M, NELM, previous Whipple. TACE?")
    answer = conversation.say("Does his Whipple matter for TARE?")
    whipple = next(fact for fact in answer.facts if fact.id == "whipple_history")
    assert whipple.state == "present"


def test_what_could_be_one_of_two_values_is_asked_back(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("62M, NELM, bilirubin 1.2 mg/dL, creatinine 1.0 mg/dL. TACE?")
    asked = conversation.say("it was 1.4 on repeat")
    assert "Which value is this?" in asked.text
    answer = conversation.say("the bilirubin")
    facts = {fact.id: fact.low for fact in answer.facts}
    assert (facts["bilirubin_mg_dl"], facts["serum_creatinine_mg_dl"]) == (1.4, 1.0)


def test_a_conversation_is_not_changed_by_a_fact_that_cannot_be_read(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("What is TARE?")
    turns = conversation.turns
    with pytest.raises(Exception, match="no such fact"):
        conversation.say("and now?", facts={"blood_type": "A"})
    assert conversation.turns == turns


def test_state_is_read_off_the_turns(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("62M, NELM, bilirubin 1.4 mg/dL. TACE?")
    conversation.say("next patient: 50F, NELM, ascites. TAE?")
    state = state_after(conversation.turns)
    assert (state.patient, [label for label, _ in state.patients], state.number) == (
        "Patient 2",
        ["Patient 1", "Patient 2"],
        3,
    )
    assert state_after(conversation.turns[:1]).patient == "Patient 1"


@pytest.mark.parametrize(
    ("said", "move"),
    [
        ("Hello!", "greeting"),
        ("thanks a lot", "thanks"),
        ("ok, thank you", "thanks"),
        ("great, that's all", "thanks"),
        ("why?", "why"),
        ("How sure are you about that?", "certainty"),
        ("which study is that from?", "study"),
        ("show me the source", "source"),
        ("and source 1?", "source"),
        ("what else?", "more"),
        ("in short", "shorter"),
        ("repeat that please", "repeat"),
        ("Why is TACE contraindicated after a Whipple?", None),
        ("What else is TARE used for?", None),
        ("Which study compared TAE and TACE?", None),
    ],
)
def test_what_is_about_the_conversation_itself_is_known_by_its_words(said: str, move: str | None) -> None:
    assert aside(said) == move


def test_patients_and_topics_are_announced() -> None:
    assert new_patient("Another patient: 50F") == "50F"
    assert new_patient("What about another treatment?") is None
    assert numbered_patient("Third patient: 50F") == (3, "50F")
    found = back_to_patient("back to the first patient, TACE?")
    assert found is not None
    assert (found["which"], found["rest"].strip()) == ("first", "TACE?")
    assert opening("Other topic: which tracer?").switched
    assert opening("Back to RETNET - which arm was halted?").returned_to == "RETNET"
    assert ordinal("the second one", 3) == 1
    assert ordinal("the second one", 1) is None


def test_a_citation_that_is_not_there_is_not_replaced_by_another(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    cited = conversation.say("What is bland embolization?").citations
    missing = conversation.say(f"source {len(cited) + 1}")
    assert (missing.status, missing.citations) == ("declined", ())
    shown = conversation.say("source 1")
    assert cited[0].quote in [citation.quote for citation in shown.citations]


DENIALS = [
    ("No ascites.", "ascites"),
    ("No prior Whipple. 50F with NELM, G2. TACE?", "whipple_history"),
    ("No ascites, no portal vein thrombosis. 59M, NELM. TACE?", "ascites"),
    ("no extrahepatic disease, 61F with NELM G1. Resection?", "extrahepatic_disease"),
    ("No biliary anastomosis and no Whipple: 66M, NELM G2. TARE?", "biliary_anastomosis"),
]


@pytest.mark.parametrize(("text", "fact"), DENIALS)
@pytest.mark.parametrize("first", ["", "62M with NELM, G2. TACE?", "What is TACE?"])
def test_a_denial_at_the_beginning_is_no_correction(assistant: Assistant, text: str, fact: str, first: str) -> None:
    """“No ascites” must never be read as “no, ascites”."""
    alone = assistant.patients.reader.read(text).get(fact)
    assert alone is not None
    conversation = assistant.conversation()
    if first:
        conversation.say(first)
    conversation.say(text)
    held = conversation.facts.get(fact)
    if held is not None:
        assert (held.state, held.candidates) == (alone.state, alone.candidates)
    if first.startswith("62M") or "?" in text:
        assert held is not None


@pytest.mark.parametrize("text", ["no, G3", "No – G3", "no wait, G3", "no. She is G3"])
def test_a_no_that_puts_right_does(assistant: Assistant, text: str) -> None:
    conversation = assistant.conversation()
    conversation.say("62M with NELM, G2. TACE?")
    conversation.say(text)
    grade = conversation.facts.get("grade")
    assert grade is not None
    assert grade.candidates == ("G3",)


@pytest.mark.parametrize(
    "text", ["Is TAE an option?", "Could RFA be done?", "Would TARE be possible?", "Is TACE contraindicated?"]
)
@pytest.mark.parametrize("between", ["", "What are the complications of TAE?"])
def test_a_treatment_asked_about_beside_a_patient_is_asked_for_them(
    assistant: Assistant, text: str, between: str
) -> None:
    conversation = assistant.conversation()
    conversation.say("62M, NET G2 with liver metastases, prior Whipple, no ascites. TACE?")
    if between:
        conversation.say(between)
    answer = conversation.say(text)
    assert answer.patient == "Patient 1"
    assert answer.therapies
    if "TA" in text and "TARE" not in text:
        standings = {item.therapy: item.standing for item in answer.therapies}
        assert standings["tae"] == standings["tace"] == "contraindicated"


@pytest.mark.parametrize(
    "text",
    ["Is TAE an option in patients with ascites?", "Is TACE better than TAE?"],
)
def test_a_question_in_general_beside_a_patient_stays_one(assistant: Assistant, text: str) -> None:
    conversation = assistant.conversation()
    conversation.say("62M, NET G2 with liver metastases, prior Whipple, no ascites. TACE?")
    assert conversation.say(text).patient is None


@pytest.mark.parametrize("text", ["{" * 20_000, '"' * 20_000, "\n" * 20_000, "( " * 10_000 + "TACE?"])
def test_punctuation_does_not_take_longer_than_words(assistant: Assistant, text: str) -> None:
    conversation = assistant.conversation()
    begun = time.perf_counter()
    conversation.say(text)
    assert time.perf_counter() - begun < 20  # quadratic patterns took minutes


def test_letters_that_fold_into_several_are_followed(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("Is ＴＡＣＥ ﬁ ẞ İ ı better than TAE?")
    assert conversation.turns[0].focus


def test_both_readings_are_offered_and_the_other_is_a_number_away(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("TAE or TACE: which has less post-embolization syndrome?")
    answer = conversation.say("Is it done in one session?")
    turn = conversation.turns[-1]
    assert len(turn.choices) == 2
    assert all(f"“{choice}”" in answer.text for choice in turn.choices)
    assert conversation.say("2").resolved_question == turn.choices[1]
