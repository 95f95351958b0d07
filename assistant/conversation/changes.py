"""What a correction changes: the value that takes another's place, and where therapies stand otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.conclusions import standing_words
from assistant.conversation.patients import Told, shown_value
from assistant.rules.engine import Evaluation
from corpus.conditions import atoms

_MOST_NAMED = 4


def named_changes(told: Told, before: Evaluation, after: Evaluation) -> Iterator[str]:
    """Say which values replace which, and what of the conclusions changes by it."""
    book = before.book
    for old in told.replaced:
        new = told.patient.facts[old.id]
        said = shown_value(new, book) if new.firm else f"{new.reason or new.state}, so open again"
        yield f"{book.facts[old.id].name}: {said} replaces {shown_value(old, book)} (turn {old.turn})."
    words = standing_words()
    moved = [
        f"{name}: {words[after.placed(therapy).standing].lower()} "
        f"(before: {words[before.placed(therapy).standing].lower()})"
        for therapy, name in book.names.items()
        if before.placed(therapy).standing != after.placed(therapy).standing
    ]
    if moved:
        more = f"; {len(moved) - _MOST_NAMED} more below" if len(moved) > _MOST_NAMED else ""
        yield f"By this change: {'; '.join(moved[:_MOST_NAMED])}{more}."
    else:
        yield "No conclusion changes by this."


def criteria_of(told: Told, before: Evaluation, after: Evaluation) -> tuple[str, ...]:
    """Return the rules that a changed fact decides otherwise than before, in the order of the book."""
    changed = {fact.id for fact in told.replaced}
    return tuple(
        key
        for key, rule in before.book.rules.items()
        if changed & {atom.fact for atom in atoms(rule.when)} and before.truth(key) != after.truth(key)
    )
