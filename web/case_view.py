"""What the page shows of a patient: facts as chips, therapies by standing, the next questions."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.answer import Answer, Citation, Fact, MissingFact, Recommendation
from assistant.rules.book import RuleBook
from corpus.definitions import CHOICE, FLAG, SET
from web.case_report import MOST_QUESTIONS, by_standing, fact_words


@dataclass(frozen=True, slots=True)
class FactChip:
    """A fact as read, how it stands (firm, open or in doubt), and what it can be set to.

    Attributes:
        values: Of a flag or choice; empty for numbers, which are typed.
        unit: Of a number.
        changeable: Whether it may be corrected; what follows from others may not.
    """

    id: str
    name: str
    words: str
    state: str
    cue: str
    values: tuple[str, ...]
    unit: str
    changeable: bool


@dataclass(frozen=True, slots=True)
class TherapyRow:
    """A therapy with the conclusions that name it, each with its citations, and exclusions nothing is known of."""

    therapy: str
    name: str
    conclusions: tuple[tuple[Recommendation, tuple[Citation, ...]], ...]
    unstated: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskedFact:
    """A fact to establish, answerable at once: by one of its values with the words for each, or by a number."""

    fact: str
    question: str
    critical: bool
    values: tuple[tuple[str, str], ...]
    unit: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the page shows of a patient.

    Attributes:
        groups: Heading, kind of standing, and therapies, weightiest first.
        others: Conclusions on no therapy that stands anywhere, such as on the course of the disease.
        asked: What to establish next, shown open; ``further`` counts the rest.
    """

    facts: tuple[FactChip, ...]
    groups: tuple[tuple[str, str, tuple[TherapyRow, ...]], ...]
    others: tuple[tuple[Recommendation, tuple[Citation, ...]], ...]
    asked: tuple[AskedFact, ...]
    further: int


def case_view(answer: Answer, book: RuleBook) -> CaseView:
    """Return what the page shows of an answer about a patient."""
    facts = tuple(_chip(fact, book) for fact in answer.facts)
    groups = []
    for standing, heading, therapies in by_standing(answer):
        rows = tuple(
            TherapyRow(
                therapy,
                book.names[therapy],
                _conclusions(answer, therapy),
                _unstated(answer, therapy, book) if standing == "undetermined" else (),
            )
            for therapy in therapies
        )
        groups.append((heading, standing, rows))
    asked = tuple(_asked(ask, book) for ask in answer.ask[:MOST_QUESTIONS])
    placed = {item.therapy for item in answer.therapies}
    others = tuple(
        (item, tuple(answer.citations[n - 1] for n in item.citations))
        for item in answer.recommendations
        if item.therapy not in placed and item.effect != "info"
    )
    return CaseView(facts, tuple(groups), others, asked, max(0, len(answer.ask) - MOST_QUESTIONS))


def _asked(ask: MissingFact, book: RuleBook) -> AskedFact:
    definition = book.facts[ask.fact]
    values: tuple[tuple[str, str], ...] = ()
    if definition.kind == FLAG:
        values = (("present", "Yes"), ("absent", "No"))
    elif definition.kind == CHOICE:
        values = tuple((value, value.replace("_", " ")) for value in definition.values)
    return AskedFact(ask.fact, ask.question, ask.critical, values, definition.unit)


def _chip(fact: Fact, book: RuleBook) -> FactChip:
    definition = book.facts[fact.id]
    values = {FLAG: ("present", "absent"), CHOICE: definition.values}.get(definition.kind, ())
    changeable = fact.source != "derived" and definition.kind != SET
    words = fact_words(fact, book)
    cue = fact.cue if fact.cue and any(letter.isalnum() for letter in fact.cue) else ""
    return FactChip(fact.id, definition.name, words, fact.state, cue, values, definition.unit, changeable)


def _unstated(answer: Answer, therapy: str, book: RuleBook) -> tuple[str, ...]:
    """The exclusions of a therapy that nothing stated decides or brings near."""
    cautions = {item.rule for item in answer.recommendations if item.effect == "caution"}
    undecided = {rule for ask in answer.ask for rule in ask.rules} - cautions
    return tuple(book.rules[rule].summary for rule in book.spoken_of[therapy].exclusions if rule in undecided)


def _conclusions(answer: Answer, therapy: str) -> tuple[tuple[Recommendation, tuple[Citation, ...]], ...]:
    return tuple(
        (item, tuple(answer.citations[n - 1] for n in item.citations))
        for item in answer.recommendations
        if item.therapy == therapy and item.effect != "info"
    )
