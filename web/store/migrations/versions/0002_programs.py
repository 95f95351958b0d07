"""Keys of programs, idempotent turns, and what Slack delivered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("per_minute", sa.Integer, nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("revoked", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )
    op.create_table(
        "idempotency",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("conversation", sa.String(64), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency"),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_idempotency_conversations", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_idempotency_created", "idempotency", ["created"])
    op.create_table(
        "slack_seen",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_slack_seen"),
    )
    op.create_index("ix_slack_seen_at", "slack_seen", ["at"])
    op.create_table(
        "slack_outbox",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("due", moment, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("posted", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(64), nullable=False),
        sa.Column("leased", moment, nullable=True),
        sa.Column("created", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_slack_outbox"),
    )
    op.create_index("ix_slack_outbox_channel_id", "slack_outbox", ["channel", "id"])


def downgrade() -> None:
    """Take it back."""
    for table in ("slack_outbox", "slack_seen", "idempotency", "api_keys"):
        op.drop_table(table)
