"""The field's vocabulary: therapies and terms with their synonyms, read from ``corpus/vocabulary/*.yaml``.

A bare term belongs to one entry. Nothing here matches text; that is the analysis of the index.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from corpus.integrity import VOCABULARY
from corpus.located_yaml import Node, read_yaml

KINDS = frozenset(
    """
    topic condition metric lab trial organisation drug isotope radiopharmaceutical anatomy device mediator
    """.split()  # noqa: SIM905 - readable as a list of words
)
_THERAPY = "therapy"
_FORBIDDEN = frozenset("()[]{};:=")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the vocabulary.

    Attributes:
        kind: ``therapy`` or one of `KINDS`.
        parents: Ids of the wider entries directly above.
        synonyms: Terms matched without regard to case, hyphen, spelling variant or English plural; the name included.
        exact: Terms matched with their case.
        lay: How patients and families say it; matched as synonyms are.
        in_cases: What names it in a patient's text only; elsewhere another entry ("Y90" is an isotope).
    """

    id: str
    kind: str
    name: str
    parents: tuple[str, ...]
    synonyms: tuple[str, ...]
    exact: tuple[str, ...]
    lay: tuple[str, ...]
    in_cases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """All entries, in file order."""

    entries: tuple[Entry, ...]

    @cached_property
    def by_id(self) -> dict[str, Entry]:
        """Entries by id."""
        return {entry.id: entry for entry in self.entries}


def load_vocabulary(folder: Path = VOCABULARY) -> Vocabulary:
    """Read and check the vocabulary.

    Raises:
        KnowledgeError: At the first place that is wrong: unknown keys or kinds, a parent that is no entry, a term with
            punctuation, or a term two entries claim.
    """
    entries: list[Entry] = []
    nodes: dict[str, Node] = {}
    claimed: dict[str, str] = {}
    for name in ("therapies", "terms"):
        root = read_yaml(folder / f"{name}.yaml").fields(frozenset({name}), frozenset())
        for key, node in root[name].mapping().items():
            if key in nodes:
                node.refuse(f"entry {key!r} stands in the vocabulary twice")
            nodes[key] = node
            entries.append(_entry(key, node, claimed, therapy=name == "therapies"))
    for entry in entries:
        for parent in entry.parents:
            if parent not in nodes:
                nodes[entry.id].mapping()["parents"].refuse(f"parent {parent!r} of {entry.id!r} is no entry")
    return Vocabulary(tuple(entries))


def _entry(key: str, node: Node, claimed: dict[str, str], *, therapy: bool) -> Entry:
    required = frozenset({"name"} if therapy else {"name", "kind"})
    fields = node.fields(required, frozenset({"parents", "synonyms", "exact", "lay", "in_cases"}))
    kind = _THERAPY if therapy else fields["kind"].text()
    if not therapy and kind not in KINDS:
        fields["kind"].refuse(f"unknown kind {kind!r}; expected one of {sorted(KINDS)}")
    names = ("parents", "synonyms", "exact", "lay", "in_cases")
    lists = {name: fields[name].texts() if name in fields else () for name in names}
    name = fields["name"].text()
    terms = [fields["name"], *(item for part in ("synonyms", "lay") if part in fields for item in fields[part].items())]
    exact = fields["exact"].items() if "exact" in fields else []
    for item in (*terms, *exact):
        term = item.text()
        folded = f"={term}" if item in exact else "".join(term.lower().replace("-", " ").split())
        if claimed.setdefault(folded, key) != key:
            item.refuse(f"{term!r} of {key!r} belongs to {claimed[folded]!r}: a term has one entry")
        if _FORBIDDEN & set(term):
            item.refuse(f"{term!r} is not a bare term")
    return Entry(
        key, kind, name, lists["parents"], (name, *lists["synonyms"]), lists["exact"], lists["lay"], lists["in_cases"]
    )
