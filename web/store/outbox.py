"""What Slack delivered and what is still owed to it: each delivery once, its task kept until its answer is posted.

Every method is one transaction. Of several workers on one database each takes other channels: only the oldest task of a
channel can be leased, so that a channel is answered in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, or_, select, text, update

from web.store.guard import told
from web.store.opening import is_sqlite
from web.store.sqlite import BEGIN, WRITING, hasty, scrub
from web.store.tables import Moment, slack_outbox, slack_seen

KEPT_SEEN = timedelta(hours=2)
"""How long a delivery is known to have come; Slack repeats one for about six minutes."""
_ROW = slack_outbox.c
_FREE = or_(_ROW.leased.is_(None), _ROW.leased < bindparam("now"))
_HEADS = select(func.min(_ROW.id)).group_by(_ROW.channel)
_THIS = _ROW.id == bindparam("row")

_SEE = text("INSERT INTO slack_seen (key, at) VALUES (:key, :at) ON CONFLICT DO NOTHING").bindparams(
    bindparam("at", type_=Moment)
)
_PUT = insert(slack_outbox)
_READY = (
    select(_ROW.id)
    .where(_ROW.id.in_(_HEADS), _ROW.task != "", _ROW.due <= bindparam("now"), _FREE)
    .order_by(_ROW.id)
    .limit(bindparam("most"))
)
_LEASE = (
    update(slack_outbox)
    .where(_THIS, _ROW.task != "", _FREE)
    .values(worker=bindparam("by"), leased=bindparam("until"))
    .returning(_ROW.id, _ROW.channel, _ROW.task, _ROW.tries, _ROW.posted, _ROW.created)
)
_MINE = (_THIS, _ROW.worker == bindparam("by"))
_LATER = (
    update(slack_outbox)
    .where(*_MINE)
    .values(due=bindparam("at"), tries=bindparam("failed"), posted=bindparam("out"), worker="", leased=None)
)
_DONE = update(slack_outbox).where(*_MINE).values(task="", due=bindparam("at"), worker="", leased=None)
_RELEASE = update(slack_outbox).where(_ROW.worker == bindparam("by")).values(worker="", leased=None)
_CLEAR = delete(slack_outbox).where(_ROW.task == "", _ROW.due <= bindparam("now"))
_WAITING = select(_ROW.task != "", _ROW.due, _ROW.leased).where(_ROW.id.in_(_HEADS))
_COUNT = select(func.count()).where(_ROW.task != "")
_FORGET = delete(slack_seen).where(slack_seen.c.at < bindparam("before"))


@dataclass(frozen=True, slots=True)
class Held:
    """A task that this worker has.

    Attributes:
        tries: How often posting failed.
        posted: How many of its messages are posted.
    """

    id: int
    channel: str
    task: str
    tries: int
    posted: int
    created: datetime


class Outbox:
    """The tables ``slack_seen`` and ``slack_outbox`` of a database; any number of threads and processes may use it.

    Args:
        scrubs: Whether `tidy` leaves no word of a posted task in SQLite's files: where conversations are not kept.
    """

    def __init__(self, engine: Engine, *, scrubs: bool = False) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{BEGIN: WRITING})
        self._scrubs = scrubs and is_sqlite(engine.url)
        self._unscrubbed = True  # an earlier process may have left something

    def accept(self, keys: Iterable[str], channel: str, task: str, now: datetime) -> bool:
        """Keep a task unless one of the delivery's keys is known already; its keys are known from now on.

        Returns:
            Whether the task is new.

        Raises:
            StoreUnavailableError: If the database fails; then neither keys nor task are kept.
        """
        row = {"channel": channel, "task": task, "due": now, "created": now, "worker": "", "leased": None}
        with self._writing() as connection:
            # In one order, so that two transactions never wait for one another.
            seen = [connection.execute(_SEE, {"key": key, "at": now}).rowcount == 0 for key in sorted(keys)]
            if any(seen):
                return False
            connection.execute(_PUT, {**row, "tries": 0, "posted": 0})
        return True

    def lease(self, worker: str, now: datetime, until: datetime, most: int) -> Sequence[Held]:
        """Take tasks that are due, the oldest of each channel, until a moment after which others may take them.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        with self._hasty() as connection:
            connection.execute(_CLEAR, {"now": now})
            ready = connection.execute(_READY, {"now": now, "most": most}).scalars().all()
            wanted = [{"row": row, "by": worker, "now": now, "until": until} for row in ready]
            rows = [connection.execute(_LEASE, values).one_or_none() for values in wanted]
        return [Held(*row) for row in rows if row is not None]

    def later(self, held: Held, worker: str, due: datetime, *, failed: bool = False, posted: int = 0) -> None:
        """Give a task back, to be taken again when due; until then its channel waits.

        Args:
            failed: Whether posting failed.
            posted: How many of its messages were posted just now.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        values = {"row": held.id, "by": worker, "at": due, "failed": held.tries + failed, "out": held.posted + posted}
        with self._hasty() as connection:
            connection.execute(_LATER, values)

    def done(self, held: Held, worker: str, next_due: datetime) -> None:
        """Take the words out of a task; its channel waits until the next one is due.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        with self._hasty() as connection:
            connection.execute(_DONE, {"row": held.id, "by": worker, "at": next_due})
        self._unscrubbed = True

    def release(self, worker: str) -> None:
        """Give back everything that a worker has.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        with self._hasty() as connection:
            connection.execute(_RELEASE, {"by": worker})

    def next_due(self) -> datetime | None:
        """Return when the next task can be taken or an empty row goes; ``None`` where there is neither.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        with self._reading() as connection:
            rows = connection.execute(_WAITING).all()
        return min((max(due, leased or due) for _, due, leased in rows), default=None)

    def waiting(self) -> int:
        """Return how many tasks are not done.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        with self._reading() as connection:
            count: int = connection.execute(_COUNT).scalar_one()
        return count

    def tidy(self, now: datetime) -> None:
        """Forget deliveries of long ago, and where asked to, leave no word of what is done in the files.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        with self._hasty() as connection:
            connection.execute(_CLEAR, {"now": now})
            connection.execute(_FORGET, {"before": now - KEPT_SEEN})
        if self._scrubs and self._unscrubbed:
            self._unscrubbed = False  # what is done from now on may come too late for it
            self._unscrubbed = not scrub(self._engine) or self._unscrubbed

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _hasty(self) -> Iterator[Connection]:
        """Write what may be lost with the power: then a task is done again, never forgotten."""
        if is_sqlite(self._engine.url):
            with told(), hasty(self._engine) as connection:
                yield connection
            return
        with self._writing() as connection:
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with told(), self._writer.begin() as connection:
            yield connection
