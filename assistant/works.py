"""Questions about the cited works: "what is reference 107?", "which paper is that from?"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from index.analysis import fold
from index.library import Library, Place

_BY_NUMBER = re.compile(
    r"\b(?:references?|refs?|citations?|bibliography|footnotes?)\.?\s*(?:no\.?|nr\.?|numbers?|entry|#|n°)?\s*"
    r"[\[(#]?\s*(?P<numbers>\d{1,3}(?:\s*(?:,|and|&|or)\s*\d{1,3})*)\b"
)
_NUMBER = re.compile(r"\d+")
_WHICH_WORK = re.compile(
    r"\b(?:which|what|whose|name the|cite the)\s+(?:paper|stud(?:y|ies)|publications?|articles?|references?|works?"
    r"|trials?|source|citations?|literature)\b"
    r"|\b(?:references?|citations?|sources?)\s+(?:for|of|behind)\b|\bwho (?:reported|published|found|showed)\b"
    r"|\bwhere (?:does|do|is|are) (?:this|that|these|those|the) (?:figures?|numbers?|data|value)\b"
)
MOST_WORKS = 3


def numbers_asked(text: str) -> tuple[int, ...]:
    """Return the numbers of the references a question asks for by number."""
    found = [int(n) for match in _BY_NUMBER.finditer(fold(text)) for n in _NUMBER.findall(match["numbers"])]
    return tuple(dict.fromkeys(found))[:MOST_WORKS]


def asks_for_work(text: str) -> bool:
    """Whether a question asks which study or paper stands behind what is said."""
    return _WHICH_WORK.search(fold(text)) is not None


def reference_places(library: Library, document: str, numbers: Iterable[int]) -> tuple[Place, ...]:
    """Return the places of references that the document has."""
    references = library.document_by_id[document].reference_by_number
    return tuple(library.place(document, references[n].unit) for n in numbers if n in references)


def works_behind(places: Iterable[Place], library: Library) -> tuple[Place, ...]:
    """Return the places of the works that units cite, in order, at most `MOST_WORKS`."""
    found: dict[str, Place] = {}
    for place in places:
        for work in reference_places(library, place.document.citation.id, place.unit.references):
            found.setdefault(work.key, work)
    return tuple(found.values())[:MOST_WORKS]


def cited_in(library: Library, place: Place) -> tuple[str, ...]:
    """Return the sections whose sentences cite a reference, in order."""
    number = next(r.number for r in place.document.references if r.unit == place.unit.id)
    return tuple(
        dict.fromkeys(
            unit.section for unit in place.document.searchable if number in unit.references and unit.id != place.unit.id
        )
    )
