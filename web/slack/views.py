"""What opens over a conversation: a sentence in its paragraph, why a therapy stands where it does, a fact to add."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from assistant.answer import Citation
from assistant.assistant import Assistant
from assistant.conclusions import standing_words
from assistant.conversation.turns import Turn
from assistant.patient_text.structured import FactError
from assistant.rules.book import RuleBook
from assistant.rules.sensitivity import changes
from corpus.definitions import CHOICE, FLAG, FactDefinition
from web.case_report import sensitivity_text, why_not_text
from web.fact_form import fact_form, fact_hint
from web.reader import paragraph_around
from web.slack.controls import CHOSEN_FACT, FACT, plain
from web.slack.deliveries import View
from web.slack.mrkdwn import escaped, link
from web.slack.splitting import Block, context, flowed
from web.slack.tasks import AnswerOf, FactGiven, Place
from web.source_part import units_at

_MOST_BLOCKS = 100
_TITLE = 24
_HINT = 150
_FACT_BLOCK, _VALUE_BLOCK = "fact", "value"
_FLAGS = {"present": "Yes", "absent": "No", "unknown": "Not known"}


def source_view(assistant: Assistant, citation: Citation) -> dict[str, Any]:
    """Return a cited sentence in its paragraph, the sentence set off, with its place and a link."""
    document = assistant.library.document_by_id[citation.document]
    lines = [f"*{escaped(' › '.join(citation.path))}*"]
    unit = units_at(document, citation.start, citation.end)[0]
    for before, marked, after in paragraph_around(document, unit, citation.start, citation.end):
        lines += [escaped(before)] if before.strip() else []
        lines += [f">*“{escaped(marked)}”*"] if marked.strip() else []
        lines += [escaped(after)] if after.strip() else []
    cited = [f"References {', '.join(map(str, citation.references))}"] if citation.references else []
    foot = " · ".join([*cited, link(citation.url, "Read it in the review"), escaped(document.citation.attribution)])
    return _told(f"Section {citation.section}", [*flowed(lines), context(foot)])


def why_view(assistant: Assistant, turn: Turn, therapy: str) -> dict[str, Any]:
    """Return why a therapy stands where it does for the patient of a turn, and what alone would move it."""
    evaluation = assistant.evaluate_patient(turn.facts, turn.confirmed)
    moves = changes(assistant.patients.engine, evaluation, therapy, turn.confirmed)
    standing = standing_words()[evaluation.placed(therapy).standing]
    name = assistant.patients.book.names[therapy]
    why = why_not_text(therapy, evaluation).splitlines()[1:]
    moved = sensitivity_text(therapy, evaluation, moves).splitlines()[1:]
    lines = [f"*{escaped(name)}: {escaped(standing)}*", *map(escaped, why), "*What alone would change this:*"]
    return _told("Why, why not", flowed([*lines, *map(escaped, moved)]))


def missing_view() -> dict[str, Any]:
    """Return what is shown where the answer of a button is not kept any more."""
    return _told("No longer kept", flowed(["This answer is no longer kept. Ask again to get it with its sources."]))


def fact_view(book: RuleBook, place: Place, answer: AnswerOf, asked: Iterable[str], fact: str = "") -> dict[str, Any]:
    """Return the form by which a fact is added: which one, then its value by choice or by number and unit.

    Args:
        asked: The facts to be established next; they are offered first.
        fact: The one chosen.
    """
    blocks: list[Block] = [_chooser(book, asked, fact)]
    if fact:
        blocks.append(_value(book.facts[fact]))
    blocks.append(context("Facts not known by name or number are better told in words, in the thread."))
    view: dict[str, Any] = {
        "type": "modal",
        "callback_id": FACT,
        "private_metadata": _metadata(place, answer, fact),
        "title": plain("Add a patient fact", _TITLE),
        "close": plain("Cancel", _TITLE),
        "blocks": blocks,
    }
    return {**view, "submit": plain("Add", _TITLE)} if fact else view


def fact_place(view: View) -> tuple[Place, AnswerOf, str] | None:
    """Return for which answer a form is open and which fact it asks for; ``None`` where it is none of ours."""
    try:
        values = json.loads(view.metadata)
        return Place(**values["place"]), AnswerOf(**values["answer"]), str(values["fact"])
    except (ValueError, KeyError, TypeError):
        return None


def fact_given(assistant: Assistant, view: View) -> FactGiven | Mapping[str, str]:
    """Return the fact that a form brings, or by block what is wrong with it."""
    found = fact_place(view)
    if found is None or found[2] not in assistant.patients.book.facts:
        return {_FACT_BLOCK: "Choose a fact."}
    place, answer, fact = found
    value = view.entered.get(_value_block(fact), "").strip()
    if not value:
        return {_value_block(fact): "Give a value."}
    try:
        assistant.structured({fact: value})
    except FactError:
        hint = fact_hint(assistant.patients.book.facts[fact])
        return {_value_block(fact): f"This cannot be read. It is to be {hint}."[:_HINT]}
    return FactGiven(place, answer, fact, value)


def _chooser(book: RuleBook, asked: Iterable[str], fact: str) -> Block:
    fields = {field.id: field for field in fact_form(book)}
    first = [fields[name] for name in asked if name in fields]
    rest = [field for field in fields.values() if field not in first]
    options = {field.id: {"text": plain(field.name), "value": field.id} for field in (*first, *rest)}
    groups = [("To be established next", first), ("All others", rest)]
    element: dict[str, Any] = {
        "type": "static_select",
        "action_id": CHOSEN_FACT,
        "placeholder": plain("Which fact?"),
        "option_groups": [
            {"label": plain(label), "options": [options[field.id] for field in listed]}
            for label, listed in groups
            if listed
        ],
    }
    if fact in options:
        element["initial_option"] = options[fact]
    return {
        "type": "input",
        "block_id": _FACT_BLOCK,
        "dispatch_action": True,
        "label": plain("Fact"),
        "element": element,
    }


def _value(fact: FactDefinition) -> Block:
    block = {"type": "input", "block_id": _value_block(fact.id), "label": plain(fact.name)}
    if fact.kind in {FLAG, CHOICE}:
        words = _FLAGS if fact.kind == FLAG else {value: value.replace("_", " ") for value in fact.values}
        options = [{"text": plain(shown), "value": value} for value, shown in words.items()]
        return {**block, "element": {"type": "static_select", "action_id": _VALUE_BLOCK, "options": options}}
    hint = plain(f"{fact_hint(fact)[0].upper()}{fact_hint(fact)[1:]}.", _HINT)
    return {
        **block,
        "hint": hint,
        "element": {"type": "plain_text_input", "action_id": _VALUE_BLOCK, "max_length": 100},
    }


def _value_block(fact: str) -> str:
    """Another block for each fact: Slack keeps what was entered by block."""
    return f"{_VALUE_BLOCK}-{fact}"


def _metadata(place: Place, answer: AnswerOf, fact: str) -> str:
    return json.dumps({"place": asdict(place), "answer": asdict(answer), "fact": fact})


def _told(title: str, blocks: Iterable[Block]) -> dict[str, Any]:
    return {
        "type": "modal",
        "title": plain(title, _TITLE),
        "close": plain("Close", _TITLE),
        "blocks": list(blocks)[:_MOST_BLOCKS],
    }
