"""A guideline pack: the folder a clinician reviews, read and checked as a whole."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from corpus.document import Citation, Document
from corpus.errors import CorpusError, SourceChangedError, SourceMissingError
from corpus.questions import CuratedUnit, load_questions
from corpus.reading import read
from corpus.vocabulary import VOCABULARY, Vocabulary

GUIDELINES = Path(__file__).parent / "guidelines"


@dataclass(frozen=True)
class Pack:
    """A checked pack."""

    folder: Path
    document: Document
    curated: tuple[CuratedUnit, ...]


def load_packs(vocabulary: Vocabulary, root: Path = GUIDELINES) -> tuple[Pack, ...]:
    """Read every pack under a folder, in the order of their names.

    Raises:
        CorpusError: If there is none or one is not as it must be.
    """
    folders = sorted(path for path in root.iterdir() if (path / "document.toml").is_file()) if root.is_dir() else []
    if not folders:
        raise CorpusError(f"no guideline pack under {root.name!r}: expected folders with a document.toml")
    return tuple(load_pack(folder, vocabulary) for folder in folders)


def load_pack(folder: Path, vocabulary: Vocabulary) -> Pack:
    """Read and check one pack."""
    citation = load_citation(folder / "document.toml")
    document = read(load_source(folder / "source.md", citation), citation)
    questions = folder / "questions.yaml"
    curated = load_questions(questions, document, vocabulary) if questions.is_file() else ()
    return Pack(folder, document, curated)


def load_citation(path: Path) -> Citation:
    """Read ``document.toml``.

    Raises:
        CorpusError: If it is not TOML, or a key is missing or unknown.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as exc:
        raise CorpusError(f"{path.parent.name}/{path.name}: {exc}") from exc
    known = {field.name for field in fields(Citation)}
    missing = sorted(known - {"superseded_by"} - set(values))
    unknown = sorted(set(values) - known)
    if missing or unknown:
        raise CorpusError(f"{path.parent.name}/{path.name}: missing {missing}, unknown {unknown}")
    for name in ("received", "accepted", "published"):
        values[name] = str(values[name])
    return Citation(**{**values, "authors": tuple(values["authors"])})


def load_source(path: Path, citation: Citation) -> str:
    """Read the source and check its bytes.

    Raises:
        SourceMissingError: If there is no such file.
        SourceChangedError: If its sha256 is not the one of ``document.toml``.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as exc:
        raise SourceMissingError(f"{citation.id}: {path.name} is missing") from exc
    return decode_source(data, citation)


def decode_source(data: bytes, citation: Citation) -> str:
    """Decode a source whose bytes are those the pack was written for.

    Raises:
        SourceChangedError: If the sha256 differs.
    """
    found = hashlib.sha256(data).hexdigest()
    if found != citation.sha256:
        raise SourceChangedError(f"{citation.id}: sha256 of the source is {found}, expected {citation.sha256}")
    return data.decode("utf-8")


def knowledge_hash(packs: Iterable[Path], vocabulary: Path = VOCABULARY) -> str:
    """Return the sha256 over every file of packs and vocabulary: names and bytes, in order of name."""
    digest = hashlib.sha256()
    for folder in (*sorted(packs, key=lambda path: path.name), vocabulary):
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            data = path.read_bytes()
            digest.update(f"{name}\0{len(data)}\0".encode())
            digest.update(data)
    return digest.hexdigest()
