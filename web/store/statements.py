"""What is said to the database; made once, since making a statement costs more than SQLite takes to carry it out."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, func, insert, select, update

from web.store.tables import audit, conversations, feedback, idempotency, turns

_THIS = conversations.c.id == bindparam("conversation")
_OF_THIS = turns.c.conversation == bindparam("conversation")

KEPT = select(
    conversations,
    select(func.coalesce(func.max(turns.c.number), 0))
    .where(turns.c.conversation == conversations.c.id)
    .scalar_subquery(),
)
"""Columns in the order of `assistant.conversation.store.Kept`."""
KEPT_ONE = KEPT.where(_THIS)
KEPT_ALL = KEPT.order_by(conversations.c.updated.desc(), conversations.c.id)
KEPT_OWNED = KEPT_ALL.where(conversations.c.owner == bindparam("owner"))
LOCK = select(conversations.c.id).where(_THIS).with_for_update()

CREATE = insert(conversations)
TOUCH = update(conversations).where(_THIS).values(title=bindparam("named"), updated=bindparam("now"))
RENAME = update(conversations).where(_THIS).values(title=bindparam("named"))
GIVE = update(conversations).where(_THIS).values(owner=bindparam("to"))
DELETE = delete(conversations).where(_THIS)
PURGE = delete(conversations).where(conversations.c.updated < bindparam("before")).returning(conversations.c.id)

APPEND = insert(turns)
TURNS_AFTER = (
    select(turns.c.number, turns.c.said, turns.c.state, turns.c.answer)
    .where(_OF_THIS, turns.c.number > bindparam("after"))
    .order_by(turns.c.number)
)
"""Columns in the order that `web.store.records.turn_of` takes."""
STORED = (
    select(
        turns.c.number,
        turns.c.said,
        turns.c.inputs,
        turns.c.answer,
        turns.c.knowledge,
        turns.c.index_sha,
        turns.c.version,
        turns.c.created,
    )
    .where(_OF_THIS)
    .order_by(turns.c.number)
)
"""Columns in the order of `web.store.records.StoredTurn`."""
ANSWER = select(turns.c.answer).where(_OF_THIS, turns.c.number == bindparam("number"))

ONCE = insert(idempotency)
ANSWERED = select(idempotency.c.request, idempotency.c.turn).where(idempotency.c.key == bindparam("under"))

FEEDBACK = insert(feedback)
FEEDBACKS = select(feedback).order_by(feedback.c.id)
FEEDBACKS_ON = FEEDBACKS.where(feedback.c.conversation == bindparam("conversation"))
AUDIT = insert(audit)
AUDITS = select(audit).order_by(audit.c.id)
