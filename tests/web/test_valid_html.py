"""Every page in every state is valid: it parses strictly, names are unique and lead somewhere, forms carry a token."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from xml.etree.ElementTree import Element

import html5lib
import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from tests.conftest import REVIEW
from tests.web.keys.made import Kept
from tests.web.test_app import BROWSER, CASE, ask, send, token
from web.app import STATIC, create_app
from web.keys.admission import Admission

HEAVIEST = 120_000
ASKED = {
    "answered": "What are the contraindications of TACE?",
    "comparison": "TACE versus TARE: overall survival?",
    "overview": "Give me an overview of ablation",
    "not covered": "What does radioembolization cost?",
    "declined": "Hello",
    "read otherwise": "What is radioembolizaton?",
    "conflict": "Which liver tumor burden limits are named?",
    "patient": CASE,
    "patient in doubt": "NELM G1, bilirubin between 1.5 and 2.5, 46F, diffuse. TACE?",
    "patient in conflict": "70M. Liver burden 80 %. Bilirubin 1.0 mg/dL. TACE?",
    "markup": "</h2><b id='x' onclick=x>TACE & <i> \"'",
}
PATHS = {
    "empty": "/",
    "source": f"/source/{REVIEW}",
    "source at a sentence": f"/source/{REVIEW}/f9848353?at=28905-29118",
    "source of another version": f"/source/{REVIEW}/00000000?at=1-2",
    "source searched": f"/source/{REVIEW}/f9848353?q=survival",
    "source searched in vain": f"/source/{REVIEW}/f9848353?q=%22%3E%3Cb%3E",
    "error": "/nothing",
    "evidence": "/evidence",
    "evidence of a therapy": "/evidence?therapy=tace",
    "rules": "/rules",
    "rules of a therapy": "/rules?therapy=tace",
    "about": "/about",
}
FRAGMENTS = {
    "pane": f"/source/{REVIEW}/f9848353?at=28905-29118&pane=1",
    "pane of another version": f"/source/{REVIEW}/00000000?at=1-2&pane=1",
    "preview": f"/preview/{REVIEW}/f9848353?at=28905-29118",
}
ARIA = ["aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-details", "for", "list", "headers"]
LABELLED = {"input", "select", "textarea"}


@pytest.fixture(scope="module")
def client(assistant: Assistant) -> Iterator[TestClient]:
    with TestClient(create_app(assistant)) as client:
        yield client


@pytest.fixture(scope="module")
def pages(client: TestClient, assistant: Assistant) -> dict[str, str]:
    """The HTML of every page, by its state."""
    found = {state: client.get(path, headers=BROWSER).text for state, path in PATHS.items()}
    for state, question in ASKED.items():
        page = send(client, question=question)
        found[state] = page.text
        found[f"{state}, printed"] = client.get(f"{page.url.path}/print").text
    page = send(client, question=CASE)
    conversation = page.url.path
    name = conversation.rpartition("/")[2]
    for question in (
        ASKED["comparison"],
        "TACE versus TAE",
        CASE,
        ASKED["overview"],
        "Sorry, no ascites and no Whipple.",
    ):
        page = send(client, conversation=name, question=question)
    found["many turns"] = page.text
    found["edit"] = client.get(f"{conversation}?edit=1").text
    found["thanks"] = client.get(f"{conversation}?thanks=1").text
    found["error of a form"] = send(client, conversation=name, fact="ascites", value="perhaps").text
    found["report"] = client.get(f"{conversation}/turns/1/report").text
    for therapy in ("tace", "tare", "ablation"):
        found[f"reasons, {therapy}"] = client.get(f"{conversation}/turns/1/therapies/{therapy}").text
    found["empty, with conversations"] = client.get("/").text
    return {**found, **locked_pages(assistant)}


def locked_pages(assistant: Assistant) -> dict[str, str]:
    """The page to sign in as it is met, after a wrong key, and when signed in."""
    kept = Kept()
    secret = kept.make("ask")
    client = TestClient(create_app(assistant, admission=Admission(kept.ring, locked=True)))
    met = client.get("/c/x", headers=BROWSER).text
    given = {"token": met.partition('name="token" value="')[2].partition('"')[0], "back": "/sign-in"}
    wrong = client.post("/sign-in", data={**given, "key": "x"}).text
    return {
        "sign in": met,
        "wrong key": wrong,
        "signed in": client.post("/sign-in", data={**given, "key": secret}).text,
    }


@pytest.fixture(scope="module")
def fragments(client: TestClient) -> dict[str, str]:
    found = {state: client.get(path).text for state, path in FRAGMENTS.items()}
    for state in ("patient", "comparison", "overview"):
        response = client.post(
            "/ask",
            data={"token": token(client), "question": ASKED[state]},
            headers={"accept": "text/event-stream"},
        )
        found[f"turn, {state}"] = html_of(response.text)
    return found


def html_of(stream: str) -> str:
    data = stream.partition("event: turn\ndata: ")[2].partition("\n\n")[0]
    html: str = json.loads(data)["html"]
    return html


@pytest.fixture(scope="module")
def trees(pages: dict[str, str]) -> dict[str, Element]:
    return {state: html5lib.parse(html, namespaceHTMLElements=False) for state, html in pages.items()}


def errors(html: str, *, fragment: bool = False) -> list[str]:
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    try:
        parser.parseFragment(html) if fragment else parser.parse(html)
    except html5lib.html5parser.ParseError as error:
        line = parser.errors[-1][0][0] if parser.errors else 0
        return [f"line {line}: {error}"]
    return []


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def per_page(trees: dict[str, Element], wrong: list[tuple[str, list[str]]]) -> dict[str, list[str]]:
    assert len(trees) > 30
    return {state: found for state, found in wrong if found}


def test_the_states_are_what_they_are_called(pages: dict[str, str], assistant: Assistant) -> None:
    statuses = {state: assistant.ask(question).status for state, question in ASKED.items()}
    assert (statuses["answered"], statuses["not covered"]) == ("answered", "not_covered")
    assert "conflict" in {statuses["conflict"], statuses["patient in conflict"]}
    assert 'class="comparison"' in pages["comparison"]
    assert "All sentences by heading" in pages["overview"]
    assert 'class="silent"' in pages["not covered"]
    assert 'class="therapies"' in pages["patient"]
    assert 'class="read-as"' in pages["read otherwise"]
    assert 'class="hits"' in pages["source searched"]
    assert 'class="notice"' in pages["source of another version"]
    assert 'role="alert"><strong>' in pages["error of a form"]
    assert pages["many turns"].count('<article class="turn') == 6


def test_every_page_parses_strictly(pages: dict[str, str]) -> None:
    assert {state: found for state, html in pages.items() if (found := errors(html))} == {}


def test_every_fragment_parses_strictly(fragments: dict[str, str]) -> None:
    assert {state: found for state, html in fragments.items() if (found := errors(html, fragment=True))} == {}
    assert errors("<p><div></p>", fragment=True)


def test_every_page_has_a_title_a_language_and_one_first_heading(trees: dict[str, Element]) -> None:
    wrong = []
    for state, tree in trees.items():
        found = [] if tree.get("lang") == "en" else ["no language"]
        found += [] if any(text_of(title) for title in tree.iter("title")) else ["no title"]
        if len(list(tree.iter("h1"))) != 1 and "source" not in state:
            found.append(f"{len(list(tree.iter('h1')))} h1")
        wrong.append((state, found))
    assert per_page(trees, wrong) == {}


def test_no_id_stands_twice(trees: dict[str, Element]) -> None:
    wrong = []
    for state, tree in trees.items():
        ids = [element.get("id") or "" for element in tree.iter() if element.get("id") is not None]
        wrong.append((state, sorted({name for name in ids if ids.count(name) > 1 or not name or " " in name})))
    assert per_page(trees, wrong) == {}


def test_a_page_with_its_pane_and_its_preview_has_every_id_once(
    trees: dict[str, Element], fragments: dict[str, str]
) -> None:
    page = {element.get("id") for element in trees["many turns"].iter() if element.get("id")}
    for state in FRAGMENTS:
        tree = html5lib.parseFragment(fragments[state], namespaceHTMLElements=False)
        assert page & {element.get("id") for element in tree.iter() if element.get("id")} == set(), state


def test_everything_that_names_an_element_names_one_that_is_there(trees: dict[str, Element]) -> None:
    wrong = []
    for state, tree in trees.items():
        ids = {element.get("id") for element in tree.iter()}
        named = [
            f"{name}={target}"
            for element in tree.iter()
            for name in ARIA
            for target in (element.get(name) or "").split()
            if target not in ids
        ]
        links = [a.get("href") or "" for a in tree.iter("a")]
        named += [link for link in links if link.startswith("#") and link[1:] not in ids]
        wrong.append((state, named))
    assert per_page(trees, wrong) == {}


def test_everything_to_be_filled_in_or_pressed_has_a_name(trees: dict[str, Element]) -> None:
    wrong = []
    for state, tree in trees.items():
        labels = {label.get("for") for label in tree.iter("label")}
        inside = {control for label in tree.iter("label") for control in label.iter()}
        found = [
            f"{e.tag} {e.get('name')}"
            for e in tree.iter()
            if e.tag in LABELLED
            and e.get("type") != "hidden"
            and not (e.get("aria-label") or e.get("id") in labels or e in inside)
        ]
        found += [
            f"{e.tag} without words"
            for e in tree.iter()
            if e.tag in {"button", "a", "summary"} and not (text_of(e) or e.get("aria-label"))
        ]
        wrong.append((state, found))
    assert per_page(trees, wrong) == {}


def test_every_form_that_changes_something_carries_the_token(trees: dict[str, Element]) -> None:
    wrong, seen = [], 0
    for state, tree in trees.items():
        found = []
        for form in tree.iter("form"):
            method = (form.get("method") or "get").lower()
            tokens = [i.get("value") or "" for i in form.iter("input") if i.get("name") == "token"]
            good = [len(token) == 32 for token in tokens] == ([True] if method == "post" else [])
            seen += method == "post"
            if not good or (form.get("action") or "/")[0] != "/":
                found.append(f"{method} {form.get('action')}")
        wrong.append((state, found))
    assert seen > 100
    assert per_page(trees, wrong) == {}


def test_nothing_is_styled_or_scripted_within_a_page(trees: dict[str, Element]) -> None:
    wrong = []
    for state, tree in trees.items():
        found = [
            f"{e.tag} {name}" for e in tree.iter() for name in e.attrib if name == "style" or name.startswith("on")
        ]
        found += ["script within" for script in tree.iter("script") if script.get("src") is None]
        wrong.append((state, found))
    assert per_page(trees, wrong) == {}


def test_a_page_with_styles_of_its_own_is_allowed_to_have_them(client: TestClient, pages: dict[str, str]) -> None:
    """What the policy forbids is not shown: a page within which styles stand has to name them by their hash."""
    path = send(client, question=CASE).url.path
    for address in (f"{path}/turns/1/report", path, f"{path}/print", "/about"):
        response = client.get(address)
        for style in re.findall(r"<style>(.*?)</style>", response.text, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in response.headers["content-security-policy"], address
    assert pages["report"]


def test_headings_step_down_one_at_a_time(trees: dict[str, Element]) -> None:
    wrong = []
    for state, tree in trees.items():
        levels = [int(e.tag[1]) for e in tree.iter() if isinstance(e.tag, str) and re.fullmatch("h[1-6]", e.tag)]
        found = [f"h{a} then h{b}" for a, b in pairwise(levels) if b > a + 1]
        wrong.append((state, found[:3]))
    assert per_page(trees, wrong) == {}


def test_the_answered_page_weighs_little(client: TestClient) -> None:
    html = ask(client, ASKED["answered"])
    weight = len(html.encode()) + sum((STATIC / name).stat().st_size for name in ("style.css", "app.js"))
    assert weight <= HEAVIEST
