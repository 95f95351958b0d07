from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from assistant import Assistant
from assistant.conversation.store import MemoryStore, Once, say
from assistant.errors import ConversationMissingError, KeyReusedError, TurnTakenError


def test_a_message_becomes_the_next_turn_and_the_first_names_the_conversation(assistant: Assistant) -> None:
    store = MemoryStore()
    name = store.create("somebody")
    first = say(assistant.dialogue, store, name, "What is bland embolization?")
    second = say(assistant.dialogue, store, name, "What are its complications?")
    assert store.turns(name) == (first, second)
    kept = store.kept(name)
    assert (kept.title, kept.turns, kept.owner) == ("What is bland embolization?", 2, "somebody")
    assert second.answer == assistant.ask("What are its complications?", history=[first])


def test_two_writers_do_not_lose_or_interleave_turns(assistant: Assistant) -> None:
    store = MemoryStore()
    name = store.create()
    texts = [f"Her bilirubin is {n / 10:.1f} mg/dL" for n in range(8, 16)]
    say(assistant.dialogue, store, name, "62F with NELM. TACE?")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda text: say(assistant.dialogue, store, name, text), texts))
    turns = store.turns(name)
    assert [turn.number for turn in turns] == list(range(1, len(texts) + 2))
    assert sorted(turn.said for turn in turns[1:]) == sorted(texts)
    for before, turn in pairwise(turns):
        said = turn.said.split()[-2]
        fact = turn.facts.get("bilirubin_mg_dl")
        assert fact is not None
        assert fact.as_written.startswith(said) or said in fact.as_written
        assert turn.answer == assistant.ask(turn.said, history=turns[: before.number])


def test_a_turn_out_of_order_is_refused(assistant: Assistant) -> None:
    store = MemoryStore()
    name = store.create()
    turn = say(assistant.dialogue, store, name, "What is TACE?")
    with pytest.raises(TurnTakenError):
        store.append(name, turn)


def test_what_is_deleted_or_was_never_there_is_missing(assistant: Assistant) -> None:
    store = MemoryStore()
    name = store.create("somebody")
    say(assistant.dialogue, store, name, "What is TACE?")
    store.rename(name, "  Board of   Tuesday ")
    assert [kept.title for kept in store.listed("somebody")] == ["Board of Tuesday"]
    store.delete(name)
    assert store.listed("somebody") == []
    for act in (store.kept, store.turns, store.delete, lambda n: store.rename(n, "x")):
        with pytest.raises(ConversationMissingError):
            act(name)


def test_nobodys_conversations_are_in_nobodys_list() -> None:
    store = MemoryStore()
    store.create()
    assert store.listed("") == []


def test_memory_holds_the_most_recent_only(assistant: Assistant) -> None:
    store = MemoryStore(most=2)
    first, second = store.create("a"), store.create("a")
    say(assistant.dialogue, store, first, "What is TACE?")
    store.create("a")
    assert store.turns(first)
    with pytest.raises(ConversationMissingError):
        store.turns(second)


def test_a_message_sent_twice_under_one_key_is_answered_once(assistant: Assistant) -> None:
    store = MemoryStore()
    name, other = store.create(), store.create()
    first = say(assistant.dialogue, store, name, "What is TACE?", key="a")
    say(assistant.dialogue, store, name, "And its risks?", key="b")
    assert say(assistant.dialogue, store, name, "What is TACE?", key="a") is first
    assert say(assistant.dialogue, store, other, "What is TAE?", key="a").number == 1
    with pytest.raises(KeyReusedError):
        say(assistant.dialogue, store, name, "What is TAE?", key="a")
    with pytest.raises(KeyReusedError):
        say(assistant.dialogue, store, name, "What is TACE?", key="a", facts={"ascites": True})
    with pytest.raises(KeyReusedError):
        say(assistant.dialogue, store, name, "What is TACE?", key="a", confirmed=["tace"])
    assert [turn.number for turn in store.turns(name)] == [1, 2]


def test_a_message_sent_at_once_under_one_key_by_many_is_answered_once(assistant: Assistant) -> None:
    store = MemoryStore()
    name = store.create()
    with ThreadPoolExecutor(4) as pool:
        turns = list(pool.map(lambda key: say(assistant.dialogue, store, name, "What is TACE?", key=key), "aaaabbbb"))
    assert len(store.turns(name)) == 2
    assert {turn.number for turn in turns[:4]} != {turn.number for turn in turns[4:]}


def test_memory_forgets_keys_with_their_conversations(assistant: Assistant) -> None:
    store = MemoryStore(most=1)
    name = store.create()
    say(assistant.dialogue, store, name, "What is TACE?", key="a")
    once = Once.of(name, "a")
    assert store.answered(once.key) is not None
    store.create()
    assert store.answered(once.key) is None
