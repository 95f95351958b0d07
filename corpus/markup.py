"""Clean renderings of marked-up source text, each character tied to the raw characters it came from.

Markdown emphasis and escapes, the HTML the converter left, and simple LaTeX become Unicode. A bare ``<`` is a less-than
sign: only known tags are tags. Nothing here interprets the text, and no character of a word or number is ever dropped.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import lru_cache

_TAGS = "ul|ol|li|p|br|b|i|em|strong|span|u|math"
_ATOM = re.compile(
    r"""
      (?P<link>\s*\[\[[^\[\]\n]{0,80}\]\([^()\s]{0,200}\)\])
    | \$(?P<dollars>[^$\s](?:[^$\n]{0,78}[^$\s])?)\$
    | <math>(?P<math>[^\n]{1,80}?)</math>
    | <sup>(?P<sup>(?:[^<\n]|</?(?:b|i|em|strong|span)>){1,80})</sup>
    | <sub>(?P<sub>(?:[^<\n]|</?(?:b|i|em|strong|span)>){1,80})</sub>
    | (?P<tag></?(?:"""
    + _TAGS
    + r""")(?:\s+[a-z-]{1,20}="[^"<>\n]{0,200}")*\s*/?>)
    | (?P<entity>&(?:\#\d{1,7}|\#x[0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});)
    | \\(?P<escape>[\\`*_{}\[\]()\#+.!|<>~$-])
    | (?P<hyphen>(?<=[a-z])-[^\S\r\n]*[\r\n]\s*(?=[a-z]))
    | (?<=\$)\s+(?P<stray>-[A-Za-z])
    | (?<=\d)(?P<product>\*\d)
    | (?P<emphasis>\*+)
    | (?P<space>\s+)
    """,
    re.VERBOSE,
)
_SUPERSCRIPT = str.maketrans("0123456789+-()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ")
_SUBSCRIPT = str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎")
_LATEX = [
    (re.compile(r"\\geq?(?![A-Za-z])"), "≥"),
    (re.compile(r"\\leq?(?![A-Za-z])"), "≤"),
    (re.compile(r"\\mu(?![A-Za-z])"), "µ"),
    (re.compile(r"\\pm(?![A-Za-z])"), "±"),
    (re.compile(r"\\times(?![A-Za-z])"), "×"),
    (re.compile(r"\\(?:text|mathrm|mathbf)\s*\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\([%$&#_])"), r"\1"),
]
_LATEX_SUPERSCRIPT = re.compile(r"\^(?:\{([^{}]*)\}|(\d))")
_LATEX_SUBSCRIPT = re.compile(r"_(?:\{([^{}]*)\}|(\d))")


@dataclass(frozen=True, slots=True)
class Rendering:
    """Clean text and, for each of its characters, the raw range of the atom that gave it.

    Attributes:
        text: Clean text, white space folded to single spaces, none at either end.
        starts: Raw start offset of each character's atom, in code points of the whole source.
        ends: Raw end offset (exclusive) of each character's atom.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def to_raw(self, start: int, end: int) -> tuple[int, int]:
        """Return the raw range behind ``text[start:end]``, widened to whole atoms.

        Raises:
            ValueError: If the range is empty or outside the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"clean range {start}:{end} is not within a text of {len(self.text)} characters")
        return self.starts[start], self.ends[end - 1]

    def to_clean(self, start: int, end: int) -> tuple[int, int]:
        """Return the clean range whose atoms overlap the raw range; an empty range where none does."""
        touched = [i for i, (s, e) in enumerate(zip(self.starts, self.ends, strict=True)) if s < end and e > start]
        return (touched[0], touched[-1] + 1) if touched else (0, 0)


def render(source: str, start: int, end: int) -> Rendering:
    """Render ``source[start:end]`` for display."""
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def emit(text: str, raw_start: int, raw_end: int) -> None:
        for character in text:
            if character == " " and (not characters or characters[-1] == " "):
                continue
            characters.append(character)
            starts.append(raw_start)
            ends.append(raw_end)

    position = start
    for match in _ATOM.finditer(source, start, end):
        for offset in range(position, match.start()):
            emit(source[offset], offset, offset + 1)
        emit(_atom_text(match), match.start(), match.end())
        position = match.end()
    for offset in range(position, end):
        emit(source[offset], offset, offset + 1)
    while characters and characters[-1] == " ":
        characters.pop()
        starts.pop()
        ends.pop()
    return Rendering("".join(characters), tuple(starts), tuple(ends))


@lru_cache(maxsize=4096)
def clean(source: str) -> str:
    """Return the clean rendering of a whole string."""
    return render(source, 0, len(source)).text


def _atom_text(match: re.Match[str]) -> str:
    kind = match.lastgroup
    body = match.group(kind) if kind else ""
    if kind in {"dollars", "math"}:
        return _latex(body)
    if kind in {"sup", "sub"}:
        return _raised(clean(body), _SUPERSCRIPT if kind == "sup" else _SUBSCRIPT)
    if kind in {"escape", "stray", "product"}:
        return body
    if kind == "entity":
        return _visible(html.unescape(body))
    return " " if kind in {"space", "tag"} and body != "" and _is_separator(body) else ""


def _is_separator(body: str) -> bool:
    return body.isspace() or body.startswith(("<li", "</li", "<br", "<p", "</p", "<ul", "</ul"))


def _visible(text: str) -> str:
    return "".join(" " if c.isspace() else c for c in text)


def _raised(text: str, table: dict[int, int]) -> str:
    return text.translate(table)


def _latex(body: str) -> str:
    text = html.unescape(body)
    for pattern, replacement in _LATEX:
        text = pattern.sub(replacement, text)
    text = _LATEX_SUPERSCRIPT.sub(lambda m: _raised(m.group(1) or m.group(2) or "", _SUPERSCRIPT), text)
    text = _LATEX_SUBSCRIPT.sub(lambda m: _raised(m.group(1) or m.group(2) or "", _SUBSCRIPT), text)
    return " ".join(text.split())
