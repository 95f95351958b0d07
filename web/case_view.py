"""What the page shows of a patient: facts as chips, therapies by standing, the next questions."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.answer import Answer, Citation, Recommendation
from assistant.conclusions import standing_words
from assistant.rules.book import RuleBook
from web.case_report import MOST_QUESTIONS, fact_words


@dataclass(frozen=True, slots=True)
class FactChip:
    """A fact as read, and how it stands: firm, open or in doubt."""

    words: str
    state: str
    cue: str


@dataclass(frozen=True, slots=True)
class TherapyRow:
    """A therapy with the conclusions that name it, each with its citations."""

    name: str
    conclusions: tuple[tuple[Recommendation, tuple[Citation, ...]], ...]


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the page shows of a patient.

    Attributes:
        groups: Heading, kind of standing, and therapies, weightiest first.
        questions: Shown open; ``further`` counts the rest.
    """

    facts: tuple[FactChip, ...]
    groups: tuple[tuple[str, str, tuple[TherapyRow, ...]], ...]
    questions: tuple[tuple[str, bool], ...]
    further: int


def case_view(answer: Answer, book: RuleBook) -> CaseView:
    """Return what the page shows of an answer about a patient."""
    facts = tuple(FactChip(fact_words(fact, book), fact.state, fact.cue or "") for fact in answer.facts)
    groups = []
    for standing, heading in standing_words().items():
        rows = tuple(
            TherapyRow(book.names[item.therapy], _conclusions(answer, item.therapy))
            for item in answer.therapies
            if item.standing == standing
        )
        if rows:
            groups.append((heading, standing, rows))
    questions = tuple((ask.question, ask.critical) for ask in answer.ask[:MOST_QUESTIONS])
    return CaseView(facts, tuple(groups), questions, max(0, len(answer.ask) - MOST_QUESTIONS))


def _conclusions(answer: Answer, therapy: str) -> tuple[tuple[Recommendation, tuple[Citation, ...]], ...]:
    return tuple(
        (item, tuple(answer.citations[n - 1] for n in item.citations))
        for item in answer.recommendations
        if item.therapy == therapy and item.effect != "info"
    )
