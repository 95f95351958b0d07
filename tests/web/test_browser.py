from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from assistant import Assistant
from tests.conftest import require_tool
from web.bench import serving

pytestmark = pytest.mark.browser

QUESTIONS = ["When is radioembolization preferred over TACE?", "Lower risk of post-embolic syndrome than TACE?"]
CASE = "62M, NELM G2, bilirubin 45 µmol/L, prior Whipple, no ascites. TACE?"
STATES = {
    "empty": "",
    "answered": "What are the contraindications of TACE?",
    "comparison": "TACE versus TARE: overall survival?",
    "overview": "Give me an overview of ablation",
    "not covered": "What does radioembolization cost?",
    "patient": CASE,
    "long": "supercalifragilistic" * 300,
}
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
OVERFLOWING = """() => {
  const clipped = (element) => {
    for (let above = element.parentElement; above; above = above.parentElement)
      if (getComputedStyle(above).overflowX !== 'visible') return true;
    return false;
  };
  return [...document.body.querySelectorAll('*')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !clipped(element))
    .filter((element) => getComputedStyle(element).position !== 'absolute')
    .map((element) => element.outerHTML.slice(0, 80));
}"""


@pytest.fixture(scope="module")
def address(index_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    require_tool("chromium")
    database = tmp_path_factory.mktemp("store") / "conversations.sqlite3"
    with serving(index_path, NELM_DATABASE_URL=f"sqlite:///{database}") as (_, address):
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = require_tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def plain(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page without JavaScript; its width is the test's parameter."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": getattr(request, "param", 1200), "height": 800}
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with JavaScript, wide enough for the pane; an error or a call elsewhere fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def ask(page: Page, address: str, question: str) -> None:
    page.goto(address)
    if question:
        put(page, question, 1)


def put(page: Page, question: str, number: int) -> None:
    page.locator("#question").fill(question)
    page.locator("#ask button").click()
    page.wait_for_selector(f"#turn-{number}")


@pytest.mark.parametrize("plain", [1280, 360], indirect=True)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_citation_followed_without_javascript_shows_its_words_marked_in_sight(
    plain: Page, address: str, assistant: Assistant, question: str
) -> None:
    page = plain
    expected = assistant.ask(question).citations[0]
    ask(page, address, question)
    assert re.search(r"/c/[\w-]+#turn-1$", page.url)
    page.locator("blockquote a.chip").first.click()
    page.wait_for_selector("mark")
    assert page.url == address + expected.url
    assert page.locator("mark").count() == 1
    mark = page.locator("mark#cited")
    assert mark.inner_text() == expected.display
    box, size = mark.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= size["height"]
    assert 0 <= box["x"] < box["x"] + box["width"] <= size["width"]


def test_a_whole_conversation_about_a_patient_goes_by_plain_forms(plain: Page, address: str) -> None:
    page = plain
    ask(page, address, CASE)
    put(page, "What about its complications?", 2)
    expect(page.locator("#turn-2 .read-as")).to_contain_text("TACE")
    fact = page.locator("#turn-1 .fact", has_text="bilirubin")
    fact.locator("summary").click()
    fact.get_by_label("Correct").fill("18 µmol/L")
    fact.get_by_role("button", name="Correct").click()
    page.wait_for_selector("#turn-3")
    expect(page.locator("#turn-3 .facts")).to_contain_text("18 µmol/L")
    page.locator("#turn-3 .next button").first.click()
    page.wait_for_selector("#turn-4")
    page.locator("#turn-4 .feedback summary").click()
    page.locator("#turn-4").get_by_role("button", name="Helpful").click()
    expect(page.locator("#turn-4 .opinion")).to_have_text("You called this answer helpful")
    page.locator("#turn-1 .edit, #turn-2 .edit").first.click()
    assert page.locator("#question").input_value()
    page.locator(".list summary").click()
    page.get_by_role("link", name="Print view").click()
    expect(page.locator("article")).to_have_count(4)
    page.go_back()
    page.locator(".list summary").click()
    page.get_by_role("button", name="Delete this conversation").click()
    assert page.url == f"{address}/"
    expect(page.locator("article")).to_have_count(0)


WIDTHS = (360, 1280, 1920)
MATRIX = [pytest.param(width, scripted, marks=pytest.mark.thorough) for width in WIDTHS for scripted in (True, False)]


@pytest.mark.parametrize(("width", "scripted"), MATRIX)
def test_every_path_can_be_gone(browser: Browser, address: str, width: int, scripted: bool) -> None:
    """Everything the page offers, used as a visitor would, at a width and with or without JavaScript."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=scripted, accept_downloads=True
    )
    page = context.new_page()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("response", lambda response: failed.append(response.url) if response.status >= 500 else None)
    walk_conversation(page, address)
    walk_source(page, address, scripted=scripted, wide=width >= 1000)
    walk_patient(page, address)
    walk_keeping(page, address)
    walk_catalogue(page, address)
    context.close()
    assert failed == []


def walk_conversation(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".examples button").first.click()
    page.wait_for_selector("#turn-1")
    put(page, "And its complications?", 2)
    page.locator("#turn-2 .edit").click()
    expect(page.locator("#question")).to_have_value(re.compile("complications"))
    page.locator("#ask button").click()
    page.wait_for_selector("#turn-3")
    put(page, "What does radioembolization cost?", 4)
    expect(page.locator("#turn-4 .silent").first).to_be_visible()
    put(page, "TACE versus TARE: overall survival?", 5)
    expect(page.locator("#turn-5 .comparison table")).to_have_count(1)
    page.locator("#turn-5").get_by_text("All passages found").click()
    expect(page.locator("#turn-5 details[open] ol").last).to_be_visible()


def walk_source(page: Page, address: str, *, scripted: bool, wide: bool) -> None:
    page.goto(address)
    put(page, QUESTIONS[0], 1)
    chip = page.locator("#turn-1 blockquote a.chip").first
    assert re.match(r"Section .+, sentence \d+: |Section .+: |Table 1", chip.get_attribute("aria-label") or "")
    chip.click()
    if scripted and wide:
        expect(page.locator("#pane mark#cited")).to_be_in_viewport()
        page.locator("#open").click()
    page.wait_for_selector(".review mark#cited")
    page.locator(".find input").fill("embolization")
    page.locator(".find button").click()
    expect(page.locator(".hits a").first).to_be_visible()
    page.locator(".hits a").last.click()
    expect(page.locator(".review :target")).to_be_in_viewport()
    expect(page.locator(".review table").first).to_be_attached()
    page.goto(f"{address}/source/criss-makary-2024/00000000?at=10-20")
    expect(page.locator("main")).to_contain_text("another version")
    page.goto(f"{address}/source/nothing")
    expect(page.locator("main")).to_contain_text("section_missing")


def walk_patient(page: Page, address: str) -> None:
    page.goto(address)
    put(page, CASE, 1)
    turn = page.locator("#turn-1")
    expect(turn.locator(".facts")).to_contain_text("Whipple")
    turn.locator(".add summary").click()
    turn.locator(".add select").select_option("ascites")
    turn.locator(".add input[name=value]").fill("present")
    turn.locator(".add button").click()
    page.wait_for_selector("#turn-2")
    fact = page.locator("#turn-2 .fact", has_text="bilirubin")
    fact.locator("summary").click()
    fact.get_by_label("Correct").fill("18 µmol/L")
    fact.get_by_role("button", name="Correct").click()
    page.wait_for_selector("#turn-3")
    fact = page.locator("#turn-3 .fact", has_text="bilirubin")
    expect(fact).to_contain_text("18 µmol/L")
    fact.locator("summary").click()
    fact.get_by_role("button", name="Remove").click()
    page.wait_for_selector("#turn-4")
    page.locator("#turn-4 .next button[name=value]").first.click()
    page.wait_for_selector("#turn-5")
    page.locator("#turn-5 .checklist summary").first.click()
    page.locator("#turn-5 .checklist button").first.click()
    page.wait_for_selector("#turn-6")
    why = page.locator("#turn-6 .therapies details", has=page.get_by_text("why", exact=True)).first
    why.locator("summary").first.click()
    why.get_by_role("link", name="Why, why not").click()
    expect(page.locator(".reasons").first).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Report for the tumor board").last.click()
    expect(page.locator("body")).to_contain_text("Whipple")


def walk_keeping(page: Page, address: str) -> None:
    page.goto(address)
    put(page, QUESTIONS[0], 1)
    page.locator("#turn-1 .feedback summary").click()
    page.locator("#turn-1 textarea").fill("the newer study is missing")
    page.get_by_role("button", name="Wrong").click()
    expect(page.locator("#turn-1 .opinion")).to_have_text("You called this answer wrong: “the newer study is missing”")
    page.locator(".list summary").click()
    page.locator(".list input[name=title]").fill("Board of Tuesday")
    page.get_by_role("button", name="Rename").click()
    page.locator(".list summary").click()
    expect(page.locator(".list")).to_contain_text("Board of Tuesday")
    for name in ("JSON", "Markdown"):
        with page.expect_download() as download:
            page.locator(".exports").get_by_role("link", name=name).click()
        assert "TARE" in download.value.path().read_text(encoding="utf-8")
    page.get_by_role("link", name="Print view").click()
    expect(page.locator("article")).to_have_count(1)
    page.go_back()
    page.locator(".list summary").click()
    page.get_by_role("button", name="Delete this conversation").click()
    page.wait_for_url(f"{address}/")
    expect(page.locator("article")).to_have_count(0)


def walk_catalogue(page: Page, address: str) -> None:
    page.goto(f"{address}/evidence")
    page.locator("select[name=therapy]").select_option("tace")
    page.locator("main form button").first.click()
    expect(page.locator("svg[role=img], svg[role=group], svg").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("not comparable")
    page.locator("main table a[href*='/source/']").first.click()
    page.wait_for_selector("mark#cited")
    page.goto(f"{address}/rules")
    page.locator("select[name=therapy]").select_option("tace")
    page.locator("main form button").first.click()
    page.locator("main a[href*='/source/']").first.click()
    page.wait_for_selector("mark#cited")
    page.goto(f"{address}/about")
    expect(page.locator("main")).to_contain_text("for 30 days")


def test_the_mark_differs_from_the_text_around_it(browser: Browser, address: str, assistant: Assistant) -> None:
    page = browser.new_page()
    page.goto(address + assistant.ask(QUESTIONS[0]).citations[0].url)
    mark, body = (
        page.eval_on_selector(selector, "element => getComputedStyle(element).backgroundColor")
        for selector in ("mark", "body")
    )
    assert mark not in {body, "rgba(0, 0, 0, 0)"}
    page.close()


@pytest.mark.parametrize("width", [320, *(pytest.param(w, marks=pytest.mark.thorough) for w in (1280, 1920))])
def test_no_page_scrolls_sideways(browser: Browser, address: str, assistant: Assistant, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    ask(page, address, "Lower risk of post-embolic syndrome than TACE? " + "supercalifragilistic" * 12)
    page.get_by_text("All passages found").click()
    put(page, STATES["comparison"], 2)
    put(page, CASE, 3)
    for path in ("", assistant.ask(QUESTIONS[1]).citations[0].url, "/nothing", "/evidence", "/rules", "/about"):
        if path:
            page.goto(address + path)
        assert page.evaluate(SIDEWAYS) <= 0, path
        assert page.evaluate(OVERFLOWING) == [], path
    page.close()


def test_an_answer_arrives_without_loading_the_page_and_is_there_when_it_is_loaded_anew(
    page: Page, address: str
) -> None:
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    ask(page, address, QUESTIONS[0])
    put(page, "why?", 2)
    assert [url for url in loads if "/c/" not in url] == [f"{address}/"]
    shown = page.locator("#turns").inner_text()
    page.reload()
    assert page.locator("#turns").inner_text() == shown
    page.locator(".list summary").click()
    expect(page.locator(".list li a").first).to_contain_text(QUESTIONS[0])


def test_a_chip_previews_its_sentence_in_its_paragraph_and_opens_the_pane_at_it(
    page: Page, address: str, assistant: Assistant
) -> None:
    ask(page, address, QUESTIONS[0])
    page.wait_for_timeout(300)
    expected = assistant.ask(QUESTIONS[0]).citations[0]
    chip = page.locator("blockquote a.chip").first
    chip.hover()
    preview = page.locator("#preview")
    expect(preview).to_be_visible()
    expect(preview.locator("mark")).to_have_text(expected.display)
    chip.click()
    expect(preview).to_be_hidden()
    mark = page.locator("#pane mark#cited")
    expect(mark).to_have_text(expected.display)
    expect(mark).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("#pane.shown")).to_have_count(0)
    expect(chip).to_be_focused()


def test_the_keyboard_reaches_everything(page: Page, address: str) -> None:
    ask(page, address, QUESTIONS[0])
    page.keyboard.press("/")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type("What is TARE?")
    page.keyboard.press("Enter")
    page.wait_for_selector("#turn-2")
    first = page.locator("#turn-2 a.chip").first
    first.focus()
    expect(page.locator("#preview")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#preview")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#turn-1 a.chip:focus")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(first).to_be_focused()


def test_a_message_that_cannot_be_answered_loses_nothing(page: Page, address: str) -> None:
    ask(page, address, CASE)
    page.locator("#turn-1 .add summary").click()
    page.locator("#turn-1 .add select").select_option("ascites")
    page.locator("#turn-1 .add input[name=value]").fill("perhaps")
    page.locator("#turn-1 .add button").click()
    expect(page.locator("#problem")).to_contain_text("neither present nor absent")
    expect(page.locator("article")).to_have_count(1)


def test_what_is_typed_is_text_and_nothing_leaves_the_service(page: Page, address: str) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("dialog", lambda _: pytest.fail("something was executed"))
    ask(page, address, "<img src=https://example.org/x.png onerror=alert(1)> TACE")
    assert page.locator("#turn-1 img").count() == 0
    page.locator("blockquote a.chip").first.click()
    page.wait_for_selector("#pane mark")
    assert requested
    assert [url for url in requested if not re.match(re.escape(address) + "/", url)] == []


LOOKS = [(1280, "light"), (360, "light"), (360, "dark"), (1280, "dark"), (1920, "dark")]


@pytest.mark.parametrize(
    ("width", "scheme", "states"),
    [
        (1280, "light", ("patient", "comparison", "not covered")),
        *(pytest.param(*look, tuple(STATES), marks=pytest.mark.thorough) for look in LOOKS),
    ],
)
def test_axe_finds_nothing(browser: Browser, address: str, width: int, scheme: str, states: tuple[str, ...]) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        results = Axe().run(page, options={"resultTypes": ["violations"]})
        if results.violations_count:
            rules = [
                f"{v['id']}: {v['nodes'][0]['html'][:120]} {v['nodes'][0]['failureSummary'][:200]}"
                for v in results.response["violations"]
            ]
            found[state] = rules

    for state in states:
        ask(page, address, STATES[state])
        for details in page.locator("#turns details").all():
            details.evaluate("element => { element.open = true; }")
        look(state)
    page.goto(f"{address}/nothing")
    look("error")
    paths = ("/evidence", "/rules?therapy=tace", "/about", "/source/criss-makary-2024")
    for path in paths:
        page.goto(address + path)
        look(path)
    context.close()
    assert found == {}
