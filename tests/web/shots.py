"""Pictures of the page for docs/web.md: ``.venv/bin/python -m tests.web.shots docs/images``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image  # matplotlib brings it along
from playwright.sync_api import Browser, Page, sync_playwright

from index.location import index_folder
from tests.conftest import require_tool
from web.bench import serving

ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu", "--hide-scrollbars"]
COLOURS = 64
CASE = (
    "62-year-old woman, ileal NET G2, bilobar metastases, 35 % of the liver, bilirubin 14 µmol/L, prior Whipple. TACE?"
)


@dataclass(frozen=True)
class Shot:
    """A picture: what is done on the page before it, and how large and in which colours it is taken."""

    prepare: Callable[[Page], None]
    path: str = "/"
    width: int = 1200
    height: int = 750
    dark: bool = False


def asked(*questions: str) -> Callable[[Page], None]:
    def prepare(page: Page) -> None:
        for number, question in enumerate(questions, 1):
            page.locator("#question").fill(question)
            page.locator("#ask button").click()
            page.wait_for_selector(f"#turn-{number}")
        page.evaluate("document.activeElement.blur()")

    return prepare


def scrolled_to(selector: str, *questions: str) -> Callable[[Page], None]:
    def prepare(page: Page) -> None:
        asked(*questions)(page)
        page.locator(selector).first.evaluate(
            "element => scrollTo(0, element.getBoundingClientRect().top + scrollY - 72)"
        )

    return prepare


def with_source(page: Page) -> None:
    asked("Who should not have TACE?")(page)
    page.locator("#turn-1 blockquote a.chip").first.click()
    page.wait_for_selector("#pane mark#cited")
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)


def nothing(page: Page) -> None:
    page.wait_for_load_state("load")


SHOTS: Mapping[str, Shot] = {
    "welcome": Shot(nothing, height=560),
    "answered": Shot(with_source),
    "comparison": Shot(scrolled_to(".comparison", "TACE versus TARE: overall survival?"), height=820),
    "patient": Shot(scrolled_to(".case", CASE), height=900),
    "not-covered": Shot(asked("What does radioembolization cost?"), height=620),
    "evidence": Shot(nothing, "/evidence?therapy=tace", height=620),
    "phone": Shot(asked("When is radioembolization preferred over TACE?"), width=390, height=760),
    "dark": Shot(with_source, height=620, dark=True),
}


def take(browser: Browser, address: str, shot: Shot, target: Path) -> None:
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height}, color_scheme="dark" if shot.dark else "light"
    )
    page = context.new_page()
    page.goto(address + shot.path)
    shot.prepare(page)
    picture = Image.open(BytesIO(page.screenshot()))
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    context.close()


def main(folder: Path) -> None:
    """Take all pictures; nothing that is asked is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    with serving(index_folder(), NELM_RETENTION_DAYS="0") as (_, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_tool("chromium"), args=ARGUMENTS)
        for name, shot in SHOTS.items():
            take(browser, address, shot, folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
