from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.document import Document
from corpus.errors import CorpusError, KnowledgeError, NelmError, SourceChangedError, SourceMissingError
from corpus.integrity import GUIDELINES, decode_source, knowledge_hash
from corpus.pack import load_citation, load_pack, load_packs, load_source
from corpus.vocabulary import Vocabulary

SHA256 = "f9848353460f531d20c2e86b41b26a1ee78e9e58c1f22e9162e489b595fe29e8"
REVIEW = GUIDELINES / "criss-makary-2024"


@pytest.fixture
def pack_folder(tmp_path: Path) -> Path:
    """A copy of the review's pack that may be damaged."""
    return Path(shutil.copytree(REVIEW, tmp_path / "guidelines" / REVIEW.name))


def edited(path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_the_review_is_byte_identical_to_what_was_published() -> None:
    assert hashlib.sha256((REVIEW / "source.md").read_bytes()).hexdigest() == SHA256
    assert load_citation(REVIEW / "document.toml").sha256 == SHA256


@pytest.mark.devset
def test_the_review_is_byte_identical_to_the_one_that_was_delivered(shared: Path) -> None:
    [delivered] = (shared / "seed").iterdir()
    assert (REVIEW / "source.md").read_bytes() == delivered.read_bytes()


def test_the_source_is_decoded_without_a_change(review: Document) -> None:
    assert review.source.encode("utf-8") == (REVIEW / "source.md").read_bytes()
    assert len(review.source) == 79265


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + b"\n",
        lambda data: data[:-1],
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"< 50%", b"< 60%"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: b"",
    ],
    ids=["newline-more", "cut", "crlf", "one-digit", "byte-order-mark", "empty"],
)
def test_a_changed_source_is_refused_with_both_hashes(
    pack_folder: Path, vocabulary: Vocabulary, change: Callable[[bytes], bytes]
) -> None:
    path = pack_folder / "source.md"
    changed = change(path.read_bytes())
    path.write_bytes(changed)
    with pytest.raises(SourceChangedError) as caught:
        load_pack(pack_folder, vocabulary)
    assert SHA256 in str(caught.value)
    assert hashlib.sha256(changed).hexdigest() in str(caught.value)
    assert caught.value.code == "source_changed"
    with pytest.raises(SourceChangedError):
        decode_source(changed, load_citation(pack_folder / "document.toml"))


def test_a_missing_source_is_refused(pack_folder: Path, vocabulary: Vocabulary) -> None:
    (pack_folder / "source.md").unlink()
    with pytest.raises(SourceMissingError, match=r"criss-makary-2024: source\.md is missing") as caught:
        load_pack(pack_folder, vocabulary)
    assert caught.value.code == "source_missing"
    with pytest.raises(SourceMissingError):
        load_source(pack_folder / "source.md", load_citation(pack_folder / "document.toml"))


def test_errors_of_the_corpus_have_one_root_and_codes_of_their_own() -> None:
    errors = (CorpusError, SourceMissingError, SourceChangedError, KnowledgeError)
    assert all(issubclass(error, CorpusError) and issubclass(error, NelmError) for error in errors)
    assert len({error.code for error in errors}) == len({error.hint for error in errors[:3]}) + 1 == 4


def test_the_citation_is_read_as_printed() -> None:
    citation = load_citation(REVIEW / "document.toml")
    source = (REVIEW / "source.md").read_text(encoding="utf-8")
    assert f"# {citation.title}\n" in source
    assert f"**{citation.year}**, *{citation.volume}*, {citation.pages}." in source
    assert f"<https://doi.org/{citation.doi_as_printed}>" in source
    assert (citation.received, citation.accepted, citation.published) == ("2024-02-18", "2024-04-03", "2024-04-05")
    assert citation.authors == ("Criss CR", "Makary MS")
    assert citation.superseded_by is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('volume = "31"\n', "", "missing ['volume'], unknown []"),
        ('volume = "31"\n', 'band = "31"\n', "missing ['volume'], unknown ['band']"),
        ('volume = "31"\n', 'volume = "31"\nissue = "4"\n', "missing [], unknown ['issue']"),
        ('volume = "31"\n', "volume = \n", "line 7"),
        ('volume = "31"\n', 'volume = "31"\nvolume = "32"\n', "line 8"),
    ],
    ids=["missing", "misnamed", "unknown", "not-toml", "twice"],
)
def test_a_citation_that_is_not_as_it_must_be_is_refused_with_its_place(
    pack_folder: Path, old: str, new: str, said: str
) -> None:
    path = edited(pack_folder / "document.toml", old, new)
    with pytest.raises(CorpusError) as caught:
        load_citation(path)
    assert str(caught.value).startswith("criss-makary-2024/document.toml: ")
    assert said in str(caught.value)


def test_a_document_may_be_superseded(pack_folder: Path) -> None:
    path = edited(pack_folder / "document.toml", 'volume = "31"\n', 'volume = "31"\nsuperseded_by = "newer-2030"\n')
    assert load_citation(path).superseded_by == "newer-2030"


def test_a_pack_without_questions_is_read_all_the_same(pack_folder: Path, vocabulary: Vocabulary) -> None:
    (pack_folder / "questions.yaml").unlink()
    pack = load_pack(pack_folder, vocabulary)
    assert pack.curated == ()
    assert len(pack.document.references) == 141


def test_a_mistake_in_the_questions_of_a_pack_is_refused_with_its_place(
    pack_folder: Path, vocabulary: Vocabulary
) -> None:
    edited(pack_folder / "questions.yaml", '    says: "Review"\n', '    says: "Reviews"\n')
    with pytest.raises(KnowledgeError) as caught:
        load_pack(pack_folder, vocabulary)
    assert (caught.value.file, caught.value.line, caught.value.column) == ("questions.yaml", 15, 11)
    assert "the source says 'Review'" in str(caught.value)


def test_packs_are_read_in_the_order_of_their_names(pack_folder: Path, vocabulary: Vocabulary) -> None:
    for name in ("z-1999", "a-2030"):
        shutil.copytree(pack_folder, pack_folder.parent / name)
        edited(pack_folder.parent / name / "document.toml", 'id = "criss-makary-2024"', f'id = "{name}"')
    (pack_folder.parent / "drafts").mkdir()
    (pack_folder.parent / "remarks.txt").write_text("no pack", encoding="utf-8")
    packs = load_packs(vocabulary, pack_folder.parent)
    assert [pack.document.citation.id for pack in packs] == ["a-2030", "criss-makary-2024", "z-1999"]


def test_a_folder_without_a_pack_is_refused(tmp_path: Path, vocabulary: Vocabulary) -> None:
    for root in (tmp_path, tmp_path / "missing"):
        with pytest.raises(CorpusError, match="no guideline pack"):
            load_packs(vocabulary, root)


# The hash over all knowledge


def knowledge(root: Path, files: dict[str, bytes]) -> str:
    """The hash of packs under root/guidelines and the vocabulary beside them."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return knowledge_hash(list((root / "guidelines").iterdir()), root / "vocabulary")


FILES = {
    "guidelines/b/source.md": b"text",
    "guidelines/b/rules/one.yaml": b"rule",
    "guidelines/a/source.md": b"other",
    "vocabulary/terms.yaml": b"terms",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"guidelines/b/source.md": b"Text"},
        {"guidelines/b/rules/one.yaml": b""},
        {"vocabulary/terms.yaml": b"terms "},
        {"guidelines/a/new.yaml": b""},
        {"guidelines/b/source.md": b"tex", "guidelines/b/rules/one.yaml": b"trule"},
        {"guidelines/b/source.md": b"other", "guidelines/a/source.md": b"text"},
    ],
    ids=["pack", "subfolder", "vocabulary", "file-more", "byte-moved", "exchanged"],
)
def test_the_knowledge_hash_changes_with_every_byte_of_every_file(tmp_path: Path, changes: dict[str, bytes]) -> None:
    assert knowledge(tmp_path / "one", FILES) != knowledge(tmp_path / "two", FILES | changes)


def test_the_knowledge_hash_changes_with_a_name(tmp_path: Path) -> None:
    moved = {name.replace("one.yaml", "two.yaml"): data for name, data in FILES.items()}
    assert knowledge(tmp_path / "one", FILES) != knowledge(tmp_path / "two", moved)


def test_the_knowledge_hash_tells_a_file_from_its_neighbour(tmp_path: Path) -> None:
    apart = FILES | {"vocabulary/a.yaml": b"x", "vocabulary/b.yaml": b"y"}
    together = FILES | {"vocabulary/a.yaml": b"xvocabulary/b.yaml\0y"}
    assert knowledge(tmp_path / "one", apart) != knowledge(tmp_path / "two", together)


def test_the_knowledge_hash_follows_the_names_of_packs_not_their_paths(tmp_path: Path) -> None:
    for root, other in (("k", "k"), ("z", "c")):
        knowledge(tmp_path / root, {name: data for name, data in FILES.items() if "/b/" not in name})
        knowledge(tmp_path / other, {name: data for name, data in FILES.items() if "/a/" not in name})
    together = [tmp_path / "k/guidelines/a", tmp_path / "k/guidelines/b"]
    scattered = [tmp_path / "z/guidelines/a", tmp_path / "c/guidelines/b"]
    assert knowledge_hash(together, tmp_path / "k/vocabulary") == knowledge_hash(scattered, tmp_path / "c/vocabulary")


def test_the_knowledge_hash_does_not_depend_on_order_or_on_where_the_folders_lie(tmp_path: Path) -> None:
    here = knowledge(tmp_path / "one", FILES)
    assert here == knowledge(tmp_path / "deeper" / "two", dict(reversed(FILES.items())))
    packs = sorted((tmp_path / "one" / "guidelines").iterdir())
    assert here == knowledge_hash(packs, tmp_path / "one/vocabulary")
    assert here == knowledge_hash(packs[::-1], tmp_path / "one/vocabulary")
