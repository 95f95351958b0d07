"""What a patient can be described by, and the therapies that are concluded on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from assistant.assistant import Assistant
from assistant.rules.book import RuleBook
from corpus.definitions import FactDefinition
from web.api.paging import MOST, Limit, Offset, Page, page
from web.api.refusals import described
from web.api.replies import KNOWN, IfNoneMatch, known
from web.problems import NotFoundError, RequestInvalidError

PAGED = RequestInvalidError("the request is not valid at query.offset")


@dataclass(frozen=True, slots=True)
class FactCode:
    """A LOINC code under which a laboratory reports a fact."""

    loinc: str
    display: str
    unit: str


@dataclass(frozen=True, slots=True)
class FactEntry:
    """A fact of a patient.

    Attributes:
        kind: A `flag` is present or absent, a `choice` one of its values, a `number` a quantity, `numbers` a list of
            them, a `set` therapies.
        unit: The canonical one, in which a bare number is read; ``units`` are all that are understood.
        plausible: Ends, included, in the canonical unit; null for facts without a number.
        lasting: Whether it stays as it is once it is so.
        question: How it is asked for.
        always_ask: Whether it is asked for whatever the rules read.
    """

    id: str
    name: str
    kind: Literal["flag", "choice", "number", "numbers", "set"]
    values: tuple[str, ...]
    unit: str
    units: tuple[str, ...]
    plausible: tuple[float, float] | None
    lasting: bool
    question: str
    note: str
    codes: tuple[FactCode, ...]
    always_ask: bool


@dataclass(frozen=True, slots=True)
class TherapyEntry:
    """A therapy; ``parents`` are directly above it, ``rules`` is how many rules speak of it."""

    id: str
    name: str
    parents: tuple[str, ...]
    rules: int


def fact_entry(fact: FactDefinition) -> FactEntry:
    """Return a fact as it is listed."""
    return FactEntry(
        id=fact.id,
        name=fact.name,
        kind=fact.kind,  # type: ignore[arg-type]  # one of `corpus.definitions.KINDS`
        values=fact.values,
        unit=fact.unit,
        units=tuple(fact.units),
        plausible=None if fact.plausible is None else (float(fact.plausible[0]), float(fact.plausible[1])),
        lasting=fact.lasting,
        question=fact.question,
        note=fact.note,
        codes=tuple(FactCode(code.loinc, code.display, code.unit) for code in fact.codes),
        always_ask=fact.always_ask,
    )


def therapy_entry(therapy: str, book: RuleBook) -> TherapyEntry:
    """Return a therapy as it is listed."""
    return TherapyEntry(therapy, book.names[therapy], book.parents[therapy], len(book.spoken_of[therapy].rules))


def fact_router(assistant: Assistant) -> APIRouter:
    """Return the routes ``/facts`` and ``/therapies``."""
    router = APIRouter()
    book = assistant.patients.book
    facts = {fact.id: fact_entry(fact) for fact in book.facts.values()}
    therapies = {therapy: therapy_entry(therapy, book) for therapy in book.names}

    @router.get("/facts", response_model=Page[FactEntry], responses=KNOWN | described(PAGED), summary="List the facts")
    def list_facts(
        request: Request, limit: Limit = MOST, offset: Offset = 0, if_none_match: IfNoneMatch = ""
    ) -> Response:
        """List the facts by which a patient is described, with their units and values."""
        return known(request, *page(request, tuple(facts.values()), limit, offset))

    @router.get(
        "/facts/{fact}",
        response_model=FactEntry,
        responses=KNOWN | described(NotFoundError("there is no such fact"), PAGED),
        summary="One fact",
    )
    def fact(request: Request, fact: str, if_none_match: IfNoneMatch = "") -> Response:
        """Tell what a fact is."""
        if fact not in facts:
            raise NotFoundError("there is no such fact", hint="Facts are listed at /api/v1/facts.")
        return known(request, facts[fact])

    @router.get(
        "/therapies",
        response_model=Page[TherapyEntry],
        responses=KNOWN | described(PAGED),
        summary="List the therapies",
    )
    def list_therapies(
        request: Request, limit: Limit = MOST, offset: Offset = 0, if_none_match: IfNoneMatch = ""
    ) -> Response:
        """List the therapies that can be asked about, with those above them."""
        return known(request, *page(request, tuple(therapies.values()), limit, offset))

    @router.get(
        "/therapies/{therapy}",
        response_model=TherapyEntry,
        responses=KNOWN | described(NotFoundError("there is no such therapy"), PAGED),
        summary="One therapy",
    )
    def therapy(request: Request, therapy: str, if_none_match: IfNoneMatch = "") -> Response:
        """Tell what a therapy is."""
        if therapy not in therapies:
            raise NotFoundError("there is no such therapy", hint="Therapies are listed at /api/v1/therapies.")
        return known(request, therapies[therapy])

    return router
