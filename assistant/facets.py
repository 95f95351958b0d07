"""The parts of a question that want sentences of their own: "for X, for Y", "A versus B", two questions in one.

Splits by punctuation and conjunctions of English and by the vocabulary's kinds; a part keeps what the parts share.
"""

from __future__ import annotations

import re

from index.analysis import Lexicon, content_terms, words

MOST_PARTS = 3
_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=\S)")
_FOR_EACH = re.compile(
    r"(?P<joined>,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+)?\b(?P<word>for|in|after|before)\s+", re.IGNORECASE
)
_SECOND_QUESTION = re.compile(
    r",?\s+(?:and|or)\s+(?=(?:which|what|who|whose|whom|when|where|why|how|under which|in which|is|are|does|do|can)\b)",
    re.IGNORECASE,
)
_VERSUS = re.compile(r"\b(?:versus|vs\.?|compared (?:with|to))(?!\w)", re.IGNORECASE)
_LAST_SEPARATOR = re.compile(r",\s*(?:and|or)\s+", re.IGNORECASE)
_LIST_SEPARATOR = re.compile(r",\s*(?:and\s+|or\s+)?|\s+and\s+", re.IGNORECASE)
_LISTED = re.compile(r",\s*(?:and\s+|or\s+)?", re.IGNORECASE)
_SIDES = "therapy"
_JOINING = frozenset({"versus", "vs", "or", "and", "compared", "with", "to"})


def parts_of(question: str, lexicon: Lexicon) -> tuple[str, ...]:
    """Return the parts of a question, each with what they share; empty where it is of one piece."""
    for split in (_by_colon, _by_repeated_preposition, _by_second_question):
        parts = split(question)
        if len(parts) > 1:
            return _worth_asking(parts, lexicon)
    return _worth_asking(_by_sides(question, lexicon) or _by_list(question, lexicon), lexicon)


def _worth_asking(parts: list[str], lexicon: Lexicon) -> tuple[str, ...]:
    """The parts, if each can stand for itself: two content words, or an entry of the vocabulary."""
    whole = all(len(content_terms(part)) > 1 or lexicon.mentions(part) for part in parts)
    return tuple(parts[:MOST_PARTS]) if whole else ()


def _by_colon(question: str) -> list[str]:
    """“Bulky disease: what for PRRT and what for TARE?" – the head stands before each part behind the colon."""
    head, colon, body = question.partition(":")
    if not colon or not content_terms(head):
        return []
    for split in (_by_repeated_preposition, _by_second_question, _list):
        parts = split(body)
        if len(parts) > 1:
            return [f"{head}: {part}" for part in parts]
    return []


def _by_repeated_preposition(question: str) -> list[str]:
    """“… for X, for Y, and for Z": the same preposition twice or more."""
    found = list(_FOR_EACH.finditer(question))
    for first in found:
        word = first["word"].lower()
        further = [m for m in found if m.start() > first.start() and m["joined"] and m["word"].lower() == word]
        if further:
            head = question[: first.start()]
            ends = [match.start() for match in further] + [len(question)]
            bodies = [question[m.end() : end].strip(" ,?.") for m, end in zip([first, *further], ends, strict=True)]
            return [f"{head} {word} {body}" for body in bodies if body]
    return []


def _by_second_question(question: str) -> list[str]:
    """Two questions in one; what is stated before them ("Patient had a Whipple.") is context of each."""
    sentences = _SENTENCE.split(question.strip())
    stated = [sentence for sentence in sentences if sentence.endswith(".")]
    context = " ".join(stated) + " " if stated and len(stated) < len(sentences) else ""
    asked = [sentence for sentence in sentences if sentence not in stated] or sentences
    parts = [part.strip(" ,") for sentence in asked for part in _SECOND_QUESTION.split(sentence)]
    return [context + part for part in parts if part.strip(" ,?.")]


def _list(body: str) -> list[str]:
    """The items of a list; where a comma stands before the last conjunction, those without one join no items."""
    separator = _LISTED if _LAST_SEPARATOR.search(body) else _LIST_SEPARATOR
    return [part.strip(" ?.") for part in separator.split(body) if part.strip(" ?.")]


def _by_list(question: str, lexicon: Lexicon) -> list[str]:
    """“Which societies back A, B after C, and D?": what stands before the first item goes with each."""
    if _LAST_SEPARATOR.search(question) is None or _SENTENCE.search(question.strip()):
        return []
    first, *further = _list(question)
    tokens, mentions = words(first), lexicon.mentions(first)
    if len(further) + 1 < MOST_PARTS or not mentions or mentions[-1].last < len(tokens):
        return []
    head = " ".join(tokens[: mentions[-1].first])
    return [first, *(f"{head} {item}" for item in further)] if content_terms(head) else []


def _by_sides(question: str, lexicon: Lexicon) -> list[str]:
    """“A versus B": two or more treatments named beside one another; each side without the others."""
    if _VERSUS.search(question) is None:
        return []
    mentions = [m for m in lexicon.mentions(question) if lexicon.kinds.get(m.entry) == _SIDES]
    if len({mention.entry for mention in mentions}) < 2:  # noqa: PLR2004 - two sides
        return []
    tokens = words(question)
    inside = {n for mention in mentions for n in range(mention.first, mention.last)}
    shared = [token for n, token in enumerate(tokens) if n not in inside and token not in _JOINING]
    return [" ".join([*tokens[mention.first : mention.last], *shared]) for mention in mentions]
