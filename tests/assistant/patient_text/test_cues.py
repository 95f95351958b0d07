from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
import yaml

from assistant.patient_text.cues import CueBook
from assistant.patient_text.phrases import phrase_key
from assistant.patient_text.tokens import tokenise
from corpus.integrity import VOCABULARY

VALUES: dict[str, Any] = yaml.load((VOCABULARY / "cues.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
BOOK = CueBook(VALUES)
SMALL = CueBook(
    {
        "cues": [
            {"kind": "negated", "side": "before", "reach": "list", "words": ["no"]},
            {"kind": "uncertain", "side": "before", "reach": "clause", "words": ["possible"]},
            {"kind": "other", "side": "before", "reach": "sentence", "words": ["mother"]},
            {"kind": "shield", "side": "before", "reach": "near", "words": ["no new"]},
            {"kind": "negated", "side": "after", "reach": "clause", "words": ["absent"]},
            {"kind": "uncertain", "side": "after", "reach": "clause", "words": ["cannot be excluded"]},
            {"kind": "negated", "side": "after", "reach": "next", "words": ["no"]},
            {"kind": "planned", "side": "after", "reach": "near", "words": ["tomorrow"]},
        ],
        "boundaries": ["but", "except for"],
    }
)


def kinds(text: str, word: str = "ascites", book: CueBook = SMALL, others: tuple[str, ...] = ("pvt",)) -> list[str]:
    """The kinds of the cues around the first place of a word; the others are mentions too."""
    tokens = tokenise(text)
    taken = [(n, n + 1) for n, token in enumerate(tokens) if token.text.lower() in {word, *others}]
    first = next(n for n, token in enumerate(tokens) if token.text.lower() == word)
    return [cue.cue.kind for cue in book.find(tokens, taken).around(first, first + 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no ascites", ["negated"]),
        ("ascites", []),
        ("No sign whatever of any ascites", ["negated"]),
        ("no. ascites", ["negated"]),
        ("No PVT. Ascites", []),
        ("no PVT; ascites", []),
        ("no PVT\nascites", []),
        ("no PVT but ascites", []),
        ("no PVT except for ascites", []),
        ("no PVT, ascites", []),
        ("no PVT, bleeding or ascites", ["negated"]),
        ("no ascites, bleeding or PVT", ["negated"]),
        ("no PVT, bleeding and ascites", []),
        ("possible PVT and ascites", ["uncertain"]),
        ("possible PVT, ascites", []),
        ("mother had PVT, bleeding, ascites", ["other"]),
        ("mother had PVT; ascites", []),
        ("no new ascites", ["shield"]),
        ("no new rather large loculated ascites", []),
        ("no possible ascites", ["uncertain", "negated"]),
        ("ascites absent", ["negated"]),
        ("ascites cannot be excluded", ["uncertain"]),
        ("ascites and PVT absent", ["negated"]),
        ("ascites / PVT: absent", ["negated"]),
        ("ascites present with large PVT absent", []),
        ("ascites but PVT absent", []),
        ("ascites: no", ["negated"]),
        ("ascites: no PVT", []),
        ("ascites no more", []),
        ("ascites tomorrow", ["planned"]),
        ("ascites one two three four five tomorrow", []),
        ("ascites, tomorrow", []),
        ("PVT: no ascites", []),
    ],
)
def test_a_cue_reaches_as_far_as_its_reach(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_the_nearest_cue_before_comes_first_and_those_before_stand_first() -> None:
    assert kinds("mother no ascites absent") == ["negated", "other", "negated"]


def test_a_cue_never_uses_a_mention() -> None:
    tokens = tokenise("no ascites")
    assert SMALL.find(tokens, [(0, 2)]).around(0, 2) == ()


def test_a_cue_is_given_as_written() -> None:
    tokens = tokenise("Ascites CANNOT be excluded.")
    (cue,) = SMALL.find(tokens, [(0, 1)]).around(0, 1)
    assert (cue.words, cue.cue.side, cue.cue.reach) == ("CANNOT be excluded", "after", "clause")


BEFORE = [(cue["kind"], word) for cue in VALUES["cues"] if cue["side"] != "after" for word in cue["words"]]
AFTER = [(cue["kind"], word) for cue in VALUES["cues"] if cue["side"] != "before" for word in cue["words"]]


@pytest.mark.parametrize(("cues", "template"), [(BEFORE, "{} ascites"), (AFTER, "Ascites {}")], ids=["before", "after"])
def test_every_cue_of_the_vocabulary_bears_on_the_word_beside_it(cues: list[tuple[str, str]], template: str) -> None:
    silent = [(kind, word) for kind, word in cues if kind not in kinds(template.format(word), book=BOOK)]
    shared = {word for (_, word), kinds in claims().items() if len(kinds) > 1}
    assert [(kind, word) for kind, word in silent if phrase_key(word) not in shared and word != "??"] == []


# the second question mark ends the sentence, so that neither reaches the word
def test_two_question_marks_doubt() -> None:
    assert kinds("?? ascites", book=BOOK)[:1] == ["uncertain"]


def claims() -> dict[tuple[str, str], set[str]]:
    """The kinds that lay claim to words on one side."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for side, cues in (("before", BEFORE), ("after", AFTER)):
        for kind, word in cues:
            found[side, phrase_key(word)].add(kind)
    return found


def test_words_that_deny_and_doubt_doubt() -> None:
    both = {words: kinds for words, kinds in claims().items() if len(kinds) > 1 and "negated" in kinds}
    assert all(kinds == {"negated", "uncertain"} for kinds in both.values()), both
    for side, words in both:
        assert side == "before"
        assert kinds(f"{words} ascites", book=BOOK) == ["uncertain"]


# "to follow" is uncertain and planned: planned wins, and what is no procedure is then taken as stated
def test_no_words_doubt_and_plan() -> None:
    assert [words for words, kinds in claims().items() if {"uncertain", "planned"} <= kinds] == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("no ascites", "negated"),
        ("no definite ascites", "uncertain"),
        ("no new ascites", "shield"),
        ("no change in ascites", "nothing"),
        ("ascites cannot be excluded", "uncertain"),
        ("ascites excluded", "negated"),
        ("ascites not resolved", "nothing"),
        ("ascites resolved", "resolved"),
        ("no longer ascites", "resolved"),
        ("risk of ascites", "hypothetical"),
        ("history of ascites", "historical"),
        ("family history of ascites", "other"),
        ("no history of ascites", "negated"),
        ("not ruled out ascites", "uncertain"),
        ("has ruled out ascites", "negated"),
        ("to rule out ascites", "uncertain"),
        ("ascites not recorded", "uncertain"),
        ("cannot say that there is no ascites", "shield"),
    ],
)
def test_the_longest_cue_decides(text: str, kind: str) -> None:
    assert kinds(text, book=BOOK)[:1] == [kind]
