"""The figures that the documents print, as data, each with its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from assistant.assistant import Assistant
from web.api.paging import Limit, Offset, Page, page
from web.api.refusals import described
from web.api.replies import KNOWN, IfNoneMatch, known
from web.figure_view import Figures, Row
from web.problems import NotFoundError, RequestInvalidError


@dataclass(frozen=True, slots=True)
class FigureEntry:
    """A figure as its sentence prints it.

    Attributes:
        value: As printed; ``low`` and ``high`` are its ends in ``unit_of_value``, null where open or no number.
        n: Patients of the study.
        against: Id of the other arm of the same comparison; null where there is none.
        sentence: Clean; it stands at ``start`` to ``end`` of the untouched file.
    """

    id: str
    document: str
    kind: str
    therapies: tuple[str, ...]
    subject: str
    metric: str
    metric_name: str
    value: str
    low: float | None
    high: float | None
    unit_of_value: str
    population: str
    n: int | None
    against: str | None
    interval: str
    design: str
    study: str
    references: tuple[int, ...]
    section: str
    sentence: str
    start: int
    end: int
    url: str


def figure_entry(row: Row, public_url: str) -> FigureEntry:
    """Return a figure as it is listed."""
    f, unit = row.figure, row.unit
    return FigureEntry(
        id=f.id,
        document=row.document.citation.id,
        kind=f.kind,
        therapies=f.therapies,
        subject=f.subject,
        metric=f.metric,
        metric_name=f.metric_name,
        value=f.value,
        low=f.low,
        high=f.high,
        unit_of_value=f.unit_of_value,
        population=f.population,
        n=f.n,
        against=f.against or None,
        interval=f.interval,
        design=f.design,
        study=f.study,
        references=f.references,
        section=unit.section,
        sentence=unit.display,
        start=unit.start,
        end=unit.end,
        url=public_url + row.url,
    )


def outcome_router(assistant: Assistant) -> APIRouter:
    """Return the routes ``/outcomes``."""
    router = APIRouter()
    figures = Figures(assistant.library, ())
    choices = {field: dict(figures.options(field)) for field in ("therapy", "metric", "population")}
    by_id = {(row.document.citation.id, row.figure.id): row for row in figures.rows()}

    @router.get(
        "/outcomes",
        response_model=Page[FigureEntry],
        responses=KNOWN | described(RequestInvalidError("there is no figure of such a therapy")),
        summary="List the figures",
    )
    def list_outcomes(
        request: Request,
        therapy: Annotated[str, Query(description="Also what is below it.", examples=["tace"])] = "",
        metric: Annotated[str, Query(description="What is measured.", examples=["overall_survival"])] = "",
        population: Annotated[str, Query(description="A condition it names.")] = "",
        limit: Limit = 50,
        offset: Offset = 0,
        if_none_match: IfNoneMatch = "",
    ) -> Response:
        """List the figures, also by therapy, by what they measure, and by a condition of their population."""
        for field, chosen in (("therapy", therapy), ("metric", metric), ("population", population)):
            if chosen and chosen not in choices[field]:
                raise RequestInvalidError(f"there is no figure of such a {field}")
        found, headers = page(request, figures.rows(therapy, metric, population), limit, offset)
        entries = tuple(figure_entry(row, assistant.public_url) for row in found.items)
        return known(request, Page(entries, found.total, found.next), headers)

    @router.get(
        "/outcomes/{document}/{figure}",
        response_model=FigureEntry,
        responses=KNOWN | described(NotFoundError("there is no such figure"), RequestInvalidError("not valid")),
        summary="One figure",
    )
    def outcome(request: Request, document: str, figure: str, if_none_match: IfNoneMatch = "") -> Response:
        """Tell a figure with its sentence."""
        if (document, figure) not in by_id:
            raise NotFoundError("there is no such figure", hint="Figures are listed at /api/v1/outcomes.")
        return known(request, figure_entry(by_id[document, figure], assistant.public_url))

    return router
