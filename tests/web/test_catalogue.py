from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from playwright.sync_api import Browser, sync_playwright
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.comparison import NOT_COMPARABLE
from assistant.errors import QuoteMismatchError
from corpus.conditions import atoms
from corpus.rules import Rule
from corpus.statements import Outcome
from index.library import Place
from tests.conftest import require_tool
from tests.web.listening import listening
from web.app import STATIC
from web.catalogue import catalogue_router
from web.figure_view import conditions_in
from web.headers import SafetyHeaders
from web.rule_view import DISEASE, EFFECTS, sentences

ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
PAGES = ["/evidence", "/evidence?therapy=tace", "/evidence?metric=nothing", "/rules", "/rules?therapy=tace", "/about"]
EMPTY_ELEMENTS = {"meta", "link", "br", "img", "input", "hr"}
HEADINGS = {f"h{level}" for level in range(1, 7)}
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CONTRASTS = """(elements) => elements.slice(0, 40).map((element) => {
  const lightness = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const of = (name) => getComputedStyle(element)[name];
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
  const ink = lightness(element.closest('svg') ? of('fill') : of('color'));
  const paper = lightness(getComputedStyle(behind).backgroundColor);
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
})"""


class Page(HTMLParser):
    """The elements of a page with their texts; every element is closed, and by its own tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[int] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))
        if tag not in EMPTY_ELEMENTS:
            self._open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        opened = self.elements[self._open.pop()][0]
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        for number in self._open:
            self.elements[number][2].append(data)

    def find(self, tag: str, **attributes: str) -> list[tuple[dict[str, str], str]]:
        return [
            (found, " ".join("".join(text).split()))
            for name, found, text in self.elements
            if name == tag and all(found.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]

    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes, _ in self.elements if "id" in attributes]


@pytest.fixture(scope="module")
def app(assistant: Assistant) -> FastAPI:
    app = FastAPI()
    app.include_router(catalogue_router(assistant))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(SafetyHeaders)
    return app


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="module")
def figures(assistant: Assistant) -> list[tuple[Outcome, Place]]:
    library = assistant.library
    return [(outcome, place) for place in library.places for outcome in library.knowledge_of(place).outcomes]


@pytest.fixture(scope="module")
def rules(assistant: Assistant) -> list[Rule]:
    return list(assistant.patients.book.rules.values())


def get(client: TestClient, path: str, **chosen: str) -> Page:
    response = client.get(f"{path}?{urlencode(chosen)}" if chosen else path)
    assert response.status_code == 200
    return Page(response.text)


def shown(page: Page) -> list[str]:
    """Ids of the figures in the tables."""
    return [attributes["id"] for attributes, _ in page.find("tr") if "id" in attributes]


def linked(url: str, assistant: Assistant) -> str:
    """What the source prints in the range of a link."""
    match = re.fullmatch(r"/source/([\w-]+)/([0-9a-f]{8})\?at=(\d+)-(\d+)#cited", url)
    assert match is not None
    document = assistant.library.document_by_id[match[1]]
    assert document.citation.sha256.startswith(match[2])
    (unit,) = [u for u in document.units if (u.start, u.end) == (int(match[3]), int(match[4]))]
    return unit.display


def test_every_figure_stands_in_a_table_as_printed_and_links_to_the_sentence_that_prints_it(
    client: TestClient, assistant: Assistant, figures: list[tuple[Outcome, Place]]
) -> None:
    html = client.get("/evidence").text
    page = Page(html)
    assert sorted(shown(page)) == sorted(outcome.id for outcome, _ in figures)
    for outcome, _ in figures:
        row = Page(re.search(rf'<tr id="{re.escape(outcome.id)}">.*?</tr>', html, re.DOTALL).group())  # type: ignore[union-attr]
        cells = [text for _, text in row.find("td")]
        assert row.find("td", class_="value")[0][1] == " ".join(outcome.value.split())
        for printed in (outcome.interval, outcome.population, outcome.design, outcome.study):
            assert not printed or printed in cells
        assert outcome.n is None or str(outcome.n) in cells
        references = [a["href"].split("#reference-")[1] for a, _ in row.find("a") if "#reference-" in a["href"]]
        assert references == [str(number) for number in outcome.references]
        ((chip, _),) = row.find("a", class_="chip")
        sentence = linked(chip["href"], assistant).casefold()
        assert all(word in sentence for word in outcome.value.casefold().split())


def test_every_mark_is_a_link_named_by_its_figure_and_opens_its_sentence(
    client: TestClient, assistant: Assistant, figures: list[tuple[Outcome, Place]]
) -> None:
    page = get(client, "/evidence")
    marks = [(a["aria-label"], a["href"]) for a, _ in page.find("a") if "aria-label" in a and a.get("class") != "chip"]
    assert len(marks) > 40
    for name, url in marks:
        sentence = linked(url, assistant)
        (outcome, *_) = [o for o, p in figures if p.unit.display == sentence and o.value in name]
        assert outcome.metric_name in name
        assert outcome.study in name
    assert any("95% CI 4.2–6.7" in name for name, _ in marks)
    assert len(page.find("svg")) == len(page.find("title")) - 1 == len(page.find("desc")) > 4


def test_a_figure_open_above_is_a_bar_that_goes_on_to_the_edge(client: TestClient) -> None:
    html = client.get("/evidence?metric=os").text
    mark = re.search(r'aria-label="Localized NET, OS &gt; 30 years.*?</a>', html, re.DOTALL)
    assert mark is not None
    assert "<circle" not in mark.group()
    assert 'x2="100.0%"' in mark.group()
    assert "›" in mark.group()


def test_no_mark_stands_for_a_figure_of_several_treatments(
    client: TestClient, figures: list[tuple[Outcome, Place]]
) -> None:
    names = [a["aria-label"] for a, _ in get(client, "/evidence").find("a") if a.get("class") != "chip"
             if "aria-label" in a]  # fmt: skip
    for outcome, _ in figures:
        if len(outcome.therapies) > 1:
            assert not any(outcome.value in name and outcome.metric_name in name for name in names)


def test_that_figures_are_not_comparable_is_said_above_them(client: TestClient) -> None:
    for chosen in ({}, {"therapy": "tace"}, {"metric": "nothing"}):
        assert [text for _, text in get(client, "/evidence", **chosen).find("p", class_="not-comparable")] == [
            NOT_COMPARABLE
        ]


def test_notes_on_a_sentence_are_linked_from_its_figures(client: TestClient, assistant: Assistant) -> None:
    page = get(client, "/evidence", metric="albumin")
    (note,) = [n for n in assistant.patients.book.notes.values() if n.id == "S-ALB"]
    assert any(note.text in text for _, text in page.find("li"))
    targets = {a["href"][1:] for a, _ in page.find("a") if a["href"].startswith("#note-")}
    assert targets
    assert targets <= set(page.ids())


@pytest.mark.parametrize("field", ["therapy", "metric", "population"])
def test_each_choice_of_a_filter_shows_some_of_the_figures_and_marks_them_on_the_same_scale(
    client: TestClient, figures: list[tuple[Outcome, Place]], field: str
) -> None:
    every = get(client, "/evidence")
    start = next(n for n, (tag, found, _) in enumerate(every.elements) if found.get("id") == f"filter-{field}")
    options = []
    for tag, found, _ in every.elements[start + 1 :]:
        if tag != "option":
            break
        options.append(found["value"])
    assert len(options) > 5
    positions = {a["href"]: n for n, (a, _) in enumerate(every.find("a"))}
    for option in options[1:]:
        page = get(client, "/evidence", **{field: option})
        assert 0 < len(shown(page)) < len(figures)
        assert {found["value"] for found, _ in page.find("option") if "selected" in found} == {option}
        assert all(a["href"] in positions for a, _ in page.find("a", class_="chip"))


def test_a_filter_by_treatment_takes_narrower_ones_with_it(
    client: TestClient, assistant: Assistant, figures: list[tuple[Outcome, Place]]
) -> None:
    lineage = assistant.library.lexicon.lineage
    expected = {o.id for o, _ in figures if any("tare" in lineage(entry) for entry in o.therapies)}
    assert set(shown(get(client, "/evidence", therapy="tare"))) == expected
    both = {o.id for o, _ in figures if o.id in expected and o.metric == "os"}
    assert set(shown(get(client, "/evidence", therapy="tare", metric="os"))) == both


def test_a_denied_condition_is_not_the_population(assistant: Assistant) -> None:
    lexicon = assistant.library.lexicon
    assert "pancreatic_net" in conditions_in("pancreatic NET with liver metastasis", lexicon)
    denied = conditions_in("non-pancreatic NET with liver metastasis", lexicon)
    assert "pancreatic_net" not in denied
    assert "net" in denied


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("/evidence", {"therapy": "no_such"}),
        ("/evidence", {"metric": "<script>alert(1)</script>"}),
        ("/evidence", {"population": "x" * 5000, "therapy": "tace"}),
        ("/rules", {"therapy": "no_such"}),
        ("/rules", {"fact": "<script>alert(1)</script>", "therapy": "tace"}),
    ],
)
def test_an_unknown_choice_shows_nothing_and_says_so(client: TestClient, path: str, chosen: dict[str, str]) -> None:
    response = client.get(f"{path}?{urlencode(chosen)}")
    page = Page(response.text)
    assert response.status_code == 200
    ((_, notice),) = page.find("p", class_="notice")
    assert "There is no" in notice
    assert page.find("tr") == page.find("article") == page.find("svg") == []
    assert "<script>alert" not in response.text
    assert "x" * 100 not in response.text


def test_a_choice_without_a_figure_or_rule_says_so(client: TestClient) -> None:
    for page in (
        get(client, "/evidence", therapy="surgical_resection", metric="albumin"),
        get(client, "/rules", therapy="prrt", fact="ascites"),
    ):
        ((_, notice),) = page.find("p", class_="notice")
        assert re.search(r"prints no figure|No rule", notice)


def test_the_list_of_rules_names_each_once_and_leads_to_it_in_full(client: TestClient, rules: list[Rule]) -> None:
    page = get(client, "/rules")
    entries = {found["id"]: text for found, text in page.find("li") if "id" in found}
    assert sorted(entries) == sorted(rule.key for rule in rules)
    assert all(rule.summary in entries[rule.key] for rule in rules)
    links = {a["href"] for a, _ in page.find("a") if re.match(r"/rules\?therapy=\w+#", a["href"])}
    assert len(links) == len(rules)
    for path in {link.partition("#")[0] for link in links}:
        wanted = {link.partition("#")[2] for link in links if link.startswith(f"{path}#")}
        assert wanted <= set(get(client, path).ids())


def test_every_rule_is_shown_in_words_with_its_sentences_word_for_word(
    client: TestClient, assistant: Assistant, rules: list[Rule]
) -> None:
    book = assistant.patients.book
    for rule in rules:
        therapy = (*book.therapies_of(rule), DISEASE)[0]
        html = client.get(f"/rules?therapy={therapy}").text
        article = re.search(rf'<article class="rule" id="{re.escape(rule.key)}">.*?</article>', html, re.DOTALL)
        assert article is not None
        card = Page(article.group())
        assert card.find("h3")[0][1] == rule.summary
        document = assistant.library.document_by_id[rule.document]
        printed = [u.display for u in document.searchable if u.start < rule.end and u.end > rule.start]
        ((quote, text),) = card.find("blockquote")
        assert text == f"“{' '.join(printed)}” {rule.section}"
        assert quote["cite"].endswith(f"?at={rule.start}-{rule.end}#cited")
        _, everything = card.find("article")[0]
        assert (rule.reviewed_by or "not yet reviewed by a clinician") in everything
        assert rule.strength.lower() in everything.lower()
        assert rule.inference in everything
        assert all(book.facts[atom.fact].name in everything for atom in atoms(rule.when))
        assert all(EFFECTS[conclusion.effect][2] in everything for conclusion in rule.then)
        assert all(book.names[name] in everything for name in book.therapies_of(rule))
        assert all(book.notes[f"{rule.document}/{note}"].text in everything for note in rule.notes)


def test_a_quote_that_is_not_the_source_s_is_not_shown(assistant: Assistant, rules: list[Rule]) -> None:
    document = assistant.library.document_by_id[rules[0].document]
    with pytest.raises(QuoteMismatchError):
        list(sentences(replace(rules[0], quote=rules[0].quote + "!"), document))
    with pytest.raises(QuoteMismatchError):
        list(sentences(replace(rules[0], start=rules[0].start + 1), document))


def test_rules_are_filtered_by_fact_and_by_treatment(
    client: TestClient, assistant: Assistant, rules: list[Rule]
) -> None:
    reading = {rule.key for rule in rules if any(atom.fact == "bilirubin_mg_dl" for atom in atoms(rule.when))}
    assert reading
    page = get(client, "/rules", fact="bilirubin_mg_dl")
    assert {found["id"] for found, _ in page.find("article")} == reading
    spoken = set(assistant.patients.book.spoken_of["deb_tace"].rules)
    page = get(client, "/rules", therapy="deb_tace")
    assert {found["id"] for found, _ in page.find("article")} == spoken
    page = get(client, "/rules", therapy="deb_tace", fact="bilirubin_mg_dl")
    assert {found["id"] for found, _ in page.find("article")} == reading & spoken
    assert any("in general" in text for _, text in page.find("p", class_="rule-general"))


def test_what_it_is_names_source_versions_numbers_and_limits(client: TestClient, assistant: Assistant) -> None:
    _, text = get(client, "/about").find("main")[0]
    answer = assistant.ask("")
    for document in assistant.documents:
        c = document.citation
        for part in (c.title, *c.authors, c.journal, c.doi, c.published, c.licence, c.attribution):
            assert part in text
    for part in (answer.version, answer.knowledge[:12], answer.index[:12], str(len(assistant.patients.book.rules))):
        assert part in text
    for part in ("medical device", "doses", "Nothing is sent elsewhere", "reviewed by a clinician"):
        assert part in text


@pytest.mark.parametrize(
    ("days", "slack", "told"),
    [
        (30, False, "for 30 days after it was last used. Nothing is sent elsewhere."),
        (0, True, "are gone when it stops. Answers to what is asked in Slack are posted to Slack;"),
    ],
)
def test_it_says_what_is_kept_and_what_is_sent(assistant: Assistant, days: int, slack: bool, told: str) -> None:
    app = FastAPI()
    app.include_router(catalogue_router(assistant, days, slack=slack))
    with TestClient(app) as client:
        _, text = get(client, "/about").find("main")[0]
    assert told in text


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_sound_html_without_style_or_script_of_their_own(client: TestClient, path: str) -> None:
    response = client.get(path)
    page = Page(response.text)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "unsafe" not in response.headers["content-security-policy"]
    ids = page.ids()
    assert len(ids) == len(set(ids))
    for tag, attributes, _ in page.elements:
        assert tag not in {"style", "iframe", "object"}
        assert "src" in attributes or tag != "script"
        assert not any(name == "style" or name.startswith("on") for name in attributes)
        assert not attributes.get("href", "").startswith(("javascript:", "http:"))
        targets = [attributes.get("href", "")[1:]] if attributes.get("href", "").startswith("#") else []
        named = " ".join(attributes.get(name, "") for name in ("aria-labelledby", "aria-describedby", "for")).split()
        assert set(targets + named) <= set(ids)
    levels = [int(tag[1]) for tag, _, _ in page.elements if tag in HEADINGS]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert {"href": "/static/catalogue.css", "rel": "stylesheet"} in [found for found, _ in page.find("link")]
    assert client.get("/static/catalogue.css").status_code == 200


def test_pages_are_light(client: TestClient) -> None:
    for path, most in (
        ("/evidence", 120_000),
        ("/about", 120_000),
        ("/rules", 120_000),
        ("/rules?therapy=tace", 180_000),
    ):
        assert len(client.get(path).content) < most


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    require_tool("chromium")
    with listening(app) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = require_tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), pytest.param(1280, "dark", marks=pytest.mark.thorough)])
def test_in_a_browser_nothing_sticks_out_and_everything_can_be_read(
    browser: Browser, address: str, tmp_path: Path, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for path in PAGES:
        page.goto(address + path)
        page.set_viewport_size({"width": width, "height": 900})
        picture = tmp_path / f"{path.strip('/').replace('?', '-')}-{width}-{scheme}.png"
        page.screenshot(path=picture)
        assert picture.stat().st_size > 5_000
        for wide in (320, width, 3840):
            page.set_viewport_size({"width": wide, "height": 900})
            assert page.evaluate(SIDEWAYS) <= 0
        for selector in ("main p", "main a:not(svg a)", "svg text", ".rule-tag", "td", "dt"):
            assert min(page.eval_on_selector_all(selector, CONTRASTS), default=21) >= 4.5, (path, selector)
    assert [text for text in said if "favicon" not in text] == []
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [360])
def test_labels_of_the_plot_stay_on_the_sheet_and_the_warning_in_view(
    browser: Browser, address: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(f"{address}/evidence")
    for drawing in page.locator("figure.plot").all():
        sheet = drawing.locator("xpath=..").bounding_box()
        assert sheet is not None
        for text in drawing.locator("text").all():
            box = text.bounding_box()
            assert box is not None
            assert sheet["x"] <= box["x"] < box["x"] + box["width"] <= sheet["x"] + sheet["width"]
    page.evaluate("scrollTo(0, 3000)")
    box = page.locator(".not-comparable").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 10
    page.close()


@pytest.mark.browser
def test_a_mark_is_followed_by_keyboard_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/evidence?therapy=ctace&metric=os")
    mark = page.locator("svg a").first
    target = mark.get_attribute("href")
    mark.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")
    context.close()
