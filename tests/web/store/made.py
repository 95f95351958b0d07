"""Turns made without an index, and a writer to be killed: ``python -m tests.web.store.made URL CONVERSATION``."""

from __future__ import annotations

import sys
from fractions import Fraction

from assistant.answer import Answer
from assistant.conversation.turns import Focus, Turn
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact
from web.store.database import DatabaseStore


def made_turn(number: int, said: str = "Is TACE an option?") -> Turn:
    facts = Patient(
        {
            "bilirubin": PatientFact(
                "bilirubin",
                "value",
                interval=Interval(Fraction(10, 3), Fraction(7, 2), low_open=True),
                unit="mg/dL",
                as_written=f"bilirubin of {said}",
                span=(3, 9),
            ),
            "sizes": PatientFact("sizes", "value", sizes=(Interval(Fraction(1, 3), None),), complete=True),
        },
        frozenset({"tace.a", "tace.b", "rfa.c"}),
    )
    answer = Answer(said, said, "answered", f"{said} – “yes” [1]", (), (), (), (), "k" * 64, "i" * 64, "0.1.0", 0.1)
    return Turn(number, said, said, "case", answer, "Patient 1", facts, (Focus("tace", "TACE", "therapy", "asked"),))


def write_on(url: str, conversation: str) -> None:
    """Append turns for ever, and say the number of each that is kept."""
    store = DatabaseStore.open(url)
    number = len(store.turns(conversation))
    while True:
        number += 1
        store.append(conversation, made_turn(number))
        print(number, flush=True)


if __name__ == "__main__":
    write_on(*sys.argv[1:])
