"""What answers are made from: versions, digests, and how much there is of everything."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.answer import SourceDocument
from assistant.assistant import Assistant
from assistant.composition import source_document
from assistant.version import VERSION


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is.

    Attributes:
        units: Sentences, table items, captions and references that can be cited.
        questions: Curated questions that the documents answer; ``silences`` those that they do not.
        reviewed: Rules that a clinician has signed.
    """

    units: int
    figures: int
    questions: int
    silences: int
    facts: int
    therapies: int
    rules: int
    reviewed: int


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What answers are made from.

    Attributes:
        version: Of the software.
        knowledge: sha256 over every file of packs and vocabulary; ``index`` of the index's manifest; ``code`` over the
            code that built the index.
    """

    version: str
    knowledge: str
    index: str
    code: str
    documents: tuple[SourceDocument, ...]
    counts: Counts


def knowledge_of(assistant: Assistant) -> Knowledge:
    """Return what an assistant answers from."""
    library, book = assistant.library, assistant.patients.book
    counts = Counts(
        units=len(library.places),
        figures=sum(len(library.knowledge_of(place).outcomes) for place in library.places),
        questions=len(library.question_rows),
        silences=len(library.silences),
        facts=len(book.facts),
        therapies=len(book.names),
        rules=len(book.rules),
        reviewed=sum(bool(rule.reviewed_by) for rule in book.rules.values()),
    )
    return Knowledge(
        version=VERSION,
        knowledge=library.knowledge,
        index=assistant.manifest.sha256,
        code=assistant.manifest.facts["code"],
        documents=tuple(source_document(document) for document in assistant.documents),
        counts=counts,
    )
