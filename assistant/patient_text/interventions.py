"""Therapies named in a text: carried out, under consideration, or surely not."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from assistant.patient_text.cues import CueFound
from assistant.patient_text.mentions import PERFORMED, Mention
from assistant.patient_text.tokens import Token
from assistant.rules.book import RuleBook
from assistant.rules.patient import PatientFact

_NEVER = re.compile(r"\b(?:never|no|not|without)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:post|after|since|following|s/p|previous|prior|received|had|on)\b", re.IGNORECASE)
_DONE = frozenset(
    {
        *(
            "performed",
            "was performed",
            "done",
            "was done",
            "carried out",
            "underwent",
            "undergone",
            "received",
            "has had",
        ),
        *("had", "on", "taking", "continues on", "receiving", "has received"),
    }
)
_AFTERWARDS = re.compile(
    r"^[^,;.?]{0,40}?(?:\b(?:19|20)\d\d\b|\blast (?:year|month|week)\b|\bago\b"
    r"|(?<!\bbe )\b(?:completed|started|done)\b|\bfailed\b|\belsewhere\b|x\s?\d\b)",
    re.IGNORECASE,
)


def intervention(
    base: PatientFact,
    therapy: str,
    around: Sequence[CueFound],
    tokens: Sequence[Token],
    mention: Mention,
    text: str,
) -> Iterable[PatientFact]:
    """Where a therapy is named: carried out, under consideration, surely not, or of no concern to this patient."""
    around = [cue for cue in around if cue.cue.kind != "nothing"]
    kinds = [cue.cue.kind for cue in around]
    asked = _in_question(tokens, mention)
    if {"other", "shield"} & set(kinds) or ("hypothetical" in kinds and not asked):
        return
    state = replace(base, state="value", candidates=(therapy,), cue=around[0].words if around else "")
    planned = kinds.index("planned") if "planned" in kinds else len(kinds)
    earlier = "historical" in kinds and kinds.index("historical") < planned
    done = any(cue.cue.kind == "affirmed" and cue.words.lower() in _DONE for cue in around)
    past = earlier or _PAST.search(mention.within) or _dated_after(tokens, mention, text)
    if "negated" in kinds or _NEVER.search(mention.within):
        if planned == len(kinds):
            yield replace(state, id=PERFORMED, candidates=(), excluded=(therapy,))
    elif past or (done and planned == len(kinds)):
        yield replace(state, id=PERFORMED)
    elif asked or "planned" in kinds or not ("uncertain" in kinds or mention.covered):
        yield state


def _dated_after(tokens: Sequence[Token], mention: Mention, text: str) -> bool:
    """Whether a year, or words for the past, stand right after the mention ("RFA in 2019")."""
    return _AFTERWARDS.match(text[tokens[mention.last - 1].end :].split("\n", 1)[0]) is not None


def _in_question(tokens: Sequence[Token], mention: Mention) -> bool:
    """Whether the mention stands in a sentence that ends with a question mark."""
    sentence = tokens[mention.first].sentence
    after = bisect_right(tokens, sentence, key=lambda token: token.sentence)
    return tokens[after - 1].form == "?"


def narrowest(held: Sequence[str], book: RuleBook) -> tuple[str, ...]:
    """Therapies without those that are only wider names of others held."""
    return tuple(item for item in held if not any(item in book.lineage(other)[1:] for other in held))
