"""The turns of a conversation, and what is in focus after them. All values are frozen; state is read off the turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from assistant.answer import Answer
from assistant.rules.patient import Patient

Move = Literal[
    "question",
    "case",
    "greeting",
    "thanks",
    "repeat",
    "shorter",
    "why",
    "certainty",
    "study",
    "source",
    "more",
    "recall",
    "new_patient",
    "back",
    "which",
]
How = Literal["asked", "answered", "chosen"]
ASKING: frozenset[Move] = frozenset({"question", "case", "new_patient", "back", "which"})
"""Moves that ask something of the documents or the rules; the others are about such a turn."""


@dataclass(frozen=True, slots=True)
class Focus:
    """A vocabulary entry that a turn is about, and how it came into focus."""

    entry: str
    name: str
    kind: str
    how: How


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said, how it was understood, and what was answered.

    Attributes:
        number: From 1.
        said: The message.
        resolved: The stand-alone question it was read as; empty where it is about the conversation itself.
        move: What the turn does.
        patient: Label of the patient it is about, empty for none.
        facts: That patient's facts after the turn.
        focus: What it is about, in the order named.
        choices: What a question back offers, or the readings there are.
        confirmed: Therapies of whose exclusions not stated it was confirmed, for this patient, that none applies.
    """

    number: int
    said: str
    resolved: str
    move: Move
    answer: Answer
    patient: str = ""
    facts: Patient = field(default_factory=Patient)
    focus: tuple[Focus, ...] = ()
    choices: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """What the turns so far leave for the next.

    Attributes:
        patient: Label of the patient being spoken of, empty for none.
        patients: Labels of all patients, in order, each with the facts known last.
    """

    turns: tuple[Turn, ...] = ()
    patient: str = ""
    patients: tuple[tuple[str, Patient], ...] = ()

    @property
    def number(self) -> int:
        """The next turn's number."""
        return len(self.turns) + 1

    @property
    def topical(self) -> Turn | None:
        """The last turn that asked something of the documents or the rules."""
        return next((turn for turn in reversed(self.turns) if turn.resolved and turn.move in ASKING), None)

    @property
    def facts(self) -> Patient:
        """What is known of the patient being spoken of."""
        return dict(self.patients).get(self.patient, Patient())

    @property
    def confirmed(self) -> tuple[str, ...]:
        """What was confirmed of the patient being spoken of."""
        of_them = (turn for turn in self.turns if turn.patient and turn.patient == self.patient)
        return tuple(dict.fromkeys(therapy for turn in of_them for therapy in turn.confirmed))

    def of_patient(self, label: str) -> State:
        """Return the state with another patient being spoken of."""
        known = self.patients if label in dict(self.patients) else (*self.patients, (label, Patient()))
        return replace(self, patient=label, patients=known)


def state_after(turns: Sequence[Turn]) -> State:
    """Read the state off the turns."""
    patients: dict[str, Patient] = {}
    patient = ""
    for turn in turns:
        if turn.patient:
            patient = turn.patient
            patients[patient] = turn.facts
    return State(tuple(turns), patient, tuple(patients.items()))
