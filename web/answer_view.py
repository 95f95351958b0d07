"""What the page shows of an answer: statements with their citations, comparisons, evidence, the outline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from assistant.answer import Answer, Citation, ComparedFigure, Note, Statement, Work
from assistant.conversation.turns import Turn
from assistant.rules.book import RuleBook
from web.case_view import CaseView, case_view

_FIRST_WORDS = 8
_QUIET = frozenset({"not_covered", "declined"})
PUBMED = "https://pubmed.ncbi.nlm.nih.gov/?term="


@dataclass(frozen=True, slots=True)
class Chip:
    """A citation as a link.

    Attributes:
        name: For those who do not see it: section, number, first words.
        text: The sentence, clean.
    """

    n: int
    section: str
    url: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownStatement:
    """A statement with the chips of what it rests on.

    Attributes:
        style: How it is set: lead, silent (nothing is asserted), dispute, note, heading, or quote with its role.
        beside: What a quote is there for, in a word or two; empty for a plain answer.
        cell: Where in a table it stands; empty elsewhere.
    """

    text: str
    style: str
    beside: str
    cell: str
    chips: tuple[Chip, ...]
    citation: Citation | None


@dataclass(frozen=True, slots=True)
class ShownWork:
    """A cited work, its entry in the reference list, and a search for it."""

    work: Work
    entry: str
    search: str


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """A turn as the page shows it.

    Attributes:
        read_as: The question as read, where that is not what was said.
        evidence: For each sentence quoted, its citation and the works behind it.
        outline: Headings with the citations under them.
        quiet: Whether nothing is asserted.
        choices: What a question back offers, or the readings there are; each can be sent as it stands.
    """

    number: int
    said: str
    read_as: str
    answer: Answer
    statements: tuple[ShownStatement, ...]
    evidence: tuple[tuple[Citation, tuple[ShownWork, ...]], ...]
    outline: tuple[tuple[str, tuple[Chip, ...]], ...]
    high: tuple[Note, ...]
    further: tuple[Note, ...]
    chips: tuple[Chip, ...]
    case: CaseView | None
    quiet: bool
    choices: tuple[str, ...]

    @property
    def chip_by_number(self) -> dict[int, Chip]:
        """The chips by the numbers of their citations."""
        return {chip.n: chip for chip in self.chips}


def shown_turn(turn: Turn, book: RuleBook) -> ShownTurn:
    """Return what the page shows of a turn."""
    answer = turn.answer
    chips = {citation.n: _chip(citation) for citation in answer.citations}
    quoted = dict.fromkeys(n for s in answer.statements if s.kind == "quote" for n in s.citations)
    cited = [citation for citation in answer.citations if citation.n in quoted]
    evidence = tuple((c, tuple(_work(w, c.document) for w in c.works)) for c in cited if c.design or c.works)
    read = answer.resolved_question
    return ShownTurn(
        number=turn.number,
        said=turn.said,
        read_as=read if read and read != turn.said else "",
        answer=answer,
        statements=tuple(_statements(answer, chips)),
        evidence=evidence,
        outline=tuple((part.heading, tuple(chips[n] for n in part.citations)) for part in answer.outline),
        high=answer.high_notes,
        further=tuple(note for note in answer.notes if note.severity != "high"),
        chips=tuple(chips.values()),
        case=case_view(answer, book) if answer.facts else None,
        quiet=answer.status in _QUIET,
        choices=turn.choices,
    )


def figure_beside(figure: ComparedFigure) -> str:
    """Return what a figure must not be read without: of what, in whom, how many, in which study."""
    whom = "" if figure.population.casefold() in figure.subject.casefold() else figure.population
    parts = [figure.subject, whom, f"n = {figure.n}" if figure.n else "", figure.design, figure.study]
    return ", ".join(part for part in parts if part)


def _statements(answer: Answer, chips: dict[int, Chip]) -> Iterator[ShownStatement]:
    for statement in answer.statements:
        told = tuple(chips[n] for n in statement.citations)
        if statement.kind == "quote":
            citation = answer.citations[statement.citations[0] - 1]
            place = citation.locator
            where = "" if place is None else f"{citation.section} · {place.row} · {place.column}"
            yield ShownStatement(statement.text, f"quote q-{statement.role}", _beside(statement), where, told, citation)
        else:
            yield ShownStatement(statement.text, _style(statement, answer), "", "", told, None)


def _beside(statement: Statement) -> str:
    return {"caveat": "Read together with", "contradiction": "On the other side"}.get(statement.role, "")


def _style(statement: Statement, answer: Answer) -> str:
    if statement.role == "contradiction":
        return "dispute"
    if statement.role in {"nearest", "caveat"}:
        return "note"
    if statement.text.endswith(":"):
        return "heading"
    return "silent" if answer.status in _QUIET else "lead"


def _chip(citation: Citation) -> Chip:
    words = citation.display.split()
    first = " ".join(words[:_FIRST_WORDS]) + ("…" if len(words) > _FIRST_WORDS else "")
    number = citation.unit.rsplit("-", 1)[-1].lstrip("0")
    name = f"Section {citation.section}, sentence {number}: {first}"
    return Chip(citation.n, citation.section, citation.url, name, citation.display)


def _work(work: Work, document: str) -> ShownWork:
    return ShownWork(work, f"/source/{document}#reference-{work.number}", PUBMED + quote(work.title))
