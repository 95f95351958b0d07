"""A clinician's text to a patient's facts: every fact with its words, its place and the cue that decided its state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from assistant.patient_text.cues import CueBook, CueFound
from assistant.patient_text.interventions import intervention
from assistant.patient_text.mentions import Mention, MentionFinder, spans
from assistant.patient_text.merging import merged
from assistant.patient_text.person import AGE, person_in
from assistant.patient_text.quantities import UnitBook, as_value
from assistant.patient_text.states import UNDECIDED, first_of, worded
from assistant.patient_text.tokens import Token, tokenise
from assistant.patient_text.values import COUNT, LARGEST, SIZES, Values
from assistant.question import LONGEST_MESSAGE
from assistant.rules.book import RuleBook
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact
from corpus.definitions import ASK, MEASURE, FactDefinition, Words

LONGEST_TEXT = LONGEST_MESSAGE
"""Code points of a text that are read; what follows is not."""
_LESIONS = frozenset({COUNT, SIZES, LARGEST})
_NOT_THIS_PATIENT = frozenset({"other", "hypothetical"})
_NOT_SAID = frozenset({"negated", "uncertain", "other", "hypothetical"})


class PatientReader:
    """Reads texts by the book's words and a list of cues; holds nothing of a text."""

    def __init__(self, book: RuleBook, cues: Mapping[str, Any], therapy_words: Mapping[str, Sequence[str]]) -> None:
        self._book = book
        self._cues = CueBook(cues)
        self.units = UnitBook(book.units)
        self._mentions = MentionFinder(book, therapy_words)

    def read(self, text: str, turn: int = 1) -> Patient:
        """Return the facts of a text; each at most once, in the order in which they are first mentioned."""
        text = text[:LONGEST_TEXT]
        readings: dict[str, list[PatientFact]] = {}
        for fact in [*person_in(text, self._book.facts[AGE]), *self._stated(text)]:
            readings.setdefault(fact.id, []).append(replace(fact, turn=turn))
        found = (merged(of_fact, self._book, text) for of_fact in readings.values())
        return Patient.of(fact for fact in found if fact is not None)

    def unit_at(self, text: str, position: int) -> tuple[str, int]:
        """Return the unit written at a place of a text and where it ends; an empty id where there is none."""
        return self.units.at(text, position)

    def touched(self, text: str) -> tuple[str, ...]:
        """Return the facts whose words a text has, whatever it says of them."""
        return tuple(dict.fromkeys(mention.meaning.fact for mention in self._mentions.find(tokenise(text))))

    def _stated(self, text: str) -> Iterator[PatientFact]:
        tokens = tokenise(text)
        mentions = self._mentions.find(tokens)
        taken = spans(mentions)
        cues = self._cues.find(tokens, taken)
        values = Values(text, tokens, taken, self.units, self._book.facts[SIZES])
        for mention in mentions:
            around = cues.around(mention.first, mention.last)
            base = _base(mention, tokens, text)
            words = mention.meaning.words
            definition = self._book.facts[mention.meaning.fact]
            if words is None:
                yield from intervention(base, mention.meaning.therapy, around, tokens, mention, text)
            elif definition.numeric:
                yield from self._number(base, definition, words, mention, around, values)
            elif mention.covered and first_of(around, {"negated"}) is not None:
                yield replace(base, reason=UNDECIDED)  # "no functional pNET" does not deny the pancreas
            else:
                yield worded(base, definition, words, around)

    def _number(
        self,
        base: PatientFact,
        definition: FactDefinition,
        words: Words,
        mention: Mention,
        around: Sequence[CueFound],
        values: Values,
    ) -> Iterator[PatientFact]:
        if words.says == ASK:
            yield worded(base, definition, words, around)
        elif words.says != MEASURE:
            cue = first_of(around, _NOT_SAID)
            bound = _bound(str(words.says))
            if cue is not None:
                yield replace(base, reason=cue.cue.kind, cue=cue.words)
            elif definition.id in _LESIONS:
                yield from values.lesions(base, mention, self._book.facts[LARGEST], bound)
            else:
                yield replace(base, state="value", interval=bound)
        elif (cue := first_of(around, _NOT_THIS_PATIENT)) is not None:
            yield replace(base, reason=cue.cue.kind, cue=cue.words)
        elif definition.id in _LESIONS:
            yield from values.lesions(base, mention, self._book.facts[LARGEST])
        else:
            yield _measured(base, definition, mention, values)


def _base(mention: Mention, tokens: Sequence[Token], text: str) -> PatientFact:
    span = (tokens[mention.first].start, tokens[mention.last - 1].end)
    return PatientFact(mention.meaning.fact, "unknown", span=span, as_written=text[span[0] : span[1]])


def _measured(base: PatientFact, definition: FactDefinition, mention: Mention, values: Values) -> PatientFact:
    quantity = values.beside(mention)
    if quantity is None or base.span is None:
        return replace(base, reason="no figure")
    span = (min(base.span[0], quantity.start), max(base.span[1], quantity.end))
    read = as_value(quantity, definition)
    return replace(
        base,
        state=read.state,
        interval=read.interval,
        reason=read.reason,
        unit=quantity.unit or definition.unit,
        span=span,
        as_written=values.text[span[0] : span[1]],
    )


def _bound(says: str) -> Interval:
    """The interval a word states, such as ``>=2`` for "multiple"."""
    sign = says.rstrip("0123456789.")
    value = Fraction(says[len(sign) :])
    if not sign:
        return Interval.point(value)
    if sign.startswith(">"):
        return Interval(value, None, low_open=sign == ">")
    return Interval(Fraction(0), value, high_open=sign == "<")
