"""Times of the page in a browser, printed: ``python -m tests.web.paint``. On loopback, nothing is kept."""

from __future__ import annotations

import statistics
import sys

from playwright.sync_api import Page, sync_playwright

from index.location import index_folder
from tests.conftest import require_tool
from web.bench import serving

QUESTIONS = [
    "What are the contraindications of TACE?",
    "How is bland embolization performed?",
    "What 5-year survival is reported after resection?",
    "Which imaging shows viable tumor after embolization?",
    "What did LUTIA compare?",
    "Does radioembolization need several sessions?",
    "What is postembolization syndrome?",
    "TACE versus TARE: overall survival?",
    "62M, NELM G2, bilirubin 45 µmol/L, prior Whipple. TACE?",
    "What does radioembolization cost?",
]
WATCH = """() => {
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
}"""
SUBMIT = """(question) => new Promise((resolve) => {
  const turns = document.querySelector('#turns');
  const count = turns.querySelectorAll('article').length;
  document.querySelector('#question').value = question;
  const begun = performance.now();
  new MutationObserver((_, observer) => {
    if (turns.querySelectorAll('article').length > count) {
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - begun)));
    }
  }).observe(turns, { childList: true });
  document.querySelector('#ask').requestSubmit();
})"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"
WEIGHT = """() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
  .reduce((sum, entry) => sum + (entry.encodedBodySize || 0), 0)"""


def first_paint(page: Page, address: str) -> float:
    page.goto(address)
    page.wait_for_timeout(100)
    return float(page.evaluate(PAINTED))


def main() -> None:
    """Measure and print."""
    with serving(index_folder(), NELM_RETENTION_DAYS="0") as (_, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=require_tool("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.evaluate(SUBMIT, "What is TACE?")
        times = []
        for question in QUESTIONS:
            page.goto(address)
            page.evaluate(WATCH)
            times.append(float(page.evaluate(SUBMIT, question)))
        shifts = float(page.evaluate("() => window.shifts"))
        page.reload()
        weight = int(page.evaluate(WEIGHT))
        source = [first_paint(page, f"{address}/source/criss-makary-2024/f9848353?at=23027-23273") for _ in range(5)]
        browser.close()
    lines = [
        f"submit to the frame after the answer stands, {len(times)} questions: "
        f"median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms",
        f"layout shift while the last one arrived: {shifts:.3f}",
        f"weight of a page with one answer, style and script: {weight / 1000:.0f} kB",
        f"source page to its first paint: median {statistics.median(source):.0f} ms",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
