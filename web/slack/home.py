"""The bot's home in Slack: what it answers from, what can be asked, and what it is not."""

from __future__ import annotations

from typing import Any

from assistant.assistant import Assistant
from web.conversations import EXAMPLES
from web.slack.mrkdwn import escaped, link
from web.slack.splitting import context, flowed

_IS = (
    "Ask about liver-directed treatment of neuroendocrine liver metastases. I answer with sentences of one open-access "
    "review, word for word, each linked to its place; for a patient described to me I say what the criteria printed "
    "there give. I work by search and fixed rules, without a language model: the same question gives the same answer. "
    "Where the review does not answer, I say so."
)
_HOW = (
    "*How to ask.* Write to me directly, under Messages: every reply in a thread goes on where it left off. In a "
    "channel, mention me; there a reply has to mention me too. `/nelm question` answers you alone; you can share that."
)
_PATIENTS = (
    ":warning: *No identifiable patient data*, here or anywhere in Slack: no names, numbers or dates of birth. Ask "
    "about patients in a direct message, by age, findings and values only."
)
_IS_NOT = (
    "*What I am not.* Not a guideline, not a second opinion and not a medical device. I give no orders and compute no "
    "doses; I replace no tumor board and no judgement. What I have not been told of a patient is not known to me, "
    "never absent."
)


def home_view(assistant: Assistant, public_url: str) -> dict[str, Any]:
    """Return the home."""
    examples = "\n".join(f"• {escaped(example)}" for example in EXAMPLES)
    lines = [_IS, f"*Examples*\n{examples}", _HOW, _PATIENTS, _IS_NOT]
    blocks: list[Any] = [{"type": "header", "text": {"type": "plain_text", "text": "Ask the review"}}]
    for line in lines:
        blocks += flowed([line])
    blocks += [context(escaped(document.citation.attribution)) for document in assistant.documents]
    if public_url:
        blocks.append(
            context(f"{link(public_url, 'The page')} · {link(f'{public_url}/about', 'About this assistant')}")
        )
    return {"type": "home", "blocks": blocks}
