"""Reading a source into a document: lines to blocks, blocks to units, each with its section and its offsets.

The printed section numbers are trusted, the number of ``#`` marks is not. What carries no content becomes furniture, so
that all units together account for every non-blank character exactly once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from corpus.document import Citation, Document, Locator, Reference, Section, Unit, UnitKind
from corpus.errors import CorpusError
from corpus.markup import Rendering, render
from corpus.reference import cited_numbers, content_end, parse_reference
from corpus.sentences import split_sentences

_HEADING = re.compile(r"#{1,6}\s+(?P<text>.*\S)\s*$")
_NUMBERED = re.compile(r"(?P<label>\d+(?:\.\d+)*)\.\s+\S")
_BOLD_LABEL = re.compile(r"\*\*(?P<label>[^*\n]{1,60}?):?\*\*:?")
_CAPTION = re.compile(r"(?:\*\*)?(?P<label>(?:Table|Figure) \d+)\.(?P<continued>\s*Cont\.)?")
_REFERENCE = re.compile(r"\d{1,4}\.\s+\S")
_ITEM = re.compile(r"<li>\s*(?:[–•-]\s+)?(?P<text>.*?)\s*</li>")
_SENTENCE_END = re.compile(r"[.!?:;][\"”’)\]]*$")
_FRONT, _BACK, _ABSTRACT, _REFERENCES = "Front matter", "Back matter", "Abstract", "References"


class _BlockKind(StrEnum):
    HEADING = "heading"
    LABEL = "label"
    PARAGRAPH = "paragraph"
    LINE = "line"
    CAPTION = "caption"
    ROW = "row"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class _Block:
    kind: _BlockKind
    section: str
    start: int
    end: int


def read(source: str, citation: Citation) -> Document:
    """Read a source.

    Args:
        source: The file's text, newlines untranslated.
        citation: What the pack says of the document.
    """
    reader = _BlockReader(source)
    blocks = _join_page_breaks(source, list(reader.blocks()))
    columns = {table: [cell.strip() for cell in head.split("\t")] for table, head in reader.heads.items()}
    content = sorted(_units(source, blocks, columns), key=lambda unit: unit.start)
    if not content:
        raise CorpusError(f"{citation.id}: the source is empty")
    numbered = _with_ids(content)
    units = sorted([*numbered, *_furniture(source, numbered)], key=lambda unit: unit.start)
    return Document(citation, source, _sections(source, blocks), tuple(units), _references(source, numbered))


def _lines(source: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(r"[^\r\n]+", source):
        line = match.group()
        if line.strip():
            blanks = " " if "\t" in line else None  # an empty first or last cell is a cell
            yield match.start() + len(line) - len(line.lstrip(blanks)), match.start() + len(line.rstrip(blanks))


class _BlockReader:
    """Reads lines one by one, knowing the section they stand in and the table they belong to.

    Attributes:
        heads: Table label to its head row as printed; later copies of it are furniture.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._section = _FRONT
        self._table = ""
        self.heads: dict[str, str] = {}

    def blocks(self) -> Iterator[_Block]:
        """Yield the blocks of the source in order."""
        for start, end in _lines(self._source):
            line = self._source[start:end]
            heading = _HEADING.match(line)
            if heading is not None:
                self._section = _section_of_heading(heading["text"], self._section)
                yield _Block(
                    _BlockKind.HEADING, self._section, start + heading.start("text"), start + heading.end("text")
                )
            elif "\t" in line:
                yield from self._row(line, start, end)
            else:
                yield from self._captioned_or_text(line, start, end)

    def _row(self, line: str, start: int, end: int) -> Iterator[_Block]:
        table = self._table or self._section
        if self.heads.setdefault(table, line) != line:
            yield _Block(_BlockKind.ROW, table, start, end)

    def _captioned_or_text(self, line: str, start: int, end: int) -> Iterator[_Block]:
        caption = _CAPTION.match(line)
        label = _BOLD_LABEL.match(line)
        if caption is not None and (line.startswith("**") or caption["continued"]):
            if caption["label"].startswith("Table"):
                self._table = caption["label"]
            if not caption["continued"]:
                yield _Block(_BlockKind.CAPTION, caption["label"], start, end)
        elif label is not None and label["label"] == _ABSTRACT:
            yield _Block(_BlockKind.LABEL, _ABSTRACT, start + label.start("label"), start + label.end("label"))
            yield _Block(_BlockKind.PARAGRAPH, _ABSTRACT, start + label.end(), end)
        else:
            if label is not None and self._section not in {_FRONT, _REFERENCES}:
                self._section = _BACK
            yield _Block(self._kind(line), self._section, start, end)

    def _kind(self, line: str) -> _BlockKind:
        if self._section == _REFERENCES:
            return _BlockKind.REFERENCE if _REFERENCE.match(line) else _BlockKind.LINE
        return _BlockKind.LINE if self._section in {_FRONT, _BACK} else _BlockKind.PARAGRAPH


def _section_of_heading(text: str, current: str) -> str:
    numbered = _NUMBERED.match(text)
    if numbered is not None:
        return numbered["label"]
    return current if current == _FRONT else text


def _join_page_breaks(source: str, blocks: list[_Block]) -> list[_Block]:
    """Join a paragraph that stops in mid-sentence with the next one of its section."""
    joined: list[_Block] = []
    for block in blocks:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.kind is block.kind is _BlockKind.PARAGRAPH
            and last.section == block.section
            and not _SENTENCE_END.search(source[last.start : last.end])
        ):
            joined[-1] = replace(last, end=block.end)
        else:
            joined.append(block)
    return joined


def _units(source: str, blocks: list[_Block], columns: Mapping[str, Sequence[str]]) -> Iterator[Unit]:
    paragraph = -1
    last: _Block | None = None
    for block in blocks:
        if last is None or not (last.kind is block.kind is _BlockKind.ROW):
            paragraph += 1
        last = block
        if block.kind is _BlockKind.ROW:
            yield from _row_units(source, block, paragraph, columns[block.section])
        elif block.kind in {_BlockKind.PARAGRAPH, _BlockKind.CAPTION}:
            kind = UnitKind.SENTENCE if block.kind is _BlockKind.PARAGRAPH else UnitKind.CAPTION
            yield from _sentence_units(source, block, paragraph, kind)
        elif block.kind is _BlockKind.REFERENCE:
            end = block.start + content_end(source[block.start : block.end])
            yield _unit(source, UnitKind.REFERENCE, block.section, paragraph, block.start, end)
        else:
            heading = block.kind in {_BlockKind.HEADING, _BlockKind.LABEL} and block.section != _FRONT
            kind = UnitKind.HEADING if heading else UnitKind.LINE
            yield _unit(source, kind, block.section, paragraph, block.start, block.end)


def _unit(
    source: str, kind: UnitKind, section: str, paragraph: int, start: int, end: int, locator: Locator | None = None
) -> Unit:
    display = render(source, start, end).text
    references = () if kind is UnitKind.REFERENCE else cited_numbers(display)
    return Unit("", kind, section, paragraph, start, end, display, references, locator)


def _sentence_units(source: str, block: _Block, paragraph: int, kind: UnitKind) -> Iterator[Unit]:
    rendering: Rendering = render(source, block.start, block.end)
    ranges = split_sentences(rendering.text)
    if kind is UnitKind.CAPTION:  # the label "Figure 1." is no sentence of its own
        ranges = [(ranges[0][0], ranges[1][1]), *ranges[2:]] if len(ranges) > 1 else ranges
    for position, (first, last) in enumerate(ranges):
        start, end = rendering.to_raw(first, last)
        if position == 0:
            start = block.start + len(source[block.start : start]) - len(source[block.start : start].lstrip())
        yield _unit(source, kind, block.section, paragraph, start, end)


def _row_units(source: str, block: _Block, paragraph: int, heads: Sequence[str]) -> Iterator[Unit]:
    position = block.start
    cells: list[tuple[int, int]] = []
    for cell in source[block.start : block.end].split("\t"):
        cells.append((position, position + len(cell)))
        position += len(cell) + 1
    row = render(source, *cells[0]).text
    for number, (start, end) in enumerate(cells):
        column = heads[number] if number < len(heads) else ""
        items = list(_ITEM.finditer(source, start, end))
        kind = UnitKind.ROW_HEAD if number == 0 else UnitKind.CELL
        if not items and source[start:end].strip():
            yield _unit(source, kind, block.section, paragraph, start, end, Locator(row, column))
        for ordinal, item in enumerate(items, 1):
            span = item.span("text")
            yield _unit(source, UnitKind.ITEM, block.section, paragraph, *span, Locator(row, column, ordinal))


def _with_ids(units: list[Unit]) -> list[Unit]:
    counts: Counter[str] = Counter()
    named: list[Unit] = []
    for unit in units:
        slug = unit.section.lower().replace(" ", "-")
        if unit.kind is UnitKind.HEADING:
            counts[f"{slug}-heading"] += 1
            again = counts[f"{slug}-heading"]
            named.append(replace(unit, id=f"{slug}-heading" + (f"-{again}" if again > 1 else "")))
        else:
            counts[slug] += 1
            named.append(replace(unit, id=f"{slug}-{counts[slug]:02d}"))
    return named


def _furniture(source: str, units: list[Unit]) -> Iterator[Unit]:
    """Whatever stands between the units and is not blank."""
    position, number = 0, 0
    edges = [(unit.start, unit.end) for unit in units] + [(len(source), len(source))]
    for (start, end), unit in zip(edges, [*units, units[-1]], strict=True):
        gap = source[position:start]
        if gap.strip():
            number += 1
            first = position + len(gap) - len(gap.lstrip())
            last = position + len(gap.rstrip())
            yield Unit(f"furniture-{number}", UnitKind.FURNITURE, unit.section, unit.paragraph, first, last, "")
        position = end


def _sections(source: str, blocks: list[_Block]) -> tuple[Section, ...]:
    headings = {b.section: render(source, b.start, b.end).text for b in blocks if b.kind is _BlockKind.HEADING}
    captions: dict[str, str] = {}
    sections: dict[str, Section] = {}
    enclosing = _FRONT
    for block in blocks:
        label = block.section
        if block.kind is _BlockKind.CAPTION:
            sentences = split_sentences(text := render(source, block.start, block.end).text)
            captions.setdefault(label, text[: sentences[min(1, len(sentences) - 1)][1]])
        if label in sections:
            continue
        if label in captions:
            above = sections[enclosing].path if enclosing in sections else (_FRONT,)
            sections[label] = Section(label, (*above, captions[label]), len(above) + 1, block.start)
            continue
        enclosing = label
        parts = label.split(".")
        numbers = [".".join(parts[: n + 1]) for n in range(len(parts))] if parts[0].isdigit() else [label]
        path = tuple(headings.get(number, number) if number != _FRONT else _FRONT for number in numbers)
        sections[label] = Section(label, path, len(path), block.start)
    return tuple(sections.values())


def _references(source: str, units: list[Unit]) -> tuple[Reference, ...]:
    entries = [(parse_reference(source[u.start : u.end]), u.id) for u in units if u.kind is UnitKind.REFERENCE]
    return tuple(Reference(e.number, e.authors, e.title, e.journal, e.year, unit) for e, unit in entries)
