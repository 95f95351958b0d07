from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from assistant import Assistant
from tests.conftest import require_tool
from web.bench import serving

pytestmark = pytest.mark.browser

QUESTIONS = ["When is radioembolization preferred over TACE?", "Lower risk of post-embolic syndrome than TACE?"]
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
    .map((element) => element.outerHTML.slice(0, 80));
}"""


@pytest.fixture(scope="module")
def address(index_path: Path) -> Iterator[str]:
    require_tool("chromium")
    with serving(index_path) as (_, address):
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = require_tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page without JavaScript; its width is the test's parameter."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": getattr(request, "param", 1200), "height": 800}
    )
    yield context.new_page()
    context.close()


def ask(page: Page, address: str, question: str) -> None:
    page.goto(address)
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Ask").click()
    page.wait_for_selector("article.answer")


@pytest.mark.parametrize("page", [1200, 390], indirect=True)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_citation_followed_without_javascript_shows_its_words_marked_in_sight(
    page: Page, address: str, assistant: Assistant, question: str
) -> None:
    expected = assistant.ask(question).citations[0]
    ask(page, address, question)
    page.locator("a.chip").first.click()
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


def test_the_mark_differs_from_the_text_around_it(browser: Browser, address: str, assistant: Assistant) -> None:
    page = browser.new_page()
    page.goto(address + assistant.ask(QUESTIONS[0]).citations[0].url)
    mark, body = (
        page.eval_on_selector(selector, "element => getComputedStyle(element).backgroundColor")
        for selector in ("mark", "body")
    )
    assert mark not in {body, "rgba(0, 0, 0, 0)"}
    page.close()


@pytest.mark.parametrize("path", ["/", "answer", "citation", "/nothing"])
def test_at_phone_width_no_page_scrolls_sideways(
    browser: Browser, address: str, assistant: Assistant, path: str
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    if path == "answer":
        ask(page, address, "Lower risk of post-embolic syndrome than TACE? " + "supercalifragilistic" * 12)
        page.get_by_text("All passages found").click()
    elif path == "citation":
        page.goto(address + assistant.ask(QUESTIONS[1]).citations[0].url)
    else:
        page.goto(address + path)
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate(OVERFLOWING) == []
    page.close()


def test_a_page_asks_the_service_alone_and_reports_no_error(browser: Browser, address: str) -> None:
    page = browser.new_page()
    requested: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    ask(page, address, "<img src=https://example.org/x.png onerror=alert(1)> TACE")
    page.locator("a.chip").first.click()
    page.wait_for_selector("mark")
    assert requested
    assert [url for url in requested if not re.match(re.escape(address) + "/", url)] == []
    assert said == []
    page.close()
