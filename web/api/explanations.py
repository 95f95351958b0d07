"""Why the rules conclude what they do for a patient, why not something else, and what would change it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from assistant.assistant import Assistant
from assistant.rules.engine import Evaluation
from assistant.rules.sensitivity import changes
from web.api.asking import FACTS_REFUSED
from web.api.bodies import Described, RuleRequest, TherapyRequest, WhatIfRequest
from web.api.refusals import described
from web.api.replies import told
from web.explained import (
    ChangesExplained,
    FactsChanged,
    RuleExplained,
    TherapyExplained,
    changes_explained,
    facts_changed,
    rule_explained,
    therapy_explained,
)
from web.problems import NotFoundError, RequestInvalidError

_LISTED = "Rules are listed at /api/v1/rules."


def explanation_router(assistant: Assistant) -> APIRouter:
    """Return the routes below ``/explain``."""
    router = APIRouter(prefix="/explain")
    book = assistant.patients.book

    @router.post(
        "/rule",
        response_model=RuleExplained,
        responses=described(*FACTS_REFUSED, NotFoundError("there is no such rule", hint=_LISTED)),
        summary="How a rule was decided",
    )
    def explain_rule(body: RuleRequest) -> Response:
        """Tell whether a rule fires for a patient, with every condition that was read."""
        if body.rule not in book.rules:
            raise NotFoundError("there is no such rule", hint=_LISTED)
        return told(rule_explained(body.rule, _evaluated(assistant, body)))

    @router.post(
        "/therapy",
        response_model=TherapyExplained,
        responses=described(*FACTS_REFUSED),
        summary="Why a therapy stands where it does, and why not better",
    )
    def explain_therapy(body: TherapyRequest) -> Response:
        """Tell every rule that excludes a therapy, cautions against it, supports it, or is still open."""
        _check(body.therapy)
        return told(therapy_explained(body.therapy, _evaluated(assistant, body)))

    @router.post(
        "/what-if",
        response_model=FactsChanged,
        responses=described(*FACTS_REFUSED),
        summary="What other facts would change",
    )
    def explain_what_if(body: WhatIfRequest) -> Response:
        """Tell which therapies would stand otherwise if facts were as `changed` says."""
        before = _evaluated(assistant, body)
        after = assistant.evaluate(body.case, facts={**(body.facts or {}), **body.changed}, confirmed=body.confirmed)
        return told(facts_changed(before, after, body.changed))

    @router.post(
        "/changes",
        response_model=ChangesExplained,
        responses=described(*FACTS_REFUSED),
        summary="What alone would move a therapy",
    )
    def explain_changes(body: TherapyRequest) -> Response:
        """Tell every single fact that alone would move a therapy, with the values that would."""
        _check(body.therapy)
        evaluation = _evaluated(assistant, body)
        moves = changes(assistant.patients.engine, evaluation, body.therapy, body.confirmed)
        return told(changes_explained(body.therapy, evaluation, moves))

    def _check(therapy: str) -> None:
        if therapy not in book.names:
            raise RequestInvalidError("there is no such therapy", hint="Therapies are listed at /api/v1/therapies.")

    return router


def _evaluated(assistant: Assistant, body: Described) -> Evaluation:
    return assistant.evaluate(body.case, facts=body.facts, confirmed=body.confirmed)
