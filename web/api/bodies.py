"""What requests carry; which facts and therapies there are stands in `web.api.description`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from web.store.records import Verdict

QUESTION = "What is TARE?"
CASE = "62M, NET G2, prior Whipple. TACE?"
GIVEN = {"ascites": False}
CHANGED = {"whipple_history": False}


def _such(**example: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


class Message(BaseModel):
    """A message, and what is given beside it."""

    model_config = _such(question=QUESTION)

    question: str = Field(description="Of more than 20,000 characters the first are read.")
    facts: dict[str, Any] | None = Field(default=None, description="Of a patient; they win over the words.")
    confirmed: list[str] = Field(default=[], description="Therapies of whose unstated exclusions none applies.")


class AskRequest(Message):
    """A question; with ``conversation`` it becomes the next turn of that kept conversation, else nothing is kept."""

    conversation: str | None = Field(default=None, description="Id of a conversation.", max_length=64)


class Described(BaseModel):
    """A patient in words, by structured facts, or both."""

    model_config = _such(case=CASE, facts=GIVEN)

    case: str = ""
    facts: dict[str, Any] | None = None
    confirmed: list[str] = Field(default=[], description="Therapies of whose unstated exclusions none applies.")


class RecommendRequest(Described):
    """A patient of whom the rules are asked."""


class RuleRequest(Described):
    """A rule to be explained for a patient."""

    model_config = _such(case=CASE, facts=GIVEN, rule="document/rule")

    rule: str


class TherapyRequest(Described):
    """A therapy to be explained for a patient."""

    model_config = _such(case=CASE, facts=GIVEN, therapy="tace")

    therapy: str


class WhatIfRequest(Described):
    """Other facts of the same patient."""

    model_config = _such(case=CASE, facts=GIVEN, changed=CHANGED)

    changed: dict[str, Any] = Field(description="Facts as they might be.", min_length=1)


class SearchRequest(BaseModel):
    """What to look for."""

    model_config = _such(question=QUESTION, k=3)

    question: str
    k: int = Field(default=10, ge=1, le=100, description="How many passages.")


class NewConversation(BaseModel):
    """A conversation to be begun."""

    model_config = _such(title="Board of Tuesday")

    title: str = Field(default="", description="The first question's beginning where there is none.", max_length=200)


class FeedbackRequest(BaseModel):
    """What somebody thinks of an answer."""

    model_config = _such(verdict="wrong", reason="The second sentence is about another treatment.")

    verdict: Verdict
    reason: str = Field(default="", max_length=2_000)
