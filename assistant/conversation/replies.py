"""Turns answered from the answer before them: again, shorter, why, how sure, which study, the source, what else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from assistant.answer import Answer, Citation, Fact, Statement
from assistant.composition import Asked, Composer, amended
from assistant.conclusions import fact_of
from assistant.conversation.turns import Move, State, Turn
from assistant.evidence import Evidence
from assistant.rules.patient import Patient
from assistant.works import works_behind
from index.library import Place
from index.opening import SearchIndex
from index.passage import Passage

if TYPE_CHECKING:
    from assistant.assistant import Assistant

_MOST_MORE: Final = 3
_MOST_SOURCE: Final = 12
_NUMBER = re.compile(r"\d+")
_NO_SENTENCE = "No sentence of the review was quoted to which this could refer."
_NO_NUMBER = "The answer before has no such citation; its numbers go to {}."
_NO_MORE = "The review has no further sentence that is close to this."
_NO_WORK = "The sentences quoted cite no work."
_MORE = "Further sentences of the review, less close to the question:"


class Replier:
    """Answers from the answer before; every sentence is quoted from the source anew."""

    def __init__(self, assistant: Assistant, index: SearchIndex, composer: Composer) -> None:
        self._assistant = assistant
        self._index = index
        self._composer = composer

    def facts(self, patient: Patient) -> tuple[Fact, ...]:
        """Return what is known of a patient as an answer carries it."""
        return tuple(fact_of(fact, self._assistant.patients.book) for fact in patient if fact.source != "derived")

    def reply(  # noqa: C901, PLR0911 - one return a kind of turn
        self, text: str, move: Move, before: Turn, state: State
    ) -> Answer | None:
        """Return the answer to a turn about the answer before it; ``None`` where it needs to be asked anew."""
        last = before.answer
        if move == "repeat":
            return replace(last, question=text)
        if move == "shorter":
            return replace(_shortened(last), question=text)
        asked = Asked(text, before.resolved, self._passages(before))
        if move == "more":
            return self._more(asked, before, state)
        if move == "why":
            return self._reasons(asked, last) if last.recommendations else None
        places = self._quoted(last)
        if not places:
            return self._composer.told(asked, [_NO_SENTENCE], declined=True)
        if move == "source":
            wanted = _NUMBER.search(text)
            cited = {citation.n: self._place(citation) for citation in last.citations}
            place = cited.get(int(wanted.group())) if wanted else places[0]
            if place is None:
                return self._composer.told(asked, [_NO_NUMBER.format(len(cited))], declined=True)
            return self._composer.answered(asked, self._paragraph(place))
        if move == "study":
            works = works_behind(places, self._index.library)
            return self._composer.works(asked, works) if works else self._composer.told(asked, [_NO_WORK])
        return self._composer.answered(
            asked, [Evidence(place, "answer") for place in places], line=None, before=self._evidence_lines(places, last)
        )

    def _passages(self, before: Turn) -> list[Passage]:
        search = self._index.search
        ranking = self._assistant.ranked(before.resolved)
        return list(search.passages(ranking) if ranking.query.known else search.first_passages())

    def _place(self, citation: Citation) -> Place:
        return self._index.library.place(citation.document, citation.unit)

    def _quoted(self, answer: Answer) -> list[Place]:
        """The places of the sentences an answer quotes, in order."""
        by_number = {citation.n: citation for citation in answer.citations}
        numbers = dict.fromkeys(
            n for s in answer.statements if s.kind == "quote" and s.role != "nearest" for n in s.citations
        )
        return [self._place(by_number[n]) for n in numbers]

    def _paragraph(self, place: Place) -> list[Evidence]:
        """The sentences of a place's paragraph, or the place alone in a table."""
        near = [
            other
            for other in self._index.library.places
            if other.document is place.document
            and other.unit.section == place.unit.section
            and other.unit.paragraph == place.unit.paragraph
            and other.unit.locator == place.unit.locator
        ]
        at = next(n for n, other in enumerate(near) if other.key == place.key)
        begin = max(0, min(at - _MOST_SOURCE // 2, len(near) - _MOST_SOURCE))
        return [Evidence(other, "answer") for other in near[begin : begin + _MOST_SOURCE]]

    def _more(self, asked: Asked, before: Turn, state: State) -> Answer:
        """The next sentences of the same search that no turn on this question has quoted."""
        shown = {
            f"{citation.document}/{citation.unit}"
            for turn in state.turns
            if turn.resolved == before.resolved
            for citation in turn.answer.citations
        }
        decided = self._assistant.explain(before.resolved)
        if decided is None:
            return self._composer.told(asked, [_NO_MORE])
        best = decided.ranking.scores[decided.ranking.order[0]]
        further = [
            hit.place
            for hit in decided.ranking.hits(20)
            if hit.place.key not in shown and hit.score > best / 2 and hit.place.unit.kind in {"sentence", "cell"}
        ][:_MOST_MORE]
        if not further or not decided.answers:
            return self._composer.told(asked, [_NO_MORE])
        return self._composer.answered(asked, [Evidence(place, "answer") for place in further], before=[(_MORE, ())])

    def _reasons(self, asked: Asked, last: Answer) -> Answer:
        """Why therapies stand where they do: each conclusion in words, the facts behind it, and its sentence."""
        book = self._assistant.patients.book
        leading = dict.fromkeys(
            t.therapy
            for t in last.therapies
            for s in last.statements
            if s.kind == "derived" and s.text.startswith(f"{book.names[t.therapy]}:")
        )
        facts = {fact.id: fact for fact in last.facts}
        statements: list[Statement] = []
        quoted: set[int] = set()
        by_number = {citation.n: citation for citation in last.citations}
        for item in last.recommendations:
            if leading and item.therapy not in leading:
                continue
            because = ", ".join(
                f"{book.facts[f].name} (“{facts[f].as_written}”)"
                if f in facts and facts[f].as_written
                else book.facts[f].name
                for f in item.because
            )
            over = " It is overruled by a conclusion that excludes the therapy." if item.overruled_by else ""
            reason = f"{book.names[item.therapy]}: {item.summary} Because of: {because or 'nothing stated'}.{over}"
            statements.append(Statement(reason, "derived", "answer", item.citations))
            for n in item.citations:
                if n not in quoted:
                    quoted.add(n)
                    statements.append(Statement(by_number[n].display, "quote", "answer", (n,)))
        return amended(replace(last, question=asked.question, statements=()), first=statements)

    def _evidence_lines(self, places: list[Place], last: Answer) -> Iterator[tuple[str, tuple[Place, ...]]]:
        """What the pack's figures and references let one tell of the study behind each sentence."""
        for number, place in enumerate(places, 1):
            known = self._index.library.knowledge_of(place)
            designs = list(dict.fromkeys(o.design for o in known.outcomes if o.design))
            works = [
                place.document.reference_by_number[n]
                for n in place.unit.references
                if n in place.document.reference_by_number
            ]
            cited = "; ".join(
                f"{w.authors[0].split(',')[0] if w.authors else ''} {w.journal} {w.year} [{w.number}]".strip()
                for w in works[:3]
            )
            kind = ", ".join(designs) if designs else "the sentence does not name a study design"
            yield f"Sentence {number}: {kind}; cites {cited or 'no work'}.", (place,)
        strengths = dict.fromkeys(r.strength for r in last.recommendations if r.strength)
        if strengths:
            yield f"Strength as printed: {', '.join(strengths)}.", ()


def _shortened(answer: Answer) -> Answer:
    """The lead of an answer, or its first sentence with what must stand beside it; of a patient, the standings."""
    derived = list(takewhile(lambda s: s.kind == "derived", answer.statements))
    kept = [s for s in derived if s.role in {"lead", "premise"} and not s.text.endswith(":")]
    if not kept:
        first = next((n for n, s in enumerate(answer.statements) if s.kind == "quote"), None)
        if first is None:
            return answer
        beside = takewhile(lambda s: s.role == "caveat", answer.statements[first + 1 :])
        kept = [answer.statements[first], *beside]
    return amended(replace(answer, statements=()), first=kept)
