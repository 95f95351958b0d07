"""An example of what each operation of the API gives, made by the same code on the same knowledge."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from assistant.answer import plain
from assistant.assistant import Assistant
from assistant.conversation.store import Kept
from assistant.rules.engine import Evaluation
from assistant.rules.sensitivity import changes
from corpus.conditions import atoms
from web.api.bodies import CASE, CHANGED, GIVEN, QUESTION
from web.api.conversations import entry
from web.api.facts import fact_entry, therapy_entry
from web.api.outcomes import figure_entry
from web.api.rules import rule_entry
from web.api.sources import search, source_entry
from web.chat import markdown
from web.explained import changes_explained, facts_changed, rule_explained, therapy_explained
from web.export import turn_values
from web.figure_view import Figures, Row
from web.knowledge import knowledge_of
from web.rule_view import Rules

_ID = "rT0v3u1xGm5cK9sLq2bWzA8d"
_WHEN = datetime(2026, 1, 1, 12, tzinfo=UTC)
_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples.

    Attributes:
        given: For each operation what it gives.
        named: For each name in an address, and for ``rule`` in a body, something of that kind that there is.
    """

    given: dict[str, Any]
    named: dict[str, str]


def examples(assistant: Assistant) -> Examples:
    """Return for each operation what it gives for the example of its request, as plain values."""
    book, documents = assistant.patients.book, assistant.documents
    evaluation = assistant.evaluate(CASE, facts=GIVEN)
    fired = [fired.rule for fired in evaluation.fired]
    rule = next(rule for rule in [*fired, *book.rules.values()] if any(atoms(rule.when)))
    figure = Figures(assistant.library, ()).rows()[0]
    named = {
        "conversation": _ID,
        "document": documents[0].citation.id,
        "section": rule.section,
        "rule": rule.key,
        "fact": next(atom.fact for atom in atoms(rule.when)),
        "therapy": "tace",
        "figure": figure.figure.id,
    }
    values = {
        **_of_answers(assistant),
        **_of_patients(assistant, evaluation, named),
        **_of_sources(assistant, figure, named),
    }
    values = {name: plain(value) for name, value in values.items()}
    return Examples(json.loads(json.dumps(values, default=datetime.isoformat)), named)


def _of_answers(assistant: Assistant) -> dict[str, Any]:
    conversation = assistant.conversation()
    conversation.say(QUESTION)
    turns = [turn_values(turn) for turn in conversation]
    begun = entry(Kept(_ID, "", "Board of Tuesday", _WHEN, _WHEN, 0))
    held = {**plain(begun), "length": len(turns)}
    return {
        "ask": turns[0]["answer"],
        "recommend": assistant.recommend(CASE, facts=GIVEN).to_dict(),
        "create_conversation": begun,
        "conversations": {"items": [held], "total": 1, "next": None},
        "conversation": {**held, "turns": turns},
        "say_turn": turns[0],
        "turn": turns[0],
        "export_json": turns,
        "export_markdown": markdown(conversation, assistant.patients.book),
    }


def _of_patients(assistant: Assistant, evaluation: Evaluation, named: Mapping[str, str]) -> dict[str, Any]:
    book, therapy = assistant.patients.book, named["therapy"]
    after = assistant.evaluate(CASE, facts={**GIVEN, **CHANGED})
    moves = changes(assistant.patients.engine, evaluation, therapy, ())
    rules = Rules(assistant.library, book)
    told = [rule_entry(view, assistant.public_url) for view in rules.views()]
    known = [fact_entry(fact) for fact in book.facts.values()]
    therapies = [therapy_entry(key, book) for key in book.names]
    return {
        "explain_rule": rule_explained(named["rule"], evaluation),
        "explain_therapy": therapy_explained(therapy, evaluation),
        "explain_what_if": facts_changed(evaluation, after, CHANGED),
        "explain_changes": changes_explained(therapy, evaluation, moves),
        "list_rules": _first("rules", told),
        "rule": next(entry for entry in told if entry.rule == named["rule"]),
        "list_facts": _first("facts", known),
        "fact": fact_entry(book.facts[named["fact"]]),
        "list_therapies": _first("therapies", therapies),
        "therapy": therapy_entry(therapy, book),
    }


def _of_sources(assistant: Assistant, figure: Row, named: Mapping[str, str]) -> dict[str, Any]:
    sources = [source_entry(document, assistant.public_url) for document in assistant.documents]
    figures = [figure_entry(row, assistant.public_url) for row in Figures(assistant.library, ()).rows()]
    return {
        "search_passages": search(assistant, QUESTION, 3),
        "list_sources": _first("sources", sources),
        "source": sources[0],
        "section": assistant.source(named["section"]),
        "list_outcomes": _first("outcomes", figures),
        "outcome": figure_entry(figure, assistant.public_url),
        "knowledge": knowledge_of(assistant),
    }


def _first(noun: str, items: Sequence[Any]) -> dict[str, Any]:
    link = f"/api/v1/{noun}?limit={_SHOWN}&offset={_SHOWN}" if len(items) > _SHOWN else None
    return {"items": [plain(item) for item in items[:_SHOWN]], "total": len(items), "next": link}
