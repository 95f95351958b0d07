"""The curated questions of a pack: what each unit of the document answers, as people ask it.

They are indexed beside the unit and never shown.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from corpus.document import Document
from corpus.located_yaml import Node, read_yaml
from corpus.statements import Refutation
from corpus.vocabulary import Vocabulary

ASKS = frozenset(
    """
    definition list count percent duration date dose limit size comparison why mechanism procedure purpose
    indication contraindication harm outcome recommendation evidence who where yes_no name
    """.split()  # noqa: SIM905 - readable as a list of words
)
_REQUIRED = frozenset({"says", "asks", "about", "questions"})
_LISTS = frozenset({"asks", "about", "questions", "keep_with", "same_as"})
_OPTIONAL = frozenset({"near_misses", "keep_with", "same_as", "refutes"})
_CLAIM = frozenset({"claim", "asked", "twin"})
SILENCES = frozenset(
    """
    attribute entity endpoint population comparator advice reference_only ongoing other_subject
    """.split()  # noqa: SIM905 - readable as a list of words
)
"""Kinds of questions that a document does not answer."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A question that looks as if the unit answered it, while nothing does; ``kind`` is one of `SILENCES`."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class CuratedUnit:
    """What a pack knows of one unit.

    Attributes:
        unit: The unit's id.
        asks: What it can answer, of `ASKS`.
        about: Ids of the vocabulary.
        questions: Questions it answers.
        near_misses: Questions that look as if it did, while nothing in the document answers them.
        keep_with: Units it is never shown without.
        same_as: Units elsewhere that state the same fact.
        refutes: Wrong claims that it contradicts.
    """

    unit: str
    asks: tuple[str, ...]
    about: tuple[str, ...]
    questions: tuple[str, ...]
    near_misses: tuple[NearMiss, ...]
    keep_with: tuple[str, ...]
    same_as: tuple[str, ...]
    refutes: tuple[Refutation, ...] = ()


def load_questions(path: Path, document: Document, vocabulary: Vocabulary) -> tuple[CuratedUnit, ...]:
    """Read and check ``questions.yaml`` against its document, in the order of the document.

    Raises:
        KnowledgeError: At the first place that is wrong: a unit the document lacks, words that differ from the source,
            an unknown id, a question asked of two units.
    """
    root = read_yaml(path).fields(frozenset({"units"}), frozenset())
    asked: dict[str, str] = {}
    curated = {key: _curated(key, node, document, vocabulary, asked) for key, node in root["units"].mapping().items()}
    return tuple(curated[unit.id] for unit in document.searchable if unit.id in curated)


def _curated(key: str, node: Node, document: Document, vocabulary: Vocabulary, asked: dict[str, str]) -> CuratedUnit:
    unit = document.unit_by_id.get(key)
    if unit is None or not unit.searchable:
        node.refuse_key(f"{key!r} is no unit of {document.citation.id}")
    fields = node.fields(_REQUIRED, _OPTIONAL)
    if fields["says"].text() != unit.display:
        fields["says"].refuse(f"{key!r} does not say this; the source says {unit.display!r}")
    lists = {name: fields[name].texts() if name in fields else () for name in _LISTS}
    refuse_unknown(fields, "asks", lists["asks"], ASKS)
    refuse_unknown(fields, "about", lists["about"], vocabulary.by_id.keys())
    for name in ("keep_with", "same_as"):
        refuse_unknown(fields, name, lists[name], {unit.id for unit in document.searchable} - {key})
    near_misses = _near_misses(fields["near_misses"]) if "near_misses" in fields else []
    asking = fields["questions"].items() + [item for _, item in near_misses]
    for item in asking:
        question = item.text()
        folded = " ".join(question.casefold().split())
        if folded in asked:
            item.refuse(f"{question!r} is asked of {asked[folded]!r} too")
        asked[folded] = key
    return CuratedUnit(
        key,
        near_misses=tuple(NearMiss(item.text(), kind) for kind, item in near_misses),
        refutes=tuple(_refutation(item) for item in fields["refutes"].items()) if "refutes" in fields else (),
        **lists,
    )


def _near_misses(node: Node) -> list[tuple[str, Node]]:
    misses: list[tuple[str, Node]] = []
    for kind, questions in node.mapping().items():
        if kind not in SILENCES:
            questions.refuse_key(f"unknown kind of near miss {kind!r}; expected one of {sorted(SILENCES)}")
        misses += [(kind, item) for item in questions.items()]
    return misses


def _refutation(node: Node) -> Refutation:
    fields = node.fields(_CLAIM, frozenset())
    return Refutation(fields["claim"].text(), fields["asked"].text(), fields["twin"].text())


def refuse_unknown(fields: dict[str, Node], name: str, values: tuple[str, ...], known: Container[str]) -> None:
    """Refuse a field one of whose values is not known."""
    for value in values:
        if value not in known:
            fields[name].refuse(f"unknown {name} {value!r}")
