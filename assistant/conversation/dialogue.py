"""Answering the turns of a conversation: each becomes a stand-alone question, or is answered from the turns before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant.answer import Answer, Statement
from assistant.beside import Beside
from assistant.case import asks_treatment, asks_whether, concerns_somebody, is_case
from assistant.composition import Asked, Composer, amended
from assistant.conversation.changes import criteria_of, named_changes
from assistant.conversation.following import Follower, Resolved
from assistant.conversation.moves import (
    aside,
    asks_all_facts,
    asks_back,
    back_to_patient,
    new_patient,
    numbered_patient,
    opening,
    ordinal,
)
from assistant.conversation.patients import PatientFollower, Told, recalled
from assistant.conversation.replies import Replier
from assistant.conversation.turns import Move, State, Turn, state_after
from assistant.instructions import stated
from assistant.patient_text.mentions import PERFORMED, PLANNED
from assistant.patient_text.person import AGE
from assistant.question import readable
from assistant.rules.patient import Patient
from index.analysis import content_terms
from index.opening import SearchIndex

if TYPE_CHECKING:
    from assistant.assistant import Assistant

_GREETING = "Hello. Ask about liver-directed treatment of neuroendocrine liver metastases, or describe a patient."
_THANKS = "You are welcome."
_NOTHING_YET = "Nothing has been asked yet to which this could refer."
_NEW = "A new patient: nothing is carried over. Describe the patient."
_WHICH = "Of which treatment or topic is this asked?"
_CRITERION = "Where the review speaks of what was changed:"
_WHICH_VALUE = "Which value is this?"
_OTHER_AGE = "Another age: read as a new patient, {}; nothing is carried over. “Sorry, …” corrects a patient instead."
_BY_THEM = frozenset({PLANNED, PERFORMED})
_MOST_CHOICES = 4
_WORTH = 2


class Dialogue:
    """Answers turns; holds nothing of a conversation, so that any number may go on at once."""

    def __init__(self, assistant: Assistant, index: SearchIndex, composer: Composer, beside: Beside) -> None:
        self._assistant = assistant
        self._index = index
        self._composer = composer
        self._beside = beside
        self._follower = Follower(index.library.lexicon)
        self._patients = PatientFollower(assistant.patients.book, assistant.patients.reader)
        self._replier = Replier(assistant, index, composer)

    def turns(self, said: Sequence[str]) -> tuple[Turn, ...]:
        """Return the turns of a conversation held before, from what was said in it."""
        turns: tuple[Turn, ...] = ()
        for text in said:
            turns = (*turns, self.turn(text, turns))
        return turns

    def turn(  # noqa: PLR0911 - one return a kind of turn
        self,
        said: str,
        history: Sequence[Turn] = (),
        *,
        facts: Mapping[str, Any] | None = None,
        confirmed: Sequence[str] = (),
    ) -> Turn:
        """Answer a message as the next turn of a conversation.

        The same turns and message give the same turn.

        Raises:
            FactError: If a structured fact cannot be read, or a therapy is unknown.
        """
        self._assistant.check(facts, confirmed)
        text = readable(said)
        state = state_after(history)
        if (rest := new_patient(text)) is not None:
            label = f"Patient {len(state.patients) + 1}"
            state = state.of_patient(label)
            if not content_terms(rest):
                return self._told(text, "new_patient", state, _NEW)
            return self._case(text, rest, state, "new_patient", facts, confirmed)
        if (numbered := numbered_patient(text)) is not None:
            number, rest = numbered
            known = number <= len(state.patients)
            state = state.of_patient(f"Patient {number if known else len(state.patients) + 1}")
            return self._case(text, rest, state, "back" if known else "new_patient", facts, confirmed)
        if (named := back_to_patient(text)) is not None and (label := _patient_named(named.groupdict(), state)):
            state = state.of_patient(label)
            rest = named["rest"].strip()
            if not content_terms(rest):
                return self._facts(text, state, "back")
            if facts is None and (recall := self._recalled(text, rest, state)) is not None:
                return recall
            return self._case(text, rest, state, "back", facts, confirmed)
        if facts is None and (turn := self._aside(text, state)) is not None:
            return turn
        return self._ordinary(text, state, facts, confirmed)

    def _aside(self, text: str, state: State) -> Turn | None:
        """A turn about the conversation itself."""
        move = aside(text)
        if move in {"greeting", "thanks"}:
            return self._told(text, move, state, _GREETING if move == "greeting" else _THANKS)
        if (recall := self._recalled(text, text, state)) is not None:
            return recall
        if move is None:
            return None
        before = state.topical if move != "repeat" or not state.turns else state.turns[-1]
        if before is None:
            return None if move == "why" else self._told(text, move, state, _NOTHING_YET)
        answer = self._replier.reply(text, move, before, state)
        if answer is None:
            return None
        return Turn(state.number, text, before.resolved, move, answer, state.patient, state.facts, before.focus)

    def _recalled(self, text: str, rest: str, state: State) -> Turn | None:
        """A turn that asks for what was said of the patient."""
        if not state.patient:
            return None
        if asks_all_facts(rest):
            return self._facts(text, state, "recall")
        known = [fact for fact in self._assistant.patients.reader.touched(rest) if fact not in _BY_THEM]
        if not known or not asks_back(rest):
            return None
        said = recalled(state.facts, known, self._assistant.patients.book, self._unit_in(rest))
        return self._told(text, "recall", state, *said)

    def _ordinary(  # noqa: C901, PLR0911 - one return a kind of turn
        self, text: str, state: State, facts: Mapping[str, Any] | None, confirmed: Sequence[str]
    ) -> Turn:
        begun = opening(text)
        if begun.switched:
            return self._general(text, Resolved(begun.rest), state)
        if begun.returned_to:
            if (named := self._follower.returned(begun.returned_to, begun.rest)) is not None:
                return self._general(text, named, state)
            if earlier := self._follower.turn_about(begun.returned_to, state.turns):
                state = replace(state, turns=(*state.turns, earlier))
        rest = begun.rest
        if state.turns and (choice := self._chosen(rest, state.turns[-1])):
            rest = choice
            if facts is None and not state.turns[-1].patient:
                return self._general(text, Resolved(rest, completed=True), state)
        told = self._patients.tell(stated(rest), state)
        if told.unclear:
            listed = "; ".join(f"{n}. {reading}" for n, reading in enumerate(told.unclear, 1))
            return self._told(text, "which", state, f"{_WHICH_VALUE} {listed}.", choices=told.unclear)
        if self._is_another(told, state):
            state = state.of_patient(f"Patient {len(state.patients) + 1}")
            return self._case(text, rest, state, "new_patient", facts, confirmed, lead=_OTHER_AGE.format(state.patient))
        if facts is not None or self._is_about_patient(rest, told, state):
            return self._case(text, rest, state, "case", facts, confirmed, told)
        resolved = self._follower.resolve(self._index.search.read(rest).mended, state, self._stands)
        if resolved.wanting:
            return self._asked_back(text, rest, state)
        return self._general(text, resolved, state)

    def _chosen(self, said: str, last: Turn) -> str:
        """Which of the choices offered a turn takes: by its place, or by what it names."""
        place = ordinal(said, len(last.choices))
        if place is not None:
            return last.choices[place]
        if last.move != "which" or not last.patient:
            return ""
        reader = self._assistant.patients.reader
        touched = set(reader.touched(said))
        return next((choice for choice in last.choices if touched & set(reader.touched(choice))), "")

    @staticmethod
    def _is_another(told: Told, state: State) -> bool:
        """Whether a turn describes another patient: one of another age, not put right."""
        changed = {fact.id for fact in told.replaced}
        return AGE in changed and not told.corrects and bool(state.patient)

    def _is_about_patient(self, text: str, told: Told, state: State) -> bool:
        """Whether a turn is about a patient: the first described, or the one being spoken of."""
        if not state.patient:
            return is_case(text, told.patient, self._assistant.patients.book.excluding_facts)
        news = [fact for fact in told.news if fact.id not in _BY_THEM and (fact.firm or fact.interval is not None)]
        named = any(fact.id == PLANNED for fact in told.patient) and PLANNED in self._assistant.patients.reader.touched(
            text
        )
        if told.replaced or concerns_somebody(text) or (named and asks_whether(text)):
            return True  # a treatment asked about beside a patient is never answered without what excludes it there
        last = state.turns[-1]
        if not last.patient or last.move in {"question"}:
            return len(news) >= _WORTH
        planned = any(fact.id == PLANNED for fact in told.news)
        general = self._follower.is_general(text)
        stated_only = not text.rstrip().endswith("?") and not self._follower.is_question(text)
        return (
            (bool(told.news) and stated_only)
            or (bool(news) and not general)
            or asks_treatment(text)
            or (planned and not general)
        )

    def _case(  # noqa: PLR0913 - what a turn about a patient may bring
        self,
        text: str,
        rest: str,
        state: State,
        move: Move,
        facts: Mapping[str, Any] | None,
        confirmed: Sequence[str],
        told: Told | None = None,
        lead: str = "",
    ) -> Turn:
        """Answer about the patient being spoken of, the first one where there was none."""
        state = state if state.patient else state.of_patient("Patient 1")
        told = told or self._patients.tell(stated(rest), state)
        patient = told.patient
        if facts is not None:
            patient = patient.with_facts(*self._assistant.structured(facts))
        resolved = rest
        if state.topical is not None and state.topical.patient == state.patient:
            resolved = self._follower.in_case(rest, state)
        carried = not any(fact.id == PLANNED for fact in told.news) and not told.replaced
        confirmed = tuple(dict.fromkeys((*state.confirmed, *confirmed)))
        answer = self._assistant.respond(text, resolved, patient, confirmed, carried=carried and facts is None)
        if lead:
            answer = amended(answer, first=[Statement(lead, "derived", "lead", ())])
        if told.replaced:
            before = self._assistant.evaluate_patient(state.facts, state.confirmed)
            after = self._assistant.evaluate_patient(patient, confirmed)
            changes = [Statement(line, "derived", "lead", ()) for line in named_changes(told, before, after)]
            answer = amended(answer, first=changes)
            answer = self._beside.quoting(
                answer, _CRITERION, self._assistant.criteria(criteria_of(told, before, after))
            )
        answer = replace(answer, patient=state.patient, resolved_question=resolved)
        focus = self._focus(resolved, answer)
        return Turn(
            state.number, text, resolved, move, answer, state.patient, patient, focus=focus, confirmed=confirmed
        )

    def _general(self, text: str, resolved: Resolved, state: State) -> Turn:
        """Answer a question about no patient."""
        answer = self._assistant.respond(text, resolved.text, None)
        readings = (resolved.text, *resolved.others) if resolved.others else ()
        if readings:
            listed = "; ".join(f"{n}. “{reading}”" for n, reading in enumerate(readings, 1))
            said = f"It can be read in more than one way: {listed}. The first is answered; a number asks the other."
            answer = amended(answer, last=[Statement(said, "derived", "caveat", ())])
        return Turn(
            state.number,
            text,
            resolved.text,
            "question",
            answer,
            focus=self._focus(resolved.text, answer),
            choices=readings,
        )

    def _stands(self, question: str) -> bool:
        decided = self._assistant.explain(question)
        return decided is not None and decided.answers

    def _focus(self, resolved: str, answer: Answer) -> tuple[Any, ...]:
        quotes = [s.text for s in answer.statements if s.kind == "quote" and s.role == "answer"]
        return self._follower.focus_of(resolved, quotes if answer.status in {"answered", "partial", "conflict"} else ())

    def _asked_back(self, text: str, rest: str, state: State) -> Turn:
        """Ask one precise question back, with what the documents could answer it for."""
        search = self._index.search
        names = self._follower.offered(hit.place.unit.display for hit in self._assistant.ranked(rest).hits(12))
        choices = tuple(f"{name}: {rest}" for name in names[:_MOST_CHOICES])
        said = [
            _WHICH,
            *(
                [f"Choices: {'; '.join(f'{n}. {name}' for n, name in enumerate(names[:_MOST_CHOICES], 1))}."]
                if names
                else []
            ),
        ]
        asked = Asked(text, rest, search.first_passages())
        answer = self._composer.abstained(asked, "too_vague", says=" ".join(said))
        return Turn(state.number, text, rest, "which", answer, choices=choices)

    def _facts(self, text: str, state: State, move: Move) -> Turn:
        known = [fact.id for fact in state.facts if fact.source != "derived"]
        return self._told(
            text, move, state, f"{state.patient}:", *recalled(state.facts, known, self._assistant.patients.book)
        )

    def _told(self, text: str, move: Move, state: State, *lines: str, choices: tuple[str, ...] = ()) -> Turn:
        """Answer from the conversation alone; nothing is asserted of the documents."""
        asked = Asked(text, "", self._index.search.first_passages())
        facts = self._replier.facts(state.facts) if state.patient else ()
        answer = self._composer.told(
            asked, lines, declined=move in {"greeting", "thanks", "which"} or lines == (_NOTHING_YET,)
        )
        answer = replace(answer, patient=state.patient or None, facts=facts)
        return Turn(state.number, text, "", move, answer, state.patient, state.facts, choices=choices)

    def _unit_in(self, text: str) -> str:
        reader = self._assistant.patients.reader
        found = (
            reader.unit_at(text, position)[0]
            for position, c in enumerate(text)
            if c == " " and text[max(0, position - 3) : position].endswith("in")
        )
        return next((unit for unit in found if unit), "")


def _patient_named(named: Mapping[str, str | None], state: State) -> str:
    """The label of a patient named by order, number or age; empty where there is none."""
    labels = [label for label, _ in state.patients]
    others = [label for label in labels if label != state.patient]
    if not labels:
        return ""
    if named["number"]:
        place = int(named["number"]) - 1
        return labels[place] if place < len(labels) else ""
    if named["age"]:
        return next((label for label, patient in state.patients if _aged(patient, int(named["age"]))), "")
    order = {"first": 0, "1st": 0, "original": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2}
    which = (named["which"] or "").lower()
    if which in order:
        return labels[order[which]] if order[which] < len(labels) else ""
    return others[-1] if others else ""


def _aged(patient: Patient, age: int) -> bool:
    fact = patient.get("age_years")
    return fact is not None and fact.interval is not None and fact.interval.single == age


class Conversation:
    """One conversation, turn by turn; the turns themselves never change."""

    def __init__(self, dialogue: Dialogue, turns: Sequence[Turn] = ()) -> None:
        self._dialogue = dialogue
        self.turns = tuple(turns)

    def say(self, text: str, *, facts: Mapping[str, Any] | None = None, confirmed: Sequence[str] = ()) -> Answer:
        """Answer a message; it becomes a turn.

        Raises:
            FactError: If a structured fact cannot be read, or a therapy is unknown; the conversation stays as it was.
        """
        turn = self._dialogue.turn(text, self.turns, facts=facts, confirmed=confirmed)
        self.turns = (*self.turns, turn)
        return turn.answer

    @property
    def facts(self) -> Patient:
        """What is known of the patient being spoken of."""
        return state_after(self.turns).facts

    def __iter__(self) -> Iterator[Turn]:
        return iter(self.turns)
