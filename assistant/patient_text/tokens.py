"""A text cut into tokens that know their place in it, and into sentences and comma parts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.analysis import singular

_TOKEN = re.compile(
    r"\(\s*[-–+±]\s*\)|\[\s?[-–+xX]?\s?\]|(?<![\w])[-+]ve\b"  # signs of forms are words of their own
    r"|\d+(?:[.,]\d+)*|[^\W\d_][^\W_]*(?:['’][^\W\d_]+)?|\?+|[^\w\s]|_+|\n"
)
_FLAT = str.maketrans(
    {
        **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)),
        **dict.fromkeys("–—−‐‑", "-"),
        **dict.fromkeys("µμ", "u"),
        **dict.fromkeys("’‘", "'"),
        "×": "x",
        "≤": "≤",
        "≥": "≥",
    }
)
_ENDS = frozenset({".", "?", "!", ";", "•", "·"})
_BULLETS = frozenset({"-", "*", "+"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or sign.

    Attributes:
        text: As written; ``form`` is folded, in American spelling and singular.
        sentence: Number of its sentence; ``part`` of the stretch between commas, counted through the text.
    """

    text: str
    form: str
    start: int
    end: int
    sentence: int
    part: int

    @property
    def is_number(self) -> bool:
        """Whether it is a number in digits."""
        return self.text[0].isdigit()

    @property
    def is_word(self) -> bool:
        """Whether it is a word."""
        return self.text[0].isalpha()


@lru_cache(maxsize=8192)
def flat(text: str) -> str:
    """Return lower-case text, plain dashes, micro signs and superscripts, no diacritics; its length may differ."""
    text = text.translate(_FLAT)
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.lower()


@lru_cache(maxsize=16384)
def form(text: str) -> str:
    """Return a token's form for comparing."""
    folded = flat(text)
    if folded.startswith("?"):
        return "?"
    if len(folded) > 1 and not folded[0].isalnum():
        return folded.replace(" ", "")
    return singular(folded) if folded and folded[0].isalpha() and folded.isascii() else folded


def split(text: str) -> list[str]:
    """Return the words, numbers and signs of a text as written."""
    return _TOKEN.findall(text)


def tokenise(text: str) -> tuple[Token, ...]:
    """Cut a text; sentences end at full stops, question and exclamation marks, semicolons, bullets and line breaks."""
    matches = list(_TOKEN.finditer(text))
    tokens: list[Token] = []
    sentence = part = 0
    for number, match in enumerate(matches):
        word = match.group()
        if word == "\n":
            sentence, part = sentence + 1, part + 1
            continue
        bullet = word in _BULLETS and _begins_line(matches, number)
        tokens.append(Token(word, form(word), match.start(), match.end(), sentence, part))
        if bullet or (word[0] in _ENDS and _ends(text, match, word)):
            sentence, part = sentence + 1, part + 1
        elif word == ",":
            part += 1
    return tuple(tokens)


def _begins_line(matches: Sequence[re.Match[str]], number: int) -> bool:
    return number == 0 or matches[number - 1].group() == "\n"


_ABBREVIATIONS = frozenset("dr mr mrs ms approx no nr vs e i g st max min incl resp pat ca".split())  # noqa: SIM905


def _ends(text: str, match: re.Match[str], word: str) -> bool:
    """A full stop ends a sentence unless it stands inside an abbreviation or before a small letter."""
    if word[0] == "?":
        before_it = text[match.start() - 1] if match.start() else " "
        return before_it.isalnum() or before_it == ")"
    if word != ".":
        return True
    after = text[match.end() : match.end() + 2]
    if after and not after[0].isspace():
        return False
    before = re.search(r"([^\W\d_]+)$", text[max(0, match.start() - 12) : match.start()])
    short = before is not None and before.group(1).lower() in _ABBREVIATIONS
    return not (short and not text[match.end() :].lstrip()[:1].isupper()) and not (
        before is not None and len(before.group(1)) == 1 and after.strip()[:1].islower()
    )
