"""Reference numbers cited in running text, and the entries of a reference list taken apart.

Entries follow the printed style "Authors. Title. *Journal* **Year**, …"; what an entry does not print stays empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.markup import clean

_CITED = re.compile(r"\[(\d{1,4}(?:\s*[,–-]\s*\d{1,4})*)\]")
_LONGEST_RANGE = 200
_NUMBER = re.compile(r"\s*(\d{1,4})\.\s+")
_LINKS = re.compile(r"\s*(?:\[\[[^\[\]\n]*\]\([^()\s]*\)\]\s*)+$")
_JOURNAL = re.compile(r"\*([^*\n]+)\*\s+\*\*(\d{4})\*\*")
_ITALIC = re.compile(r"(?:^|\s)\*([^*\n]+)\*")
_YEAR = re.compile(r"\b(1[89]\d{2}|20\d{2})\b")
_LAST_AUTHOR = re.compile(r"(?P<author>[^,;]{2,60}, (?:[^\W\d_]{1,2}\.[- ]?){1,6})\s*(?P<rest>\S.*)", re.DOTALL)
_ET_AL = re.compile(r"et al\.\s+(?P<rest>\S.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ReferenceEntry:
    """The parts of one printed reference."""

    number: int
    authors: tuple[str, ...]
    title: str
    journal: str
    year: int


def cited_numbers(text: str) -> tuple[int, ...]:
    """Return the reference numbers cited in brackets, ranges expanded, ascending and without repeats.

    A bracket whose range runs backwards or over more than 200 numbers is not a citation.
    """
    found: set[int] = set()
    for match in _CITED.finditer(text):
        for part in match.group(1).split(","):
            bounds = [int(n) for n in re.split(r"\s*[–-]\s*", part.strip())]
            if bounds[0] <= bounds[-1] <= bounds[0] + _LONGEST_RANGE:
                found.update(range(bounds[0], bounds[-1] + 1))
    return tuple(sorted(found))


def content_end(line: str) -> int:
    """Return the length of an entry's text without the link markers behind it."""
    match = _LINKS.search(line)
    return match.start() if match else len(line.rstrip())


def parse_reference(line: str) -> ReferenceEntry:
    """Take one line of a reference list apart.

    Raises:
        ValueError: If the line does not begin with a number and a full stop.
    """
    numbered = _NUMBER.match(line)
    if numbered is None:
        raise ValueError(f"a reference begins with its number and a full stop, found {line[:40]!r}")
    body = line[numbered.end() : content_end(line)]
    authors, rest = _split_authors(body)
    journal = _JOURNAL.search(rest)
    italic = _ITALIC.search(rest)
    if journal is not None:
        title, year = rest[: journal.start()], int(journal.group(2))
        name = journal.group(1)
    elif italic is not None and rest[: italic.start()].strip():
        title, name, year = rest[: italic.start()], italic.group(1), _last_year(rest)
        title = re.sub(r"\.\s*In\s*$", "", title)
    else:
        title, name, year = (italic.group(1) if italic else rest), "", _last_year(rest)
    return ReferenceEntry(int(numbered.group(1)), authors, clean(title).rstrip("."), clean(name), year)


def _last_year(text: str) -> int:
    years = _YEAR.findall(text)
    return int(years[-1]) if years else 0


def _split_authors(body: str) -> tuple[tuple[str, ...], str]:
    authors: list[str] = []
    rest = "" if body.startswith("*") else body  # an entry that begins with its title prints no author
    while rest:
        head, separator, tail = rest.partition("; ")
        et_al = _ET_AL.match(rest)
        if et_al is not None:
            return (*authors, "et al."), et_al.group("rest")
        last = _LAST_AUTHOR.match(rest)
        if last is not None and not last.group("rest").startswith(";"):
            return (*authors, last.group("author").strip()), last.group("rest")
        if not separator or "*" in head:
            break
        authors.append(head.strip())
        rest = tail
    if authors or ("*" in rest and _JOURNAL.search(rest) is None):
        # the last author is an organisation: it ends at the first full stop
        organisation, _, title = rest.partition(". ")
        return (*authors, organisation), title
    return (), body
