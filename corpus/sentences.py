"""Where sentences begin and end in clean text.

Rule-based: a sentence ends at ``. ! ?`` (with closing quotes, brackets and citations) before white space and a word
that can begin a sentence, unless the full stop belongs to an abbreviation, an initial or a number. Offsets are kept;
every non-blank character belongs to exactly one sentence.
"""

from __future__ import annotations

import re

_END = re.compile(r"[.!?][\"”’)\]]*(?:\[\d[\d,\s–-]{0,80}\])?(?=\s+[\"“‘(\[]*[A-Z0-9À-ÖØ-Þ⁰¹²³⁴-⁹])")
_ABBREVIATION = re.compile(
    r"""(?:\b(?:et\ al|vs|cf|ca|approx|resp|e\.\s?g|i\.\s?e|Figs?|Tabs?|Refs?|Nos?|Eqs?|Sects?|Drs?|Prof|Mrs?|Ms|St)
        |\b[A-Z]            # an initial
        )\.[\"”’)\]]*$""",
    re.VERBOSE,
)
_SURE_WORD = re.compile(
    r"\s+[\"“‘(\[]*(?:The|This|These|Those|However|In|It|A|An|For|Although|Moreover|Furthermore|We)[\s,]"
)
_LONGEST_ABBREVIATION = 12


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Return the ranges of the sentences of ``text``, in order, without the blanks around them.

    Linear in the length of the text.
    """
    ranges: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        before = text[max(start, match.end() - _LONGEST_ABBREVIATION) : match.end()]
        if _ABBREVIATION.search(before) and not _closes_sentence(text, match.end(), before):
            continue
        ranges.append((start, match.end()))
        start = match.end()
    ranges.append((start, len(text)))
    return [stripped for first, last in ranges if (stripped := _strip(text, first, last)) is not None]


def _closes_sentence(text: str, end: int, before: str) -> bool:
    """Whether a full stop after a single capital ("… vitamin C. However, …") ends the sentence all the same."""
    return re.search(r"(?<!\.)\b[A-Z]\.$", before) is not None and _SURE_WORD.match(text, end) is not None


def _strip(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
