"""The compiled knowledge that serving reads: documents, what the packs know of their units, and the vocabulary.

YAML and the reader stay behind at the build; this is plain JSON beside the untouched sources.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.document import Citation, Document, Locator, Reference, Section, Unit, UnitKind
from corpus.integrity import decode_source
from corpus.statements import Outcome, Refutation, Relation
from index.analysis import Lexicon

if TYPE_CHECKING:
    from corpus.pack import Pack

KNOWLEDGE_FILE = "knowledge.json"


@dataclass(frozen=True, slots=True)
class UnitKnowledge:
    """What the pack knows of one unit; see `corpus.questions.CuratedUnit` and `corpus.statements`.

    Unit ids are of the same document.
    """

    asks: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    keep_with: tuple[str, ...] = ()
    same_as: tuple[str, ...] = ()
    refutes: tuple[Refutation, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    relations: tuple[Relation, ...] = ()


NOTHING_KNOWN = UnitKnowledge()


@dataclass(frozen=True, slots=True)
class Place:
    """A searchable unit of the library: its row in every leg, its document and the unit."""

    row: int
    document: Document
    unit: Unit

    @property
    def key(self) -> str:
        """Document and unit id: unique in the library."""
        return f"{self.document.citation.id}/{self.unit.id}"


@dataclass(frozen=True, slots=True)
class Silence:
    """An unanswerable curated question: its kind, the gap it belongs to (empty: a near miss), and the nearest rows."""

    kind: str
    gap: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Library:
    """All documents of an index.

    Attributes:
        known: Document id to unit id to what the pack knows of it.
        question_rows: For each curated question, the row of the unit it is asked of.
        silences: For each unanswerable curated question, what is known of it; near misses first, then gaps.
        gaps: Gap id to what to say.
        disputes: For each disputed question, the tension it belongs to, as document and id.
        knowledge: sha256 over every file of packs and vocabulary.
    """

    documents: tuple[Document, ...]
    known: dict[str, dict[str, UnitKnowledge]]
    question_rows: tuple[int, ...]
    lexicon: Lexicon
    knowledge: str
    silences: tuple[Silence, ...] = ()
    gaps: Mapping[str, str] = field(default_factory=dict)
    disputes: tuple[str, ...] = ()

    @classmethod
    def from_packs(cls, packs: Iterable[Pack], lexicon: Lexicon, knowledge: str) -> Library:
        """Compile packs."""
        packs = tuple(packs)
        known = {pack.document.citation.id: _known(pack) for pack in packs}
        bare = cls(tuple(pack.document for pack in packs), known, (), lexicon, knowledge)
        rows = tuple(
            bare.row(pack.document.citation.id, curated.unit)
            for pack in packs
            for curated in pack.curated
            for _ in curated.questions
        )
        return replace(
            bare,
            question_rows=rows,
            silences=tuple(silence for pack in packs for silence in _silences(pack, bare)),
            gaps={gap.id: gap.says for pack in packs for gap in pack.gaps},
            disputes=tuple(f"{pack.document.citation.id}/{key}" for pack in packs for key, _ in pack.disputed),
        )

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every searchable unit, documents in order, units in order of appearance."""
        pairs = [(document, unit) for document in self.documents for unit in document.searchable]
        return tuple(Place(row, document, unit) for row, (document, unit) in enumerate(pairs))

    @cached_property
    def _rows(self) -> dict[tuple[str, str], int]:
        return {(place.document.citation.id, place.unit.id): place.row for place in self.places}

    def row(self, document: str, unit: str) -> int:
        """Return the row of a unit."""
        return self._rows[document, unit]

    def place(self, document: str, unit: str) -> Place:
        """Return the place of a unit."""
        return self.places[self._rows[document, unit]]

    def knowledge_of(self, place: Place) -> UnitKnowledge:
        """Return what the pack knows of a unit; nothing where it is not curated."""
        return self.known[place.document.citation.id].get(place.unit.id, NOTHING_KNOWN)

    @cached_property
    def document_by_id(self) -> dict[str, Document]:
        """Documents by id."""
        return {document.citation.id: document for document in self.documents}

    def save(self, folder: Path) -> None:
        """Write ``knowledge.json`` and the sources, byte for byte."""
        payload = {
            "documents": [_document_values(document) for document in self.documents],
            "known": {d: {u: asdict(k) for u, k in units.items()} for d, units in self.known.items()},
            "question_rows": self.question_rows,
            "lexicon": {
                "phrases": self.lexicon.phrases,
                "stemmed": self.lexicon.stemmed,
                "exact": self.lexicon.exact,
                "parents": self.lexicon.parents,
                "kinds": self.lexicon.kinds,
                "names": self.lexicon.names,
            },
            "knowledge": self.knowledge,
            "silences": [[s.kind, s.gap, s.rows] for s in self.silences],
            "gaps": self.gaps,
            "disputes": self.disputes,
        }
        (folder / KNOWLEDGE_FILE).write_text(json.dumps(payload, ensure_ascii=False), encoding="utf-8")
        for document in self.documents:
            (folder / _source_file(document.citation.id)).write_bytes(document.source.encode("utf-8"))

    @classmethod
    def load(cls, folder: Path) -> Library:
        """Read what `save` wrote.

        Raises:
            SourceChangedError: If a source is not the one its pack was written for.
        """
        payload = json.loads((folder / KNOWLEDGE_FILE).read_text(encoding="utf-8"))
        return cls(
            tuple(_document(values, folder) for values in payload["documents"]),
            {d: {u: _knowledge(k) for u, k in units.items()} for d, units in payload["known"].items()},
            tuple(payload["question_rows"]),
            _lexicon(payload["lexicon"]),
            payload["knowledge"],
            tuple(Silence(kind, gap, tuple(rows)) for kind, gap, rows in payload["silences"]),
            payload["gaps"],
            tuple(payload["disputes"]),
        )


def _known(pack: Pack) -> dict[str, UnitKnowledge]:
    known = {c.unit: UnitKnowledge(c.asks, c.about, c.keep_with, c.same_as, refutes=c.refutes) for c in pack.curated}
    for unit in dict.fromkeys([*(o.unit for o in pack.outcomes), *(r.unit for r in pack.relations)]):
        known[unit] = replace(
            known.get(unit, NOTHING_KNOWN),
            outcomes=tuple(outcome for outcome in pack.outcomes if outcome.unit == unit),
            relations=tuple(relation for relation in pack.relations if relation.unit == unit),
        )
    return known


def _silences(pack: Pack, library: Library) -> Iterator[Silence]:
    document = pack.document.citation.id
    for curated in pack.curated:
        for miss in curated.near_misses:
            yield Silence(miss.kind, "", (library.row(document, curated.unit),))
    for gap in pack.gaps:
        rows = tuple(library.row(document, unit) for unit in gap.nearest)
        for _ in gap.questions:
            yield Silence(gap.kind, gap.id, rows)


def _lexicon(values: dict[str, Any]) -> Lexicon:
    parents = {entry: tuple(above) for entry, above in values["parents"].items()}
    return Lexicon(values["phrases"], values["stemmed"], values["exact"], parents, values["kinds"], values["names"])


def _source_file(document: str) -> str:
    return f"source-{document}.md"


def _knowledge(values: dict[str, Any]) -> UnitKnowledge:
    return UnitKnowledge(
        asks=tuple(values["asks"]),
        about=tuple(values["about"]),
        keep_with=tuple(values["keep_with"]),
        same_as=tuple(values["same_as"]),
        refutes=tuple(Refutation(**item) for item in values["refutes"]),
        outcomes=tuple(Outcome(**_frozen(item)) for item in values["outcomes"]),
        relations=tuple(Relation(**_frozen(item)) for item in values["relations"]),
    )


def _frozen(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _document_values(document: Document) -> dict[str, Any]:
    return {
        "citation": asdict(document.citation),
        "sections": [[s.label, s.path, s.level, s.start] for s in document.sections],
        "units": list(_unit_values(document)),
        "references": [[r.number, r.authors, r.title, r.journal, r.year, r.unit] for r in document.references],
    }


def _unit_values(document: Document) -> Iterator[list[Any]]:
    for u in document.units:
        if u.kind is not UnitKind.FURNITURE:
            place = [u.locator.row, u.locator.column, u.locator.item] if u.locator else None
            yield [u.id, u.kind, u.section, u.paragraph, u.start, u.end, u.display, u.references, place]


def _document(values: dict[str, Any], folder: Path) -> Document:
    citation = Citation(**{**values["citation"], "authors": tuple(values["citation"]["authors"])})
    source = decode_source((folder / _source_file(citation.id)).read_bytes(), citation)
    sections = tuple(Section(label, tuple(path), level, start) for label, path, level, start in values["sections"])
    references = tuple(Reference(n, tuple(a), t, j, y, u) for n, a, t, j, y, u in values["references"])
    units = tuple(
        Unit(i, UnitKind(kind), section, paragraph, start, end, display, tuple(refs), Locator(*at) if at else None)
        for i, kind, section, paragraph, start, end, display, refs, at in values["units"]
    )
    return Document(citation, source, sections, units, references)
