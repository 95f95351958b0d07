"""The compiled knowledge about patients: facts, words, cues, rules, notes and tensions, in one file of the index.

Written by the build from YAML, which serving never reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.patient_text.reader import PatientReader
from assistant.rules.book import RuleBook
from assistant.rules.engine import Engine

if TYPE_CHECKING:
    from corpus.pack import Pack
    from corpus.vocabulary import Vocabulary

FILE = "patients.json"
_THERAPY = "therapy"


@dataclass(frozen=True)
class PatientKnowledge:
    """The rule book with what reads texts by it and what evaluates it."""

    book: RuleBook
    reader: PatientReader
    engine: Engine

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> PatientKnowledge:
        """Make it of plain values."""
        book = RuleBook.from_values(values)
        words = {key: item["words"] for key, item in values["therapies"].items() if item["words"]}
        return cls(book, PatientReader(book, values["cues"], words), Engine(book))

    @classmethod
    def load(cls, folder: Path) -> PatientKnowledge:
        """Read what the build wrote into an index folder."""
        return cls.from_values(json.loads((folder / FILE).read_text(encoding="utf-8")))


def compile_files(vocabulary: Vocabulary, packs: tuple[Pack, ...]) -> dict[str, str]:
    """Return what the build writes into the index folder: the file's name and its text."""
    return {FILE: json.dumps(compile_values(vocabulary, packs), ensure_ascii=False)}


def compile_values(vocabulary: Vocabulary, packs: tuple[Pack, ...]) -> dict[str, Any]:
    """Read and check the YAML of vocabulary and packs; return the plain values that `PatientKnowledge` is made of.

    Raises:
        KnowledgeError: At the first place that is wrong, a rule's case with another outcome included.
    """
    from assistant.rules.cases import check_cases
    from corpus.fact_files import load_facts
    from corpus.rule_files import load_rules

    facts = load_facts()
    held = {therapy for fact in facts.facts.values() if fact.kind == "set" for therapy in fact.values}
    therapies = {
        entry.id: {
            "name": entry.name,
            "parents": list(entry.parents),
            "words": [*entry.synonyms, *entry.exact, *entry.in_cases] if entry.id in held else [],
        }
        for entry in vocabulary.entries
        if entry.kind == _THERAPY
    }
    loaded = [load_rules(pack.folder, pack.document, vocabulary, facts.facts) for pack in packs]
    values = {**facts.values, "therapies": therapies, "packs": [rules.values for rules in loaded]}
    check_cases([case for rules in loaded for case in rules.cases], RuleBook.from_values(values))
    return values
