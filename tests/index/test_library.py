from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from corpus.document import Citation, Document, Locator, Reference, Section, Unit, UnitKind
from corpus.errors import SourceChangedError
from corpus.gaps import Gap
from corpus.integrity import GUIDELINES
from corpus.pack import Pack, load_pack
from corpus.questions import CuratedUnit, NearMiss
from corpus.vocabulary import Vocabulary
from index.analysis import Lexicon, compile_lexicon
from index.library import KNOWLEDGE_FILE, NOTHING_KNOWN, Library, Silence, UnitKnowledge
from index.opening import SearchIndex

SOURCE = "# Title\r\n\r\nFirst “sentence” ¹⁷⁷Lu.\rSecond\u2028one.\n\n<furniture>\n1. Doe, J. Title. J. 2020.\n"
LEXICON = Lexicon(
    {"tace": "tace", "µ": "micro"},
    {"tace": "tace"},
    {"RE": "tare"},
    {"tace": ("transarterial",), "x": ()},
    {"tace": "therapy"},
)


def unit(name: str, text: str, kind: UnitKind = UnitKind.SENTENCE, *, locator: Locator | None = None) -> Unit:
    start = SOURCE.index(text)
    references = () if kind is UnitKind.REFERENCE else (1,)
    return Unit(name, kind, "1", 0, start, start + len(text), text, references, locator)


def toy(name: str = "toy") -> Document:
    values: dict[str, Any] = {field.name: f"ü {field.name}" for field in fields(Citation)}
    values |= {"id": name, "authors": ("Doe, J.", "Roe, R."), "year": 2020}
    citation = Citation(**{**values, "sha256": hashlib.sha256(SOURCE.encode()).hexdigest()})
    units = (
        unit("h", "Title", UnitKind.HEADING),
        unit("a", "First “sentence” ¹⁷⁷Lu."),
        unit("b", "Second\u2028one.", UnitKind.ITEM, locator=Locator("row", "column", 2)),
        unit("furniture-1", "<furniture>", UnitKind.FURNITURE),
        unit("r", "1. Doe, J. Title. J. 2020.", UnitKind.REFERENCE),
    )
    sections = (Section("1", ("Title", "Sub"), 2, 0),)
    return Document(citation, SOURCE, sections, units, (Reference(1, ("Doe, J.",), "Title", "J.", 2020, "r"),))


def packs() -> tuple[Pack, ...]:
    curated = (
        CuratedUnit("a", ("why", "count"), ("tace",), ("Q1?", "Q2?"), (NearMiss("Near?", "attribute"),), ("b",), ()),
        CuratedUnit("b", (), (), ("Q3?",), (), (), ("a",)),
    )
    gaps = (
        Gap("dose-ü", "attribute", "No “dose”.", ("r", "a"), ("G1?", "G2?")),
        Gap("pizza", "other_subject", "Not this.", (), ("G3?",)),
    )
    other = (Gap("other-gap", "advice", "No advice.", ("b",), ("G4?",)),)
    return (Pack(Path("toy"), toy(), curated, gaps), Pack(Path("other"), toy("other"), curated[1:], other))


@pytest.fixture
def held() -> Library:
    return Library.from_packs(packs(), LEXICON, "abc")


def without_furniture(document: Document) -> Document:
    return replace(document, units=tuple(u for u in document.units if u.kind is not UnitKind.FURNITURE))


def check_equal(loaded: Library, written: Library) -> None:
    for ours, theirs in zip(loaded.documents, written.documents, strict=True):
        assert ours == without_furniture(theirs)
    assert loaded.known == written.known
    assert loaded.question_rows == written.question_rows
    assert loaded.knowledge == written.knowledge
    assert loaded.silences == written.silences
    assert loaded.gaps == written.gaps
    assert loaded.lexicon == written.lexicon
    assert [place.key for place in loaded.places] == [place.key for place in written.places]


def test_places_are_the_searchable_units_in_order(held: Library) -> None:
    assert [place.key for place in held.places] == ["toy/a", "toy/b", "toy/r", "other/a", "other/b", "other/r"]
    assert [place.row for place in held.places] == list(range(6))
    for place in held.places:
        document = place.document.citation.id
        assert held.place(document, place.unit.id) is place
        assert held.row(document, place.unit.id) == place.row
        assert place.document is held.document_by_id[document]


def test_every_question_has_the_row_of_its_unit(held: Library) -> None:
    assert held.question_rows == (0, 0, 1, 4)


def test_silences_are_near_misses_then_gaps_with_the_rows_of_their_own_document(held: Library) -> None:
    assert held.silences == (
        Silence("attribute", "", (0,)),
        Silence("attribute", "dose-ü", (2, 0)),
        Silence("attribute", "dose-ü", (2, 0)),
        Silence("other_subject", "pizza", ()),
        Silence("advice", "other-gap", (4,)),
    )
    assert held.gaps == {"dose-ü": "No “dose”.", "pizza": "Not this.", "other-gap": "No advice."}


def test_knowledge_is_that_of_the_same_document_and_nothing_where_not_curated(held: Library) -> None:
    assert held.knowledge_of(held.place("toy", "a")) == UnitKnowledge(("why", "count"), ("tace",), ("b",), ())
    assert held.knowledge_of(held.place("toy", "b")).same_as == ("a",)
    assert held.knowledge_of(held.place("other", "a")) is NOTHING_KNOWN
    assert held.knowledge_of(held.place("toy", "r")) is NOTHING_KNOWN


def test_an_unknown_unit_is_refused(held: Library) -> None:
    for wrong in (("toy", "h"), ("toy", "furniture-1"), ("none", "a")):
        with pytest.raises(KeyError):
            held.row(*wrong)


def test_what_was_saved_is_read_back_with_every_newline(held: Library, tmp_path: Path) -> None:
    held.save(tmp_path)
    check_equal(Library.load(tmp_path), held)
    assert (tmp_path / "source-toy.md").read_bytes() == SOURCE.encode()
    assert sorted(path.name for path in tmp_path.iterdir()) == [KNOWLEDGE_FILE, "source-other.md", "source-toy.md"]


def test_saving_what_was_loaded_gives_the_same_bytes(held: Library, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    held.save(tmp_path / "first")
    Library.load(tmp_path / "first").save(tmp_path / "second")
    for path in (tmp_path / "first").iterdir():
        assert (tmp_path / "second" / path.name).read_bytes() == path.read_bytes()


def test_a_source_that_was_touched_is_refused(held: Library, tmp_path: Path) -> None:
    held.save(tmp_path)
    (tmp_path / "source-other.md").write_bytes(SOURCE.replace("\r\n", "\n").encode())
    with pytest.raises(SourceChangedError) as caught:
        Library.load(tmp_path)
    assert caught.value.code == "source_changed"
    assert "other" in str(caught.value)
    assert caught.value.hint


def test_a_loaded_lexicon_finds_what_the_compiled_one_does(vocabulary: Vocabulary, tmp_path: Path) -> None:
    compiled = compile_lexicon(vocabulary)
    Library.from_packs((), compiled, "").save(tmp_path)
    loaded = Library.load(tmp_path).lexicon
    assert loaded == compiled
    text = " . ".join(term for entry in vocabulary.entries for term in (*entry.synonyms, *entry.exact, *entry.lay))
    assert loaded.mentions(text) == compiled.mentions(text)
    assert all(loaded.lineage(entry.id) == compiled.lineage(entry.id) for entry in vocabulary.entries)


def test_the_review_survives_the_round_trip(vocabulary: Vocabulary, tmp_path: Path) -> None:
    pack = load_pack(GUIDELINES / "criss-makary-2024", vocabulary)
    library = Library.from_packs((pack,), compile_lexicon(vocabulary), "k")
    library.save(tmp_path)
    loaded = Library.load(tmp_path)
    check_equal(loaded, library)
    assert len(loaded.question_rows) == sum(len(curated.questions) for curated in pack.curated)
    misses = [(miss.kind, "", (curated.unit,)) for curated in pack.curated for miss in curated.near_misses]
    gaps = [(gap.kind, gap.id, gap.nearest) for gap in pack.gaps for _ in gap.questions]
    assert [
        (silence.kind, silence.gap, tuple(loaded.places[row].unit.id for row in silence.rows))
        for silence in loaded.silences
    ] == misses + gaps
    assert loaded.gaps == {gap.id: gap.says for gap in pack.gaps}
    assert (tmp_path / "source-criss-makary-2024.md").read_bytes() == (pack.folder / "source.md").read_bytes()
    for place in loaded.places:
        assert place.document.quote(place.unit) == pack.document.quote(pack.document.unit_by_id[place.unit.id])


def test_the_index_holds_the_packs_of_this_installation(
    vocabulary: Vocabulary, review: Document, search_index: SearchIndex
) -> None:
    (document,) = search_index.library.documents
    assert document == without_furniture(review)
    assert search_index.library.lexicon == compile_lexicon(vocabulary)
    compiled = Library.from_packs(
        (load_pack(GUIDELINES / "criss-makary-2024", vocabulary),), compile_lexicon(vocabulary), ""
    )
    assert search_index.library.silences == compiled.silences
    assert search_index.library.gaps == compiled.gaps
    assert search_index.library.knowledge == search_index.manifest.facts["knowledge"]


def test_the_file_is_plain_json_in_which_nothing_is_escaped(held: Library, tmp_path: Path) -> None:
    held.save(tmp_path)
    text = (tmp_path / KNOWLEDGE_FILE).read_text(encoding="utf-8")
    assert "¹⁷⁷Lu" in text
    assert not any(question in text for question in ("Near?", "Q1?", "G1?")), "questions are never stored to be shown"
    assert "No “dose”." in text
    assert json.loads(text)["question_rows"] == [0, 0, 1, 4]
