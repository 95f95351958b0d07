"""Pages to look around in: the figures, the rules, and what this is. Nothing is asked, nothing kept."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from assistant.assistant import Assistant
from assistant.comparison import NOT_COMPARABLE
from web.figure_view import Figures
from web.knowledge import knowledge_of
from web.pages import render
from web.rule_view import DISEASE, Rules


def catalogue_router(assistant: Assistant, retention_days: int = 0, *, slack: bool = False) -> APIRouter:
    """Return the routes ``/evidence``, ``/rules`` and ``/about``.

    Args:
        retention_days: How long conversations are kept, as the last one says; 0: in memory only.
        slack: Whether answers go to Slack, too.
    """
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
        known = knowledge_of(assistant)
        counts = known.counts
        numbers = (
            (counts.units, "sentences and table cells that can be cited"),
            (counts.rules, "rules for patients"),
            (counts.figures, "figures as data"),
            (counts.questions, "curated questions that the review answers"),
            (counts.silences, "curated questions that it does not answer"),
        )
        versions = (("Software", known.version), ("Knowledge", known.knowledge[:12]), ("Index", known.index[:12]))
        return HTMLResponse(
            render(
                "about.html",
                citations=citations,
                numbers=numbers,
                versions=versions,
                rules=counts.rules,
                reviewed=counts.reviewed,
                retention=retention_days,
                slack=slack,
                here="about",
            )
        )

    return router
