"""The index folder on disk: its manifest, written last and whole, and the verification of every byte.

Nothing here knows what the parts mean.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import IndexCorruptError, IndexMissingError, IndexStaleError

MANIFEST_FILE = "manifest.json"
LAYOUT = "nelm.index/1"
"""Changes whenever code reads the folder differently."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index folder holds.

    Attributes:
        facts: Layout, versions, knowledge and weights; no time, path or host.
        files: File name to sha256 and size in bytes.
        sha256: Of the manifest file itself: the identity of the index.
    """

    facts: dict[str, Any]
    files: dict[str, tuple[str, int]]
    sha256: str


def _canonical(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, sort_keys=True, indent=1, ensure_ascii=True) + "\n").encode("ascii")


def _digest(data: bytes, written: str) -> str:
    """The sha256 over a manifest's bytes with its own digest left out."""
    return hashlib.sha256(data.replace(written.encode("ascii"), b"", 1)).hexdigest()


def code_sha256() -> str:
    """Return the sha256 over the code that reads sources and builds indexes: what an index is the product of."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for package in (here.parent / "corpus", here):
        for path in sorted(package.glob("*.py")):
            digest.update(f"{package.name}/{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest and check it against its own digest.

    Raises:
        IndexMissingError: If there is none.
        IndexCorruptError: If any byte of it is not as written.
        IndexStaleError: If it was written for another layout.
    """
    path = folder / MANIFEST_FILE
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as exc:
        raise IndexMissingError(f"no index at {folder.name!r}: {MANIFEST_FILE} is missing") from exc
    try:
        values = json.loads(data)
        intact = _digest(data, values["digest"]) == values.pop("digest")
        files = {name: (entry["sha256"], entry["bytes"]) for name, entry in values.pop("files").items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise IndexCorruptError(f"{MANIFEST_FILE} cannot be read") from exc
    if not intact:
        raise IndexCorruptError(f"{MANIFEST_FILE} is not as it was written")
    if values.get("layout") != LAYOUT:
        raise IndexStaleError(f"the index has layout {values.get('layout')!r}, this version reads {LAYOUT!r}")
    return Manifest(values, files, hashlib.sha256(data).hexdigest())


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Compare every file with the manifest.

    Raises:
        IndexCorruptError: At the first file that is absent, of another size or of another hash.
    """
    for name, (sha256, size) in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise IndexCorruptError(f"{name} is missing")
        if (found := path.stat().st_size) != size:
            raise IndexCorruptError(f"{name} has {found} bytes, expected {size}")
        if (actual := file_sha256(path)) != sha256:
            raise IndexCorruptError(f"{name} has sha256 {actual}, expected {sha256}")


@contextmanager
def writing(folder: Path, facts: Callable[[], dict[str, Any]]) -> Iterator[Path]:
    """Yield an empty folder to write the parts into; put it in place, with its manifest, when all went well.

    A failure leaves the former index, if any, untouched.

    Args:
        facts: Called at the end for what the manifest says beside the files.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield scratch
        names = sorted(path.name for path in scratch.iterdir())
        files = {n: {"sha256": file_sha256(scratch / n), "bytes": (scratch / n).stat().st_size} for n in names}
        values = {"layout": LAYOUT, **facts(), "files": files}
        values["digest"] = hashlib.sha256(_canonical({**values, "digest": ""})).hexdigest()
        (scratch / MANIFEST_FILE).write_bytes(_canonical(values))
        for path in scratch.iterdir():
            _flush(path)
        scratch.chmod(0o755)
        _put_in_place(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put_in_place(scratch: Path, folder: Path) -> None:
    former = scratch.with_name(f"{scratch.name}-former")
    if folder.exists():
        folder.rename(former)
    try:
        scratch.rename(folder)
    except OSError:
        if former.exists():
            former.rename(folder)
        raise
    shutil.rmtree(former, ignore_errors=True)
