"""Whether a text holds a quote, an answer its key content, a section its sentence; both sides normalised alike.

Markup, LaTeX, entities, typography, case and (for quotes) all white space are set aside. A tag begins with a letter: a
bare less-than sign is text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LATEX = (
    (re.compile(r"\\geq?(?:slant)?(?![A-Za-z])"), ">="),
    (re.compile(r"\\leq?(?:slant)?(?![A-Za-z])"), "<="),
    (re.compile(r"\\mu(?![A-Za-z])"), "u"),
    (re.compile(r"\\(?:text|mathrm|mathbf)\s*\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\(?:,|;|:|!|~|quad\b)"), " "),
)
_TYPOGRAPHY = str.maketrans(
    {
        "≥": ">=",
        "≤": "<=",
        "μ": "u",
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("‘’‚′", "'"),
        **dict.fromkeys("“”„″", '"'),
        **dict.fromkeys("$^{}_\\*`", ""),
    }
)
_RANGE = re.compile(r"(?<=[0-9%])\s*-\s*(?=[0-9<>])")
_DIVIDED = re.compile(r"(?<=[a-z])-\n+(?=[a-z])")


def normalise(text: str) -> str:
    """Return text in lower case without markup and typography, white space folded."""
    text = unicodedata.normalize("NFKC", html.unescape(_TAG.sub("", text)))
    for pattern, replacement in _LATEX:
        text = pattern.sub(replacement, text)
    text = re.sub(r"\s+", " ", text.translate(_TYPOGRAPHY)).strip().lower()
    return _RANGE.sub("-", text)


def squash(text: str) -> str:
    """Return normalised text without white space: the form in which quotes are compared."""
    return re.sub(r"\s+", "", normalise(text))


def holds(text: str, quote: str) -> bool:
    """Whether a text holds a quote."""
    return squash(quote) in squash(text)


def contains(answer: str, alternative: str) -> bool:
    """Whether an answer contains a short string as whole words and numbers; a final ``*`` matches any ending."""
    stem = alternative.endswith("*")
    pattern = r"(?<![a-z0-9])(?<![0-9][.,])" + re.escape(normalise(alternative.removesuffix("*")))
    if not stem:
        pattern += r"(?![a-z0-9])(?![.,][0-9])"
    return re.search(pattern, normalise(answer)) is not None


def answer_correct(answer: str, must_include: Sequence[Sequence[str]]) -> bool:
    """Whether every group is met by at least one of its alternatives."""
    return all(any(contains(answer, alternative) for alternative in group) for group in must_include)


def stands_in(section_text: str, sentence: str) -> bool:
    """Whether a section's raw text holds a sentence shown; a word divided at a page break may be shown joined."""
    return holds(section_text, sentence) or holds(_DIVIDED.sub("", section_text), sentence)
