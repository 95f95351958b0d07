"""What a document says of one treatment, by headings and complete: overviews, pros and cons, "complications of …?".

Read off what the pack knows of each unit (``asks``, ``about``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.document import UnitKind
from index.analysis import content_terms, words
from index.library import Library, Place
from index.search import Query


@dataclass(frozen=True, slots=True)
class Facet:
    """A heading under which units stand.

    Attributes:
        asks: A unit belongs here if it answers one of these (`corpus.questions.ASKS`).
        about: … or is about one of these vocabulary entries.
        cue: The words, in English, that ask for nothing but this.
        wider: Whether what is said of all treatments above it belongs here too: dangers and conditions do.
    """

    heading: str
    asks: frozenset[str]
    cue: str
    about: frozenset[str] = frozenset()
    wider: bool = False


WHAT = Facet("What it is", frozenset({"definition", "mechanism", "purpose"}), r"what (?:is|are)|definition|mechanism")
WHO = Facet(
    "For whom",
    frozenset({"indication"}),
    r"who|whom|for which patients|which patients|(?:good |suitable |right |ideal )?candidates?|indications?|indicated"
    r"|suitable|eligib\w+|when (?:is|should)|used|done|considered|get|have|patients?|offered|meant",
    wider=True,
)
NOT_WHO = Facet(
    "Against it",
    frozenset({"contraindication"}),
    r"contra-?indicat\w+|who should not (?:have|get|receive)|should not (?:have|get|receive)|rule[sd]? out|exclu\w+",
    wider=True,
)
HOW = Facet(
    "How it is done",
    frozenset({"procedure"}),
    r"how|performed|done|carried out|works?|techniques?|procedure|steps|explain|describe|delivered|given|exactly",
)
RESULTS = Facet("Results", frozenset({"outcome"}), r"results?|outcomes?|efficacy|effectiveness")
HARM = Facet(
    "Complications",
    frozenset({"harm"}),
    r"complications?|adverse (?:events?|effects?)|side[- ]effects?|risks?|harms?|dangers?|toxicit(?:y|ies)"
    r"|what can go wrong|go wrong|possible|known|reported|described|main|common|potential",
    wider=True,
)
FOLLOW_UP = Facet(
    "Follow-up",
    frozenset(),
    r"follow(?:ed)?[- ]?ups?|surveillance|monitor\w*|controls?|afterwards|patients?|imaging|done|performed",
    about=frozenset({"follow_up"}),
)
FACETS = (WHAT, WHO, NOT_WHO, HOW, RESULTS, HARM, FOLLOW_UP)
_NEEDED = {
    WHO: r"who\b|whom|candidates?|\bindicat|which patients|eligib|suitable",
    NOT_WHO: r"contra-?indicat|should not|rule[sd]? out",
    HOW: r"^\W*(?:so )?how (?:is|are|do you|does one)\b.*(?:done|performed|carried out|delivered|given)"
    r"|\bprocedure\b|technique",
    HARM: r"complication|adverse|side[- ]effect|risks?\b|harm|danger|toxicit|go wrong",
    FOLLOW_UP: r"follow(?:ed)?[- ]?up|surveillance|monitor",
}
"""The word without which a question is not one of the heading; the order is that of looking."""
_OVERVIEW = re.compile(
    r"\boverview\b|\b(?:tell|teach) me (?:everything |all |more |something )?about\b|\bsummar(?:y|i[sz]e)\b"
    r"|\bintroduc(?:e|tion)\b|\beverything (?:about|on)\b|\bwhat does the (?:review|paper|source) say (?:about|on|of)\b"
    r"|\bwhat is said (?:about|on|of)\b",
    re.IGNORECASE,
)
_BALANCE = re.compile(
    r"\bpros? (?:and|&|/|or) cons?\b"
    r"|\badvantages? (?:and|&|/|or|versus|vs\.?) (?:disadvantages?|drawbacks?|limitations?)\b"
    r"|\bstrengths? (?:and|&|/) (?:weakness(?:es)?|limitations?)\b"
    r"|\bbenefits? (?:and|&|/|versus|vs\.?) (?:risks?|harms?)\b"
    r"|\brisks? (?:and|&|/|versus|vs\.?) benefits?\b|\bupsides? and downsides?\b|\bfor and against\b",
    re.IGNORECASE,
)
_LIGHT = re.compile(
    r"\b(?:after|following|with|undergoing|give|show|list|name|tell|please|short|brief|quick|full|complete|all|every"
    r"|me|an?|the|of|on|about|review|paper|source|article|say|says|said|everything|treatment|therapy|procedure|liver|metasta\w+|tumou?rs?|overview|summary"
    r"|summari[sz]e)\b",
    re.IGNORECASE,
)
BALANCE = ((WHO, "For it"), (RESULTS, "Results"), (HARM, "Against it: complications"), (NOT_WHO, "Against it: limits"))
_APART = frozenset({"Front matter", "Back matter", "Abstract", "References"})
_TREATMENT = "therapy"


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with the units under it: those of the very treatment first, each group in order of appearance."""

    heading: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """What is said of a treatment, by headings.

    Attributes:
        whole: Whether it is the answer itself; else it completes the answer to a bare question of one heading.
    """

    therapy: str
    parts: tuple[Part, ...]
    whole: bool


def overview(query: Query, library: Library) -> Overview | None:
    """Return the overview a question asks for; ``None`` where it asks for none, or nothing is known."""
    lexicon = library.lexicon
    therapies = [e for e, weight in query.concepts.items() if weight == 1.0 and lexicon.kinds.get(e) == _TREATMENT]
    if len(therapies) != 1:
        return None
    therapy = therapies[0]
    if _BALANCE.search(query.mended):
        facets = list(BALANCE)
    elif _OVERVIEW.search(query.mended) and not _further(_OVERVIEW.sub(" ", query.mended), therapy, library):
        facets = [(facet, facet.heading) for facet in FACETS]
    elif (facet := _bare(query.mended, therapy, library)) is not None:
        facets = [(facet, facet.heading)]
    else:
        return None
    parts = tuple(Part(h, found) for f, h in facets if (found := tuple(members(therapy, f, library))))
    return Overview(therapy, parts, len(facets) > 1) if parts else None


def members(therapy: str, facet: Facet, library: Library) -> Iterator[Place]:
    """Every unit under a heading: of the treatment alone, of it among others, of narrower, of wider ones."""
    found: list[tuple[int, Place]] = []
    line = library.lexicon.lineage(therapy)
    for place in library.places:
        if place.unit.section in _APART or place.unit.kind in {UnitKind.ROW_HEAD, UnitKind.REFERENCE}:
            continue
        known = library.knowledge_of(place)
        if not (facet.asks & set(known.asks) or facet.about & set(known.about)):
            continue
        named = [entry for entry in known.about if library.lexicon.kinds.get(entry) == _TREATMENT]
        if therapy in named:
            found.append((0 if named[0] == therapy else 1, place))
        elif any(therapy in library.lexicon.lineage(entry) for entry in named):
            found.append((2, place))
        elif any(entry in line[:2] or (facet.wider and entry in line) for entry in named):
            found.append((3, place))
    found.sort(key=lambda item: (item[0], item[1].row))
    yield from (place for _, place in found)


def _bare(question: str, therapy: str, library: Library) -> Facet | None:
    """The heading that a question asks for and nothing else."""
    for facet, needed in _NEEDED.items():
        if re.search(needed, question, re.IGNORECASE):
            rest = re.sub(rf"(?<!\w)(?:{facet.cue})(?!\w)", " ", question, flags=re.IGNORECASE)
            return None if _further(rest, therapy, library) else facet
    return None


def _further(text: str, therapy: str, library: Library) -> bool:
    """Whether a text holds anything of weight besides a treatment and what the documents themselves are about."""
    own = {m.entry for d in library.documents for m in library.lexicon.mentions(d.citation.title)}
    named = [m for m in library.lexicon.mentions(text) if m.entry == therapy or m.entry in own]
    inside = {n for mention in named for n in range(mention.first, mention.last)}
    left = " ".join(word for n, word in enumerate(words(text)) if n not in inside)
    return bool(content_terms(_LIGHT.sub(" ", left)))


def sections_of(places: Sequence[Place]) -> tuple[str, ...]:
    """Return the sections some units stand in, in order of appearance."""
    return tuple(dict.fromkeys(place.unit.section for place in sorted(places, key=lambda place: place.row)))
