from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from assistant.conversation.store import ConversationStore, MemoryStore, Once
from assistant.errors import ConversationMissingError, TurnTakenError
from tests.web.store.made import made_turn
from web.store import tables
from web.store.database import DatabaseStore
from web.store.errors import StoreUnavailableError
from web.store.keeping import Keeping

MISSING = ["", "nobody's", "ä", "a\0b", "\udcff", "x" * 10_000]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def any_store(request: pytest.FixtureRequest) -> Iterator[ConversationStore]:
    """A store of each kind: they behave alike."""
    if request.param == "memory":
        yield MemoryStore()
        return
    store = DatabaseStore.open(request.getfixturevalue(f"{request.param}_url"))
    yield store
    store.close()


def age(store: DatabaseStore, conversation: str, days: float) -> None:
    """Make a conversation look as if it had last been used so many days ago."""
    moment = datetime.now(UTC) - timedelta(days=days)
    with store._engine.begin() as connection:
        connection.execute(
            update(tables.conversations).where(tables.conversations.c.id == conversation).values(updated=moment)
        )


def test_turns_are_kept_in_order(any_store: ConversationStore) -> None:
    conversation = any_store.create("me")
    assert any_store.turns(conversation) == ()
    turns = tuple(made_turn(number, f"question {number}") for number in range(1, 5))
    for turn in turns:
        any_store.append(conversation, turn)
    assert any_store.turns(conversation) == turns


@pytest.mark.parametrize("number", [-1, 0, 1, 2, 4, 99])
def test_a_number_taken_or_too_high_is_refused(any_store: ConversationStore, number: int) -> None:
    conversation = any_store.create()
    for turn in (made_turn(1), made_turn(2)):
        any_store.append(conversation, turn)
    with pytest.raises(TurnTakenError, match=f"the next turn is number 3, not {number}"):
        any_store.append(conversation, made_turn(number))
    assert any_store.turns(conversation) == (made_turn(1), made_turn(2))


@pytest.mark.parametrize("conversation", MISSING, ids=ascii)
def test_a_conversation_that_is_not_there(any_store: ConversationStore, conversation: str) -> None:
    for call in (any_store.turns, any_store.kept, any_store.delete):
        with pytest.raises(ConversationMissingError):
            call(conversation)
    with pytest.raises(ConversationMissingError):
        any_store.append(conversation, made_turn(1))
    with pytest.raises(ConversationMissingError):
        any_store.rename(conversation, "title")


def test_what_is_known_of_a_conversation(any_store: ConversationStore) -> None:
    before = datetime.now(UTC)
    conversation = any_store.create("me")
    kept = any_store.kept(conversation)
    assert (kept.id, kept.owner, kept.title, kept.turns) == (conversation, "me", "", 0)
    assert before <= kept.created == kept.updated <= datetime.now(UTC)
    any_store.append(conversation, made_turn(1, "What\nis  TACE? " + "x" * 100))
    any_store.append(conversation, made_turn(2, "And TARE?"))
    kept = any_store.kept(conversation)
    assert kept.title == "What is TACE? " + "x" * 65 + "…"
    assert (kept.turns, kept.created < kept.updated) == (2, True)
    assert kept.updated.utcoffset() == timedelta(0)
    any_store.rename(conversation, "  Mr\nX  " + "y" * 100)
    assert any_store.kept(conversation).title == ("Mr X " + "y" * 100)[:80]
    any_store.append(conversation, made_turn(3))
    assert any_store.kept(conversation).title.startswith("Mr X")


def test_a_conversation_can_be_given_to_another_owner(any_store: ConversationStore) -> None:
    conversation = any_store.create()
    any_store.append(conversation, made_turn(1))
    any_store.give(conversation, "me")
    assert [kept.id for kept in any_store.listed("me")] == [conversation]
    assert len(any_store.turns(conversation)) == 1
    with pytest.raises(ConversationMissingError):
        any_store.give("nobody", "me")


def test_an_owner_s_conversations_the_last_used_first(any_store: ConversationStore) -> None:
    first, second, third = (any_store.create("me") for _ in range(3))
    any_store.create("you")
    any_store.create()
    any_store.append(first, made_turn(1))
    assert [kept.id for kept in any_store.listed("me")] == [first, third, second]
    assert any_store.listed("me")[0] == any_store.kept(first)
    assert list(any_store.listed("")) == []
    assert list(any_store.listed("nobody")) == []


def test_a_deleted_conversation_is_gone_and_the_others_stay(any_store: ConversationStore) -> None:
    gone, stays = any_store.create("me"), any_store.create("me")
    for conversation in (gone, stays):
        any_store.append(conversation, made_turn(1))
    any_store.delete(gone)
    for call in (any_store.turns, any_store.kept, any_store.delete):
        with pytest.raises(ConversationMissingError):
            call(gone)
    with pytest.raises(ConversationMissingError):
        any_store.append(gone, made_turn(2))
    assert any_store.turns(stays) == (made_turn(1),)
    assert [kept.id for kept in any_store.listed("me")] == [stays]


def test_what_a_database_cannot_hold_is_left_out(store: DatabaseStore) -> None:
    conversation = store.create("m\0e\udcff")
    store.append(conversation, made_turn(1), inputs={"facts": {"a": "\0\udcff"}, "confirmed": []})
    store.feedback(conversation, 1, "wrong", "a\0b\udcff")
    store.rename(conversation, "a\0b\udcff")
    assert store.kept(conversation).title == "a b\N{REPLACEMENT CHARACTER}"
    assert [kept.id for kept in store.listed("m\0e\udcff")] == [conversation]
    assert store.stored(conversation)[0].inputs == {"facts": {"a": "\0\udcff"}, "confirmed": []}


def test_what_is_stored_for_export_and_replay(store: DatabaseStore) -> None:
    conversation = store.create()
    inputs: dict[str, Any] = {"facts": {"bilirubin": "1.4 mg/dL", "ascites": None}, "confirmed": ["tace"]}
    turns = [made_turn(1, "é ‘1’"), made_turn(2)]
    before = datetime.now(UTC)
    store.append(conversation, turns[0], inputs=inputs)
    store.append(conversation, turns[1])
    stored = store.stored(conversation)
    assert [turn.inputs for turn in stored] == [inputs, None]
    for turn, row in zip(turns, stored, strict=True):
        assert (row.number, row.said, row.answer) == (turn.number, turn.said, turn.answer.to_json())
        assert store.answer_json(conversation, turn.number) == row.answer
        assert (row.knowledge, row.index_sha, row.version) == ("k" * 64, "i" * 64, "0.1.0")
        assert before <= row.created <= datetime.now(UTC)


@pytest.mark.parametrize("number", [-1, 0, 2, 2**70])
def test_a_turn_that_is_not_there(store: DatabaseStore, number: int) -> None:
    conversation = store.create()
    store.append(conversation, made_turn(1))
    with pytest.raises(ConversationMissingError, match="no turn of this number"):
        store.answer_json(conversation, number)
    with pytest.raises(ConversationMissingError, match="no turn of this number"):
        store.feedback(conversation, number, "wrong")
    with pytest.raises(ConversationMissingError):
        store.stored("nobody's")


def test_a_second_process_sees_every_turn(store: DatabaseStore, url: str) -> None:
    other = DatabaseStore.open(url)
    try:
        conversation = store.create()
        for number in range(1, 7):
            (store if number % 2 else other).append(conversation, made_turn(number))
            assert [len(both.turns(conversation)) for both in (store, other)] == [number, number]
        assert store.turns(conversation) == other.turns(conversation) == tuple(made_turn(n) for n in range(1, 7))
        other.delete(conversation)
        with pytest.raises(ConversationMissingError):
            store.turns(conversation)
    finally:
        other.close()


def test_only_the_turns_not_held_are_read(store: DatabaseStore) -> None:
    conversation = store.create()
    turns = tuple(made_turn(number) for number in range(1, 4))
    for turn in turns:
        store.append(conversation, turn)
    assert all(read is turn for read, turn in zip(store.turns(conversation), turns, strict=True))
    store._recent.drop(conversation)
    read = store.turns(conversation)
    assert read == turns
    assert store.turns(conversation) is read
    store._recent.hold(conversation, (*turns, made_turn(4)))  # as if an older database was put in its place
    assert store.turns(conversation) == turns


def test_conversations_unused_for_too_long_are_removed(store: DatabaseStore) -> None:
    old, older, new = (store.create("me") for _ in range(3))
    for conversation in (old, older, new):
        store.append(conversation, made_turn(1))
        store.feedback(conversation, 1, "helpful")
    age(store, old, 29.9)
    age(store, older, 30.1)
    assert store.purge(30) == 1
    assert {kept.id for kept in store.all()} == {old, new}
    assert {told.conversation for told in store.feedbacks()} == {old, new}
    with pytest.raises(ConversationMissingError):
        store.turns(older)
    assert store.purge(30) == 0
    assert store.purge(0) == 2
    assert list(store.all()) == []
    assert list(store.feedbacks()) == []
    with pytest.raises(ValueError, match="negative"):
        store.purge(-1)


def test_all_conversations_of_everybody(store: DatabaseStore) -> None:
    first, second = store.create("me"), store.create()
    assert [kept.id for kept in store.all()] == [second, first]
    assert store.all()[1] == store.kept(first)


def test_feedback_goes_with_its_conversation(store: DatabaseStore) -> None:
    conversation = store.create()
    store.append(conversation, made_turn(1))
    store.feedback(conversation, 1, "wrong", "the other trial")
    store.feedback(conversation, 1, "helpful")
    told = store.feedbacks()
    assert [(one.conversation, one.turn, one.verdict, one.reason) for one in told] == [
        (conversation, 1, "wrong", "the other trial"),
        (conversation, 1, "helpful", ""),
    ]
    other = store.create()
    store.append(other, made_turn(1))
    store.feedback(other, 1, "helpful")
    assert store.feedbacks(conversation) == told
    assert [one.conversation for one in store.feedbacks()] == [conversation, conversation, other]
    store.delete(conversation)
    store.delete(other)
    assert list(store.feedbacks()) == []


def test_the_audit_outlives_the_conversation_and_holds_no_content(store: DatabaseStore) -> None:
    conversation = store.create("Dr Owner")
    store.append(conversation, made_turn(1, "Mr Patient"))
    store.audit("read", "api", conversation)
    store.delete(conversation)
    store.audit("delete", "page", conversation)
    store.audit("purge", "cli")
    audits = store.audits()
    assert [(one.action, one.interface, one.conversation) for one in audits] == [
        ("read", "api", conversation),
        ("delete", "page", conversation),
        ("purge", "cli", ""),
    ]
    assert set(tables.audit.c.keys()) == {"id", "at", "action", "interface", "conversation"}
    assert not any(word in repr(audits) for word in ("Mr Patient", "Dr Owner", "TACE"))


def test_an_error_of_the_database_tells_nothing_of_the_data(store: DatabaseStore) -> None:
    conversation = store.create()
    store.append(conversation, made_turn(1))
    with pytest.raises(StoreUnavailableError) as caught:
        store.feedback(conversation, 1, "jaundice", "Mr Patient")  # type: ignore[arg-type]
    assert "IntegrityError" in str(caught.value) or "CheckViolation" in str(caught.value)
    assert not any(word in str(caught.value) for word in ("jaundice", "Patient", conversation))
    assert caught.value.__suppress_context__
    assert caught.value.code == "store_unavailable"
    assert store._engine.hide_parameters


def test_the_store_is_what_the_ways_in_need(store: DatabaseStore) -> None:
    keeping: Keeping = store  # mypy compares the two
    assert keeping is store


ONCE = Once.of("any", "key-1", "Is TACE an option?", None, [])


def test_a_key_is_kept_with_its_turn_and_goes_with_its_conversation(any_store: ConversationStore) -> None:
    conversation = any_store.create()
    any_store.append(conversation, made_turn(1))
    assert any_store.answered(ONCE.key) is None
    any_store.append(conversation, made_turn(2), once=ONCE)
    assert any_store.answered(ONCE.key) == (ONCE.request, 2)
    with pytest.raises(TurnTakenError):
        any_store.append(conversation, made_turn(2), once=Once("another", "request"))
    assert any_store.answered("another") is None
    any_store.delete(conversation)
    assert any_store.answered(ONCE.key) is None


def test_digests_tell_keys_conversations_and_messages_apart_and_hold_no_text() -> None:
    assert Once.of("any", "key-1", "Is TACE an option?", None, []) == ONCE
    others = [
        Once.of("other", "key-1", "Is TACE an option?", None, []),
        Once.of("any", "key-2", "Is TACE an option?", None, []),
        Once.of("any", "key-1", "Is TAE an option?", None, []),
        Once.of("any", "key-1", "Is TACE an option?", {"ascites": True}, []),
        Once.of("any", "key-1", "Is TACE an option?", {"ascites": 1}, []),
        Once.of("any", "key-1", "Is TACE an option?", None, ["tace"]),
    ]
    assert [once.key == ONCE.key for once in others] == [False, False, True, True, True, True]
    assert len({once.request for once in others} | {ONCE.request}) == len(others)
    assert len(ONCE.key) == len(ONCE.request) == 64
