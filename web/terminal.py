"""Answers, passages and sections as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from assistant.answer import Answer, Citation, ComparedFigure, Comparison, RankedPassage
from assistant.explanation import Decided
from assistant.rules.book import RuleBook
from corpus.document import Document, Unit
from corpus.markup import clean
from web.answer_view import figure_beside
from web.case_report import MOST_QUESTIONS, by_standing, fact_words

WIDTH = 100
ODD = "Where the source is odd"


def whole_text(answer: Answer, book: RuleBook) -> str:
    """Return the answer; of a patient first where the therapies stand and what was understood."""
    return "\n\n".join(filter(None, (case_text(answer, book), answer_text(answer))))


def answer_text(answer: Answer) -> str:
    """Return the answer with each quote above its place, what is odd in the source, and its date and licence."""
    blocks: list[str] = []
    if answer.resolved_question not in {"", answer.question}:
        blocks.append(f"Understood as: {answer.resolved_question}")
    for statement in answer.statements:
        if statement.kind == "derived":
            blocks.append(_wrapped(statement.text))
            continue
        citation = answer.citations[statement.citations[0] - 1]
        turn = "Read together with: " if statement.role == "caveat" else ""
        blocks.append(f"{_wrapped(f'{turn}{cell(citation)}“{statement.text}” [{citation.n}]')}\n{_place(citation)}")
    blocks += [comparison_text(answer.comparison)] if answer.comparison else []
    blocks += [_notes_text(answer)] if answer.high_notes else []
    blocks += [_outline_text(answer)] if answer.outline else []
    blocks.extend(f"Source: {d.attribution} Published {d.published}." for d in answer.documents)
    return "\n\n".join(blocks)


def comparison_text(comparison: Comparison) -> str:
    """Return a comparison row by row, each figure with whom it is of, its study and its citation."""
    lines = [" | ".join(comparison.names), comparison.warning]
    for row in comparison.rows:
        lines.append(f"{row.name}")
        for name, side in zip(comparison.names, row.cells, strict=True):
            shown = [figure_words(figure) for figure in side.figures]
            if not side.figures:
                shown = ["".join(f"[{n}]" for n in side.citations) or "nothing printed"]
            lines += [_wrapped(f"  {name}: {text}") for text in shown or ["nothing printed"]]
    return "\n".join(lines)


def figure_words(figure: ComparedFigure) -> str:
    """Return a figure with what it must not be read without."""
    of_one = "; both of one comparison" if figure.same_comparison else ""
    value = f"{figure.value} ({figure.interval})" if figure.interval else figure.value
    return f"{value} — {figure_beside(figure)}{of_one} [{figure.citation}]"


def _notes_text(answer: Answer) -> str:
    return "\n".join([f"{ODD}:", *(_wrapped(note.text, "- ") for note in answer.high_notes)])


def _outline_text(answer: Answer) -> str:
    by_number = {citation.n: citation for citation in answer.citations}
    quoted = {n for s in answer.statements if s.kind == "quote" for n in s.citations}
    lines = ["All sentences by heading:"]
    for part in answer.outline:
        lines.append(f"{part.heading}: {' '.join(f'[{n}]' for n in part.citations)}")
        lines += [
            _wrapped(f"  {cell(by_number[n])}“{by_number[n].display}” [{n}] section {by_number[n].section}")
            for n in part.citations
            if n not in quoted
        ]
    return "\n".join(lines)


def works_words(citation: Citation) -> str:
    """Return the kinds of study and the works behind a sentence in one line; empty where it names none."""
    works = [
        f"{f'{w.authors[0]} et al.' if len(w.authors) > 1 else ''.join(w.authors)} {w.journal} {w.year or ''}".strip()
        + f" [ref {w.number}]"
        + (f" ({w.design})" if w.design else "")
        for w in citation.works
    ]
    return "; ".join([*([citation.design] if citation.design else []), *works])


def cell(citation: Citation) -> str:
    """Return the row of a table a citation stands in, as a lead-in; empty outside tables."""
    return "" if citation.locator is None else f"{citation.locator.row} — {citation.locator.column}: "


def case_text(answer: Answer, book: RuleBook) -> str:
    """Return where the therapies stand, what was understood of a patient, what to establish next; empty for none."""
    lines: list[str] = []
    for heading, told in case_parts(answer, book):
        lines += [f"{heading}:", *(f"  {line}" for line in told)]
    return "\n".join(lines)


def case_parts(answer: Answer, book: RuleBook) -> Iterator[tuple[str, list[str]]]:
    """Return the same as lines under headings: what excludes a therapy is met first."""
    groups = [(heading, [book.names[name] for name in names]) for _, heading, names in by_standing(answer)]
    if groups:
        yield "Where the therapies stand", [f"{heading}: {', '.join(names)}" for heading, names in groups]
    if answer.facts:
        yield "Understood", [fact_words(fact, book) for fact in answer.facts]
    if answer.ask:
        asked = [f"{'(in doubt) ' if ask.critical else ''}{ask.question}" for ask in answer.ask[:MOST_QUESTIONS]]
        rest = len(answer.ask) - MOST_QUESTIONS
        yield "To be established next", asked + ([f"and {rest} more"] if rest > 0 else [])


def facts_text(book: RuleBook) -> str:
    """Return the facts of a patient, one on a line: id, name, kind, unit or values."""
    return "\n".join(
        f"{fact.id}: {fact.name} ({', '.join(filter(None, (fact.kind, fact.unit)))}) {' | '.join(fact.values)}".rstrip()
        for fact in book.facts.values()
    )


def explanation_text(decided: Decided | None) -> str:
    """Return the features of each chosen sentence and of the decision to answer."""
    if decided is None:
        return "Nothing was chosen: the message was not read as a question for the documents."
    lines = ["Sentences chosen, by the ranker's features:"]
    for place in decided.choice.best:
        lines.append(f"  {place.key} (section {place.unit.section})")
        lines += [f"    {name:<18}{value:>9.3f}" for name, value in decided.sentence(place).items()]
    lines.append("The decision to answer, by feature: value and weight per standard deviation:")
    for name, value in decided.features.items():
        lines.append(f"    {name:<18}{value:>9.3f}{decided.model.weights[name]:>9.3f}")
    said = "answered" if decided.answers else "not answered"
    lines.append(f"  probability {decided.probability:.3f}, threshold {decided.model.threshold:.3f}: {said}")
    return "\n".join(lines)


def passages_text(passages: Sequence[RankedPassage], documents: Sequence[Document]) -> str:
    """Return ranked passages with section and score, and their sources' attribution."""
    found = [f"{p.rank}. Section {p.section} (score {p.score:.1f})\n{_wrapped(clean(p.text))}" for p in passages]
    held = {p.document for p in passages}
    sources = dict.fromkeys(d.citation.attribution for d in documents if d.citation.id in held)
    return "\n\n".join([*found, *(f"Source: {attribution}" for attribution in sources)])


def section_text(document: Document, label: str) -> str:
    """Return a section's clean text, paragraph by paragraph."""
    return units_text(document, (unit for unit in document.units if unit.section == label))


def units_text(document: Document, units: Iterable[Unit]) -> str:
    """Return the clean text of units, paragraph by paragraph under their headings, and the source's attribution."""
    blocks: list[str] = []
    for section, of_section in groupby(units, key=lambda unit: unit.section):
        blocks += [" › ".join(document.section_by_label[section].path), *map(_wrapped, _paragraphs(of_section))]
    return "\n\n".join([*blocks, document.citation.attribution])


def _paragraphs(units: Iterable[Unit]) -> Iterator[str]:
    current: list[Unit] = []
    for unit in units:
        if not unit.searchable:
            continue
        if current and (current[-1].paragraph != unit.paragraph or unit.locator is not None):
            yield " ".join(u.display for u in current)
            current = []
        current.append(unit)
    if current:
        yield " ".join(u.display for u in current)


def _place(citation: Citation) -> str:
    cited = f" · references {', '.join(map(str, citation.references))}" if citation.references else ""
    works = f"\n{textwrap.indent(_wrapped(told), ' ' * 8)}" if (told := works_words(citation)) else ""
    return f"    [{citation.n}] {' › '.join(citation.path)}{cited}\n        {citation.url}{works}"


def _wrapped(text: str, mark: str = "") -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )
