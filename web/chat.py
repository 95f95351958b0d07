"""``nelm chat``: a conversation at the terminal, or scripted from a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from assistant.assistant import Assistant
from assistant.conversation.dialogue import Conversation
from assistant.conversation.turns import Turn
from assistant.rules.book import RuleBook
from corpus.errors import NelmError
from web.terminal import whole_text
from web.turn_markdown import plain, turn_markdown

PROMPT = "> "
HELP = """/facts      what is known of the patient
/why        why the therapies stand where they do, or why the review says so
/source N   the paragraph of sentence N of the last answer
/turns      the questions so far, as they were read
/new        begin anew; nothing is kept
/export F   write the conversation to F as Markdown
/quit       end
Anything else is asked."""
_ASKS = {"/facts": "summarise the patient", "/why": "why?"}


class Chat:
    """One conversation with its commands; holds nothing but the turns."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._conversation = assistant.conversation()

    @property
    def conversation(self) -> Conversation:
        """The conversation now going on."""
        return self._conversation

    def answer(self, line: str) -> str | None:  # noqa: C901, PLR0911 - one return a command
        """Return what to print for a line; ``None`` where it ends the chat."""
        text = line.strip()
        word, _, rest = text.partition(" ")
        if not text:
            return ""
        if not text.startswith("/"):
            return self._say(text)
        if word in {"/quit", "/exit"}:
            return None
        if word == "/new":
            self._conversation = self._assistant.conversation()
            return "A new conversation."
        if word == "/turns":
            return "\n".join(_read_as(self._conversation.turns)) or "Nothing has been asked yet."
        if word == "/export":
            return self._export(rest.strip())
        if word == "/source":
            return self._say(f"source {rest}".strip())
        if word in _ASKS:
            return self._say(_ASKS[word])
        return HELP if word == "/help" else f"error[usage]: no command {word}\nhint: /help lists them."

    def _say(self, text: str) -> str:
        self._conversation.say(text)
        turn = self._conversation.turns[-1]
        read = "" if turn.resolved in {"", turn.said} else f"Read as: {turn.resolved}\n\n"
        return read + whole_text(turn.answer, self._assistant.patients.book)

    def _export(self, name: str) -> str:
        if not name:
            return "error[usage]: no file named\nhint: /export FILE"
        try:
            text = markdown(self._conversation.turns, self._assistant.patients.book)
            Path(name).write_text(text, encoding="utf-8")
        except OSError as exc:
            return f"error[usage]: {name}: {exc.strerror}\nhint: Name a file that can be written."
        return f"{len(self._conversation.turns)} turns written to {name}"


def chat(assistant: Assistant, lines: Iterable[str], say: Callable[[str], None]) -> None:
    """Answer line after line until they end or say so; an error is told and the conversation goes on."""
    going = Chat(assistant)
    for line in lines:
        try:
            told = going.answer(line)
        except NelmError as exc:
            told = f"error[{exc.code}]: {exc}\nhint: {exc.hint}"
        if told is None:
            return
        if told:
            say(told + "\n")


def typed() -> Iterator[str]:
    """Lines as they are typed, with history where the terminal has it."""
    import contextlib

    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - gives `input` its history
    while True:
        try:
            yield input(PROMPT)
        except (EOFError, KeyboardInterrupt):
            return


def markdown(turns: Iterable[Turn], book: RuleBook) -> str:
    """Return a conversation as Markdown: what was said, how it was read, and each answer with its citations."""
    blocks = ["# Conversation"]
    for turn in turns:
        blocks += [f"## {turn.number}. {plain(turn.said)}", turn_markdown(turn, book)]
    return "\n\n".join(blocks) + "\n"


def _read_as(turns: Iterable[Turn]) -> Iterator[str]:
    for turn in turns:
        patient = f" ({turn.patient})" if turn.patient else ""
        yield f"{turn.number}. {turn.said}{patient}" + (
            f"\n   read as: {turn.resolved}" if turn.resolved not in {"", turn.said} else ""
        )
