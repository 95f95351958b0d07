"""Everything asked is answered alike everywhere: in Python, on the command line, by programs, on the page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
import yaml
from rapidfuzz import fuzz, process
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.answer import Answer
from assistant.conversation.turns import Turn
from tests.conftest import ROOT
from tests.web.test_app import token
from tests.web.ways import Asked, Compared, as_json, everywhere, places, tells
from web.app import create_app
from web.case_view import case_view
from web.store.database import DatabaseStore
from web.turn_markdown import turn_markdown

ITEMS = ROOT / "tests" / "data" / "parity.yaml"
QUIET = {"not_covered", "declined"}
CITED = re.compile(r"\[(\d+)\] (.+)")
TURN = re.compile(r'<article class="turn.*?</article>', re.DOTALL)


@dataclass(frozen=True)
class Quote:
    text: str
    urls: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What of an answer a reader is told, read off its JSON or off the page.

    Attributes:
        quiet: Whether nothing is asserted; the page shows the status by this and by its words.
        told: All statements in order, quotes and our own sentences.
        conclusions: Of each therapy, what the rules say and where they say it stands.
    """

    quiet: bool
    told: tuple[str, ...]
    quotes: tuple[Quote, ...]
    passages: tuple[str, ...]
    standings: Mapping[str, str]
    conclusions: frozenset[tuple[str, str, tuple[str, ...]]]
    notes: frozenset[str]
    patient: str


@dataclass(frozen=True)
class Ways:
    """All items, turn by turn, each under its id.

    Attributes:
        compared: What the ways that give objects or text tell otherwise than Python.
    """

    python: Mapping[str, Sequence[Turn]]
    compared: Compared
    alone: Mapping[str, Answer]
    ids: Mapping[str, str]
    page: Mapping[str, Sequence[str]]
    streamed: Mapping[str, Sequence[str]]
    exported: Mapping[str, Sequence[dict[str, Any]]]
    kept: Mapping[str, Sequence[Turn]]


def load() -> dict[str, list[str]]:
    """The messages of each item, under an id."""
    read = yaml.safe_load(ITEMS.read_text(encoding="utf-8"))
    single = {f"{kind}-{n}": [text] for kind in ("questions", "patients") for n, text in enumerate(read[kind], 1)}
    return single | {f"dialogue-{n}": said for n, said in enumerate(read["dialogues"], 1)}


ASKED = load()
SINGLE = {name: said[0] for name, said in ASKED.items() if len(said) == 1}
TURNS = sum(map(len, ASKED.values()))
ALONE: frozenset[str] = frozenset(yaml.safe_load(ITEMS.read_text(encoding="utf-8"))["differ_alone"])
"""Messages not yet answered as the first of a conversation as they are when asked alone."""


def streamed(client: TestClient, given: str, conversation: str, question: str) -> dict[str, Any]:
    response = client.post(
        "/ask",
        data={"token": given, "conversation": conversation, "question": question},
        headers={"accept": "text/event-stream"},
    )
    working, turn, rest = response.text.split("\n\n")
    assert (working, rest) == ("event: working\ndata: {}", "")
    name, data = turn.split("\n")
    assert name == "event: turn"
    values: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return values


def by_stream(client: TestClient, given: str, said: Sequence[str]) -> list[str]:
    """Turns as they arrive, the conversation's name in them made one for all."""
    name, shown = "", []
    for number, question in enumerate(said, 1):
        data = streamed(client, given, name, question)
        name = data["conversation"]
        assert data["number"] == number
        shown.append(anonymous(data["html"], name))
    return shown


def by_forms(client: TestClient, said: Sequence[str]) -> tuple[str, list[str]]:
    """The conversation's name and its turns as they stand on the page at the end."""
    given, where = token(client), ""
    for question in said:
        name = where.rpartition("/")[2].partition("#")[0]
        response = client.post(
            "/ask", data={"token": given, "conversation": name, "question": question}, follow_redirects=False
        )
        where = response.headers["location"]
    name = where.rpartition("/")[2].partition("#")[0]
    return name, [anonymous(turn, name) for turn in TURN.findall(client.get(where).text)]


def anonymous(html: str, conversation: str) -> str:
    assert conversation in html
    return html.replace(conversation, "ID").strip()


@pytest.fixture(scope="module")
def ways(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    folder = tmp_path_factory.mktemp("parity")
    url = f"sqlite:///{folder / 'kept.sqlite3'}"
    store = DatabaseStore.open(url)
    app = create_app(assistant, store, retention_days=30)
    python: dict[str, Sequence[Turn]] = {}
    alone, ids, page, stream, exported = {}, {}, {}, {}, {}
    with (
        TestClient(app) as client,
        TestClient(app) as other,
        everywhere(assistant, folder) as ways_in,
    ):
        client.get("/"), other.get("/")
        given = token(other)
        for name, said in ASKED.items():
            conversation = assistant.conversation()
            answers = [as_json(conversation.say(text)) for text in said]
            python[name] = conversation.turns
            ways_in.ask(Asked(name, said, conversation.turns, answers))
            if name in SINGLE:
                alone[name] = assistant.ask(SINGLE[name])
            ids[name], page[name] = by_forms(client, said)
            stream[name] = by_stream(other, given, said)
            exported[name] = client.get(f"/c/{ids[name]}/export.json").json()
            client.cookies.clear()
            client.get("/")  # a list of a hundred conversations on every page would only take time
    store.close()
    reopened = DatabaseStore.open(url)
    kept = {name: reopened.turns(ids[name]) for name in ASKED}
    yield Ways(python, ways_in.compared, alone, ids, page, stream, exported, kept)
    reopened.close()


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def of_class(element: Element, *names: str) -> list[Element]:
    return [found for found in element.iter() if set(names) <= set((found.get("class") or "").split())]


def of_answer(answer: Mapping[str, Any]) -> Seen:
    """What an answer tells, by its JSON."""
    urls = {citation["n"]: citation["url"] for citation in answer["citations"]}
    quotes = [s for s in answer["statements"] if s["kind"] == "quote"]
    standings = {item["therapy"]: item["standing"] for item in answer["therapies"]} if answer["facts"] else {}
    concluded = [r for r in answer["recommendations"] if r["effect"] != "info" and r["therapy"] in standings]
    return Seen(
        quiet=answer["status"] in QUIET,
        told=tuple(" ".join(s["text"].split()) for s in answer["statements"]),
        quotes=tuple(Quote(" ".join(s["text"].split()), (urls[s["citations"][0]],)) for s in quotes),
        passages=tuple(passage["url"] for passage in answer["passages"]),
        standings=standings,
        conclusions=frozenset(
            (item["therapy"], " ".join(item["summary"].split()), tuple(urls[n] for n in item["citations"]))
            for item in concluded
        ),
        notes=frozenset(" ".join(note["text"].split()) for note in answer["notes"]),
        patient=answer["patient"] or "",
    )


def of_page(html: str) -> Seen:
    """What a turn on the page tells, by what a browser makes of it."""
    (article,) = html5lib.parseFragment(html, namespaceHTMLElements=False)
    (statements,) = of_class(article, "statements")
    told: list[str] = []
    quotes: list[Quote] = []
    for part in statements:
        chips = of_class(part, "chip")
        for above in part.iter():
            for chip in list(above):
                if chip in chips:
                    assert CITED.fullmatch(text_of(chip))
                    chip.text = ""
        quoted = part.find("blockquote")
        if quoted is None:
            told.append(text_of(part))
            continue
        text = text_of(quoted)
        assert (text[0], text[-1]) == ("“", "”")
        assert quoted.get("cite") == chips[0].get("href")
        told.append(text[1:-1])
        quotes.append(Quote(text[1:-1], tuple(chip.get("href") or "" for chip in chips)))
    standings, conclusions = therapies(article)
    return Seen(
        quiet="quiet" in (article.get("class") or "").split(),
        told=tuple(told),
        quotes=tuple(quotes),
        passages=tuple(
            item.findall("a")[0].get("href") or ""
            for item in article.findall("details/ol/li")
            if item.get("value") is None  # those with a number are works cited
        ),
        standings=standings,
        conclusions=frozenset(conclusions),
        notes=frozenset(notes(article)),
        patient=next((text_of(found) for found in of_class(article, "patient")), ""),
    )


def therapies(article: Element) -> tuple[dict[str, str], list[tuple[str, str, tuple[str, ...]]]]:
    """Where each therapy stands on the page, and the conclusions below its name."""
    standings, conclusions, standing = {}, [], ""
    for element in article.iter():
        classes = (element.get("class") or "").split()
        if "standing" in classes:
            (standing,) = [name for name in classes if name != "standing"]
        if "therapies" not in classes:
            continue
        for row in element:
            (link,) = [a for a in row.iter("a") if "/therapies/" in (a.get("href") or "")]
            therapy = (link.get("href") or "").rpartition("/")[2]
            assert therapy not in standings
            standings[therapy] = standing
            for item in row.findall("details/ul/li"):
                if item in [li for found in of_class(row, "checklist") for li in found.iter("li")]:
                    continue
                urls = tuple(chip.get("href") or "" for chip in of_class(item, "chip"))
                struck = item.find("s")
                summary = text_of(struck) if struck is not None else " ".join((item.text or "").split())
                conclusions.append((therapy, summary, urls))
    return standings, conclusions


def notes(article: Element) -> Iterator[str]:
    for found in of_class(article, "notes"):
        yield from (text_of(li) for li in found.iter("li"))
    for details in article.findall("details"):
        summary = details.find("summary")
        if summary is not None and text_of(summary).startswith("Further remarks"):
            yield from (text_of(li) for li in details.iter("li"))


def answers(ways: Ways) -> dict[str, list[Answer]]:
    return {name: [turn.answer for turn in turns] for name, turns in ways.python.items()}


def differing(ways: Ways, of: Callable[[str, int, Answer], bool]) -> list[str]:
    """Turns for which something does not hold."""
    return [
        f"{name}, turn {number}: {ASKED[name][number - 1]}"
        for name, told in answers(ways).items()
        for number, answer in enumerate(told, 1)
        if not of(name, number - 1, answer)
    ]


def test_a_hundred_items_of_every_kind_are_asked(ways: Ways) -> None:
    assert [len([name for name in ASKED if name.startswith(kind)]) for kind in ("q", "p", "d")] == [60, 20, 20]
    assert all(2 <= len(said) <= 4 for said in ASKED.values() if len(said) > 1)
    told = [answer for given in answers(ways).values() for answer in given]
    assert {answer.status for answer in told} == {"answered", "conflict", "not_covered", "needs_facts", "declined"}
    assert sum(answer.comparison is not None for answer in told) >= 3
    assert sum(bool(answer.outline) for answer in told) >= 2
    assert sum(bool(answer.therapies) for answer in told) >= 20


@pytest.mark.parametrize(
    ("way", "turns"),
    [
        ("batch of conversations", TURNS - len(SINGLE)),
        ("batch of questions", len(SINGLE)),
        ("REST", len(SINGLE)),
        ("REST, turns", TURNS - len(SINGLE)),
        ("events", len(SINGLE)),
        ("nelm ask --json", len(SINGLE)),
        ("nelm chat", TURNS),
        ("MCP", len(SINGLE)),
        ("MCP, as text", len(SINGLE)),
        ("MCP, with what was said before", TURNS - len(ASKED)),
        ("completions", TURNS),
        ("Slack", TURNS),
        ("completions, streamed", len(ASKED) - len(SINGLE)),
    ],
)
def test_every_way_tells_what_is_told_in_python(ways: Ways, way: str, turns: int) -> None:
    assert (ways.compared.differing[way], ways.compared.turns[way]) == ([], turns)


def test_no_way_is_asked_of_which_nothing_is_expected(ways: Ways) -> None:
    assert len(ways.compared.turns) == 13


def test_a_text_that_tells_anything_else_would_be_found(assistant: Assistant) -> None:
    turns = [
        assistant.dialogue.turn(question) for question in ("Who should not have TACE?", "62M, prior Whipple. TACE?")
    ]
    for turn in turns:
        answer, whole = turn.answer, turn_markdown(turn, assistant.patients.book)
        assert tells(whole, answer)
        for statement in answer.statements:
            assert not tells(whole.replace(statement.text, statement.text[1:]), answer), statement.text
        assert not tells(whole.replace("“", "").replace("”", ""), answer)
        assert not tells(whole.replace(f"({answer.citations[0].url})", "()"), answer)
    assert places(whole, answer, assistant)
    assert not places(whole.replace("Transarterial embolization", ""), answer, assistant)


def test_a_question_alone_is_answered_as_the_first_of_a_conversation(ways: Ways) -> None:
    differ = set()
    for name, question in SINGLE.items():
        first = ways.python[name][0].answer
        if replace(ways.alone[name], patient=first.patient) != first:  # only a conversation numbers its patients
            differ.add(question)
    assert differ == ALONE


def test_the_page_shows_what_is_told_in_python(ways: Ways) -> None:
    wrong = {}
    for name, told in answers(ways).items():
        assert len(ways.page[name]) == len(told), name
        for number, (answer, html) in enumerate(zip(told, ways.page[name], strict=True), 1):
            expected, found = of_answer(as_json(answer)), of_page(html)
            if expected != found:
                parts = [part for part in Seen.__annotations__ if getattr(expected, part) != getattr(found, part)]
                wrong[f"{name}, turn {number}"] = [(getattr(expected, p), getattr(found, p)) for p in parts]
    assert wrong == {}


def test_every_conclusion_is_shown_on_the_page(ways: Ways, assistant: Assistant) -> None:
    def shown(_name: str, _n: int, answer: Answer) -> bool:
        view = case_view(answer, assistant.patients.book)
        held = [item for _, _, rows in view.groups for row in rows for item, _ in row.conclusions]
        held += [item for item, _ in view.others]
        told = [item for item in answer.recommendations if item.effect != "info"]
        return sorted(map(repr, held)) == sorted(map(repr, told))

    assert differing(ways, shown) == []


def test_what_is_streamed_is_what_the_page_shows_loaded_anew(ways: Ways) -> None:
    forms = {name: [without_tokens(html) for html in shown] for name, shown in ways.page.items()}
    assert {name: [without_tokens(html) for html in shown] for name, shown in ways.streamed.items()} == forms


def test_an_export_holds_the_answers_and_what_was_said(ways: Ways) -> None:
    assert differing(ways, lambda name, n, answer: ways.exported[name][n]["answer"] == as_json(answer)) == []
    assert {name: [turn["said"] for turn in turns] for name, turns in ways.exported.items()} == ASKED
    assert all([turn["number"] for turn in turns] == [*range(1, len(turns) + 1)] for turns in ways.exported.values())


def test_the_store_opened_again_has_the_very_turns(ways: Ways) -> None:
    assert {name: tuple(turns) for name, turns in ways.kept.items()} == ways.python


def test_a_conversation_opened_again_goes_on_alike(ways: Ways, assistant: Assistant) -> None:
    for name in ("dialogue-1", "dialogue-7", "dialogue-19", "patients-2"):
        for text in ("In short?", "What about its complications?"):
            assert assistant.dialogue.turn(text, ways.kept[name]) == assistant.dialogue.turn(text, ways.python[name])


def test_no_item_is_a_near_copy_of_one_of_the_development_set(shared: Path) -> None:
    theirs = sorted({plain(text) for text in texts(shared / "eval")})
    assert len(theirs) > 150
    ours = sorted({plain(text) for said in ASKED.values() for text in said if len(plain(text).split()) > 4})
    near = process.cdist(ours, theirs, scorer=fuzz.token_sort_ratio, score_cutoff=85)
    assert [(ours[i], theirs[j]) for i, j in zip(*near.nonzero(), strict=True)] == []


def texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield from (row[key] for key in ("question", "text") if key in row)
            yield from (turn["user"] for turn in row.get("turns", ()))


def plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def without_tokens(html: str) -> str:
    return re.sub(r'(?<=name="token" value=")\w+', "", html)
