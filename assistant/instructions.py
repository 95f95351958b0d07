"""Instructions, dictated claims and prompts for another role in a message: set aside, never followed, never repeated.

Reads English cues only; what is left is the question.
"""

from __future__ import annotations

import re

from index.analysis import content_terms, fold

_SENTENCE = re.compile(r"(?<=[.?!\n])\s+")
_SENTENCE_TEXT = re.compile(r"[^.?!\n]*[.?!\n]*")
_INSTRUCTION = re.compile(
    r"""(?:ignore|disregard|forget|override|bypass)\b[^.?!]{0,60}\b(?:instructions?|prompts?|rules|everything\s+above)\b
      | ^[^\S\n]*(?:system|developer|admin(?:istrator)?|assistant|root)\s*(?:prompt|message|mode|override)?\s*:
      | \bnew\s+(?:rule|instruction)s?\s+(?:from|for\s+you)\b
      | \byou\s+are\s+(?:now|no\s+longer)\b
      | \b(?:print|reveal|show|repeat|output|display)\b[^.?!]{0,40}\b(?:prompt|system\s+instructions)\b
      | \bfrom\s+(?:now\s+on|your\s+own\s+knowledge)\b
      | \btranslate\b[^.?!]{0,30}\b(?:obey|follow)\b | \bobey\b | \bjailbreak\b
      | (?:^|[.!?;,]\s+|\bplease\s+|\bnow\s+|\bthen\s+)          # the imperative, at the beginning of a clause
        (?:(?:act|behave|respond|answer|speak|reply)\s+(?:as|like)\s+(?:a|an|if|my|the)\b
          | pretend\b | role-?play\b
          | (?:reply|respond|answer|output|print|say|write)\s+(?:only|exactly|just|verbatim|word\s+for\s+word|with)\b
          | (?:repeat|say|confirm|state|write)\s+(?:after\s+me|that|this|the\s+following)\b)""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_MARKUP = re.compile(
    r"\{\{.{0,400}?\}\}|\{%.{0,400}?%\}|<\|.{0,80}?\|>|<script\b.{0,2000}?</script>", re.DOTALL | re.IGNORECASE
)
_DICTATED = re.compile(r"[\"“'‘][^\"”'’]{0,400}[\"”'’]")


def without_instructions(message: str) -> tuple[str, bool]:
    """Return the message without its instructions, and whether there were any.

    What remains is a question only if it asks: after an instruction, a bare statement is part of it.
    """
    text = _MARKUP.sub(" ", message)
    if not _instructs(text):
        return text.strip(), text != message
    sentences = [part for part in _SENTENCE.split(_DICTATED.sub(" ", text)) if part.strip()]
    kept = [s for s in sentences if not _instructs(s) and s.rstrip().endswith("?")]
    return " ".join(kept).strip() if any(content_terms(s) for s in kept) else "", True


def stated(message: str) -> str:
    """Return what a message states, every character at its place: mark-up, instructions and dictated words blank.

    Unlike `without_instructions`, statements after an instruction stay: the findings of a case are not lost with it.
    """
    text = _MARKUP.sub(_blank, message)
    if not _instructs(text):
        return text
    text = _DICTATED.sub(_blank, text)
    return _SENTENCE_TEXT.sub(lambda match: _blank(match) if _instructs(match.group()) else match.group(), text)


def _instructs(text: str) -> bool:
    return _INSTRUCTION.search(fold(text)) is not None


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())
