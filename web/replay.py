"""Stored answers computed anew with today's code and knowledge: what changed, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.answer import Answer
from assistant.assistant import Assistant
from assistant.conversation.turns import Turn
from web.store.records import StoredTurn

_MADE_FROM = {"knowledge": "the knowledge", "index": "the index", "version": "the software"}
_NOT_COMPARED = frozenset({*_MADE_FROM, "documents"})


@dataclass(frozen=True, slots=True)
class Replayed:
    """One turn computed anew.

    Attributes:
        changed: What differs, each in words; empty where the answer is the same but for what it was made from.
        why: What it was made from that is another now.
    """

    number: int
    said: str
    changed: tuple[str, ...]
    why: tuple[str, ...]


def replayed(assistant: Assistant, stored: Sequence[StoredTurn]) -> Iterator[Replayed]:
    """Answer each turn again, after the turns as they come out today."""
    history: list[Turn] = []
    for turn in stored:
        given: Mapping[str, Any] = turn.inputs or {}
        anew = assistant.dialogue.turn(
            turn.said, history, facts=given.get("facts"), confirmed=tuple(given.get("confirmed", ()))
        )
        history.append(anew)
        before = json.loads(turn.answer)
        yield Replayed(turn.number, turn.said, tuple(_changed(before, anew.answer)), tuple(_why(before, anew.answer)))


def _changed(before: Mapping[str, Any], answer: Answer) -> Iterator[str]:
    now = json.loads(answer.to_json())
    if before["status"] != now["status"]:
        yield f"status: {before['status']} → {now['status']}"
    for name, key in (("citations", "unit"), ("recommendations", "rule")):
        old, new = ({item[key] for item in side[name]} for side in (before, now))
        yield from (f"{name}: no longer {item}" for item in sorted(old - new))
        yield from (f"{name}: now also {item}" for item in sorted(new - old))
    old_standings, new_standings = ({t["therapy"]: t["standing"] for t in side["therapies"]} for side in (before, now))
    for therapy in sorted({*old_standings, *new_standings}):
        was, is_now = old_standings.get(therapy, "–"), new_standings.get(therapy, "–")
        if was != is_now:
            yield f"{therapy}: {was} → {is_now}"
    told = {"status", "citations", "recommendations", "therapies", *_NOT_COMPARED}
    yield from (f"{name} differ" for name in now if name not in told and before.get(name) != now[name])


def _why(before: Mapping[str, Any], answer: Answer) -> Iterator[str]:
    held = {document["id"]: document["sha256"] for document in before["documents"]}
    for document in answer.documents:
        if held.get(document.id) not in {None, document.sha256}:
            yield f"the source {document.id} is another text"
    for name, words in _MADE_FROM.items():
        now = getattr(answer, name)
        if before[name] != now:
            yield f"{words} is {now[:12]}, it was {before[name][:12]}"


def replay_text(turns: Sequence[Replayed]) -> str:
    """Return what changed, turn by turn, for a terminal."""
    lines: list[str] = []
    for turn in turns:
        lines.append(f"{turn.number}. {turn.said}")
        lines += [f"   {change}" for change in turn.changed] or ["   the same answer"]
        if turn.changed:
            lines.append(f"   because {'; '.join(turn.why) if turn.why else 'the code of this installation differs'}")
    return "\n".join(lines)
