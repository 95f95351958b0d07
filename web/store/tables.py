"""The tables. A change here needs a step in ``migrations/versions``; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

ID_LENGTH = 64


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, and gets and gives UTC all the same."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the value to be written."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the value as read."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(ID_LENGTH), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
    Index(None, "owner", "updated"),
    Index(None, "updated"),
)

turns = Table(
    "turns",
    metadata,
    Column("conversation", String(ID_LENGTH), ForeignKey(conversations.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("said", Text, nullable=False),
    Column("inputs", JSON(none_as_null=True)),
    Column("state", JSON, nullable=False),
    Column("answer", Text, nullable=False),
    Column("knowledge", String(ID_LENGTH), nullable=False),
    Column("index_sha", String(ID_LENGTH), nullable=False),
    Column("version", Text, nullable=False),
    Column("created", Moment, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", String(ID_LENGTH), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("created", Moment, nullable=False),
    ForeignKeyConstraint(["conversation", "turn"], [turns.c.conversation, turns.c.number], ondelete="CASCADE"),
    CheckConstraint("verdict IN ('helpful', 'wrong')", name="verdict"),
    Index(None, "conversation", "turn"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("action", String(16), nullable=False),
    Column("interface", String(16), nullable=False),
    Column("conversation", String(ID_LENGTH), nullable=False),
    CheckConstraint("action IN ('read', 'export', 'delete', 'purge')", name="action"),
)
"""Holds no text and no owner, and no key into the other tables: its rows outlive what they tell of."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(ID_LENGTH), primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", String(ID_LENGTH), nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("created", Moment, nullable=False),
    Column("revoked", Moment),
)
"""Keys of programs, by the SHA-256 of the key alone; the key itself is shown once and never kept."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String(ID_LENGTH), primary_key=True),
    Column("request", String(ID_LENGTH), nullable=False),
    Column("conversation", String(ID_LENGTH), ForeignKey(conversations.c.id, ondelete="CASCADE"), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("created", Moment, nullable=False),
    Index(None, "created"),
)
"""Turns already answered under a key that the program gave; digests of key and request, no text."""

slack_seen = Table(
    "slack_seen",
    metadata,
    Column("key", String(ID_LENGTH), primary_key=True),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)
"""Digests of the ids of what Slack delivered, so that it is answered once; no text."""

slack_outbox = Table(
    "slack_outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("due", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("posted", Integer, nullable=False),
    Column("worker", String(ID_LENGTH), nullable=False),
    Column("leased", Moment),
    Column("created", Moment, nullable=False),
    Index(None, "channel", "id"),
)
"""What has been acknowledged and not yet answered or posted.

``posted`` is how many of its messages are out, ``leased`` until when a worker has it. Once posted the words are taken
out of the row; it stays, empty, until ``due``, so that the channel's next message keeps its distance; then it goes.
"""
