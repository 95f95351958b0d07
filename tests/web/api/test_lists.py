from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from corpus.document import Document
from tests.conftest import REVIEW
from web.figure_view import Figures
from web.rule_view import Rules

TAGGED = [
    "knowledge",
    "facts",
    "facts/ascites",
    "therapies",
    "therapies/tace",
    "rules?therapy=tace&fact=whipple_history",
    "rules/criss-makary-2024/R-3.3-ci-whipple",
    "outcomes?limit=3",
    "sources",
    f"sources/{REVIEW}",
    f"sources/{REVIEW}/sections/3.2",
]


def walked(client: TestClient, path: str) -> list[dict[str, Any]]:
    """All items of a list, by its links."""
    items: list[dict[str, Any]] = []
    link = path
    while link:
        response = client.get(link)
        assert response.status_code == 200
        items += response.json()["items"]
        link = response.json()["next"]
    assert response.json()["total"] == len(items)
    return items


def test_every_rule_is_listed_once_with_what_its_page_shows(client: TestClient, assistant: Assistant) -> None:
    book, document = assistant.patients.book, assistant.documents[0]
    items = walked(client, "rules?limit=120")
    assert [item["rule"] for item in items] == list(book.rules)
    for item in items:
        rule = book.rules[item["rule"]]
        assert item["quote"] == document.source[item["start"] : item["end"]]
        assert (item["summary"], item["reviewed_by"]) == (rule.summary, rule.reviewed_by)
        assert [then["effect"] for then in item["then"]] == [conclusion.effect for conclusion in rule.then]
    key = items[3]["rule"]
    assert client.get(f"rules/{key}").json() == items[3]


def test_rules_are_chosen_as_on_the_page(client: TestClient, assistant: Assistant) -> None:
    page = Rules(assistant.library, assistant.patients.book).page("tace", "whipple_history")
    items = walked(client, "rules?therapy=tace&fact=whipple_history&limit=1")
    assert [item["rule"] for item in items] == [view.rule.key for view in page.rules]
    assert len(items) > 1
    assert walked(client, "rules?therapy=disease&limit=200")


def test_every_fact_and_therapy_is_listed_once(client: TestClient, assistant: Assistant) -> None:
    book = assistant.patients.book
    facts = walked(client, "facts?limit=30")
    assert [fact["id"] for fact in facts] == list(book.facts)
    bilirubin = client.get("facts/bilirubin_mg_dl").json()
    assert bilirubin in facts
    assert (bilirubin["kind"], bilirubin["unit"]) == ("number", "mg/dL")
    assert "umol/L" in bilirubin["units"] or len(bilirubin["units"]) > 1
    therapies = walked(client, "therapies?limit=7")
    assert [therapy["id"] for therapy in therapies] == list(book.names)
    tace = client.get("therapies/tace").json()
    assert tace in therapies
    assert tuple(tace["parents"]) == book.parents["tace"]


def test_every_figure_is_listed_once_with_its_sentence_and_chosen_as_on_the_page(
    client: TestClient, assistant: Assistant, review: Document
) -> None:
    figures = Figures(assistant.library, ())
    items = walked(client, "outcomes?limit=100")
    assert len(items) == len({item["id"] for item in items}) == figures.page().total
    for item in items:
        assert item["sentence"] in {u.display for u in review.searchable if u.start == item["start"]}
    metric = next(row.figure.metric for row in figures.rows("tace") if row.figure.metric)
    chosen = walked(client, f"outcomes?therapy=tace&metric={metric}&limit=2")
    page = figures.page("tace", metric)
    assert {item["id"] for item in chosen} == {row.figure.id for group in page.groups for row in group.rows}
    assert client.get(f"outcomes/{REVIEW}/{items[5]['id']}").json() == items[5]


def test_a_source_is_read_section_by_section_to_its_last_sentence(client: TestClient, review: Document) -> None:
    (source,) = walked(client, "sources")
    assert source == client.get(f"sources/{REVIEW}").json()
    assert source["sha256"] == review.citation.sha256
    found: dict[str, dict[str, Any]] = {}
    for section in source["sections"]:
        part = client.get(f"sources/{REVIEW}/sections/{section['section']}").json()
        assert len(part["sentences"]) == section["units"]
        assert part["path"] == section["path"]
        found |= {item["unit"]: item for item in part["sentences"]}
    assert {name: item["text"] for name, item in found.items()} == {u.id: u.display for u in review.searchable}
    assert all(item["quote"] == review.source[item["start"] : item["end"]] for item in found.values())


def test_a_section_is_found_in_whatever_case_and_brings_its_references(client: TestClient) -> None:
    part = client.get(f"sources/{REVIEW}/sections/TABLE 1").json()
    assert part["section"] == "Table 1"
    cited = {number for item in part["sentences"] for number in item["references"]}
    assert {work["number"] for work in part["references"]} == cited
    whole = client.get(f"sources/{REVIEW}/sections/References").json()
    assert len(whole["references"]) > len(cited)


def test_a_search_finds_the_passages_of_the_answer(client: TestClient, assistant: Assistant) -> None:
    question = "Who should not have TACE?"
    response = client.post("search", json={"question": question, "k": 4})
    answer = client.post("ask", json={"question": question}).json()
    assert response.json() == {"passages": answer["passages"][:4], "documents": answer["documents"]}
    assert response.headers["cache-control"] == "no-store"


def test_knowledge_names_what_an_answer_names(client: TestClient, assistant: Assistant) -> None:
    told, answer = client.get("knowledge").json(), assistant.ask("")
    assert [told[name] for name in ("version", "knowledge", "index")] == [
        answer.version,
        answer.knowledge,
        answer.index,
    ]
    assert told["code"] == assistant.manifest.facts["code"]
    assert told["counts"]["rules"] == len(assistant.patients.book.rules)


@pytest.mark.parametrize("path", TAGGED)
def test_what_depends_on_the_knowledge_alone_is_sent_once(client: TestClient, path: str) -> None:
    first = client.get(path)
    tag = first.headers["etag"]
    assert (first.status_code, first.headers["cache-control"]) == (200, "private, no-cache")
    for held in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = client.get(path, headers={"if-none-match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for held in ('"other"', tag[:-2], ""):
        assert client.get(path, headers={"if-none-match": held}).content == first.content


def test_different_lists_and_parts_have_different_tags(client: TestClient) -> None:
    paths = [*TAGGED, "facts?offset=1", "facts?limit=1"]
    assert len({client.get(path).headers["etag"] for path in paths}) == len(paths)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("rules?therapy=magic", 422, "request_invalid"),
        ("rules?fact=magic", 422, "request_invalid"),
        ("rules?offset=-1", 422, "request_invalid"),
        ("outcomes?population=magic", 422, "request_invalid"),
        ("outcomes?limit=many", 422, "request_invalid"),
        ("rules/criss-makary-2024/R-0", 404, "not_found"),
        ("facts/magic", 404, "not_found"),
        ("therapies/magic", 404, "not_found"),
        (f"outcomes/{REVIEW}/magic", 404, "not_found"),
        ("sources/smith-2030", 404, "section_missing"),
        ("sources/smith-2030/sections/3.2", 404, "section_missing"),
        (f"sources/{REVIEW}/sections/9", 404, "section_missing"),
        ("nothing", 404, "not_found"),
    ],
)
def test_what_is_not_there_is_a_problem_document_also_for_browsers(
    client: TestClient, path: str, status: int, code: str
) -> None:
    response = client.get(path, headers={"if-none-match": "*", "accept": "text/html"})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"


def test_a_part_behind_the_end_is_empty(client: TestClient) -> None:
    part = client.get("facts?offset=5000").json()
    assert (part["items"], part["next"]) == ([], None)
    assert part["total"] > 50
