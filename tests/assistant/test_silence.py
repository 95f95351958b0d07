from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.silence import _missing
from index.analysis import stem


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("Which antibiotic before TACE?", "antibiotic"),
        ("What diet is needed after TACE?", "diet"),
    ],
)
def test_a_word_that_occurs_nowhere_is_named(assistant: Assistant, question: str, word: str) -> None:
    answer = assistant.ask(question)
    assert answer.status == "not_covered"
    told = answer.statements[0].text
    if f"“{word}”" in told:
        source = assistant.documents[0].source.lower()
        assert stem(word) not in {stem(each) for each in source.split()}
    else:  # a known gap says it in its own words
        assert told.startswith("The review")


def test_no_word_said_to_be_missing_stands_in_the_review(assistant: Assistant) -> None:
    words_of_it = assistant._index.search.legs.words.rows
    for question in (
        "What wattage does MWA need?",
        "Which catheter brand suits TACE?",
        "How is pregnancy handled with PRRT?",
        "What does an anaesthetist do in RFA?",
        "Which insurer pays for TARE?",
    ):
        answer = assistant.ask(question)
        for statement in answer.statements[:1]:
            if "not occur in it" in statement.text:
                named = statement.text.partition(": ")[2].split("”")[:-1]
                assert all(stem(part.rpartition("“")[2]) not in words_of_it for part in named)


@pytest.mark.parametrize("attribute", ["dose", "limit", "percent", "duration", "size", "count"])
def test_what_is_said_not_to_be_given_is_given_of_nothing_named(assistant: Assistant, attribute: str) -> None:
    """A figure that the review prints must never be said to be missing, however a question is refused."""
    words_of_it = assistant._index.search.legs.words.rows
    asked = {
        "dose": "dose {}",
        "limit": "cut-off {}",
        "percent": "percentage {}",
        "duration": "how long {}",
        "size": "size {}",
        "count": "how many {}",
    }
    library = assistant.library
    for known in library.known["criss-makary-2024"].values():
        for entry in known.about if attribute in known.asks else ():
            question = asked[attribute].format(library.lexicon.names[entry])
            query = assistant._index.search.read(question)
            said = _missing(query, library, words_of_it)
            assert not said.startswith("The review gives no"), question
