"""The rules for patients: in words and as data, each with the sentences it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from assistant.answer import Effect
from assistant.assistant import Assistant
from corpus.rules import Conclusion
from web.api.paging import Limit, Offset, Page, page
from web.api.refusals import described
from web.api.replies import KNOWN, IfNoneMatch, known
from web.problems import NotFoundError, RequestInvalidError
from web.rule_view import EFFECTS, Clause, Rules, RuleView


@dataclass(frozen=True, slots=True)
class Concluded:
    """What a rule concludes on a therapy (null: on the disease), over which others, in which direction."""

    therapy: str | None
    effect: Effect
    words: str
    over: tuple[str, ...]
    direction: str


@dataclass(frozen=True, slots=True)
class RuleNote:
    """Where the source is odd."""

    id: str
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule.

    Attributes:
        rule: Its key: document and id.
        when: The condition in words, part by part.
        facts: The facts it reads.
        sentences: Whole sentences, clean; ``quote`` is ``source[start:end]``, untouched.
        inference: Said where the rule goes beyond the print, else empty.
        display_only: Only quoted, never advice.
        reviewed_by: Who has signed it; empty for nobody.
    """

    rule: str
    id: str
    document: str
    summary: str
    then: tuple[Concluded, ...]
    when: Clause
    facts: tuple[str, ...]
    sentences: tuple[str, ...]
    quote: str
    section: str
    start: int
    end: int
    references: tuple[int, ...]
    url: str
    strength: str
    inference: str
    display_only: bool
    show_with: tuple[str, ...]
    notes: tuple[RuleNote, ...]
    reviewed_by: str


def rule_entry(view: RuleView, public_url: str) -> RuleEntry:
    """Return a rule as it is listed."""
    rule = view.rule
    return RuleEntry(
        rule=rule.key,
        id=rule.id,
        document=rule.document,
        summary=rule.summary,
        then=tuple(_concluded(conclusion) for conclusion in rule.then),
        when=view.when,
        facts=tuple(fact for fact, _ in view.facts),
        sentences=tuple(s.before + s.marked + s.after for s in view.sentences),
        quote=rule.quote,
        section=rule.section,
        start=rule.start,
        end=rule.end,
        references=rule.references,
        url=public_url + view.url,
        strength=rule.strength,
        inference=rule.inference,
        display_only=rule.display_only,
        show_with=tuple(f"{rule.document}/{other}" for other in rule.show_with),
        notes=tuple(RuleNote(note.id, note.severity, note.text) for note in view.notes),
        reviewed_by=rule.reviewed_by,
    )


def _concluded(conclusion: Conclusion) -> Concluded:
    words = EFFECTS[conclusion.effect][2]
    return Concluded(
        therapy=conclusion.therapy or None,
        effect=conclusion.effect,  # type: ignore[arg-type]  # one of `corpus.rules.EFFECTS`
        words=words,
        over=conclusion.over,
        direction=conclusion.direction,
    )


def rule_router(assistant: Assistant) -> APIRouter:
    """Return the routes ``/rules``."""
    router = APIRouter()
    book = assistant.patients.book
    rules = Rules(assistant.library, book)

    @router.get(
        "/rules",
        response_model=Page[RuleEntry],
        responses=KNOWN | described(RequestInvalidError("there is no such treatment")),
        summary="List the rules",
    )
    def list_rules(
        request: Request,
        therapy: Annotated[str, Query(description="Those that speak of it.", examples=["tace"])] = "",
        fact: Annotated[str, Query(description="Those that read it.", examples=["whipple_history"])] = "",
        limit: Limit = 20,
        offset: Offset = 0,
        if_none_match: IfNoneMatch = "",
    ) -> Response:
        """List the rules, also by therapy (`disease`: those on none) and by fact."""
        if wrong := rules.unknown(therapy, fact):
            raise RequestInvalidError(f"there is no such {wrong[0][0]}, or no rule speaks of it")
        found, headers = page(request, rules.views(therapy, fact), limit, offset)
        entries = Page(tuple(rule_entry(view, assistant.public_url) for view in found.items), found.total, found.next)
        return known(request, entries, headers)

    @router.get(
        "/rules/{document}/{rule}",
        response_model=RuleEntry,
        responses=KNOWN | described(NotFoundError("there is no such rule"), RequestInvalidError("not valid")),
        summary="One rule",
    )
    def rule(request: Request, document: str, rule: str, if_none_match: IfNoneMatch = "") -> Response:
        """Tell a rule in words, with the sentences it rests on."""
        key = f"{document}/{rule}"
        if key not in book.rules:
            raise NotFoundError("there is no such rule", hint="Rules are listed at /api/v1/rules.")
        return known(request, rule_entry(rules.rule(key), assistant.public_url))

    return router
