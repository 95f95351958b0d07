"""Receiving deliveries: each is written down at once and answered later; what opens over a message opens directly."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

from assistant.assistant import Assistant
from corpus.errors import NelmError
from web.logs import failure, log
from web.slack import controls
from web.slack.controls import chosen
from web.slack.courier import now
from web.slack.deliveries import Challenge, Commanded, Delivery, HomeOpened, Pressed, Spoken, Submitted
from web.slack.sending import Sender
from web.slack.tasks import AnswerOf, FactGiven, Home, Place, Question, Rated, Shared, Task, digest, written
from web.slack.threads import Threads
from web.slack.views import fact_given, fact_place, fact_view, missing_view, source_view, why_view
from web.store.outbox import Outbox

_USAGE = "Ask a question: /nelm Who should not have TACE?  Only you see the answer; you can share it."
_HANDS = 2
_DIRECT = "D"
"""What the ids of direct conversations begin with."""


class Intake:
    """Receives what Slack delivers, over whatever way; any number of threads may use it.

    Args:
        wake: Called when there is something to do.
    """

    def __init__(
        self,
        assistant: Assistant,
        threads: Threads,
        outbox: Outbox,
        sender: Sender,
        wake: Callable[[], None],
        *,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._assistant = assistant
        self._threads = threads
        self._outbox = outbox
        self._sender = sender
        self._wake = wake
        self._clock = clock
        self._opening = ThreadPoolExecutor(_HANDS, thread_name_prefix="slack-view")

    def stop(self) -> None:
        """Finish what is opening; what waits to be opened comes too late."""
        self._opening.shutdown(cancel_futures=True)

    def receive(self, delivery: Delivery) -> dict[str, Any] | None:
        """Take a delivery and return what Slack is answered at once; ``None`` for a bare yes.

        When this returns, what was asked is on the disk.

        Raises:
            StoreUnavailableError: If it could not be kept: then Slack has to deliver it again.
        """
        match delivery:
            case Challenge(text):
                return {"challenge": text}
            case Spoken(event, team, channel, ts, thread, text, direct):
                keys = (digest("event", event), digest("message", team, channel, ts))
                self._keep(keys, channel, Question(Place(team, channel, thread, direct), text))
            case HomeOpened(event, user):
                self._keep((digest("event", event),), f"home {user}", Home(user))
            case Commanded():
                return self._command(delivery)
            case Pressed():
                self._press(delivery)
            case Submitted():
                return self._submit(delivery)
        return None

    def _keep(self, keys: tuple[str, ...], channel: str, task: Task) -> None:
        if self._outbox.accept(keys, channel, written(task), self._clock()):
            self._wake()

    def _command(self, given: Commanded) -> dict[str, Any] | None:
        if given.text.lower() in {"", "help"}:
            return {"response_type": "ephemeral", "text": _USAGE}
        direct = given.channel.startswith(_DIRECT)
        place = Place(given.team, given.channel, f"command {given.trigger}", direct, given.response_url)
        self._keep((digest("command", given.trigger),), given.channel, Question(place, given.text))
        return None

    def _press(self, pressed: Pressed) -> None:
        if pressed.action == controls.CHOSEN_FACT:
            if pressed.view is not None:
                self._opening.submit(self._chosen_fact, pressed).add_done_callback(_logged)
            return
        found = chosen(pressed.block + pressed.value if pressed.action == controls.WHY else pressed.value)
        if found is None:
            return
        answer, what = found
        keys = (digest("pressed", pressed.trigger),)
        name = pressed.action.partition("-")[0]
        if name in {controls.SOURCE, controls.WHY, controls.FACT}:
            self._opening.submit(self._open, pressed, name, answer, what).add_done_callback(_logged)
        elif name == controls.SHARE:
            place = Place(pressed.team, pressed.channel, "", response_url=pressed.response_url)
            self._keep(keys, pressed.channel, Shared(place, answer))
        elif name in {controls.HELPFUL, controls.WRONG}:
            verdict: Any = name
            self._keep(keys, pressed.channel, Rated(answer, verdict, pressed.response_url))

    def _open(self, pressed: Pressed, name: str, answer: AnswerOf, what: str) -> None:
        """Open what a button shows; its trigger lasts three seconds, so that it is now or never."""
        try:
            self._sender.open_view(pressed.trigger, self._view(pressed, name, answer, what))
        except NelmError as error:
            log.warning("slack_view_not_opened", code=error.code)

    def _view(self, pressed: Pressed, name: str, answer: AnswerOf, what: str) -> dict[str, Any]:
        try:
            turn = self._threads.read(answer)
        except NelmError:
            turn = None
        if turn is None:
            return missing_view()
        book = self._assistant.patients.book
        if name == controls.FACT:
            return fact_view(book, _place(pressed), answer, [ask.fact for ask in turn.answer.ask[:3]])
        if name == controls.WHY:
            return why_view(self._assistant, turn, what) if what in book.names else missing_view()
        cited = next((c for c in turn.answer.citations if str(c.n) == what), None)
        return missing_view() if cited is None else source_view(self._assistant, cited)

    def _chosen_fact(self, pressed: Pressed) -> None:
        """Ask for the value of the fact that was chosen."""
        view, book = pressed.view, self._assistant.patients.book
        found = fact_place(view) if view else None
        if view is None or found is None or pressed.value not in book.facts:
            return
        place, answer, _ = found
        try:
            self._sender.update_view(view.id, view.hash, fact_view(book, place, answer, (), pressed.value))
        except NelmError as error:
            log.warning("slack_view_not_changed", code=error.code)

    def _submit(self, submitted: Submitted) -> dict[str, Any] | None:
        if submitted.view.callback != controls.FACT:
            return None
        given = fact_given(self._assistant, submitted.view)
        if not isinstance(given, FactGiven):
            return {"response_action": "errors", "errors": dict(given)}
        self._keep((digest("view", submitted.view.id),), given.place.channel, given)
        return None


def _logged(done: Future[Any]) -> None:
    """Log why something did not open, where nobody else does."""
    if not done.cancelled() and (error := done.exception()) is not None:
        log.error("slack_view_failed", **failure(error))


def _place(pressed: Pressed) -> Place:
    """Where the answer to a fact goes: the thread of the message, or whoever alone saw it."""
    direct = pressed.channel.startswith(_DIRECT)
    if pressed.alone:
        return Place(pressed.team, pressed.channel, f"button {pressed.trigger}", direct, pressed.response_url)
    return Place(pressed.team, pressed.channel, pressed.thread, direct)
