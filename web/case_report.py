"""What the rules conclude for a patient, as text: standings with their sentences, open questions, notes.

Renders an answer and an evaluation; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from assistant.answer import Answer, Fact, Recommendation
from assistant.conclusions import standing_words
from assistant.rules.book import RuleBook
from assistant.rules.engine import Evaluation
from assistant.rules.sensitivity import Change
from assistant.rules.truth import Trace
from corpus.conditions import All, Always, AnyOf, Atom, Compare, Condition, Has, In, Is, Not, Undecided

MOST_QUESTIONS = 3
_TRUTH = {True: "yes", False: "no", None: "not known"}


def fact_words(fact: Fact, book: RuleBook) -> str:
    """Return a fact for the eye: its name, how it stands, its unit, and the words it was read from."""
    name = book.facts[fact.id].name
    if fact.state == "value":
        number = fact.low is not None or fact.high is not None
        shown = fact.value if fact.value is not None else " or ".join(book.names.get(c, c) for c in fact.candidates)
        shown = book.names.get(shown, shown) if isinstance(shown, str) else shown
        shown = f"{shown:.4g}" if isinstance(shown, float) else str(shown)
        stated = f"{shown} {fact.unit}" if number and fact.unit else shown.replace("_", " ")
    else:
        stated = fact.state + (f" ({fact.reason})" if fact.reason else "")
    if fact.source == "derived" and fact.state == "value":
        stated += f" ({fact.reason})"
    written = f" – “{fact.as_written.strip()}”" if fact.as_written else ""
    return f"{name}: {stated}{written}"


def by_standing(answer: Answer) -> Iterator[tuple[str, str, list[str]]]:
    """Return the therapies by where they stand, weightiest first: the standing, its words, the therapies."""
    for standing, heading in standing_words().items():
        placed = [item.therapy for item in answer.therapies if item.standing == standing]
        if placed:
            yield standing, heading, placed


def case_markdown(answer: Answer, book: RuleBook) -> str:
    """Return one page for a tumour board, in Markdown."""
    return "\n".join(_report(answer, book)) + "\n"


def _report(answer: Answer, book: RuleBook) -> Iterator[str]:
    yield "# What the review says for this patient"
    yield ""
    yield "It informs professionals and gives no orders. Options and criteria as printed in the source named below."
    yield ""
    yield "## Facts as read"
    yield from (f"- {fact_words(fact, book)}" for fact in answer.facts)
    yield ""
    yield "## Where the therapies stand"
    for _, heading, therapies in by_standing(answer):
        yield f"### {heading}"
        for therapy in therapies:
            yield f"- **{book.names[therapy]}**"
            yield from (f"  - {line}" for line in _conclusions(answer, therapy))
    placed_at_all = {item.therapy for item in answer.therapies}
    others = [r for r in answer.recommendations if r.therapy not in placed_at_all and r.effect != "info"]
    if others:
        yield "### Further conclusions"
        yield from (f"- {recommendation_words(item)}" for item in others)
    yield ""
    yield "## To be established"
    yield from (f"- {'**In doubt:** ' if ask.critical else ''}{ask.question}" for ask in answer.ask[:MOST_QUESTIONS])
    if len(answer.ask) > MOST_QUESTIONS:
        yield f"- and {len(answer.ask) - MOST_QUESTIONS} more"
    yield ""
    yield "## Where the source is odd"
    yield from (f"- {note.text}" for note in answer.high_notes)
    yield ""
    yield "## Sentences"
    yield from (f"[{c.n}] {c.section}: “{c.display}”" + _cited(c.references) for c in answer.citations)
    yield ""
    yield "## Not considered"
    yield "Anything the review does not print: other guidelines, later trials, local practice, the patient's wishes."
    yield ""
    yield from (f"Source: {d.attribution} Published {d.published}." for d in answer.documents)
    yield f"Knowledge {answer.knowledge[:12]}, index {answer.index[:12]}, version {answer.version}."


def _cited(references: tuple[int, ...]) -> str:
    return f" (references {', '.join(map(str, references))})" if references else ""


def _conclusions(answer: Answer, therapy: str) -> Iterator[str]:
    for item in answer.recommendations:
        if item.therapy == therapy and item.effect != "info":
            yield recommendation_words(item)


def recommendation_words(item: Recommendation) -> str:
    """Return a conclusion for the eye: its summary, strength, whether overruled, and its citations."""
    overruled = f" – overruled by {item.overruled_by.split('/')[-1]}" if item.overruled_by else ""
    marks = "".join(f" [{n}]" for n in item.citations)
    return f"{item.effect.replace('_', ' ')}: {item.summary} ({item.strength}{overruled}){marks}"


def trace_text(rule: str, evaluation: Evaluation) -> str:
    """Return a rule's outcome with every atom read."""
    found = evaluation.book.rules[rule]
    lines = [f"{found.id}: {_TRUTH[evaluation.truth(rule)]} – {found.summary}", f"  “{found.quote}” ({found.section})"]
    if rule not in evaluation.traces:
        return "\n".join([*lines, "  not read: another disease is named"])
    return "\n".join([*lines, *_traced(evaluation.traces[rule], evaluation, 1)])


def _traced(trace: Trace, evaluation: Evaluation, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}- {condition_words(trace.condition, evaluation.book)}: {_TRUTH[trace.truth]}"
    for part in trace.parts:
        yield from _traced(part, evaluation, depth + 1)


def condition_words(condition: Condition, book: RuleBook) -> str:
    """Return a condition in words."""
    joined = {Always: "every patient in scope", All: "all of", AnyOf: "any of", Not: "not"}
    if type(condition) in joined:
        return joined[type(condition)]
    return f"{book.facts[condition.fact].name}{_asked_of(condition, book)}"  # type: ignore[union-attr, arg-type]


def _asked_of(atom: Atom, book: RuleBook) -> str:
    match atom:
        case Is(_, present):
            return ": present" if present else ": absent"
        case In(_, values):
            return f": {' or '.join(values).replace('_', ' ')}"
        case Undecided(_, values):
            return f": open between {' and '.join(values).replace('_', ' ')}"
        case Compare(_, op, value, unit):
            return f" {op} {float(value):g} {unit}"
        case Has(_, therapy):
            return f": {book.names[therapy]}"


def why_not_text(therapy: str, evaluation: Evaluation) -> str:
    """Return where a therapy stands, and every rule that keeps it from being supported."""
    placed = evaluation.placed(therapy)
    book = evaluation.book
    lines = [f"{book.names[therapy]}: {standing_words()[placed.standing]}"]
    for name, keys in criteria(therapy, evaluation).items():
        if keys:
            lines.append(f"{name.replace('_', ' ').capitalize()}:")
            lines += [f"  - {book.rules[key].summary} ({book.rules[key].id})" for key in keys]
    return "\n".join(lines)


def criteria(therapy: str, evaluation: Evaluation) -> Mapping[str, Sequence[str]]:
    """Return the rules that speak for or against a therapy, by what they do to it for this patient."""
    spoken, truth = evaluation.book.spoken_of[therapy], evaluation.truth
    return {
        "excluded_by": [key for key in spoken.exclusions if truth(key)],
        "cautions": [key for key in spoken.cautions if truth(key)],
        "supported_by": [key for key in spoken.supports if truth(key)],
        "would_be_supported_if": [key for key in spoken.supports if truth(key) is None],
        "said_of_something_wider": [key for key in spoken.umbrella if truth(key)],
        "not_yet_excluded": [key for key in spoken.exclusions if truth(key) is None],
    }


def sensitivity_text(therapy: str, evaluation: Evaluation, changes: Sequence[Change]) -> str:
    """Return what would move a therapy, each fact on a line with its values by where it would stand."""
    book, headings = evaluation.book, standing_words()
    lines = [f"{book.names[therapy]}: {headings[evaluation.placed(therapy).standing]}"]
    for fact in dict.fromkeys(change.fact for change in changes):
        moves: dict[str, list[str]] = {}
        for change in changes:
            if change.fact == fact:
                moves.setdefault(headings[change.standing], []).append(change.value.replace("_", " "))
        said = "; ".join(f"{', '.join(values)} → {standing}" for standing, values in moves.items())
        lines.append(f"  {book.facts[fact].name}: {said}")
    return "\n".join(lines if changes else [*lines, "  no single fact would change this"])


def changes_text(before: Evaluation, after: Evaluation, changed: Mapping[str, object]) -> str:
    """Return which therapies stand otherwise after a change of facts."""
    names = before.book.names
    moved = [
        f"  {names[therapy]}: {standing_words()[before.placed(therapy).standing]} → "
        f"{standing_words()[after.placed(therapy).standing]}"
        for therapy in names
        if before.placed(therapy).standing != after.placed(therapy).standing
    ]
    head = f"With {', '.join(f'{name} = {value}' for name, value in changed.items())}:"
    return "\n".join([head, *(moved or ["  nothing changes"])])
