from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index import store
from index.errors import IndexCorruptError, IndexMissingError, IndexStaleError
from index.store import LAYOUT, MANIFEST_FILE, Manifest, file_sha256, read_manifest, verify_files, writing

ROOT = Path(__file__).parent.parent.parent
PARTS = {"a.bin": b"\x00\x01" * 700, "b.json": b'{"x": 1}', "empty": b""}
FACTS = {"knowledge": "abc", "units": 3, "weights": {"name": "ünit"}}


def write(
    folder: Path, parts: dict[str, bytes] | None = None, facts: Callable[[], dict[str, Any]] | None = None
) -> None:
    with writing(folder, facts or (lambda: FACTS)) as scratch:
        for name, data in (PARTS if parts is None else parts).items():
            (scratch / name).write_bytes(data)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "index")
    return tmp_path / "index"


def test_what_was_written_is_read_and_verified(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest.facts == {"layout": LAYOUT, **FACTS}
    assert manifest.files == {name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in PARTS.items()}
    assert manifest.sha256 == hashlib.sha256((folder / MANIFEST_FILE).read_bytes()).hexdigest()
    assert {name: data for name, data in contents(folder).items() if name != MANIFEST_FILE} == PARTS
    verify_files(folder, manifest)


def test_the_same_parts_give_the_same_bytes_anywhere(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "deep" / "other", dict(reversed(PARTS.items())))
    assert contents(tmp_path / "elsewhere" / "deep" / "other") == contents(folder)
    text = (folder / MANIFEST_FILE).read_text(encoding="ascii")
    assert str(tmp_path) not in text
    assert os.uname().nodename not in text


def test_other_parts_or_facts_give_another_identity(folder: Path, tmp_path: Path) -> None:
    one = read_manifest(folder).sha256
    write(tmp_path / "parts", {**PARTS, "a.bin": b"\x00"})
    write(tmp_path / "facts", PARTS, lambda: {**FACTS, "units": 4})
    assert len({one, read_manifest(tmp_path / "parts").sha256, read_manifest(tmp_path / "facts").sha256}) == 3


@pytest.mark.parametrize("flip", [0x01, 0x10, 0x20, 0x80])
def test_a_flip_in_any_byte_of_the_manifest_is_refused(folder: Path, flip: int) -> None:
    path = folder / MANIFEST_FILE
    data = path.read_bytes()
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= flip
        path.write_bytes(changed)
        with pytest.raises(IndexCorruptError):
            read_manifest(folder)


@pytest.mark.thorough
def test_a_flip_in_a_byte_of_the_built_manifest_is_refused(index_path: Path, tmp_path: Path) -> None:
    data = (index_path / MANIFEST_FILE).read_bytes()
    path = tmp_path / MANIFEST_FILE
    path.write_bytes(data)
    assert read_manifest(tmp_path).sha256 == hashlib.sha256(data).hexdigest()
    ends = 300
    for position in (*range(ends), *range(ends, len(data) - ends, 101), *range(len(data) - ends, len(data))):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        with pytest.raises(IndexCorruptError):
            read_manifest(tmp_path)


def test_a_manifest_cut_anywhere_is_refused(folder: Path) -> None:
    path = folder / MANIFEST_FILE
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(IndexCorruptError):
            read_manifest(folder)


def test_a_manifest_that_says_the_same_in_other_bytes_is_refused(folder: Path) -> None:
    path = folder / MANIFEST_FILE
    data = path.read_bytes()
    values = json.loads(data)
    others = [
        data + b"\n",
        b" " + data,
        b"\xef\xbb\xbf" + data,
        data.replace(b"\n", b"\r\n"),
        json.dumps(values).encode(),
        json.dumps(dict(reversed(values.items())), indent=1).encode() + b"\n",
        (json.dumps(values, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode(),
        data.decode().encode("utf-16"),
        data.replace(b'"units": 3', b'"units": 3.0'),
        data.replace(b'"units": 3', b'"units": 3,\n "units": 3'),
    ]
    for other in others:
        assert other != data
        path.write_bytes(other)
        with pytest.raises(IndexCorruptError):
            read_manifest(folder)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b'{"digest": "x"}', b'{"digest": "x", "files": 3}'],
)
def test_what_is_no_manifest_is_refused(folder: Path, data: bytes) -> None:
    (folder / MANIFEST_FILE).write_bytes(data)
    with pytest.raises(IndexCorruptError) as caught:
        read_manifest(folder)
    assert caught.value.code == "index_corrupt"
    assert "nelm build" in caught.value.hint


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"files":' * 50_000])
def test_a_manifest_nested_without_end_is_refused(folder: Path, data: bytes) -> None:
    (folder / MANIFEST_FILE).write_bytes(data)
    with pytest.raises(IndexCorruptError):
        read_manifest(folder)


def test_a_folder_in_the_manifest_s_place_is_refused(folder: Path) -> None:
    (folder / MANIFEST_FILE).unlink()
    (folder / MANIFEST_FILE).mkdir()
    with pytest.raises((IndexCorruptError, IndexMissingError)):
        read_manifest(folder)


def test_a_missing_index_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"")
    for name in ("absent", "empty", "file", "absent/deeper"):
        with pytest.raises(IndexMissingError) as caught:
            read_manifest(tmp_path / name)
        assert caught.value.code == "index_missing"
        assert "nelm build" in caught.value.hint
        assert "NELM_INDEX" in caught.value.hint
        assert str(tmp_path) not in str(caught.value)


def test_another_layout_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(store, "LAYOUT", "nelm.index/0")
        write(tmp_path / "index")
    with pytest.raises(IndexStaleError, match=r"nelm\.index/0.*" + LAYOUT) as caught:
        read_manifest(tmp_path / "index")
    assert caught.value.code == "index_stale"
    assert "nelm build" in caught.value.hint


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def turned_into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [emptied, cut, longer, Path.unlink, turned_into_a_folder])
@pytest.mark.parametrize("name", ["a.bin", "b.json"])
def test_a_damaged_part_is_named_and_refused(folder: Path, name: str, damage: Callable[[Path], None]) -> None:
    manifest = read_manifest(folder)
    damage(folder / name)
    with pytest.raises(IndexCorruptError, match=name) as caught:
        verify_files(folder, manifest)
    assert caught.value.code == "index_corrupt"
    assert caught.value.hint


@pytest.mark.parametrize(("damage", "found"), [(emptied, 0), (cut, 1399), (longer, 1401)])
def test_another_size_is_told_with_both_numbers(folder: Path, damage: Callable[[Path], None], found: int) -> None:
    damage(folder / "a.bin")
    with pytest.raises(IndexCorruptError, match=f"has {found} bytes, expected 1400"):
        verify_files(folder, read_manifest(folder))


def test_a_flip_of_any_bit_of_a_part_is_refused(folder: Path) -> None:
    manifest = read_manifest(folder)
    for name in ("a.bin", "b.json"):
        data = PARTS[name]
        for bit in range(0, 8 * len(data), 7):
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            (folder / name).write_bytes(changed)
            with pytest.raises(IndexCorruptError, match=name):
                verify_files(folder, manifest)
        (folder / name).write_bytes(data)
    verify_files(folder, manifest)


def test_two_parts_with_their_names_exchanged_are_refused(folder: Path) -> None:
    manifest = read_manifest(folder)
    (folder / "a.bin").rename(folder / "kept")
    (folder / "b.json").rename(folder / "a.bin")
    (folder / "kept").rename(folder / "b.json")
    with pytest.raises(IndexCorruptError):
        verify_files(folder, manifest)


@pytest.mark.parametrize("data", [b"", b"abc", bytes(range(256)) * 5000])
def test_a_file_s_hash_is_that_of_its_bytes(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    assert file_sha256(tmp_path / "x") == hashlib.sha256(data).hexdigest()


def test_nothing_stands_at_the_final_place_while_writing(tmp_path: Path) -> None:
    with writing(tmp_path / "index", lambda: FACTS) as scratch:
        (scratch / "a.bin").write_bytes(b"1")
        assert not (tmp_path / "index").exists()
        assert scratch.parent == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_the_former_index_serves_until_the_new_one_is_whole(folder: Path) -> None:
    former = contents(folder)
    with writing(folder, lambda: FACTS) as scratch:
        (scratch / "new.bin").write_bytes(b"2")
        assert contents(folder) == former
    assert set(contents(folder)) == {"new.bin", MANIFEST_FILE}
    verify_files(folder, read_manifest(folder))
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


class BuildFailedError(Exception):
    pass


def fail_half_way(folder: Path, failure: type[BaseException]) -> None:
    with writing(folder, lambda: FACTS) as scratch:
        (scratch / "a.bin").write_bytes(b"half")
        raise failure


FAILURES = [BuildFailedError, KeyboardInterrupt, MemoryError, SystemExit]


@pytest.mark.parametrize("failure", FAILURES)
def test_a_build_that_fails_leaves_nothing_behind(tmp_path: Path, failure: type[BaseException]) -> None:
    with pytest.raises(failure):
        fail_half_way(tmp_path / "index", failure)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", FAILURES)
def test_a_build_that_fails_leaves_the_former_index_as_it_was(folder: Path, failure: type[BaseException]) -> None:
    former = contents(folder)
    with pytest.raises(failure):
        fail_half_way(folder, failure)
    assert contents(folder) == former
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


def test_a_build_that_is_killed_leaves_the_former_index_as_it_was(folder: Path, tmp_path: Path) -> None:
    former = contents(folder)
    program = (
        "import os, sys; from pathlib import Path; from index.store import writing\n"
        "with writing(Path(sys.argv[1]), dict) as scratch:\n"
        "    (scratch / 'a.bin').write_bytes(b'half'); os._exit(9)"
    )
    for place in (folder, tmp_path / "none"):
        assert subprocess.run([sys.executable, "-c", program, str(place)], check=False, cwd=ROOT).returncode == 9
    assert contents(folder) == former
    assert not (tmp_path / "none").exists()


def refuse_facts() -> dict[str, Any]:
    raise BuildFailedError


def test_facts_that_cannot_be_told_leave_the_former_index(folder: Path) -> None:
    former = contents(folder)
    with pytest.raises(BuildFailedError):
        write(folder, {"a.bin": b"new"}, refuse_facts)
    assert contents(folder) == former
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


@pytest.mark.parametrize("failing", [1, 2])
def test_a_rename_that_fails_leaves_the_former_index(
    folder: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    former = contents(folder)
    rename, calls = Path.rename, []

    def failing_rename(path: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == failing:
            raise PermissionError(13, "refused")
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", failing_rename)
        with pytest.raises(PermissionError):
            write(folder, {"a.bin": b"new"})
    assert contents(folder) == former
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


def test_the_code_s_hash_is_that_of_every_module_of_corpus_and_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = store.code_sha256()
    for package in ("corpus", "index"):
        (tmp_path / package).mkdir()
        for path in (ROOT / package).glob("*.py"):
            shutil.copy(path, tmp_path / package)
    monkeypatch.setattr(store, "__file__", str(tmp_path / "index" / "store.py"))
    assert store.code_sha256() == installed
    seen = {installed}
    for path in sorted(tmp_path.glob("*/*.py")):
        code = path.read_bytes()
        path.write_bytes(code + b"#")
        seen.add(store.code_sha256())
        path.write_bytes(code)
    assert len(seen) == 1 + len(list(tmp_path.glob("*/*.py")))
    assert store.code_sha256() == installed


def test_others_may_read_the_index(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o755


def test_a_copied_index_is_the_same_index(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    copied: Manifest = read_manifest(tmp_path / "copy")
    assert copied == read_manifest(folder)
    verify_files(tmp_path / "copy", copied)
