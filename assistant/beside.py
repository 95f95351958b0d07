"""What is put beside an answer: a comparison, an outline, the other side of a dispute, further sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from assistant.answer import (
    Answer,
    ComparedFigure,
    Comparison,
    ComparisonCell,
    ComparisonRow,
    OutlinePart,
    Role,
    Statement,
)
from assistant.comparison import NOT_COMPARABLE, Figure, Lacking, Table
from assistant.composition import Asked, Composer, amended
from assistant.conclusions import within
from assistant.disputes import Dispute
from assistant.evidence import company
from assistant.overview import Overview, Part, sections_of
from index.library import Library, Place

_NOT_OF_ONE_MIND = "The review is not of one mind:"
_ALSO = "Also under “{heading}” of {name}:"
_OVERVIEW = "{name}, in the review's own sentences (from {where}):"
_FURTHER = "{n} more under “{heading}” in the outline."
_NO_FIGURE = "The figures read from the review include no {metric} for {sides}."
_OF_A_SIDE = 2
"""Sentences of either side of a dispute that are shown, where so many are near."""
_FIRST = 3
"""Sentences of an overview quoted under a heading; all are in the outline."""


class Beside:
    """Completes answers of one composer; the numbers of what they cite already stay."""

    def __init__(self, composer: Composer, library: Library) -> None:
        self._composer = composer
        self._library = library

    def quoting(self, answer: Answer, line: str, places: Sequence[Place], most: int = 3) -> Answer:
        """Return an answer with a line and the sentences at places behind its own, those it does not quote yet."""
        citing = _Citing(answer, self._composer)
        quotes = citing.quotes(places)[:most]
        if not quotes:
            return answer
        cited = replace(answer, citations=tuple(citing.citations))
        numbers = tuple(n for quote in quotes for n in quote.citations)
        return amended(cited, last=[Statement(line, "derived", "lead", numbers), *quotes])

    def disputed(self, answer: Answer, dispute: Dispute) -> Answer:
        """Return an answer that says that the document is not of one mind, with a sentence of either side at least."""
        citing = _Citing(answer, self._composer)
        quoted = {n for s in answer.statements if s.kind == "quote" for n in s.citations}
        shown = [place for n, place in enumerate(self._places(answer), 1) if n in quoted]
        sides = (dispute.against, dispute.supporting)
        missing = [place for side in sides for place in side[:_OF_A_SIDE] if place not in shown]
        told = [place for side in sides for place in side if place in shown or place in missing]
        numbers = tuple(citing.number(place) for place in told)
        quotes = citing.quotes(missing, self._library, "contradiction")
        line = Statement(f"{_NOT_OF_ONE_MIND} {dispute.tension.text}", "derived", "contradiction", numbers)
        cited = replace(answer, status="conflict", citations=tuple(citing.citations))
        return amended(cited, last=[line, *quotes])

    def _places(self, answer: Answer) -> list[Place]:
        """The places of an answer's citations, in their order."""
        return [self._library.place(citation.document, citation.unit) for citation in answer.citations]

    def compared(self, answer: Answer, table: Table, lacking: Sequence[Lacking] = ()) -> Answer:
        """Return an answer with the table of the treatments it compares.

        Args:
            lacking: What was asked for and is held of none of them is told first, unless something leads; else last.
        """
        citing = _Citing(answer, self._composer)
        rows = tuple(
            ComparisonRow(
                row.name, tuple(self._cell(row.figures, row.sentences, n, citing) for n in range(len(table.sides)))
            )
            for row in table.rows
        )
        names = tuple(self._library.lexicon.names[side] for side in table.sides)
        leads = not any(statement.role == "lead" for statement in answer.statements)
        first = [self._without(item, "lead") for item in lacking if leads and item.sides == table.sides]
        last = [self._without(item, "caveat") for item in lacking if not leads or item.sides != table.sides]
        return replace(
            amended(answer, first=first, last=last),
            citations=tuple(citing.citations),
            comparison=Comparison(table.sides, names, rows, NOT_COMPARABLE),
        )

    def _without(self, lacking: Lacking, role: Role) -> Statement:
        names = self._library.lexicon.names
        sides = " or ".join(within(names[side]) for side in lacking.sides)
        return Statement(_NO_FIGURE.format(metric=within(names[lacking.metric]), sides=sides), "derived", role, ())

    @staticmethod
    def _cell(
        figures: Sequence[Sequence[Figure]], sentences: Sequence[Sequence[Place]], side: int, citing: _Citing
    ) -> ComparisonCell:
        if not figures:
            return ComparisonCell((), tuple(citing.number(place) for place in sentences[side]))
        others = {f.outcome.id for n, cell in enumerate(figures) if n != side for f in cell}
        shown = tuple(
            ComparedFigure(
                value=f.outcome.value,
                subject=f.outcome.subject,
                interval=f.outcome.interval,
                population=f.outcome.population,
                n=f.outcome.n,
                design=f.outcome.design,
                study=f.outcome.study,
                same_comparison=f.outcome.against in others,
                citation=citing.number(f.place),
            )
            for f in figures[side]
        )
        return ComparisonCell(shown, tuple(dict.fromkeys(figure.citation for figure in shown)))

    def outlined(self, answer: Answer, found: Overview) -> Answer:
        """Return an answer completed by everything that stands under the heading asked for."""
        citing = _Citing(answer, self._composer)
        name = self._library.lexicon.names[found.therapy]
        added: list[Statement] = []
        for part in found.parts:
            if quotes := citing.quotes(part.places, self._library):
                line = _ALSO.format(heading=part.heading.lower(), name=name)
                added += [Statement(line, "derived", "answer", tuple(n for q in quotes for n in q.citations)), *quotes]
        outline = self._outline(found.parts, citing)
        return replace(amended(replace(answer, citations=tuple(citing.citations)), last=added), outline=outline)

    def overview(self, asked: Asked, found: Overview) -> Answer:
        """Compose an overview of a treatment: under each heading its first sentences; all are in the outline."""
        empty = self._composer.told(asked, ())
        citing = _Citing(empty, self._composer)
        name = self._library.lexicon.names[found.therapy]
        places = [place for part in found.parts for place in part.places]
        statements = [
            Statement(_OVERVIEW.format(name=name, where=", ".join(sections_of(places))), "derived", "lead", ())
        ]
        for part in found.parts:
            quotes = citing.quotes(part.places[:_FIRST], self._library)
            if quotes:
                statements += [Statement(f"{part.heading}:", "derived", "answer", quotes[0].citations), *quotes]
            if (further := len(part.places) - _FIRST) > 0:
                told = _FURTHER.format(n=further, heading=part.heading)
                statements.append(Statement(told, "derived", "caveat", ()))
        outline = self._outline(found.parts, citing)
        answer = amended(replace(empty, citations=tuple(citing.citations)), first=statements)
        return replace(answer, outline=outline)

    @staticmethod
    def _outline(parts: Iterable[Part], citing: _Citing) -> tuple[OutlinePart, ...]:
        return tuple(OutlinePart(p.heading, tuple(citing.number(place) for place in p.places)) for p in parts)


class _Citing:
    """The citations of an answer that grows: places cited already keep their numbers, others get the next."""

    def __init__(self, answer: Answer, composer: Composer) -> None:
        self.citations = list(answer.citations)
        self._numbers = {f"{citation.document}/{citation.unit}": citation.n for citation in answer.citations}
        self._composer = composer
        self._quoted = {n for s in answer.statements if s.kind == "quote" for n in s.citations}

    def number(self, place: Place) -> int:
        """Return the number of a place."""
        if place.key not in self._numbers:
            self._numbers[place.key] = len(self.citations) + 1
            self.citations.append(self._composer.cite(len(self.citations) + 1, place))
        return self._numbers[place.key]

    def quotes(self, places: Iterable[Place], library: Library | None = None, role: Role = "answer") -> list[Statement]:
        """Quote places not quoted yet, with a library also those they are never shown without."""
        found: list[Statement] = []
        for place in places:
            beside = company(place, library) if library is not None else ()
            for other in (place, *beside):
                if (n := self.number(other)) not in self._quoted:
                    self._quoted.add(n)
                    found.append(Statement(other.unit.display, "quote", role if other is place else "caveat", (n,)))
        return found
