"""The buttons below an answer, and reading what they carry: the conversation, the turn, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.answer import Answer, Citation
from assistant.rules.book import RuleBook
from web.slack.splitting import Block
from web.slack.tasks import AnswerOf

SOURCE, WHY, FACT, SHARE, HELPFUL, WRONG = "source", "why", "fact", "share", "helpful", "wrong"
CHOSEN_FACT = "chosen_fact"
_MOST_OPTIONS = 100
_MOST_LABEL = 75
_PARTS = 3
_MOST_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Controls:
    """The buttons of one answer.

    Attributes:
        alone: Whether one person alone sees the answer; then it can be shared.
    """

    answer: AnswerOf
    alone: bool = False

    def source(self, citation: Citation) -> Block:
        """Return the button that shows a sentence where it stands."""
        return {**button(f"{SOURCE}-{citation.n}", "In its paragraph"), "value": self._value(str(citation.n))}

    def actions(self, answer: Answer, book: RuleBook) -> tuple[Block, ...]:
        """Return the row of buttons, and for a patient the choice of therapies; the row's id names the answer."""
        row: list[dict[str, Any]] = []
        if answer.therapies:
            options = [
                {"text": plain(book.names[item.therapy]), "value": item.therapy}
                for item in answer.therapies[:_MOST_OPTIONS]
            ]
            row.append(
                {"type": "static_select", "action_id": WHY, "placeholder": plain("Why, why not …"), "options": options}
            )
        if answer.facts:
            row.append({**button(FACT, "Add a patient fact"), "value": self._value()})
        if self.alone:
            row.append({**button(SHARE, "Share in channel"), "value": self._value(), **_confirmed(answer)})
        row += [
            {**button(HELPFUL, "Helpful"), "value": self._value()},
            {**button(WRONG, "Wrong"), "value": self._value()},
        ]
        return ({"type": "actions", "block_id": self._value(), "elements": row},)

    def _value(self, chosen: str = "") -> str:
        return "|".join((self.answer.conversation, str(self.answer.turn), chosen))


def chosen(value: str) -> tuple[AnswerOf, str] | None:
    """Return the answer a button belongs to and what it carries besides; ``None`` where it is none of ours."""
    parts = value.split("|")
    if (
        len(parts) != _PARTS
        or not parts[0]
        or not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) <= _MOST_DIGITS)
    ):
        return None
    return AnswerOf(parts[0], int(parts[1])), parts[2]


def plain(text: str, most: int = _MOST_LABEL) -> dict[str, str]:
    """Return a label."""
    return {"type": "plain_text", "text": text if len(text) <= most else text[: most - 1] + "…"}


def button(action: str, label: str) -> dict[str, Any]:
    """Return a button."""
    return {"type": "button", "action_id": action, "text": plain(label)}


def _confirmed(answer: Answer) -> dict[str, Any]:
    """What is asked before an answer about a patient is shown to a channel."""
    if not answer.facts:
        return {}
    text = "This answer is about a patient. A channel is no place for data by which a patient can be identified."
    return {
        "confirm": {
            "title": plain("Share in channel?"),
            "text": plain(text, 300),
            "confirm": plain("Share", 30),
            "deny": plain("Cancel", 30),
        }
    }
