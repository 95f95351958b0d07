"""A turn as Markdown: how it was read, the answer with its markers, what stands beside it, and its citations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assistant.answer import Answer, Citation, Comparison
from assistant.conversation.turns import Turn
from assistant.rules.book import RuleBook
from web.terminal import ODD, case_parts, cell, figure_words, works_words


def turn_markdown(turn: Turn, book: RuleBook) -> str:
    """Return a turn; what was understood of a patient is told first, and every quote stands in it word for word.

    Args:
        book: Names facts and therapies.
    """
    return "\n\n".join(block for block in turn_blocks(turn, book) if block)


def turn_blocks(turn: Turn, book: RuleBook) -> Iterator[str]:
    """Return the same, block by block."""
    answer = turn.answer
    if turn.resolved not in {"", turn.said}:
        yield f"Read as: {plain(turn.resolved)}"
    yield from _case(answer, book)
    yield answer.text
    yield from _nearest(answer)
    if answer.comparison is not None:
        yield answer.comparison.warning
        yield "\n".join(_table(answer.comparison))
    if answer.high_notes:
        yield _listed(ODD, (note.text for note in answer.high_notes))
    yield "\n".join(_outline(answer))
    yield "\n".join(_cited(citation) for citation in answer.citations)
    yield from (f"Source: {document.attribution} Published {document.published}." for document in answer.documents)


def plain(text: str) -> str:
    """Return text for one line of Markdown: mark-up in what was typed stays text."""
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").split())


def _case(answer: Answer, book: RuleBook) -> Iterator[str]:
    """What was understood of a patient and what follows, a list under each heading."""
    parts = list(case_parts(answer, book))
    if parts and answer.patient:
        yield f"**{answer.patient}**"
    yield from (_listed(heading, map(plain, lines)) for heading, lines in parts)


def _listed(heading: str, lines: Iterable[str]) -> str:
    return "\n".join([f"**{heading}**", "", *(f"- {line}" for line in lines)])


def _nearest(answer: Answer) -> Iterator[str]:
    """The nearest sentences of a review that does not answer: they are no part of the answer's text."""
    for statement in answer.statements:
        if statement.role == "nearest" and statement.kind == "derived":
            yield statement.text
        elif statement.role == "nearest":
            citation = answer.citations[statement.citations[0] - 1]
            yield f"{cell(citation)}“{statement.text}” [{citation.n}]"


def _table(comparison: Comparison) -> Iterator[str]:
    yield f"| | {' | '.join(comparison.names)} |"
    yield f"|---|{'---|' * len(comparison.names)}"
    for row in comparison.rows:
        cells = []
        for side in row.cells:
            figures = [figure_words(figure).replace("|", "\\|") for figure in side.figures]
            cells.append("; ".join(figures) or "".join(f"[{n}]" for n in side.citations) or "nothing printed")
        yield f"| {' | '.join([row.name, *cells])} |"


def _outline(answer: Answer) -> Iterator[str]:
    """Every sentence under its heading; those not quoted above in full."""
    by_number = {citation.n: citation for citation in answer.citations}
    quoted = {n for s in answer.statements if s.kind == "quote" for n in s.citations}
    for part in answer.outline:
        yield f"- **{part.heading}** {' '.join(f'[{n}]' for n in part.citations)}"
        yield from (
            f"  - {cell(by_number[n])}“{by_number[n].display}” [{n}]" for n in part.citations if n not in quoted
        )


def _cited(citation: Citation) -> str:
    works = f" · {told}" if (told := works_words(citation)) else ""
    return f"- [{citation.n}] [Section {citation.section}]({citation.url}){works}"
