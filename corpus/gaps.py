"""What a document does not say, though it will be asked: read from a pack's ``gaps.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from corpus.document import Document
from corpus.located_yaml import Node, read_yaml
from corpus.questions import SILENCES


@dataclass(frozen=True, slots=True)
class Gap:
    """A question, in many wordings, that the document does not answer.

    Attributes:
        kind: One of `corpus.questions.SILENCES`.
        says: What to say: what is missing and what the document does say instead.
        nearest: Units that come nearest; none for other subjects.
    """

    id: str
    kind: str
    says: str
    nearest: tuple[str, ...]
    questions: tuple[str, ...]


def load_gaps(path: Path, document: Document) -> tuple[Gap, ...]:
    """Read and check ``gaps.yaml``.

    Raises:
        KnowledgeError: At the first place that is wrong.
    """
    root = read_yaml(path).fields(frozenset({"gaps"}), frozenset())
    return tuple(_gap(key, node, document) for key, node in root["gaps"].mapping().items())


def _gap(key: str, node: Node, document: Document) -> Gap:
    fields = node.fields(frozenset({"class", "says", "nearest", "questions"}), frozenset())
    kind = fields["class"].text()
    if kind not in SILENCES:
        fields["class"].refuse(f"unknown class {kind!r}; expected one of {sorted(SILENCES)}")
    nearest = fields["nearest"].texts()
    for unit in nearest:
        if unit not in document.unit_by_id or not document.unit_by_id[unit].searchable:
            fields["nearest"].refuse(f"{unit!r} is no unit of {document.citation.id}")
    return Gap(key, kind, fields["says"].text(), nearest, fields["questions"].texts())
