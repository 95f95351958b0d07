"""The reader of patients' texts as the vocabulary makes it, without rules and without an index."""

from __future__ import annotations

from functools import cache

from assistant.patient_knowledge import PatientKnowledge, compile_values
from assistant.patient_text.reader import PatientReader
from assistant.rules.book import RuleBook
from corpus.vocabulary import load_vocabulary


@cache
def knowledge() -> PatientKnowledge:
    return PatientKnowledge.from_values(compile_values(load_vocabulary(), ()))


def reader() -> PatientReader:
    return knowledge().reader


def book() -> RuleBook:
    return knowledge().book
