"""Questions about the cited works: "what is reference 107?", "which paper is that from?"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from corpus.document import Document
from index.analysis import content_terms, fold
from index.library import Library, Place

_TO = r"-|to|through|until"
_BY_NUMBER = re.compile(
    r"\b(?:references?|refs?|citations?|bibliography|footnotes?)\.?\s*(?:no\.?|nr\.?|numbers?|entry|entries|#|n°)?\s*"
    rf"[\[(#]?\s*(?P<numbers>\d{{1,3}}(?:\s*(?:,\s*(?:and|or)\b|,|and|&|or|{_TO})\s*\d{{1,3}})*)\b"
)
_NUMBERS = re.compile(rf"(?P<first>\d+)(?:\s*(?:{_TO})\s*(?P<last>\d+))?")
_OF_WORKS = re.compile(
    r"\b(?:authors?|cite[ds]?|citations?|details?|doi|entry|full|give|journal|links?|lists?|name|numbers?|papers?|please|print"
    r"|published|review|show|source|stud(?:y|ies)|titles?|what|which|who|works?|wrote|written|year)\b"
)
_BESIDE_NUMBERS = 1
"""Content words a question for references by number may have besides words for works."""
_STANDS_BEHIND = (
    r"(?:is|are|was|were|stands?|reports?|reported|says?|said|shows?|showed|found|finds?|supports?|backs?|cited)"
)
_WHICH_WORK = re.compile(
    r"\b(?:which|what|whose|name the|cite the)\s+(?:paper|stud(?:y|ies)|publications?|articles?|references?"
    r"|trials?|citations?|literature)\b"
    # "works" is a verb and "source" has other senses: they need a word that makes them a publication
    rf"|\b(?:which|what|whose)\s+(?:works?|sources?)\s+{_STANDS_BEHIND}\b"
    r"|\b(?:name|cite|give)\s+(?:me\s+)?the\s+(?:works?|sources?)\b"
    r"|\b(?:references?|citations?)\s+(?:for|of|behind)\b"
    r"|\bsources?\s+(?:for|of|behind)\s+(?:(?:this|that|it)\s*(?:\?|$)|(?:this|that|these|those|the|its|your)?\s*"
    r"(?:figures?|numbers?|data|values?|claims?|statements?|sentences?|\d))"
    r"|\bwho (?:reported|published|found|showed)\b"
    r"|\bwhere (?:does|do|is|are) (?:this|that|these|those|the) (?:figures?|numbers?|data|value)\b"
)
MOST_WORKS = 3
"""Works shown behind a sentence."""
MOST_ASKED = 8
"""Works shown of those asked for by number."""


def numbers_asked(text: str) -> tuple[int, ...]:
    """Return the numbers of the references a question asks for by number, each once; ranges are written out."""
    folded = fold(text)
    if len(content_terms(_OF_WORKS.sub(" ", _BY_NUMBER.sub(" ", folded)))) > _BESIDE_NUMBERS:
        return ()  # "Rabei and Fidelman's reasons (ref 54)" asks for the reasons
    found = [n for match in _BY_NUMBER.finditer(folded) for n in _written_out(match["numbers"])]
    return tuple(dict.fromkeys(found))


def _written_out(numbers: str) -> Iterator[int]:
    for match in _NUMBERS.finditer(numbers):
        first = int(match["first"])
        last = int(match["last"] or first)
        yield from range(first, last + 1) if first <= last else (first, last)


def asks_for_work(text: str) -> bool:
    """Whether a question asks which study or paper stands behind what is said."""
    return _WHICH_WORK.search(fold(text)) is not None


def reference_places(library: Library, document: str, numbers: Iterable[int]) -> tuple[Place, ...]:
    """Return the places of references that the document has."""
    references = library.document_by_id[document].reference_by_number
    return tuple(library.place(document, references[n].unit) for n in numbers if n in references)


def left_out(document: Document, numbers: Sequence[int]) -> Iterator[str]:
    """Say which of the references asked for are not shown: those beyond `MOST_ASKED`, and those that are not there."""
    there = [n for n in numbers if n in document.reference_by_number]
    if more := there[MOST_ASKED:]:
        yield f"Asked for too, and not shown: {_references(more)}."
    if missing := [n for n in numbers if n not in document.reference_by_number]:
        yield f"The reference list ends with number {len(document.references)}; it has no {_references(missing)}."


def _references(numbers: Sequence[int]) -> str:
    """Numbers in order, neighbours joined: "references 1, 4–6"."""
    ends: list[list[int]] = []
    for number in sorted(numbers):
        if ends and number == ends[-1][1] + 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    listed = ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in ends)
    return f"reference{'' if len(numbers) == 1 else 's'} {listed}"


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
