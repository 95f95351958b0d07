"""A rule in words as plain text: what it concludes, where, the sentences it stands on, and how far it is reviewed."""

from __future__ import annotations

from collections.abc import Iterator

from web.rule_view import Clause, Outcome, RuleView


def rule_text(view: RuleView, public_url: str = "") -> str:
    """Return a rule in full, as its page shows it."""
    return "\n".join(_lines(view, public_url))


def _lines(view: RuleView, public_url: str) -> Iterator[str]:
    rule = view.rule
    yield rule.summary
    yield from map(_concluded, view.outcomes)
    yield f"Where: {view.when.text}"
    yield from _parts(view.when, 1)
    quoted = " ".join(f"{s.before}{s.marked}{s.after}" for s in view.sentences)
    yield f"“{quoted}” (section {rule.section})"
    yield f"  {public_url}{view.url}"
    if rule.inference:
        yield f"Beyond the print: {rule.inference}"
    yield _state(view)
    if view.facts:
        yield f"Reads: {', '.join(name for _, name in view.facts)}"
    if view.notes:
        yield "Where the print is odd:"
        yield from (f"  - {note.text}" for note in view.notes)


def _concluded(outcome: Outcome) -> str:
    over = f" over {', '.join(outcome.over)}" if outcome.over else ""
    return f"{outcome.shape} {outcome.words}: {outcome.name}{over}"


def _parts(clause: Clause, depth: int) -> Iterator[str]:
    for part in clause.parts:
        yield f"{'  ' * depth}- {part.text}"
        yield from _parts(part, depth + 1)


def _state(view: RuleView) -> str:
    rule = view.rule
    said = [rule.strength]
    said += [f"cites {', '.join(map(str, rule.references))}"] if rule.references else []
    said += ["only quoted, never advice"] if rule.display_only else []
    said += [f"reviewed by {rule.reviewed_by}" if rule.reviewed_by else "not yet reviewed by a clinician", rule.id]
    return " · ".join(said)
