"""Where packs and vocabulary lie, and whether their bytes are those expected.

Serving imports it: YAML and the reader stay out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from corpus.document import Citation
from corpus.errors import SourceChangedError

GUIDELINES = Path(__file__).parent / "guidelines"
VOCABULARY = Path(__file__).parent / "vocabulary"


def pack_folders(root: Path = GUIDELINES) -> list[Path]:
    """Return the packs under a folder, in the order of their names."""
    return sorted(path for path in root.iterdir() if (path / "document.toml").is_file()) if root.is_dir() else []


def decode_source(data: bytes, citation: Citation) -> str:
    """Decode a source whose bytes are those the pack was written for.

    Raises:
        SourceChangedError: If the sha256 differs.
    """
    found = hashlib.sha256(data).hexdigest()
    if found != citation.sha256:
        raise SourceChangedError(f"{citation.id}: sha256 of the source is {found}, expected {citation.sha256}")
    return data.decode("utf-8")


def knowledge_hash(packs: Iterable[Path] | None = None, vocabulary: Path = VOCABULARY) -> str:
    """Return the sha256 over every file of packs and vocabulary: names and bytes, in order of name.

    Args:
        packs: Folders; by default every pack of this installation.
    """
    digest = hashlib.sha256()
    for folder in (*sorted(pack_folders() if packs is None else packs, key=lambda path: path.name), vocabulary):
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            data = path.read_bytes()
            digest.update(f"{name}\0{len(data)}\0".encode())
            digest.update(data)
    return digest.hexdigest()
