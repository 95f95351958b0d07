"""The pages of conversations: asking, reading, correcting facts, the list, export, feedback. Works by plain forms."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.assistant import Assistant
from assistant.conclusions import standing_words
from assistant.conversation.store import say
from assistant.conversation.turns import Turn
from assistant.rules.sensitivity import changes
from corpus.errors import NelmError
from web.answer_view import shown_turn
from web.case_report import sensitivity_text, why_not_text
from web.events import answered_by_events, wants_events
from web.export import json_file, markdown_file
from web.fact_form import fact_form, fact_said
from web.pages import render
from web.problems import NotFoundError, RequestInvalidError, status_of, unexpected
from web.report import case_html
from web.store.keeping import Keeping
from web.store.records import Verdict
from web.visitors import NotOwnerError, Visitor, visitor_of

EXAMPLES = (
    "What are the contraindications of TACE?",
    "TACE or radioembolization: which gives longer survival?",
    "62M, NELM G2, bilirubin 45 µmol/L, prior Whipple. TACE?",
)
"""Messages a newcomer can send with one click."""
_CONFIRMS = "None of the listed exclusions of {} applies."
_MOST_REASON = 2_000
_VERDICTS: dict[str, Verdict] = {"helpful": "helpful", "wrong": "wrong"}

Field = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class _Message:
    """What a form asks: the words, and facts or a confirmation given beside them."""

    text: str
    facts: dict[str, Any] | None
    confirmed: tuple[str, ...]


def conversation_router(assistant: Assistant, store: Keeping, retention_days: int) -> APIRouter:  # noqa: C901
    """Return the routes.

    Args:
        retention_days: How long conversations are kept, as the page says it; 0: in memory only.
    """
    router = APIRouter(include_in_schema=False)
    book = assistant.patients.book

    def page(
        request: Request, conversation: str = "", *, error: NelmError | None = None, said: str = "", edit: str = ""
    ) -> Response:
        visitor = visitor_of(request)
        kept = store.kept(conversation) if conversation else None
        turns = store.turns(conversation) if conversation else ()
        body = render(
            "conversation.html",
            documents=[document.citation for document in assistant.documents],
            kept=kept,
            turns=[shown_turn(turn, book) for turn in turns],
            opinions={item.turn: item for item in store.feedbacks(conversation)} if conversation else {},
            listed=store.listed(visitor.owner) if visitor.known else (),
            token=visitor.form_token,
            own=kept is not None and kept.owner == visitor.owner,
            retention=retention_days,
            form=fact_form(book),
            examples=EXAMPLES,
            error=error,
            said=said,
            edit=edit,
        )
        status = HTTPStatus.OK if error is None else status_of(error)
        response = HTMLResponse(body, status_code=status, headers={"cache-control": "no-store"})
        visitor.greet(response, secure=request.url.scheme == "https")
        return response

    def answer(visitor: Visitor, conversation: str, message: _Message) -> tuple[str, Turn]:
        """Answer a message in a conversation, a new one where none is named."""
        name = conversation or store.create(visitor.owner)
        store.kept(name)
        return name, say(
            assistant.dialogue, store, name, message.text, facts=message.facts, confirmed=message.confirmed
        )

    @router.get("/")
    def start(request: Request) -> Response:
        return page(request)

    @router.post("/ask")
    async def ask(  # noqa: PLR0913 - one parameter a field of the form
        request: Request,
        token: Field = "",
        conversation: Field = "",
        question: Field = "",
        fact: Field = "",
        value: Field = "",
        unit: Field = "",
        confirmed: Field = "",
    ) -> Response:
        visitor = visitor_of(request)
        visitor.check(token)
        message = _message(question, fact, f"{value} {unit}".strip(), confirmed)
        if wants_events(request):
            return answered_by_events("turn", lambda: shown(visitor, conversation, message), _told)
        try:
            name, turn = await run_in_threadpool(answer, visitor, conversation, message)
        except NelmError as error:
            return await run_in_threadpool(page, request, conversation, error=error, said=question)
        return RedirectResponse(f"/c/{name}#turn-{turn.number}", HTTPStatus.SEE_OTHER)

    def shown(visitor: Visitor, conversation: str, message: _Message) -> dict[str, Any]:
        """Answer a message, and return the turn as it stands on the page."""
        name, turn = answer(visitor, conversation, message)
        html = render(
            "turn.html",
            turn=shown_turn(turn, book),
            opinions={},
            kept=store.kept(name),
            token=visitor.form_token,
            form=fact_form(book),
            last=True,
        )
        return {"conversation": name, "number": turn.number, "html": html}

    def _message(question: str, fact: str, value: str, confirmed: str) -> _Message:
        if confirmed:
            if confirmed not in book.names:
                raise RequestInvalidError("no such therapy", hint="Use the buttons of the page.")
            return _Message(_CONFIRMS.format(book.names[confirmed]), {}, (confirmed,))
        if fact:
            if fact not in book.facts or not value:
                raise RequestInvalidError("no such fact, or no value", hint="Choose a fact and give it a value.")
            return _Message(fact_said(book.facts[fact], value), {fact: value}, ())
        return _Message(question, None, ())

    @router.get("/c/{conversation}")
    def read(request: Request, conversation: str, edit: int = 0) -> Response:
        turns = store.turns(conversation)
        asked = turns[edit - 1].resolved or turns[edit - 1].said if 0 < edit <= len(turns) else ""
        store.audit("read", "page", conversation)
        return page(request, conversation, edit=asked)

    def own(request: Request, token: str, conversation: str) -> None:
        """Refuse what only the browser may do in which a conversation was begun; others may read and continue it."""
        visitor = visitor_of(request)
        visitor.check(token)
        if store.kept(conversation).owner != visitor.owner:
            raise NotOwnerError("the conversation was begun elsewhere")

    @router.post("/c/{conversation}/rename")
    def rename(request: Request, conversation: str, token: Field = "", title: Field = "") -> Response:
        own(request, token, conversation)
        store.rename(conversation, title)
        return RedirectResponse(f"/c/{conversation}", HTTPStatus.SEE_OTHER)

    @router.post("/c/{conversation}/delete")
    def delete(request: Request, conversation: str, token: Field = "") -> Response:
        own(request, token, conversation)
        store.delete(conversation)
        store.audit("delete", "page", conversation)
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)

    @router.post("/c/{conversation}/feedback")
    def feedback(
        request: Request,
        conversation: str,
        token: Field = "",
        turn: Annotated[int, Form()] = 0,
        verdict: Field = "",
        reason: Field = "",
    ) -> Response:
        visitor_of(request).check(token)
        known = _VERDICTS.get(verdict)
        if known is None or not 0 < turn <= store.kept(conversation).turns:
            raise RequestInvalidError("no such answer or verdict", hint="Use the buttons below an answer.")
        store.feedback(conversation, turn, known, reason[:_MOST_REASON])
        return RedirectResponse(f"/c/{conversation}#turn-{turn}", HTTPStatus.SEE_OTHER)

    @router.get("/c/{conversation}/export.json")
    def export_json(conversation: str) -> Response:
        kept, turns = store.kept(conversation), store.turns(conversation)
        store.audit("export", "page", conversation)
        return json_file(kept, turns)

    @router.get("/c/{conversation}/export.md")
    def export_markdown(conversation: str) -> Response:
        kept, turns = store.kept(conversation), store.turns(conversation)
        store.audit("export", "page", conversation)
        return markdown_file(kept, turns, book)

    @router.get("/c/{conversation}/print")
    def printed(conversation: str) -> Response:
        turns = [shown_turn(turn, book) for turn in store.turns(conversation)]
        store.audit("export", "page", conversation)
        body = render("print.html", kept=store.kept(conversation), turns=turns)
        return HTMLResponse(body, headers={"cache-control": "no-store"})

    @router.get("/c/{conversation}/turns/{number}/report")
    def report(conversation: str, number: int) -> Response:
        turns = store.turns(conversation)
        if not 0 < number <= len(turns) or not turns[number - 1].answer.facts:
            raise NotFoundError(
                "no patient is described in this turn", hint="Open the report below a patient's answer."
            )
        store.audit("export", "page", conversation)
        return HTMLResponse(
            case_html(turns[number - 1].answer, book, linked=True), headers={"cache-control": "no-store"}
        )

    @router.get("/c/{conversation}/turns/{number}/therapies/{therapy}")
    def reasons(conversation: str, number: int, therapy: str) -> Response:
        turns = store.turns(conversation)
        if not 0 < number <= len(turns) or therapy not in book.names:
            raise NotFoundError("no such turn or therapy", hint="Open the reasons below a patient's answer.")
        turn = turns[number - 1]
        evaluation = assistant.evaluate_patient(turn.facts, turn.confirmed)
        moves = changes(assistant.patients.engine, evaluation, therapy, turn.confirmed)
        body = render(
            "reasons.html",
            kept=store.kept(conversation),
            number=number,
            name=book.names[therapy],
            why=why_not_text(therapy, evaluation).splitlines()[1:],
            standing=standing_words()[evaluation.placed(therapy).standing],
            moves=sensitivity_text(therapy, evaluation, moves).splitlines()[1:],
        )
        return HTMLResponse(body, headers={"cache-control": "no-store"})

    return router


def _told(error: Exception) -> dict[str, Any]:
    known = error if isinstance(error, NelmError) else unexpected()
    return {"code": known.code, "message": str(known), "hint": known.hint}
