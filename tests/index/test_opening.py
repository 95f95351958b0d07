from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import NelmError
from corpus.integrity import GUIDELINES
from index import errors
from index.errors import IndexCorruptError, IndexMissingError, IndexStaleError, SearchIndexError
from index.opening import SearchIndex, is_current, refuse_stale
from index.store import MANIFEST_FILE, read_manifest, writing

FILES = [
    "asked_words.npy",
    "asked_words.terms.json",
    "concepts.npy",
    "concepts.terms.json",
    "knowledge.json",
    "model.onnx",
    "patients.json",
    "projection.npy",
    "questions.faiss",
    "source-criss-makary-2024.md",
    "spelling.json",
    "tokenizer.json",
    "units.faiss",
    "words.npy",
    "words.terms.json",
]


def linked(index_path: Path, folder: Path, *, but: str) -> Path:
    """A folder with links to every file of the index but one; returns the place of that one."""
    for path in index_path.iterdir():
        if path.name != but:
            (folder / path.name).symlink_to(path.resolve())
    return folder / but


def check_refused(folder: Path) -> None:
    with pytest.raises(IndexCorruptError) as caught:
        SearchIndex.open(folder)
    assert caught.value.code == "index_corrupt"
    assert "nelm build" in caught.value.hint


def test_the_index_holds_the_files_damaged_here(index_path: Path) -> None:
    assert sorted(read_manifest(index_path).files) == FILES
    assert sorted(path.name for path in index_path.iterdir()) == sorted([*FILES, MANIFEST_FILE])


def test_a_copy_of_the_index_opens_and_answers_alike(
    index_path: Path, search_index: SearchIndex, tmp_path: Path
) -> None:
    linked(index_path, tmp_path, but="")
    copied = SearchIndex.open(tmp_path)
    assert copied.manifest == search_index.manifest
    query = search_index.search.read("Is TACE safe after a Whipple procedure?")
    ours, theirs = search_index.rank(query), copied.rank(copied.search.read(query.text))
    assert np.array_equal(ours.scores, theirs.scores)
    assert ours.order == theirs.order


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(index_path: Path, tmp_path: Path, name: str) -> None:
    linked(index_path, tmp_path, but=name)
    check_refused(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_an_emptied_file_is_refused(index_path: Path, tmp_path: Path, name: str) -> None:
    linked(index_path, tmp_path, but=name).write_bytes(b"")
    check_refused(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_cut_file_is_refused(index_path: Path, tmp_path: Path, name: str) -> None:
    place, data = linked(index_path, tmp_path, but=name), (index_path / name).read_bytes()
    place.write_bytes(data[:-1])
    check_refused(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_a_flipped_bit_is_refused(index_path: Path, tmp_path: Path, name: str) -> None:
    place, data = linked(index_path, tmp_path, but=name), (index_path / name).read_bytes()
    draw = random.Random(name)
    position = draw.randrange(len(data))
    place.write_bytes(data)
    with place.open("r+b") as file:
        file.seek(position)
        file.write(bytes([data[position] ^ (1 << draw.randrange(8))]))
    check_refused(tmp_path)


def test_a_file_of_another_index_is_refused(index_path: Path, tmp_path: Path) -> None:
    place = linked(index_path, tmp_path, but="words.npy")
    place.symlink_to((index_path / "concepts.npy").resolve())
    check_refused(tmp_path)


def test_a_flipped_manifest_is_refused(index_path: Path, tmp_path: Path) -> None:
    place = linked(index_path, tmp_path, but=MANIFEST_FILE)
    data = bytearray((index_path / MANIFEST_FILE).read_bytes())
    data[data.index(b"sha256") + 12] ^= 1
    place.write_bytes(data)
    check_refused(tmp_path)


def test_without_its_manifest_an_index_is_missing(index_path: Path, tmp_path: Path) -> None:
    linked(index_path, tmp_path, but=MANIFEST_FILE)
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(IndexMissingError) as caught:
            SearchIndex.open(folder)
        assert caught.value.code == "index_missing"
        assert "nelm build" in caught.value.hint
        assert not is_current(folder)


def other_question(folder: Path) -> None:
    path = folder / "criss-makary-2024" / "questions.yaml"
    path.write_bytes(path.read_bytes() + b"# a remark\n")


def other_file(folder: Path) -> None:
    (folder / "criss-makary-2024" / "rules.yaml").write_bytes(b"")


def other_name(folder: Path) -> None:
    path = folder / "criss-makary-2024" / "questions.yaml"
    path.rename(path.with_name("asked.yaml"))


def another_pack(folder: Path) -> None:
    shutil.copytree(folder / "criss-makary-2024", folder / "second")


def no_pack(folder: Path) -> None:
    shutil.rmtree(folder / "criss-makary-2024")


@pytest.mark.parametrize("change", [other_question, other_file, other_name, another_pack, no_pack])
def test_an_index_of_other_knowledge_is_stale(index_path: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    packs = tmp_path / "guidelines"
    shutil.copytree(GUIDELINES, packs)
    refuse_stale(read_manifest(index_path), packs)
    change(packs)
    with pytest.raises(IndexStaleError) as caught:
        SearchIndex.open(index_path, packs=packs)
    assert caught.value.code == "index_stale"
    assert "nelm build" in caught.value.hint


def test_an_index_built_by_other_code_is_stale(index_path: Path, tmp_path: Path) -> None:
    facts = {name: fact for name, fact in read_manifest(index_path).facts.items() if name != "layout"}
    for code, stale in ((facts["code"], False), ("0" * 64, True), (None, True)):
        folder = tmp_path / str(code)
        with writing(folder, lambda code=code: {**facts, "code": code}) as scratch:  # type: ignore[misc]
            (scratch / "x").write_bytes(b"")
        assert is_current(folder) is not stale
        with pytest.raises(IndexStaleError if stale else IndexCorruptError) as caught:
            SearchIndex.open(folder)
        assert "nelm build" in caught.value.hint


def test_the_comparison_with_the_packs_can_be_left_out(tmp_path: Path) -> None:
    with writing(tmp_path / "index", lambda: {"knowledge": "of other packs"}) as scratch:
        (scratch / "x").write_bytes(b"")
    assert not is_current(tmp_path / "index")
    with pytest.raises(IndexStaleError):
        SearchIndex.open(tmp_path / "index")
    with pytest.raises(IndexCorruptError):  # beyond the comparison: there is nothing in it
        SearchIndex.open(tmp_path / "index", packs=None)


def test_the_built_index_is_current(index_path: Path) -> None:
    assert is_current(index_path)


def test_every_error_of_the_family_has_a_code_of_its_own_and_a_hint() -> None:
    family = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SearchIndexError)]
    assert len(family) == 5
    assert len({kind.code for kind in family}) == len(family)
    for kind in family:
        raised = kind("what was found")
        assert isinstance(raised, NelmError)
        assert raised.hint.endswith(".")
        assert str(raised) == "what was found"
        assert kind("x", hint="Do this.").hint == "Do this."
