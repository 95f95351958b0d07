"""The curated questions of a pack: what each unit of the document answers, as people ask it.

They are indexed beside the unit and never shown.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from corpus.document import Document
from corpus.located_yaml import Node, read_yaml
from corpus.vocabulary import Vocabulary

ASKS = frozenset(
    """
    definition list count percent duration date dose limit size comparison why mechanism procedure purpose
    indication contraindication harm outcome recommendation evidence who where yes_no name
    """.split()  # noqa: SIM905 - readable as a list of words
)
_REQUIRED = frozenset({"says", "asks", "about", "questions"})
_OPTIONAL = frozenset({"near_misses", "keep_with", "same_as"})


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
    """

    unit: str
    asks: tuple[str, ...]
    about: tuple[str, ...]
    questions: tuple[str, ...]
    near_misses: tuple[str, ...]
    keep_with: tuple[str, ...]
    same_as: tuple[str, ...]


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
    lists = {name: fields[name].texts() if name in fields else () for name in (_REQUIRED | _OPTIONAL) - {"says"}}
    _refuse_unknown(fields, "asks", lists["asks"], ASKS)
    _refuse_unknown(fields, "about", lists["about"], vocabulary.by_id.keys())
    for name in ("keep_with", "same_as"):
        _refuse_unknown(fields, name, lists[name], {unit.id for unit in document.searchable} - {key})
    for name in ("questions", "near_misses"):
        for item in fields[name].items() if name in fields else ():
            question = item.text()
            folded = " ".join(question.casefold().split())
            if folded in asked:
                item.refuse(f"{question!r} is asked of {asked[folded]!r} too")
            asked[folded] = key
    return CuratedUnit(key, **lists)


def _refuse_unknown(fields: dict[str, Node], name: str, values: tuple[str, ...], known: Container[str]) -> None:
    for value in values:
        if value not in known:
            fields[name].refuse(f"unknown {name} {value!r}")
