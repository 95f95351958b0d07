"""Pages to look around in: the figures, the rules, and what this is. Nothing is asked, nothing kept."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from assistant.assistant import Assistant
from assistant.comparison import NOT_COMPARABLE
from web.figure_view import Figures
from web.pages import render
from web.rule_view import DISEASE, Rules


def catalogue_router(assistant: Assistant, retention_days: int = 0) -> APIRouter:
    """Return the routes ``/evidence``, ``/rules`` and ``/about``, which says how long conversations are kept."""
    router = APIRouter(include_in_schema=False)
    library, book = assistant.library, assistant.patients.book
    figures = Figures(library, book.notes.values())
    rules = Rules(library, book)
    citations = [document.citation for document in assistant.documents]

    @router.get("/evidence")
    def evidence(therapy: str = "", metric: str = "", population: str = "") -> HTMLResponse:
        page = figures.page(therapy.strip(), metric.strip(), population.strip())
        return HTMLResponse(
            render("evidence.html", page=page, not_comparable=NOT_COMPARABLE, citations=citations, here="evidence")
        )

    @router.get("/rules")
    def rules_page(therapy: str = "", fact: str = "") -> HTMLResponse:
        page = rules.page(therapy.strip(), fact.strip())
        return HTMLResponse(render("rules.html", page=page, disease=DISEASE, citations=citations, here="rules"))

    @router.get("/about")
    def about() -> HTMLResponse:
        numbers = (
            (len(library.places), "sentences and table cells that can be cited"),
            (len(book.rules), "rules for patients"),
            (figures.page().total, "figures as data"),
            (len(library.question_rows), "curated questions that the review answers"),
            (len(library.silences), "curated questions that it does not answer"),
        )
        asked = assistant.ask("")  # any answer names what it was made from
        versions = (("Software", asked.version), ("Knowledge", asked.knowledge[:12]), ("Index", asked.index[:12]))
        reviewed = sum(bool(rule.reviewed_by) for rule in book.rules.values())
        return HTMLResponse(
            render(
                "about.html",
                citations=citations,
                numbers=numbers,
                versions=versions,
                rules=len(book.rules),
                reviewed=reviewed,
                retention=retention_days,
                here="about",
            )
        )

    return router
