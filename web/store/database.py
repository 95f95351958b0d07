"""The store of conversations in a database; see `assistant.conversation.store.ConversationStore`.

Every method is one transaction. What `DatabaseStore.append` was given is on the disk when it returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Executable

from assistant.conversation.store import Kept, Once, new_id, title_of
from assistant.conversation.turns import Turn
from assistant.errors import ConversationMissingError, TurnTakenError
from assistant.question import readable
from web.store import statements
from web.store.errors import StoreUnavailableError
from web.store.guard import told
from web.store.opening import is_sqlite, open_engine
from web.store.recent import Recent
from web.store.records import Action, Audited, Feedback, StoredTurn, Verdict, state_values, turn_of
from web.store.sqlite import BEGIN, WRITING, scrub
from web.store.tables import ID_LENGTH

_TITLE = 80


class DatabaseStore:
    """Conversations in a database; any number of threads and processes may use it at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Whoever is going to write says so at the beginning: SQLite lets nobody in between who read before.
        self._writer = engine.execution_options(**{BEGIN: WRITING})
        self._recent = Recent()

    @classmethod
    def open(cls, url: str) -> DatabaseStore:
        """Open a database by its URL, with its tables brought up to date.

        Raises:
            DatabaseUrlError: If the URL cannot be read, is of another kind of database, or its driver is absent.
            StoreUnavailableError: If the database cannot be reached or written.
            StoreVersionError: If it was written by a release that this one cannot read.
        """
        return cls(open_engine(url))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def create(self, owner: str = "") -> str:
        """Begin a conversation and return its id.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        name, now = new_id(), datetime.now(UTC)
        with self._writing() as connection:
            values = {"id": name, "owner": readable(owner), "title": "", "created": now, "updated": now}
            connection.execute(statements.CREATE, values)
        return name

    def kept(self, conversation: str) -> Kept:
        """Return what is known of a conversation.

        Raises:
            ConversationMissingError: If there is none of this id.
            StoreUnavailableError: If the database fails.
        """
        with self._reading() as connection:
            return self._find(connection, conversation)

    def turns(self, conversation: str) -> tuple[Turn, ...]:
        """Return the turns in order; only those that this process does not hold yet are read.

        Raises:
            ConversationMissingError: If there is no such conversation.
            StoreUnavailableError: If the database fails.
            StoreVersionError: If a turn was written by a release that this one cannot read.
        """
        held = self._recent.get(conversation)
        with self._reading() as connection:
            number = self._find(connection, conversation).turns
            if number == len(held):
                return held
            known = held if len(held) < number else ()  # fewer than are held: another database was put in its place
            wanted = {"conversation": conversation, "after": len(known)}
            rows = connection.execute(statements.TURNS_AFTER, wanted).all()
        found = (*known, *(turn_of(*row) for row in rows))
        self._recent.hold(conversation, found)
        return found

    def append(
        self, conversation: str, turn: Turn, *, inputs: Mapping[str, Any] | None = None, once: Once | None = None
    ) -> None:
        """Keep a turn, what came with its message and its key; when this returns, it is on the disk.

        Raises:
            ConversationMissingError: If there is no such conversation.
            TurnTakenError: If a turn of this number is there already, or one before it is not.
            StoreUnavailableError: If the database fails; then the turn is not kept.
        """
        now = datetime.now(UTC)
        values = _values(conversation, turn, inputs, now)  # before the transaction: others need not wait for it
        with self._writing() as connection:
            kept = self._lock(connection, conversation)
            if turn.number != kept.turns + 1:
                raise TurnTakenError(f"the next turn is number {kept.turns + 1}, not {turn.number}")
            connection.execute(statements.APPEND, values)
            title = kept.title or title_of(turn)
            connection.execute(statements.TOUCH, {"conversation": conversation, "now": now, "named": title})
            if once is not None:
                row = {"key": once.key, "request": once.request, "conversation": conversation, "turn": turn.number}
                connection.execute(statements.ONCE, {**row, "created": now})
        self._recent.extend(conversation, turn)

    def answered(self, key: str) -> tuple[str, int] | None:
        """Return what was sent under a key, and the turn that answered it.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        with self._reading() as connection:
            found = connection.execute(statements.ANSWERED, {"under": key}).one_or_none()
        return None if found is None else (found.request, found.turn)

    def listed(self, owner: str) -> Sequence[Kept]:
        """Return the conversations of an owner, the last used first.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        name = readable(owner)
        return self._listed(statements.KEPT_OWNED, owner=name) if name else ()

    def all(self) -> Sequence[Kept]:
        """Return every conversation, the last used first.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        return self._listed(statements.KEPT_ALL)

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation a title.

        Raises:
            ConversationMissingError: If there is no such conversation.
            StoreUnavailableError: If the database fails.
        """
        text = " ".join(readable(title).split())[:_TITLE]
        with self._writing() as connection:
            self._lock(connection, conversation)
            connection.execute(statements.RENAME, {"conversation": conversation, "named": text})

    def give(self, conversation: str, owner: str) -> None:
        """Let a conversation stand in the list of another owner.

        Raises:
            ConversationMissingError: If there is no such conversation.
            StoreUnavailableError: If the database fails.
        """
        with self._writing() as connection:
            self._lock(connection, conversation)
            connection.execute(statements.GIVE, {"conversation": conversation, "to": readable(owner)})

    def delete(self, conversation: str) -> None:
        """Remove a conversation, everything said in it and all feedback on it, also from the free room of the file.

        Raises:
            ConversationMissingError: If there is no such conversation.
            StoreUnavailableError: If the database fails; the message says where the conversation is deleted already.
        """
        with self._writing() as connection:
            self._lock(connection, conversation)
            connection.execute(statements.DELETE, {"conversation": conversation})
        self._recent.drop(conversation)
        self._scrub()

    def purge(self, older_than_days: int) -> int:
        """Remove the conversations last used longer ago than so many days, and return how many.

        Raises:
            ValueError: If the number of days is negative.
            StoreUnavailableError: If the database fails.
        """
        if older_than_days < 0:
            raise ValueError("the number of days is negative")
        before = datetime.now(UTC) - timedelta(days=older_than_days)
        with self._writing() as connection:
            gone = connection.execute(statements.PURGE, {"before": before}).scalars().all()
        self._recent.drop(*gone)
        self._scrub()  # also where nothing was removed: it may make up for one that failed
        return len(gone)

    def answer_json(self, conversation: str, number: int) -> str:
        """Return the JSON of a turn's answer, byte for byte as it was given.

        Raises:
            ConversationMissingError: If there is no such conversation or turn.
            StoreUnavailableError: If the database fails.
        """
        with self._reading() as connection:
            _in(self._find(connection, conversation), number)
            wanted = {"conversation": conversation, "number": number}
            answer: str = connection.execute(statements.ANSWER, wanted).scalar_one()
        return answer

    def stored(self, conversation: str) -> tuple[StoredTurn, ...]:
        """Return the turns as they stand in the database.

        Raises:
            ConversationMissingError: If there is no such conversation.
            StoreUnavailableError: If the database fails.
        """
        with self._reading() as connection:
            self._find(connection, conversation)
            rows = connection.execute(statements.STORED, {"conversation": conversation}).all()
        return tuple(StoredTurn(*row) for row in rows)

    def feedback(self, conversation: str, turn: int, verdict: Verdict, reason: str = "") -> None:
        """Keep what somebody thinks of an answer; it goes with its conversation.

        Raises:
            ConversationMissingError: If there is no such conversation or turn.
            StoreUnavailableError: If the database fails.
        """
        values = {"conversation": conversation, "turn": turn, "verdict": verdict, "reason": readable(reason)}
        with self._writing() as connection:
            _in(self._lock(connection, conversation), turn)
            connection.execute(statements.FEEDBACK, {**values, "created": datetime.now(UTC)})

    def feedbacks(self, conversation: str = "") -> Sequence[Feedback]:
        """Return the feedback on a conversation, or all of it, in the order in which it came.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        with self._reading() as connection:
            statement = statements.FEEDBACKS_ON if conversation else statements.FEEDBACKS
            rows = connection.execute(statement, {"conversation": conversation}).all()
        return [Feedback(*row) for row in rows]

    def audit(self, action: Action, interface: str, conversation: str = "") -> None:
        """Note that something was done with a conversation, or with all of them.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        values = {"at": datetime.now(UTC), "action": action, "interface": interface, "conversation": conversation}
        with self._writing() as connection:
            connection.execute(statements.AUDIT, values)

    def audits(self) -> Sequence[Audited]:
        """Return all notes of what was done, in order.

        Raises:
            StoreUnavailableError: If the database fails.
        """
        with self._reading() as connection:
            rows = connection.execute(statements.AUDITS).all()
        return [Audited(*row) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with told(), self._writer.begin() as connection:
            yield connection

    def _listed(self, statement: Executable, **wanted: str) -> Sequence[Kept]:
        with self._reading() as connection:
            rows = connection.execute(statement, wanted).all()
        return [Kept(*row) for row in rows]

    def _find(self, connection: Connection, conversation: str) -> Kept:
        if _possible(conversation):
            found = connection.execute(statements.KEPT_ONE, {"conversation": conversation}).one_or_none()
            if found is not None:
                return Kept(*found)
        self._recent.drop(conversation)
        raise ConversationMissingError("there is no such conversation")

    def _lock(self, connection: Connection, conversation: str) -> Kept:
        """Return what is known of a conversation that nobody else changes until the transaction ends.

        On SQLite the whole transaction is alone. PostgreSQL locks the row first and counts in a statement of its own,
        which sees what was written by whoever held the lock before.
        """
        if connection.dialect.name == "postgresql" and _possible(conversation):
            connection.execute(statements.LOCK, {"conversation": conversation})
        return self._find(connection, conversation)

    def _scrub(self) -> None:
        """Leave no deleted word in SQLite's files.

        PostgreSQL does so by its own vacuum.

        Raises:
            StoreUnavailableError: If that cannot be done.
        """
        if not is_sqlite(self._engine.url):
            return
        try:
            done, why = scrub(self._engine), "others use the database all the time"
        except StoreUnavailableError as exc:
            done, why = False, str(exc)
        if not done:
            raise StoreUnavailableError(f"{why}; it is deleted, but {_LEFT}")


_LEFT = "its words may stand in free room of the files until the next deletion or purge"


def _in(kept: Kept, number: int) -> None:
    if not 0 < number <= kept.turns:
        raise ConversationMissingError("the conversation has no turn of this number")


def _possible(conversation: str) -> bool:
    """Whether it may be an id; a database does not take every character."""
    return conversation.isascii() and conversation.isprintable() and len(conversation) <= ID_LENGTH


def _values(conversation: str, turn: Turn, inputs: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    return {
        "conversation": conversation,
        "number": turn.number,
        "said": turn.said,
        "inputs": None if inputs is None else dict(inputs),
        "state": state_values(turn),
        "answer": turn.answer.to_json(),
        "knowledge": turn.answer.knowledge,
        "index_sha": turn.answer.index,
        "version": turn.answer.version,
        "created": now,
    }
