"""A guideline pack: the folder a clinician reviews, read and checked as a whole."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from corpus.document import Citation, Document
from corpus.errors import CorpusError, SourceMissingError
from corpus.gaps import Gap, load_gaps
from corpus.integrity import GUIDELINES, decode_source, pack_folders
from corpus.located_yaml import read_yaml
from corpus.outcomes import load_outcomes
from corpus.questions import CuratedUnit, load_questions
from corpus.reading import read
from corpus.statements import Outcome, Relation
from corpus.vocabulary import Vocabulary


@dataclass(frozen=True)
class Pack:
    """A checked pack.

    Attributes:
        disputed: Questions on which the document is not of one mind, each with the id of its tension.
    """

    folder: Path
    document: Document
    curated: tuple[CuratedUnit, ...]
    gaps: tuple[Gap, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    relations: tuple[Relation, ...] = ()
    disputed: tuple[tuple[str, str], ...] = ()


def load_packs(vocabulary: Vocabulary, root: Path = GUIDELINES) -> tuple[Pack, ...]:
    """Read every pack under a folder, in the order of their names.

    Raises:
        CorpusError: If there is none or one is not as it must be.
    """
    folders = pack_folders(root)
    if not folders:
        raise CorpusError(f"no guideline pack under {root.name!r}: expected folders with a document.toml")
    return tuple(load_pack(folder, vocabulary) for folder in folders)


def load_pack(folder: Path, vocabulary: Vocabulary) -> Pack:
    """Read and check one pack."""
    citation = load_citation(folder / "document.toml")
    document = read(load_source(folder / "source.md", citation), citation)
    questions = folder / "questions.yaml"
    curated = load_questions(questions, document, vocabulary) if questions.is_file() else ()
    gaps = folder / "gaps.yaml"
    figures = folder / "outcomes.yaml"
    outcomes, relations = load_outcomes(figures, document, vocabulary) if figures.is_file() else ((), ())
    silent = load_gaps(gaps, document) if gaps.is_file() else ()
    tensions = folder / "tensions.yaml"
    disputed = tuple(_disputed(tensions)) if tensions.is_file() else ()
    return Pack(folder, document, curated, silent, outcomes, relations, disputed)


def _disputed(path: Path) -> Iterator[tuple[str, str]]:
    """The questions of each tension; `corpus.rule_files` checks the rest of the file."""
    for key, node in read_yaml(path).mapping()["tensions"].mapping().items():
        for question in node.mapping()["asked"].texts():
            yield key, question


def load_citation(path: Path) -> Citation:
    """Read ``document.toml``.

    Raises:
        CorpusError: If it is not TOML, or a key is missing or unknown.
    """
    place = f"{path.parent.name}/{path.name}"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise CorpusError(f"{place}: {exc}") from exc
    known = {field.name for field in fields(Citation)}
    missing = sorted(known - {"superseded_by"} - set(values))
    unknown = sorted(set(values) - known)
    if missing or unknown:
        raise CorpusError(f"{place}: missing {missing}, unknown {unknown}")
    for name in ("received", "accepted", "published"):
        values[name] = str(values[name])
    expected = {"authors": list, "year": int}
    for name, value in values.items():
        if not isinstance(value, expected.get(name, str)):
            raise CorpusError(f"{place}: {name} cannot be {value!r}")
    return Citation(**{**values, "authors": tuple(str(author) for author in values["authors"])})


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
