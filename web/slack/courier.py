"""The queue's worker: takes tasks of the outbox channel by channel, does them, and keeps Slack's pace.

Nothing sleeps while it holds a task: what has to wait goes back with the time at which it is due.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from corpus.errors import NelmError
from web.logs import failure, log
from web.slack.errors import SlackBusyError, SlackError, SlackRefusedError
from web.slack.sending import BARRED
from web.slack.tasks import Task, task_of
from web.store.errors import StoreError, StoreVersionError
from web.store.outbox import Held, Outbox


class Work(Protocol):
    """What carries out a task; see `web.slack.replies.Replies.carry_out`."""

    def carry_out(self, task: Task, held: Held) -> bool:
        """Take the next step of a task; whether nothing is left to be done."""

    def tell_failed(self, task: Task, held: Held) -> None:
        """Say that a task is given up for a reason of our own."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how patiently it works.

    Attributes:
        between: Between two messages of a channel.
        lease: How long a task is this worker's; much longer than any takes.
        most_age: How old a task gets that Slack does not take; then it is given up.
        looks: How often it looks for tasks that another worker left.
        tidies: How often old rows are removed.
        drain_s: Seconds for which stopping still begins tasks; those begun are finished.
        hands: Tasks done at the same time.
    """

    between: timedelta = timedelta(seconds=1)
    lease: timedelta = timedelta(seconds=60)
    most_age: timedelta = timedelta(hours=1)
    looks: timedelta = timedelta(seconds=5)
    tidies: timedelta = timedelta(minutes=1)
    drain_s: float = 8.0
    hands: int = 8


_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0
_LEAST_TRIES = 6
"""Tries that a task gets however old it is: it may have waited for the service to be started again."""
_MOST_FAILURES = 3
"""Tries of a task that fails for a reason of our own."""


def now() -> datetime:
    """Return the moment."""
    return datetime.now(UTC)


class Courier:
    """One worker among any number on the same outbox."""

    def __init__(
        self, outbox: Outbox, work: Work, pace: Pace | None = None, *, clock: Callable[[], datetime] = now
    ) -> None:
        self._outbox = outbox
        self._work = work
        self._pace = pace or Pace()
        self._clock = clock
        self._name = secrets.token_hex(8)
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slack-courier", daemon=True)
        self._hands = ThreadPoolExecutor(self._pace.hands, thread_name_prefix="slack")
        self._busy: set[Future[None]] = set()
        self._tidied = datetime.min.replace(tzinfo=UTC)
        self._since = clock()

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something to do."""
        self._awake.set()

    def stop(self) -> None:
        """Finish what can be finished in time, give the rest back, and end."""
        self._stopping.set()
        self._awake.set()
        self._thread.join(self._pace.drain_s + self._pace.lease.total_seconds())
        self._hands.shutdown()
        self._quietly(lambda: self._outbox.release(self._name))
        self._quietly(lambda: self._outbox.tidy(self._clock()))

    def round(self) -> int:
        """Do every task that is due now, one after another, and return how many steps were taken."""
        held = self._lease(self._pace.hands)
        for item in held:
            self._do(item)
        return len(held)

    @property
    def alive(self) -> bool:
        """Whether it works; not before it is started, nor after it is stopped."""
        return self._thread.is_alive()

    def _run(self) -> None:
        end: datetime | None = None
        while end is None or self._clock() < end:
            self._awake.clear()
            if end is None and self._stopping.is_set():
                end = self._clock() + timedelta(seconds=self._pace.drain_s)
            try:
                taken = self._hand_out()
                if end is None:
                    self._tidy()
                elif not (self._busy or self._left()):
                    return
                rest = 0.0 if taken else self._rest()
            except Exception as error:  # noqa: BLE001 - whatever it is, deliveries go on being acknowledged
                log.error("slack_round_failed", **failure(error))
                rest = self._pace.looks.total_seconds()
            left = rest if end is None else (end - self._clock()).total_seconds()
            self._awake.wait(max(min(rest, left), 0.0))

    def _hand_out(self) -> int:
        """Begin every task that is due, as far as hands are free, and return how many."""
        self._busy = {future for future in self._busy if not future.done()}
        held = self._lease(self._pace.hands - len(self._busy))
        for item in held:
            future = self._hands.submit(self._do, item)
            self._busy.add(future)
            future.add_done_callback(lambda _done: self._awake.set())
        return len(held)

    def _lease(self, most: int) -> Sequence[Held]:
        moment = self._clock()
        try:
            due = self._outbox.next_due() if most > 0 else None
            if due is None or due > moment:
                return ()
            return self._outbox.lease(self._name, moment, moment + self._pace.lease, most)
        except StoreError as error:
            log.warning("slack_outbox_unread", code=error.code)
            return ()

    def _rest(self) -> float:
        """Seconds until something may be due."""
        longest = self._pace.looks.total_seconds()
        if len(self._busy) >= self._pace.hands:
            return longest
        try:
            due = self._outbox.next_due()
        except StoreError:
            return longest
        return longest if due is None else min(max((due - self._clock()).total_seconds(), 0.001), longest)

    def _left(self) -> bool:
        try:
            return self._outbox.waiting() > 0
        except StoreError:
            return False

    def _do(self, held: Held) -> None:
        """Take a step of a task and write down what came of it; never raises."""
        try:
            self._step(held)
        except SlackError as error:
            self._failed(held, error)
        except StoreError as error:
            if isinstance(error, StoreVersionError):  # what is kept will be no other the next time
                self._broken(held, error)
            else:  # its lease ends by itself
                log.warning("slack_store_failed", code=error.code)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other channels go on
            self._broken(held, error)

    def _broken(self, held: Held, error: Exception) -> None:
        """Decide what becomes of a task that fails for a reason of our own."""
        log.error("slack_task_failed", **failure(error))
        if held.tries + 1 < _MOST_FAILURES:
            self._later(held, _FIRST_WAIT_S, failed=True)
        else:
            self._tell_failed(held)
            self._give_up(held, type(error).__name__)

    def _tell_failed(self, held: Held) -> None:
        """Let whoever waits for it know, once and as well as it goes."""
        try:
            self._work.tell_failed(task_of(held.task), held)
        except Exception as error:  # noqa: BLE001 - it is being told already that something failed
            log.warning("slack_failure_not_told", **failure(error))

    def _step(self, held: Held) -> None:
        task = task_of(held.task)
        done = self._work.carry_out(task, held)
        next_due = self._clock() + self._pace.between
        if done:
            self._outbox.done(held, self._name, next_due)
        else:
            self._outbox.later(held, self._name, next_due, posted=1)

    def _failed(self, held: Held, error: SlackError) -> None:
        """Decide what becomes of a task that Slack did not take."""
        why = error.reason if isinstance(error, SlackRefusedError) else error.code
        if isinstance(error, SlackBusyError):
            self._when_asked(held, error)
        elif isinstance(error, SlackRefusedError) and why not in BARRED:
            self._give_up(held, why)
        else:
            self._again(held, why)

    def _when_asked(self, held: Held, error: SlackBusyError) -> None:
        """Try when Slack says, until it is too old and did not only wait for the service to be started again."""
        if self._is_old(held) and self._clock() - self._since > self._pace.most_age:
            self._give_up(held, error.code)
        else:
            self._later(held, error.after_s, failed=False)

    def _again(self, held: Held, why: str) -> None:
        """Try later, each time after twice the wait, until it is too old."""
        if held.tries >= _LEAST_TRIES and self._is_old(held):
            self._give_up(held, why)
        else:
            self._later(held, min(_FIRST_WAIT_S * 2.0 ** min(held.tries, 10), _LONGEST_WAIT_S), failed=True)

    def _is_old(self, held: Held) -> bool:
        return self._clock() - held.created > self._pace.most_age

    def _later(self, held: Held, seconds: float, *, failed: bool) -> None:
        due = self._clock() + timedelta(seconds=seconds)
        self._quietly(lambda: self._outbox.later(held, self._name, due, failed=failed))

    def _give_up(self, held: Held, why: str) -> None:
        log.error("slack_given_up", why=why)
        self._quietly(lambda: self._outbox.done(held, self._name, self._clock()))

    def _tidy(self) -> None:
        moment = self._clock()
        if moment - self._tidied >= self._pace.tidies:
            self._tidied = moment
            self._quietly(lambda: self._outbox.tidy(moment))

    @staticmethod
    def _quietly(what: Callable[[], None]) -> None:
        try:
            what()
        except NelmError as error:
            log.warning("slack_store_failed", code=error.code)
