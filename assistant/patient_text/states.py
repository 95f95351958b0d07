"""The state of a fact that words state, as the cues around them decide."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from assistant.patient_text.cues import CueFound
from assistant.rules.patient import PatientFact
from corpus.definitions import ASK, FLAG, PRESENT, FactDefinition, Words

UNDECIDED = "does not decide it"
WIDER = "a wider term"
"""Words of which the fact is one reading ("pancreatic head resection"): it is asked about."""
_BEFORE_ALL = ("other", "hypothetical", "shield", "uncertain")
_DENIALS = ("resolved", "negated")
_AFTER_ALL = ("planned", "historical", "affirmed")
_STATED = frozenset({"affirmed", "historical"})
_NOT_FIRM = {
    "other": "another person",
    "shield": UNDECIDED,
    "uncertain": "uncertain",
    "hypothetical": "hypothetical",
    "planned": "planned",
}


def first_of(cues: Sequence[CueFound], kinds: Collection[str]) -> CueFound | None:
    """Return the nearest cue of some kinds."""
    return next((cue for cue in cues if cue.cue.kind in kinds), None)


def worded(base: PatientFact, definition: FactDefinition, words: Words, around: Sequence[CueFound]) -> PatientFact:
    """Return a flag or choice in the state that its words and the cues around them give it."""
    cue = _deciding(around, lasting=definition.lasting)
    kind = cue.cue.kind if cue else "affirmed"
    if words.says == ASK and not (words.denied and kind in _DENIALS):
        return replace(
            base, reason=WIDER if kind in {"affirmed", "historical"} else UNDECIDED
        )  # only its denial decides
    if cue is not None:
        base = replace(base, cue=cue.words)
    if kind == "planned" and (definition.kind != FLAG or not definition.lasting):
        kind = "affirmed"  # only what can be carried out is planned
    if definition.intended and kind == "uncertain" and cue is not None and cue.cue.reach == "next":
        kind = "affirmed"  # "TACE with doxorubicin?" asks about the plan as a whole
    if kind in _NOT_FIRM:
        return replace(base, reason=_NOT_FIRM[kind])
    if kind == "historical" and not definition.lasting:
        return _asserted(base, definition, words.past) if words.past else replace(base, reason="past")
    return _denied(base, definition, words) if kind in _DENIALS else _asserted(base, definition, words.says)


def _deciding(around: Sequence[CueFound], *, lasting: bool) -> CueFound | None:
    """The cue that decides: another person and doubt over plans, plans over denials, denials over the past."""
    around = [cue for cue in around if cue.cue.kind != "nothing"]
    doubt = _first_in_order(around, _BEFORE_ALL)
    if doubt is not None:
        return doubt
    denial = _denial(around)
    earlier, planned = first_of(around, {"historical"}), first_of(around, {"planned"})
    if lasting and earlier is not None and denial is None:
        nearer = planned is None or around.index(earlier) < around.index(planned)
        if nearer:
            return earlier
    return denial or _first_in_order(around, _AFTER_ALL)


def _first_in_order(around: Sequence[CueFound], kinds: Sequence[str]) -> CueFound | None:
    return next((cue for kind in kinds if (cue := first_of(around, {kind})) is not None), None)


def _denial(around: Sequence[CueFound]) -> CueFound | None:
    """The denial that holds: an affirmation nearer on its side ends it ("not dilated, thrombosis present")."""
    for kind in _DENIALS:
        cue = first_of(around, {kind})
        if cue is not None:
            nearer = around[: around.index(cue)]
            if not any(other.cue.kind == "affirmed" and other.cue.side == cue.cue.side for other in nearer):
                return cue
    return None


def _asserted(base: PatientFact, definition: FactDefinition, says: str | tuple[str, ...]) -> PatientFact:
    if definition.kind == FLAG:
        return replace(base, state="present" if says == PRESENT else "absent")
    return replace(base, state="value", candidates=says if isinstance(says, tuple) else (says,))


def _denied(base: PatientFact, definition: FactDefinition, words: Words) -> PatientFact:
    """What a denial of the words leaves: the other values, or nothing said."""
    if words.denied is not None:
        left: tuple[str, ...] = words.denied
    elif definition.kind == FLAG:
        left = ("absent",) if words.says == PRESENT else ("present",)
    else:
        left = tuple(value for value in definition.values if value not in words.says)
    if not left:
        return replace(base, reason="denied in part")
    return _asserted(base, definition, left[0] if definition.kind == FLAG else left)
