from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.rules.sensitivity import changes
from web.case_report import changes_text, sensitivity_text, trace_text, why_not_text

CASE = "62M, NELM G2, bilirubin 45 µmol/L, prior Whipple. TACE?"
FACTS = {"ascites": False}
WHIPPLE = "criss-makary-2024/R-3.3-ci-whipple"
PATIENT: dict[str, Any] = {"case": CASE, "facts": FACTS}


def explained(client: TestClient, what: str, **body: Any) -> dict[str, Any]:
    response = client.post(f"explain/{what}", json={**PATIENT, **body})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    told: dict[str, Any] = response.json()
    return told


def test_a_rule_that_fires_tells_the_fact_it_read(client: TestClient, assistant: Assistant) -> None:
    told = explained(client, "rule", rule=WHIPPLE)
    assert (told["truth"], told["because"], told["unknown"]) == (True, ["whipple_history"], [])
    assert told["text"] == trace_text(WHIPPLE, assistant.evaluate(CASE, facts=FACTS))
    assert told["trace"]["truth"] is True


def test_every_rule_is_explained_as_it_was_decided(client: TestClient, assistant: Assistant) -> None:
    evaluation = assistant.evaluate(CASE, facts=FACTS)
    for rule in list(assistant.patients.book.rules)[::15]:
        told = explained(client, "rule", rule=rule)
        assert told["truth"] is evaluation.truth(rule)
        assert tuple(told["unknown"]) == evaluation.traces[rule].unknown()


def test_out_of_the_rules_scope_nothing_was_read(client: TestClient) -> None:
    told = explained(client, "rule", rule=WHIPPLE, facts={"has_nelm": False})
    assert (told["truth"], told["trace"]) == (False, None)
    assert "not read" in told["text"]


def test_a_therapy_tells_what_excludes_it_and_what_would_support_it(client: TestClient, assistant: Assistant) -> None:
    told = explained(client, "therapy", therapy="tace")
    evaluation = assistant.evaluate(CASE, facts=FACTS)
    assert told["standing"] == evaluation.placed("tace").standing == "contraindicated"
    assert WHIPPLE in [item["rule"] for item in told["excluded_by"]]
    assert told["text"] == why_not_text("tace", evaluation)
    parts = [part for part in told.values() if isinstance(part, list)]
    named = [item["rule"].rpartition("/")[2] for part in parts for item in part if isinstance(item, dict)]
    assert len(named) > 3
    assert all(f"({name})" in told["text"] for name in named)


def test_other_facts_move_therapies(client: TestClient, assistant: Assistant) -> None:
    changed = {"whipple_history": False, "bilirubin_mg_dl": "12 µmol/L"}
    told = explained(client, "what-if", changed=changed)
    before, after = (assistant.evaluate(CASE, facts=facts) for facts in (FACTS, {**FACTS, **changed}))
    assert told["text"] == changes_text(before, after, changed)
    moved = {item["therapy"]: (item["before"], item["after"]) for item in told["moved"]}
    assert moved["tace"][0] == "contraindicated" != moved["tace"][1]
    for therapy in assistant.patients.book.names:
        stands = before.placed(therapy).standing, after.placed(therapy).standing
        assert moved.get(therapy, (stands[0], stands[0])) == stands


def test_single_facts_that_move_a_therapy_are_those_of_the_page(client: TestClient, assistant: Assistant) -> None:
    told = explained(client, "changes", therapy="tace", case="62M, NELM G2, prior Whipple. TACE?", facts=None)
    evaluation = assistant.evaluate("62M, NELM G2, prior Whipple. TACE?")
    moves = changes(assistant.patients.engine, evaluation, "tace", ())
    assert [(c["fact"], c["value"], c["standing"]) for c in told["changes"]] == [
        (move.fact, move.value, move.standing) for move in moves
    ]
    assert ("whipple_history", "absent") in {(c["fact"], c["value"]) for c in told["changes"]}
    assert told["text"] == sensitivity_text("tace", evaluation, moves)


def test_explanations_hold_after_a_confirmation_as_the_answer_does(client: TestClient, assistant: Assistant) -> None:
    case = "62M with unresectable diffuse bilobar NELM, G2. TAE?"
    given: dict[str, Any] = {"case": case, "facts": None, "confirmed": ["tae"]}
    answer = assistant.recommend(case, confirmed=["tae"])
    stands = next(item.standing for item in answer.therapies if item.therapy == "tae")
    told = explained(client, "therapy", therapy="tae", **given)
    assert told["standing"] == stands == "supported_with_caution"
    assert told["not_yet_excluded"] == []
    excluding = assistant.patients.book.spoken_of["tae"].exclusions
    assert explained(client, "rule", rule=excluding[-1], **given)["truth"] is False
    assert explained(client, "what-if", changed={"grade": "G2"}, **given)["moved"] == []
    moves = explained(client, "changes", therapy="tae", **given)
    assert moves["standing"] == stands
    then = {(move["fact"], move["value"]): move["standing"] for move in moves["changes"]}
    for fact, value in (("grade", "G3"), ("portal_vein", "occluded"), ("multifocal", "absent")):
        after = assistant.evaluate(case, facts={fact: value}, confirmed=["tae"]).placed("tae").standing
        assert then.get((fact, value), stands) == after, fact


@pytest.mark.parametrize(
    ("what", "body", "status", "code"),
    [
        ("rule", {"rule": "R-3.3-ci-whipple"}, 404, "not_found"),
        ("therapy", {"therapy": "magic"}, 422, "request_invalid"),
        ("changes", {"therapy": ""}, 422, "request_invalid"),
        ("what-if", {"changed": {}}, 422, "request_invalid"),
        ("what-if", {"changed": {"magic": 1}}, 422, "fact_invalid"),
        ("therapy", {"therapy": "tace", "confirmed": ["magic"]}, 422, "fact_invalid"),
        ("therapy", {"therapy": "tace", "facts": {"grade": "G9"}}, 422, "fact_invalid"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    client: TestClient, what: str, body: dict[str, Any], status: int, code: str
) -> None:
    response = client.post(f"explain/{what}", json=body)
    assert (response.status_code, response.json()["code"]) == (status, code)
