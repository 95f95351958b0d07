"""An answer as Slack's messages, from the very object that every other way shows.

What warns comes first: what excludes a treatment, where the review is not of one mind, cautions. None of it is ever
left out for want of room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from assistant.answer import Answer, Citation, Comparison, Recommendation, Statement
from assistant.conversation.turns import Turn
from assistant.rules.book import RuleBook
from web.answer_view import ShownStatement, ShownTurn, shown_turn
from web.case_report import MOST_QUESTIONS, by_standing, fact_words
from web.slack.controls import Controls
from web.slack.mrkdwn import clipped, escaped, link
from web.slack.splitting import MOST_TEXT, Block, Item, Message, context, flowed, section, small, split
from web.terminal import figure_words

WARNING = (
    ":warning: A channel is no place for data by which a patient can be identified. Ask about patients in a direct "
    "message, and leave out names, numbers and dates of birth."
)
HOW_TO_GO_ON = "To go on in this thread, mention me: replies without a mention are not read."
_WARNED = ("contraindicated", "not_eligible", "conflicting")
_WARNING_EFFECTS = ("contraindicated", "ineligible", "caution")
"""In the order in which they are shown."""
_UNDERSTOOD = "*Understood:*"
_LONGEST_ECHO = 300
_LONGEST_TEXT = 600
_LONGEST_BOLD = 1_000


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around an answer.

    Attributes:
        page: Address of the whole answer on the page; empty where there is none.
        before: Lines above it.
        controls: Its buttons; ``None`` for none.
    """

    page: str = ""
    before: tuple[str, ...] = ()
    controls: Controls | None = None


@dataclass(frozen=True, slots=True)
class _Cited:
    """The citations of an answer.

    Attributes:
        quoted: Those whose sentence stands in the message, with its link; elsewhere their number will do.
    """

    by_number: Mapping[int, Citation]
    quoted: frozenset[int]

    def marks(self, numbers: Iterable[int]) -> str:
        """Return the numbers as marks behind a text."""
        return "".join(f" {f'[{n}]' if n in self.quoted else link(self.by_number[n].url, f'[{n}]')}" for n in numbers)


def _cited(answer: Answer) -> _Cited:
    quoted = frozenset(n for s in answer.statements if s.kind == "quote" for n in s.citations)
    return _Cited({citation.n: citation for citation in answer.citations}, quoted)


def turn_messages(turn: Turn, book: RuleBook, frame: Frame | None = None) -> tuple[Message, ...]:
    """Return a turn as messages: one, and more only where what must be shown fills more."""
    frame = frame or Frame()
    answer = turn.answer
    items = tuple(_items(shown_turn(turn, book), book, frame))
    after = [*_foot(answer, frame), *(frame.controls.actions(answer, book) if frame.controls else ())]
    found = split(items, after)
    messages = [list(blocks) for blocks in found.messages]
    messages[-1] += [*_count(found.left_out, frame.page), *after]
    text = fallback(answer, book)
    return tuple(Message(text, tuple(blocks), frame.page) for blocks in messages)


def as_text(message: Message) -> tuple[Message, ...]:
    """Return all a message says without blocks, in as many messages as it fills: where Slack refuses its blocks."""
    texts = [text for block in message.blocks for text in _texts(block)] or [message.text]
    if message.page and not any(message.page in text for text in texts):
        texts.append(link(message.page, "The page"))
    return tuple(Message(block["text"]["text"], ()) for block in flowed(texts))


def _texts(block: Block) -> Iterator[str]:
    if block["type"] == "section":
        yield block["text"]["text"]
    elif block["type"] == "context":
        yield from (element["text"] for element in block["elements"])


def fallback(answer: Answer, book: RuleBook) -> str:
    """Return the text that stands for an answer in notifications: what warns, then its first statements, each whole."""
    numbered = _Cited({}, frozenset(citation.n for citation in answer.citations))
    warnings = [block["text"]["text"] for block in flowed(_warning_lines(answer, book, numbered))]
    said = warnings[0] if warnings else ""
    if len(warnings) > 1:
        return said
    for statement in answer.statements:
        text = escaped(statement.text if statement.kind == "derived" else f"“{statement.text}”")
        if said and len(said) + len(text) >= _LONGEST_TEXT:
            break
        said = f"{said}\n{text}".strip()
    return said if len(said) <= MOST_TEXT else "The answer is in the thread."


def _items(turn: ShownTurn, book: RuleBook, frame: Frame) -> Iterator[Item]:
    answer = turn.answer
    cited = _cited(answer)
    yield from (Item(small(line), must=True) for line in frame.before)
    if head := _head(turn):
        yield Item(small(head), must=True)
    for blocks in (flowed(_warning_lines(answer, book, cited)), _facts(answer, book)):
        if blocks:
            yield Item(blocks, must=True)
    yield from _statements(turn, cited, frame.controls)
    if answer.comparison:
        yield from _comparison(answer.comparison, cited)
    yield from (Item(flowed([line]), must=True) for line in _standings(answer, book))
    yield from _other_conclusions(answer, cited)
    yield from _remarks(turn, cited)


def _remarks(turn: ShownTurn, cited: _Cited) -> Iterator[Item]:
    """What to establish next, where the source is odd, and everything there is by headings."""
    answer = turn.answer
    if answer.ask:
        yield Item(flowed(_asked(answer)), must=True)
    if turn.high:
        lines = [f"• {escaped(note.text)}{cited.marks(note.citations)}" for note in turn.high]
        yield Item(flowed(["*Where the source is odd:*", *lines]), must=True)
    for part in answer.outline:
        yield Item(small(f"{escaped(part.heading)}:{cited.marks(part.citations)}"), group="headings")
    for note in turn.further:
        text = f"Remark on the source: {escaped(note.text)}{cited.marks(note.citations)}"
        yield Item(small(text), group="further remarks on the source")


def _head(turn: ShownTurn) -> str:
    """Whom it is about, and the question as read where that is not what was said."""
    read = f"Read as: “{escaped(clipped(turn.read_as, _LONGEST_ECHO))}”" if turn.read_as else ""
    return " · ".join(part for part in (escaped(turn.answer.patient or ""), read) if part)


def _warning_lines(answer: Answer, book: RuleBook, cited: _Cited) -> list[str]:
    """What excludes a therapy, on what the review is not of one mind, and every caution; each with its sentences."""
    lines: list[str] = []
    for standing, heading, placed in by_standing(answer):
        if standing in _WARNED:
            lines.append(f"*{heading}: {escaped(', '.join(book.names[name] for name in placed))}*")
    conclusions = [item for effect in _WARNING_EFFECTS for item in answer.recommendations if item.effect == effect]
    return [*lines, *_concluded(conclusions, book, cited)]


def _concluded(conclusions: Iterable[Recommendation], book: RuleBook, cited: _Cited) -> Iterator[str]:
    """Conclusions, each once with all therapies that it is of."""
    grouped: dict[tuple[object, ...], list[Recommendation]] = {}
    for item in conclusions:
        grouped.setdefault((item.effect, item.summary, item.overruled_by, item.citations), []).append(item)
    for items in grouped.values():
        first = items[0]
        names = ", ".join(dict.fromkeys(book.names[item.therapy] for item in items if item.therapy in book.names))
        told = f"{names}: {first.summary}" if names else first.summary
        outweighed = f"; outweighed by {first.overruled_by.split('/')[-1]}" if first.overruled_by else ""
        words = f"{first.effect.replace('_', ' ')} – {told} ({first.strength}{outweighed})"
        yield f"• {escaped(words)}{cited.marks(first.citations)}"


def _facts(answer: Answer, book: RuleBook) -> tuple[Block, ...]:
    """The facts as read, so that what was misread can be put right."""
    words = [escaped(clipped(fact_words(fact, book), _LONGEST_ECHO)) for fact in answer.facts]
    return flowed([_UNDERSTOOD, *(f"• {word}" for word in words)]) if words else ()


def _statements(turn: ShownTurn, cited: _Cited, controls: Controls | None) -> Iterator[Item]:
    """All statements in the answer's order; of plain quotes those after the first may be left out for want of room."""
    quoted = False
    for statement, shown in zip(turn.answer.statements, turn.statements, strict=True):
        if statement.kind == "derived":
            yield Item(flowed([_derived(statement, shown, cited)]), must=True)
            continue
        plain = statement.role in {"answer", "nearest"}
        block, whole = _quote(statement, shown, cited, controls)
        yield Item((block,), must=not (plain and quoted), group="sentences", whole=whole)
        quoted = quoted or plain


def _derived(statement: Statement, shown: ShownStatement, cited: _Cited) -> str:
    marks = "" if statement.text.endswith(":") else cited.marks(statement.citations)
    text = escaped(statement.text)
    bold = shown.style in {"lead", "heading", "dispute"} and "*" not in text and len(text) < _LONGEST_BOLD
    return f"*{text}*{marks}" if bold else text + marks


def _quote(statement: Statement, shown: ShownStatement, cited: _Cited, controls: Controls | None) -> tuple[Block, bool]:
    """A sentence word for word with its place; one too long for a block is pointed to instead of being cut."""
    citation = cited.by_number[statement.citations[0]]
    beside = f"_{shown.beside}:_ " if shown.beside else ""
    cell = f"{escaped(shown.cell)}: " if shown.cell else ""
    mark = link(citation.url, f"[{citation.n}] {citation.section}")
    works = f", references {', '.join(map(str, citation.references))}" if citation.references else ""
    text = f"{beside}{cell}“{escaped(statement.text)}” {mark}{works}"
    button = controls.source(citation) if controls else None
    if len(text) <= MOST_TEXT:
        return section(text, button), True
    return section(f"{beside}A sentence too long to be shown here whole: {mark}", button), False


def _comparison(table: Comparison, cited: _Cited) -> Iterator[Item]:
    yield Item(flowed([f"*{escaped(' | '.join(table.names))}*", escaped(table.warning)]), must=True)
    for row in table.rows:
        lines = [f"*{escaped(row.name)}*"]
        for name, side in zip(table.names, row.cells, strict=True):
            told = [figure_words(figure).rpartition(" [")[0] for figure in side.figures]
            words = [
                f"{escaped(text)}{cited.marks((figure.citation,))}"
                for text, figure in zip(told, side.figures, strict=True)
            ]
            words = words or [cited.marks(side.citations).strip() or "nothing printed"]
            lines += [f"{escaped(name)}: {text}" for text in words]
        yield Item(flowed(lines), group="rows of the comparison")


def _standings(answer: Answer, book: RuleBook) -> Iterator[str]:
    """Where the other therapies stand."""
    for standing, heading, placed in by_standing(answer):
        if standing not in _WARNED:
            yield f"*{heading}:* {escaped(', '.join(book.names[name] for name in placed))}"


def _other_conclusions(answer: Answer, cited: _Cited) -> Iterator[Item]:
    others = [r for r in answer.recommendations if r.effect not in _WARNING_EFFECTS and r.effect != "info"]
    for item in {(r.effect, r.summary, r.overruled_by): r for r in others}.values():
        outweighed = f", outweighed by {item.overruled_by.split('/')[-1]}" if item.overruled_by else ""
        words = f"{item.effect.replace('_', ' ')} – {item.summary} ({item.strength}{outweighed})"
        yield Item(small(f"{escaped(words)}{cited.marks(item.citations)}"), group="further conclusions")


def _asked(answer: Answer) -> Iterator[str]:
    yield "*To be established next:*"
    for ask in answer.ask[:MOST_QUESTIONS]:
        yield f"• {'*In doubt:* ' if ask.critical else ''}{escaped(ask.question)}"
    if len(answer.ask) > MOST_QUESTIONS:
        yield f"• and {len(answer.ask) - MOST_QUESTIONS} more"


def _foot(answer: Answer, frame: Frame) -> Iterator[Block]:
    for document in answer.documents:
        yield context(escaped(f"Source: {document.attribution} Published {document.published}."))
    if frame.page:
        yield context(link(frame.page, "The whole answer, with the source beside it"))


def _count(left_out: Iterable[tuple[str, int, int]], page: str) -> tuple[Block, ...]:
    said = ", ".join(f"{there} of {total} {group}" for group, there, total in left_out)
    if not said:
        return ()
    return (context(f"{said} shown. {link(page, 'All of them') if page else 'All of them stand on the page.'}"),)
