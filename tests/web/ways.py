"""Every way in to one assistant, asked the same: of each way, the turns for which it tells something else.

Each item is asked by all ways one after the other, so that what the assistant keeps of the last few questions serves
them all.
"""

from __future__ import annotations

import contextlib
import html
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.answer import Answer
from assistant.conclusions import standing_words
from assistant.conversation.turns import Turn
from web import cli
from web.app import create_app
from web.batch import answer_batch
from web.chat import chat
from web.mcp.mounting import mount
from web.slack.blocks import turn_messages
from web.slack.splitting import Message

PUBLIC = "https://nelm.example.org"


@dataclass
class Compared:
    """What came out: of each way, how many turns it was asked, and those that it tells otherwise."""

    turns: Counter[str] = field(default_factory=Counter)
    differing: dict[str, list[str]] = field(default_factory=dict)

    def note(self, way: str, turn: str, *, same: bool) -> None:
        self.turns[way] += 1
        self.differing.setdefault(way, [])
        if not same:
            self.differing[way].append(turn)


@dataclass(frozen=True)
class Asked:
    """A conversation as Python answers it, its answers also as JSON."""

    name: str
    said: Sequence[str]
    turns: Sequence[Turn]
    answers: Sequence[Mapping[str, Any]]


class Everywhere:
    """The ways that give the answer object or text; asks each and notes what differs."""

    def __init__(self, assistant: Assistant, folder: Path, http: TestClient) -> None:
        self._assistant = assistant
        self._folder = folder
        self._http = http
        self.compared = Compared()

    def ask(self, item: Asked) -> None:
        """Ask a conversation by every way; one of a single message also as a question that stands alone."""
        self._completions(item)
        self._chat(item)
        self._slack(item)
        if len(item.said) == 1:
            self._alone(item.name, item.said[0])
        else:
            self._batch_turns(item)
            self._rest_turns(item)
            self._mcp_turns(item)

    def _alone(self, name: str, question: str) -> None:
        """Ask a question that stands alone: these ways give the very same bytes."""
        answer = self._assistant.ask(question)
        text, values = answer.to_json(), as_json(answer)
        note = partial(self.compared.note, turn=f"{name}: {question}")
        note("batch of questions", same=self._batch({"id": name, "question": question})["answer"] == values)
        note("REST", same=self._http.post("/api/v1/ask", json={"question": question}).text == text)
        events = self._http.post("/api/v1/ask", json={"question": question}, headers={"accept": "text/event-stream"})
        note("events", same=events.text == f"event: working\ndata: {{}}\n\nevent: answer\ndata: {text}\n\n")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            cli.ask(question, as_json=True)
        note("nelm ask --json", same=printed.getvalue() == answer.to_json(indent=1) + "\n")
        told, shown = self._mcp(question)
        note("MCP", same=told == values)
        note("MCP, as text", same=tells(shown, answer) and places(shown, answer, self._assistant))

    def _batch_turns(self, item: Asked) -> None:
        answers = self._batch({"id": item.name, "turns": list(item.said)})["answers"]
        for number, (found, expected) in enumerate(zip(answers, item.answers, strict=True)):
            self.compared.note("batch of conversations", name_of(item, number), same=found == expected)

    def _mcp_turns(self, item: Asked) -> None:
        for number, turn in enumerate(item.turns):
            if number == 0:
                continue  # asked alone, it is answered as alone
            told, shown = self._mcp(item.said[number], *item.said[:number])
            same = told == item.answers[number] and tells(shown, turn.answer)
            same = same and places(shown, turn.answer, self._assistant)
            self.compared.note("MCP, with what was said before", name_of(item, number), same=same)

    def _mcp(self, question: str, *earlier: str) -> tuple[Any, str]:
        """What the tool gives, as an object and as text."""
        arguments = {"question": question, "earlier": list(earlier)}
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": arguments}}
        accept = {"accept": "application/json, text/event-stream"}
        result = self._http.post("/mcp", json=call, headers=accept).json()["result"]
        return result["structuredContent"], result["content"][0]["text"]

    def _completions(self, item: Asked) -> None:
        messages: list[dict[str, str]] = []
        for number, turn in enumerate(item.turns):
            messages.append({"role": "user", "content": item.said[number]})
            body = {"model": "nelm", "messages": messages}
            told = self._http.post("/v1/chat/completions", json=body).json()
            content = told["choices"][0]["message"]["content"]
            same = told["nelm_answer"] == item.answers[number] and tells(content, turn.answer)
            same = same and places(content, turn.answer, self._assistant)
            self.compared.note("completions", name_of(item, number), same=same)
            messages.append({"role": "assistant", "content": content})
        if len(item.said) == 1:
            return
        events = self._http.post("/v1/chat/completions", json={**body, "stream": True}).text.split("\n\n")
        chunks = [json.loads(event.removeprefix("data: "))["choices"][0]["delta"] for event in events[:-2]]
        streamed = "".join(chunk.get("content", "") for chunk in chunks)
        self.compared.note("completions, streamed", name_of(item, number), same=streamed == content)

    def _rest_turns(self, item: Asked) -> None:
        """Hold the conversation by REST, one half of its turns by events."""
        conversation = self._http.post("/api/v1/conversations", json={}).json()["id"]
        address = f"/api/v1/conversations/{conversation}/turns"
        for number, said in enumerate(item.said):
            body = {"question": said}
            if number % 2:
                told = {**body, "conversation": conversation}
                events = self._http.post("/api/v1/ask", json=told, headers={"accept": "text/event-stream"})
                answer = json.loads(events.text.split("\n\n")[1].removeprefix("event: answer\ndata: "))
            else:
                answer = self._http.post(address, json=body).json()["answer"]
            self.compared.note("REST, turns", name_of(item, number), same=answer == item.answers[number])

    def _chat(self, item: Asked) -> None:
        told: list[str] = []
        chat(self._assistant, item.said, told.append)
        for number, (text, turn) in enumerate(zip(told, item.turns, strict=True)):
            same = tells(text, turn.answer) and places(text, turn.answer, self._assistant)
            self.compared.note("nelm chat", name_of(item, number), same=same)

    def _slack(self, item: Asked) -> None:
        for number, turn in enumerate(item.turns):
            linked = tuple(replace(c, url=f"{PUBLIC}{c.url}") for c in turn.answer.citations)
            shown = replace(turn, answer=replace(turn.answer, citations=linked))
            raw = slack_text(turn_messages(shown, self._assistant.patients.book))
            same = slack_tells(raw, shown.answer) and places(raw, shown.answer, self._assistant)
            self.compared.note("Slack", name_of(item, number), same=same)

    def _batch(self, row: dict[str, Any]) -> dict[str, Any]:
        source, target = self._folder / "in.jsonl", io.StringIO()
        source.write_text(json.dumps(row) + "\n", encoding="utf-8")
        report = answer_batch(self._assistant, source, target)
        assert (report.answered, report.errors) == (1, ())
        answered: dict[str, Any] = json.loads(target.getvalue())
        assert answered.pop("id") == row["id"]
        return answered


@contextmanager
def everywhere(assistant: Assistant, folder: Path) -> Iterator[Everywhere]:
    """Open every way."""
    app = create_app(assistant)
    mount(app, assistant)
    with pytest.MonkeyPatch.context() as patch, TestClient(app, base_url="http://127.0.0.1:8000") as http:
        patch.setattr(cli, "_open", lambda *_words: assistant)
        yield Everywhere(assistant, folder, http)


def tells(text: str, answer: Answer) -> bool:
    """Whether a text tells every statement of an answer in order, the quotes as quotes, links and high notes."""
    flat, at = " ".join(text.split()), 0
    for statement in answer.statements:
        said = " ".join(statement.text.split())
        found = flat.find(f"“{said}”" if statement.kind == "quote" else said, at)
        if found < 0:
            return False
        at = found + len(said)
    quoted = {n for s in answer.statements if s.kind == "quote" for n in s.citations}
    linked = all(citation.url in text for citation in answer.citations if citation.n in quoted)
    return linked and warns(flat, answer)


def warns(flat: str, answer: Answer) -> bool:
    """Whether a text on one line tells every high note on the source once."""
    return all(flat.count(" ".join(note.text.split())) == 1 for note in answer.high_notes)


def slack_text(messages: Sequence[Message]) -> str:
    """All that messages show, in order, on one line; escapes and mark-up of links are left."""
    blocks = [block for message in messages for block in message.blocks if block["type"] in {"section", "context"}]
    texts = [part["text"] for block in blocks for part in block.get("elements", [block.get("text")])]
    return " ".join(" ".join(texts).split())


def slack_tells(raw: str, answer: Answer) -> bool:
    """Whether messages tell an answer: every statement in order but for quotes that they count as left out.

    What is shown has its link, and whatever speaks against a treatment is never left out.
    """
    flat, at, left_out = html.unescape(raw), 0, 0
    for statement in answer.statements:
        said = " ".join(statement.text.split())
        quoted = statement.kind == "quote"
        found = flat.find(f"“{said}”" if quoted else said, at)
        if found < 0 and not (quoted and statement.role in {"answer", "nearest"}):
            return False
        left_out += found < 0
        at = max(at, found + len(said))
        citation = answer.citations[statement.citations[0] - 1] if quoted else None
        if citation and found >= 0 and f"<{citation.url}|[{citation.n}] {citation.section}>" not in raw:
            return False
    counted = re.search(r"(\d+) of (\d+) sentences", flat)
    against = [r.summary for r in answer.recommendations if r.effect in {"contraindicated", "ineligible", "caution"}]
    told = all(" ".join(summary.split()) in flat for summary in against)
    return told and warns(flat, answer) and left_out == (int(counted[2]) - int(counted[1]) if counted else 0)


def places(text: str, answer: Answer, assistant: Assistant) -> bool:
    """Whether a text says of every therapy where it stands for a patient."""
    names = assistant.patients.book.names
    flat = text.replace("*", "")
    for standing, heading in standing_words().items():
        placed = [names[item.therapy] for item in answer.therapies if item.standing == standing]
        if placed and f"{heading}: {', '.join(placed)}" not in flat:
            return False
    return True


def name_of(item: Asked, number: int) -> str:
    return f"{item.name}, turn {number + 1}: {item.said[number]}"


def as_json(answer: Answer) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(answer.to_json())
    return values
