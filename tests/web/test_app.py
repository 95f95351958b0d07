from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from assistant import Answer, Assistant
from assistant.answer import Citation
from assistant.conversation.store import say
from assistant.errors import ConversationMissingError, TurnTakenError
from corpus.document import Document, UnitKind
from tests.conftest import REVIEW, ROOT
from web.app import create_app
from web.limits import LARGEST_BODY
from web.store.keeping import MemoryKeeping

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SOURCE = f"/source/{REVIEW}/f9848353"
PAGES = [
    "/",
    SOURCE,
    f"{SOURCE}?at=28905-29118",
    f"{SOURCE}?q=survival",
    f"/source/{REVIEW}/00000000?at=1-2",
    "/evidence",
    "/rules",
    "/about",
]
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page, and the text in each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[int] = []
        self.feed(html)
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append("")
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        opened = self.elements[self._open.pop()][0]
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        for number in self._open:
            self.texts[number] += data

    def find(self, tag: str, **attributes: str) -> list[tuple[dict[str, str], str]]:
        return [
            (found, text)
            for (name, found), text in zip(self.elements, self.texts, strict=True)
            if name == tag and all(found.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]


@pytest.fixture(scope="module")
def client(assistant: Assistant) -> Iterator[TestClient]:
    with TestClient(create_app(assistant)) as client:
        yield client


@pytest.fixture(scope="module")
def citations(assistant: Assistant) -> list[Citation]:
    """Forty citations: items of the table, the figure's caption, sentences over page breaks, and others."""
    lines = (ROOT / "tests" / "evaluation" / "own.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    asked = [row["question"] for row in rows if row["section"] in {"Table 1", "Figure 1"}][::6]
    asked += [row["question"] for row in rows][::9]
    every = list({c.unit: c for question in asked for c in assistant.ask(question).citations}.values())
    chosen = [c for c in every if c.section == "Figure 1" or "\n" in c.quote]
    chosen += [c for c in every if c.section == "Table 1"][:12]
    return list({c.unit: c for c in [*chosen, *every[::4]]}.values())[:40]


def token(client: TestClient) -> str:
    return client.get("/").text.partition('name="token" value="')[2].partition('"')[0]


def send(client: TestClient, **fields: Any) -> Response:
    return client.post("/ask", data={"token": token(client), **fields})


def ask(client: TestClient, question: str) -> str:
    response = send(client, question=question)
    assert response.status_code == 200
    return response.text


def chip_name(citation: Citation) -> str:
    return f"[{citation.n}] {citation.section}"


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_first_page_asks_for_a_question_and_names_the_source(client: TestClient, review: Document) -> None:
    response = client.get("/")
    page = Page(response.text)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert len(page.find("form", method="post", action="/ask", id="ask")) == 1
    ((textarea, _),) = page.find("textarea", name="question")
    assert page.find("label", for_=textarea["id"])
    assert review.citation.attribution in response.text
    assert page.find("article") == []


def test_an_answer_shows_every_quote_with_a_numbered_link_to_its_place(
    client: TestClient, assistant: Assistant
) -> None:
    for question in ("Who should not have TACE?", "Lower risk of post-embolic syndrome than TACE?", "What is NELM?"):
        answer = assistant.ask(question)
        page = Page(ask(client, question))
        by_number = {c.n: c for c in answer.citations}
        chips = {(chip["href"], words(text)) for chip, text in page.find("a", class_="chip")}
        assert chips == {(c.url, chip_name(c)) for c in answer.citations}
        quotes = [words(text) for _, text in page.find("blockquote")]
        shown = [by_number[s.citations[0]] for s in answer.statements if s.kind == "quote"]
        assert quotes == [f"“{c.display}” {chip_name(c)}" for c in shown]
        for chip, _ in page.find("a", class_="chip"):
            assert chip["aria-label"].startswith("Section ")
        assert answer.documents[0].attribution in " ".join(text for _, text in page.find("p", class_="source"))


def test_an_answer_links_all_ten_passages(client: TestClient, assistant: Assistant) -> None:
    answer = assistant.ask("What is TARE?")
    page = Page(ask(client, "What is TARE?"))
    links = [a["href"] for a, text in page.find("a") if text.startswith("Section ")]
    assert links == [passage.url for passage in answer.passages]


def test_every_reference_an_answer_cites_leads_to_its_entry(client: TestClient) -> None:
    page = Page(ask(client, "Which prognostic factors are negative after TACE?"))
    links = [a["href"] for a, _ in page.find("a") if "#reference-" in a["href"]]
    assert links
    for link in links[:4]:
        target = Page(client.get(link.partition("#")[0]).text)
        ((_, entry),) = target.find("p", id=link.partition("#")[2])
        assert entry.startswith(f"{link.rpartition('-')[2]}.")


@pytest.mark.parametrize(
    "question",
    [
        "<script>alert(1)</script> TACE",
        '"><img src=x onerror=alert(1)> TACE',
        "'; </textarea></title><svg onload=alert(1)> TACE {{ 7*7 }} {% raw %}",
        "&lt;script&gt; TACE &amp;",
        "<!-- TACE",
    ],
)
def test_a_question_is_shown_as_text_whatever_it_holds(client: TestClient, question: str) -> None:
    html = ask(client, question)
    page = Page(html)
    assert [text for _, text in page.find("h2", class_="said")] == [question]
    assert [a for a, _ in page.find("script")] == [{"type": "module", "src": "/static/app.js"}]
    assert not {"img", "svg", "iframe", "object"} & {tag for tag, _ in page.elements}
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "<script>alert(1)" not in html


def test_a_script_in_a_question_appears_escaped(client: TestClient) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt; TACE" in ask(client, "<script>alert(1)</script> TACE")


@pytest.mark.parametrize("question", ["", "pizza", "肝转移", "a"])
def test_an_abstention_quotes_nothing(client: TestClient, assistant: Assistant, question: str) -> None:
    page = Page(ask(client, question))
    assert page.find("blockquote") == []
    assert words(page.find("p", class_="silent")[0][1]) == assistant.ask(question).text


@pytest.mark.parametrize("question", ["What is the price of a radioembolization in Canada?"])
def test_an_abstention_shows_the_nearest_sentences_below_what_is_missing(
    client: TestClient, assistant: Assistant, question: str
) -> None:
    answer = assistant.ask(question)
    assert answer.status == "not_covered"
    page = Page(ask(client, question))
    assert [words(text) for _, text in page.find("p", class_="silent")] == [answer.text]
    assert [words(text) for _, text in page.find("p", class_="note")] == ["Nearest in the review:"]
    assert len(page.find("figure", class_="quote q-nearest")) == len(page.find("blockquote")) > 0
    assert [words(text) for _, text in page.find("blockquote")] == [
        f"“{c.display}” {chip_name(c)}" for c in answer.citations
    ]
    assert page.find("figcaption") == []


def test_a_mended_question_is_said(client: TestClient) -> None:
    assert "Read as: “What is radioembolization?”" in ask(client, "What is radioembolizaton?")


def test_a_form_without_a_question_is_answered_as_an_empty_one(client: TestClient) -> None:
    assert "This cannot be read as a question." in send(client).text


def test_forty_citations_of_every_kind_are_there_to_follow(citations: list[Citation], review: Document) -> None:
    kinds = {review.unit_by_id[c.unit].kind for c in citations}
    assert len(citations) == 40
    assert {UnitKind.SENTENCE, UnitKind.ITEM, UnitKind.CAPTION} <= kinds
    assert sum("\n" in c.quote for c in citations) >= 3


def test_following_a_citation_marks_the_very_words_once(client: TestClient, citations: list[Citation]) -> None:
    for citation in citations:
        page = Page(client.get(citation.url.partition("#")[0]).text)
        marks = page.find("mark")
        assert [(mark.get("id"), text) for mark, text in marks] == [("cited", citation.display)]
        assert citation.url.endswith("#cited")


def test_following_a_passage_leads_to_one_place(client: TestClient, assistant: Assistant) -> None:
    for passage in assistant.ask("Who should not have TACE?").passages:
        page = Page(client.get(passage.url.partition("#")[0]).text)
        assert len([mark for mark, _ in page.find("mark") if mark.get("id") == "cited"]) == 1
        assert len([attributes for _, attributes in page.elements if attributes.get("id") == "cited"]) == 1


def test_the_cited_words_stand_in_their_section(client: TestClient, citations: list[Citation]) -> None:
    for citation in citations[::4]:
        html = client.get(citation.url.partition("#")[0]).text
        above = re.findall(r'<section id="(section-[^"]+)">', html[: html.index('id="cited"')])
        assert above[-1] == "section-" + citation.section.lower().replace(" ", "-")


def test_the_source_page_holds_every_unit_and_every_heading(client: TestClient, review: Document) -> None:
    page = Page(client.get(SOURCE).text)
    shown = {a["id"]: text for a, text in page.find("span") if "id" in a}
    assert shown == {unit.id: unit.display for unit in review.searchable}
    headings = [text for level in "23456" for _, text in page.find(f"h{level}")]
    printed = [unit.display for unit in review.units if unit.kind is UnitKind.HEADING]
    assert sorted(headings) == sorted(printed)
    assert page.find("mark") == []


def test_every_link_within_the_source_page_has_its_target(client: TestClient) -> None:
    page = Page(client.get(SOURCE).text)
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    inner = [a["href"][1:] for a, _ in page.find("a") if a["href"].startswith("#")]
    assert len(inner) > 10
    assert set(inner) <= ids


@pytest.mark.parametrize("path", PAGES)
def test_no_two_elements_of_a_page_share_an_id(client: TestClient, path: str) -> None:
    ids = [attributes["id"] for _, attributes in Page(client.get(path).text).elements if "id" in attributes]
    assert [name for name in set(ids) if ids.count(name) > 1] == []


def test_a_link_to_another_version_opens_with_a_notice_and_marks_nothing(client: TestClient) -> None:
    response = client.get(f"/source/{REVIEW}/deadbeef?at=28905-29118")
    page = Page(response.text)
    assert response.status_code == 200
    assert page.find("mark") == []
    ((_, notice),) = page.find("p", class_="notice")
    assert "another version of the source (deadbeef)" in notice
    assert Page(client.get(SOURCE).text).find("p", class_="notice") == []


def test_a_version_in_a_link_is_shown_as_text(client: TestClient) -> None:
    page = Page(client.get(f"/source/{REVIEW}/%3Cscript%3Ealert(1)%3C%2Fscript%3E").text)
    assert page.find("script") == []


def test_the_bare_address_of_a_document_leads_to_its_current_version(client: TestClient) -> None:
    response = client.get(f"/source/{REVIEW}", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, SOURCE)


@pytest.mark.parametrize(
    "at", ["", "5", "5-5", "9-5", "-5-9", "5-", "a-b", "1-99999999", "1-79266", "0x1-0x5", "1 -5", "1-5-9", "5-1#x"]
)
def test_a_range_that_is_none_is_refused(client: TestClient, at: str) -> None:
    response = client.get(SOURCE, params={"at": at})
    assert (response.status_code, response.json()["code"]) == (400, "range_invalid")


@pytest.mark.parametrize("at", ["0-1", "79264-79265", "0-79265"])
def test_ranges_up_to_the_ends_of_the_source_open(client: TestClient, at: str) -> None:
    assert client.get(SOURCE, params={"at": at}).status_code == 200


def test_the_api_gives_the_bytes_of_the_answer(client: TestClient, assistant: Assistant) -> None:
    for question in ("Who should not have TACE?", "", "pizza", "肝转移", "x" * 100_000):
        response = client.post("/api/v1/ask", json={"question": question})
        assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
        assert response.content == assistant.ask(question).to_json().encode("utf-8")


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("GET", "/nothing", None, 404, "not_found"),
        ("GET", "/source/smith-2030", None, 404, "section_missing"),
        ("GET", "/source/smith-2030/f9848353", None, 404, "section_missing"),
        ("GET", "/static/nothing.css", None, 404, "not_found"),
        ("GET", "/static/..%2Fapp.py", None, 404, "not_found"),
        ("GET", "/docs", None, 404, "not_found"),
        ("GET", "/api/v1/ask", None, 405, "web_error"),
        ("DELETE", "/", None, 405, "web_error"),
        ("POST", "/api/v1/ask", b"{}", 422, "request_invalid"),
        ("POST", "/api/v1/ask", b"", 422, "request_invalid"),
        ("POST", "/api/v1/ask", b"no json", 422, "request_invalid"),
        ("POST", "/api/v1/ask", b'{"question": 5}', 422, "request_invalid"),
        ("POST", "/api/v1/ask", b'{"question": null}', 422, "request_invalid"),
        ("POST", "/api/v1/ask", b'{"question": "x", "extra": 1}', 422, "request_invalid"),
        ("POST", "/api/v1/ask", b'["question"]', 422, "request_invalid"),
        ("POST", "/api/v1/ask", b'{"question": "' + b"x" * LARGEST_BODY + b'"}', 413, "request_too_large"),
        ("POST", "/ask", b"question=" + b"x" * LARGEST_BODY, 413, "request_too_large"),
        ("POST", "/ask", b"question=x", 403, "form_expired"),
        ("GET", "/c/nothing", None, 404, "conversation_missing"),
        ("GET", "/c/nothing/print", None, 404, "conversation_missing"),
    ],
)
def test_a_request_that_fails_is_told_as_a_problem_document(
    client: TestClient, method: str, path: str, content: bytes | None, status: int, code: str
) -> None:
    headers = {"content-type": "application/json"}
    response = client.request(method, path, content=content, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert list(body) == ["type", "title", "status", "detail", "code", "hint", "request_id"]
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert all(body[name] for name in body)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/source/smith-2030", 404, "section_missing"),
        ("GET", f"{SOURCE}?at=9-5", 400, "range_invalid"),
        ("DELETE", "/", 405, "web_error"),
    ],
)
def test_a_browser_gets_a_page_for_an_error(client: TestClient, method: str, path: str, status: int, code: str) -> None:
    response = client.request(method, path, headers=BROWSER)
    assert (response.status_code, response.headers["content-type"]) == (status, "text/html; charset=utf-8")
    page = Page(response.text)
    assert [words(text) for _, text in page.find("span", class_="code")] == [f"({code})"]
    assert page.find("a", href="/")


def test_the_methods_an_address_takes_are_all_named(client: TestClient) -> None:
    allowed = {method.strip() for method in client.put("/ask").headers["allow"].split(",")}
    assert {"POST"} <= allowed


@pytest.mark.parametrize("path", [*PAGES, "/healthz", "/static/style.css", "/nothing", "/api/v1/openapi.json"])
def test_every_response_keeps_to_itself(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers
    assert "set-cookie" not in headers or path == "/"


def test_answers_are_not_cached(client: TestClient) -> None:
    page = send(client, question="x")
    for response in (page, client.get(page.url.path), client.post("/api/v1/ask", json={"question": "x"})):
        assert response.headers["cache-control"] == "no-store"


class Broken:
    """An assistant that fails with the question in its message."""

    def __init__(self, assistant: Assistant) -> None:
        self.library = assistant.library
        self.documents = assistant.documents
        self.patients = assistant.patients
        self.criteria = assistant.criteria
        self.public_url = assistant.public_url

    @property
    def dialogue(self) -> Any:
        raise RuntimeError("zebrafish")

    def ask(self, question: str) -> Answer:
        raise RuntimeError(question)


@pytest.fixture
def broken(assistant: Assistant) -> TestClient:
    return TestClient(create_app(Broken(assistant)), raise_server_exceptions=False)  # type: ignore[arg-type]


def test_a_failure_within_tells_nothing_of_the_question(broken: TestClient) -> None:
    response = broken.post("/api/v1/ask", json={"question": "zebrafish"})
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "zebrafish" not in response.text


def test_a_failure_within_keeps_to_itself_too(broken: TestClient) -> None:
    response = broken.post("/ask", data={"token": token(broken), "question": "x"}, headers=BROWSER)
    assert response.status_code == 500
    assert "zebrafish" not in response.text
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'; ")


def test_no_log_holds_what_was_asked(
    client: TestClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO):
        ask(client, "zebrafish TACE")
        client.post("/api/v1/ask", json={"question": "zebrafish TACE"})
        client.post("/api/v1/ask", json={"question": "TACE", "zebra": "zebrafish"})
        client.post("/api/v1/ask", content=b'{"question": "zebrafish')
        client.get(SOURCE, params={"at": "zebrafish"})
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert "zebrafish" not in " ".join(record.getMessage() for record in ours)
    assert "zebrafish" not in "".join(capfd.readouterr())


def test_health_says_version_and_knowledge(client: TestClient, assistant: Assistant) -> None:
    answer = assistant.ask("")
    assert client.get("/healthz").json() == {
        "status": "ok",
        "version": answer.version,
        "knowledge": answer.knowledge,
    }


@pytest.fixture(scope="module")
def openapi(client: TestClient) -> dict[str, Any]:
    values: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return values


def test_the_api_describes_itself_in_openapi_3_1(openapi: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.\d+", openapi["openapi"])
    assert {"/api/v1/ask", "/api/v1/recommend"} <= set(openapi["paths"])
    operation = openapi["paths"]["/api/v1/ask"]["post"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert {"status", "citations", "passages"} <= set(schema.get("properties", {})) or "$ref" in schema


def test_every_reference_in_the_description_can_be_followed(openapi: dict[str, Any]) -> None:
    """A reference is read from the nearest schema above it that has an identity of its own, else from the document."""
    dangling: set[str] = set()

    def follow(node: Any, root: Any) -> None:
        if isinstance(node, dict):
            root = node if "$id" in node else root
            reference = node.get("$ref")
            if isinstance(reference, str):
                found: Any = root
                for part in reference.removeprefix("#/").split("/"):
                    found = found.get(part) if isinstance(found, dict) else None
                if found is None:
                    dangling.add(reference)
        for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            follow(below, root)

    follow(openapi, openapi)
    assert dangling == set()


def test_errors_are_described_as_they_are_sent(openapi: dict[str, Any]) -> None:
    responses = openapi["paths"]["/api/v1/ask"]["post"]["responses"]
    assert list(responses["422"]["content"]) == ["application/problem+json"]


@pytest.mark.parametrize("path", [*PAGES, "answer", "error"])
def test_a_page_loads_nothing_from_elsewhere_and_no_script_but_its_own(
    client: TestClient, review: Document, path: str
) -> None:
    if path == "answer":
        html = ask(client, "Who should not have TACE?")
    else:
        html = client.get("/nothing" if path == "error" else path, headers=BROWSER).text
    page = Page(html)
    links = [a[name] for _, a in page.elements for name in ("src", "href", "action", "cite") if name in a]
    assert links
    elsewhere = {link for link in links if not re.match(r"(/(?!/)|#)", link)}
    searches = {link for link in elsewhere if link.startswith("https://pubmed.ncbi.nlm.nih.gov/?term=")}
    known = {review.citation.licence_url, f"https://doi.org/{review.citation.doi}"}
    assert elsewhere - searches <= known
    assert all(a == {"type": "module", "src": "/static/app.js"} for a, _ in page.find("script"))
    loaded = [a[name] for tag, a in page.elements for name in ("src", "href") if name in a and tag != "a"]
    assert all(link.startswith("/static/") for link in loaded)
    assert not any(name.startswith("on") or name == "style" for _, a in page.elements for name in a)
    styles = [a["href"] for a, _ in page.find("link")]
    assert all(client.get(style).status_code == 200 for style in styles)


def test_the_styles_load_nothing_from_elsewhere(client: TestClient) -> None:
    css = client.get("/static/style.css").text
    assert not re.search(r"@import|url\(|https?:|expression", css)


# A patient on the page: facts are taken back and corrected by forms


CASE = "62M, NET G2, prior Whipple, no ascites. TACE?"


def conversation(client: TestClient, *questions: str) -> str:
    name = ""
    for question in questions:
        name = send(client, conversation=name, question=question).url.path.rpartition("/")[2]
    return name


def last_turn(html: str) -> str:
    return html.rpartition('<article class="turn')[2]


def test_a_fact_is_taken_back(client: TestClient) -> None:
    name = conversation(client, CASE)
    assert "Listed contraindication" in client.get(f"/c/{name}").text
    turn = last_turn(send(client, conversation=name, fact="whipple_history", value="unknown").text)
    assert "(Whipple): unknown (taken back)" in turn
    assert "Listed contraindication" not in turn


def test_a_fact_is_corrected_and_the_correction_carried_on(client: TestClient) -> None:
    name = conversation(client, CASE)
    send(client, conversation=name, fact="whipple_history", value="absent")
    turn = last_turn(send(client, conversation=name, fact="bilirubin_mg_dl", value="45", unit="µmol/L").text)
    assert "(Whipple): absent" in turn
    assert "2.632 mg/dL" in turn
    turn = last_turn(send(client, conversation=name, question="Is TAE an option?").text)
    assert "(Whipple): absent" in turn


def test_what_is_confirmed_once_stays_confirmed(client: TestClient) -> None:
    name = conversation(client, "62M with unresectable diffuse bilobar NELM, G2. TAE?")
    before = last_turn(client.get(f"/c/{name}").text)
    assert "None of these applies" in before
    turn = last_turn(send(client, conversation=name, confirmed="tae").text)
    assert "Supported with caution" in client.get(f"/c/{name}/turns/2/therapies/tae").text
    assert "First to be established" in client.get(f"/c/{name}/turns/1/therapies/tae").text
    asked = turn.count("exclusions not yet stated")
    assert asked < before.count("exclusions not yet stated")
    again = last_turn(send(client, conversation=name, question="Her bilirubin is 1.1 mg/dL.").text)
    assert again.count("exclusions not yet stated") <= asked


def test_a_correction_that_cannot_be_is_an_error_for_people_and_loses_nothing(client: TestClient) -> None:
    name = conversation(client, CASE)
    response = send(client, conversation=name, fact="ascites", value="perhaps")
    assert response.status_code == 422
    assert "neither present nor absent" in response.text
    assert response.text.count('<article class="turn') == 1


def test_a_message_that_lost_its_place_is_a_conflict_for_people_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_given: Any, **_beside: Any) -> None:
        raise TurnTakenError("others keep writing to this conversation")

    name = conversation(client, CASE)
    monkeypatch.setattr("web.conversations.say", taken)
    response = send(client, conversation=name, question="And its risks?")
    assert (response.status_code, "And its risks?" in response.text) == (409, True)


@pytest.mark.parametrize("fields", [{"fact": "nothing", "value": "1"}, {"fact": "ascites"}, {"confirmed": "magic"}])
def test_a_form_that_no_page_sends_is_refused(client: TestClient, fields: dict[str, str]) -> None:
    assert send(client, **fields).json()["code"] == "request_invalid"


def test_only_where_it_was_begun_a_conversation_is_renamed_or_deleted(assistant: Assistant) -> None:
    store = MemoryKeeping()
    app = create_app(assistant, store)
    with TestClient(app) as begun, TestClient(app) as other:
        name = send(begun, question="What is TACE?").url.path.rpartition("/")[2]
        assert "Rename" in begun.get(f"/c/{name}").text
        assert "Rename" not in other.get(f"/c/{name}").text
        for what in ("rename", "delete"):
            refused = other.post(f"/c/{name}/{what}", data={"token": token(other), "title": "mine"})
            assert refused.status_code == 403
            assert refused.json()["code"] == "not_owner"
        assert store.kept(name).title == "What is TACE?"
        begun.post(f"/c/{name}/delete", data={"token": token(begun)})
        assert begun.get(f"/c/{name}").status_code == 404


def test_what_was_thought_of_answers_goes_with_a_conversation_that_gives_way(assistant: Assistant) -> None:
    store = MemoryKeeping()
    store._most = 1
    first = store.create()
    say(assistant.dialogue, store, first, "What is TACE?")
    store.feedback(first, 1, "wrong", "words")
    store.create()
    assert list(store.feedbacks()) == []
    with pytest.raises(ConversationMissingError):
        store.feedback(first, 1, "wrong", "words")
