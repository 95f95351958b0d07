"""A patient over several turns: additions, corrections, values said without their name or unit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.conversation.turns import State
from assistant.patient_text.interventions import narrowest
from assistant.patient_text.mentions import PERFORMED, PLANNED
from assistant.patient_text.reader import PatientReader
from assistant.rules.book import RuleBook
from assistant.rules.patient import Patient, PatientFact
from index.analysis import content_terms

_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w.,]*\d)")
_CORRECTS = re.compile(
    r"""^\W*+(?:no(?=\s*[,.;:!–—-]|\s+(?:wait|sorry|actually|rather|i\ meant|i\ mean|make\ that|correction)\b)
    |sorry|wait|oops|pardon|apologies|correction|actually|rather|i\ meant|i\ mean
    |make\ that|my\ mistake|i\ misspoke)\b[\s,.:;!–—-]*""",
    re.IGNORECASE | re.VERBOSE,
)
_LATER = re.compile(
    r"\b(?:it(?:'s| is| was)|that (?:was|is)|today|now|this morning|latest|newest"
    r"|repeat(?:ed)?|new (?:value|result|sample|count|level)|came back|old (?:value"
    r"|result|sample)"
    r"|count|level|value|reading|should be|rather)\b",
    re.IGNORECASE,
)
_NOT_READ = "a figure that was not read"
_CLAUSE_END = re.compile(r"[;?!]\s|\.\s|\.$")
_DOUBTS = frozenset({"uncertain", "no unit", _NOT_READ})
_UNUSABLE = frozenset({"conflicting", "implausible"})


@dataclass(frozen=True, slots=True)
class Told:
    """What a turn tells of the patient.

    Attributes:
        patient: All that is known after it.
        news: The facts it states or puts in doubt, in the order stated.
        replaced: Facts as known before, of those it changed.
        corrects: Whether it says that it puts something right ("sorry, …").
        unclear: Readings of a bare value that may mean one of several facts; none of them was changed.
    """

    patient: Patient
    news: tuple[PatientFact, ...] = ()
    replaced: tuple[PatientFact, ...] = ()
    unclear: tuple[str, ...] = ()
    corrects: bool = False


class PatientFollower:
    """Reads what turns tell of a patient; holds nothing of a conversation."""

    def __init__(self, book: RuleBook, reader: PatientReader) -> None:
        self._book = book
        self._reader = reader

    def tell(self, said: str, state: State) -> Told:
        """Read a turn with what is known of the patient being spoken of."""
        known = state.facts
        corrects = _CORRECTS.match(said)
        offset = corrects.end() if corrects else 0
        told = [_moved(fact, offset, said) for fact in self._reader.read(said[offset:], turn=state.number)]
        told = [_unread(self._with_unit(fact, known, state.number), said) for fact in told]
        unclear: tuple[str, ...] = ()
        if (
            known.facts
            and not any(fact.interval is not None or fact.sizes for fact in told)
            and (corrects or _LATER.search(said))
        ):
            bare, unclear = self._bare_value(said, offset, told, state)
            told += bare
        return replace(self._together(known, told, unclear), corrects=corrects is not None)

    def _with_unit(self, fact: PatientFact, known: Patient, turn: int) -> PatientFact:
        """A value without unit has the one it was given with before."""
        before = known.facts.get(fact.id)
        if fact.reason != "no unit" or before is None or before.interval is None or not before.unit:
            return fact
        found = list(_NUMBER.finditer(fact.as_written))
        read = self._read_value(fact.id, f"{found[-1].group()} {before.unit}", turn) if found else None
        return (
            fact
            if read is None
            else replace(read, span=fact.span, as_written=fact.as_written, cue=f"unit as before: {before.unit}")
        )

    def _bare_value(
        self, said: str, offset: int, told: Sequence[PatientFact], state: State
    ) -> tuple[list[PatientFact], tuple[str, ...]]:
        """“today's count is 118”: a number whose name was said before."""
        numbers = list(_NUMBER.finditer(said, offset))
        if not numbers:
            return self._unit_alone(said, state), ()
        measured = [f for f in state.facts if f.interval is not None and f.unit and f.source != "derived"]
        if len(numbers) != 1 or not measured:
            return [], ()
        number = numbers[0]
        touched = [f.id for f in told if f.reason == "no figure"]
        last = max(fact.turn for fact in measured)
        candidates = (
            [f for f in measured if f.id in touched]
            or self._named_in(said, measured)
            or [f for f in measured if f.turn == last]
        )
        unit, end = self._reader.unit_at(said, number.end())
        read: list[PatientFact] = []
        for fact in candidates:
            definition = self._book.facts[fact.id]
            if unit and unit != definition.unit and unit not in definition.units:
                continue
            value = self._read_value(fact.id, f"{number.group()} {unit or fact.unit}", state.number)
            if value is not None and value.firm:
                read.append(replace(value, span=(number.start(), end), as_written=said[number.start() : end]))
        if len(read) > 1:
            return [], tuple(f"{self._book.facts[fact.id].name}: {fact.as_written} {fact.unit}" for fact in read)
        return read, ()

    def _unit_alone(self, said: str, state: State) -> list[PatientFact]:
        """“mg/dL”, “that was in µmol/L”: the unit of the value stated last that can have it."""
        starts = [0, *(n + 1 for n, character in enumerate(said) if character == " ")]
        units = [unit for start in starts if (unit := self._reader.unit_at(said, start)[0])]
        for fact in sorted(state.facts, key=lambda fact: -fact.turn):
            definition = self._book.facts[fact.id]
            unit = next((u for u in units if u in definition.units or u == definition.unit), "")
            figures = _NUMBER.findall(fact.as_written)
            if not unit or not figures or (fact.interval is None and fact.reason != "no unit"):
                continue
            value = self._read_value(fact.id, f"{figures[-1]} {unit}", state.number)
            if value is not None:
                return [replace(value, span=None, as_written=f"{fact.as_written.strip()} … {unit}")]
        return []

    def _named_in(self, said: str, measured: Sequence[PatientFact]) -> list[PatientFact]:
        """The facts whose name shares a word with what is said ("count" for the platelet count)."""
        said_words = set(content_terms(said))
        return [fact for fact in measured if said_words & set(content_terms(self._book.facts[fact.id].name))]

    def _read_value(self, fact: str, value: str, turn: int) -> PatientFact | None:
        """Read a value as if its name stood before it."""
        definition = self._book.facts[fact]
        name = next(
            (group.words[0] for group in definition.terms if group.says == "measure" and group.words), definition.name
        )
        return self._reader.read(f"{name} {value}", turn=turn).facts.get(fact)

    def _together(self, known: Patient, told: Sequence[PatientFact], unclear: tuple[str, ...]) -> Told:
        """Join what is known with what was told: unknown never takes the place of what is known, doubt does."""
        news: list[PatientFact] = []
        replaced: list[PatientFact] = []
        for fact in told:
            before = known.facts.get(fact.id)
            if before is None or not before.firm:
                news.append(fact)
                continue
            if not (fact.firm or fact.state in _UNUSABLE or fact.reason in _DOUBTS):
                continue
            if _same(fact, before):
                continue
            if fact.id == PERFORMED:
                held = tuple(dict.fromkeys([*before.candidates, *fact.candidates]))
                fact = replace(fact, candidates=narrowest(held, self._book))
            elif fact.id != PLANNED:
                replaced.append(before)
                fact = replace(fact, source="correction")
            news.append(fact)
        return Told(known.with_facts(*news), tuple(news), tuple(replaced), unclear)


def _unread(fact: PatientFact, said: str) -> PatientFact:
    """A value of which a figure was given that could not be read: what was known before does not stand."""
    if fact.reason != "no figure" or fact.span is None:
        return fact
    behind = _CLAUSE_END.split(said[fact.span[1] :], maxsplit=1)[0]
    return replace(fact, reason=_NOT_READ) if _NUMBER.search(behind) else fact


def _same(one: PatientFact, other: PatientFact) -> bool:
    return (one.state, set(one.candidates), one.interval, one.sizes) == (
        other.state,
        set(other.candidates),
        other.interval,
        other.sizes,
    )


def _moved(fact: PatientFact, offset: int, said: str) -> PatientFact:
    if fact.span is None or not offset:
        return fact
    return replace(fact, span=(fact.span[0] + offset, fact.span[1] + offset))


def shown_value(fact: PatientFact, book: RuleBook) -> str:
    """Return a fact's value as a clinician reads it."""
    if fact.state in {"present", "absent"}:
        return fact.state
    if fact.interval is not None:
        return f"{_rounded(fact)} {book.facts[fact.id].unit}".strip()
    return " or ".join(item.replace("_", " ") for item in fact.candidates) or fact.state


def _rounded(fact: PatientFact) -> str:
    interval = fact.interval
    if interval is not None and interval.single is not None:
        return f"{float(interval.single):.4g}"
    return str(interval)


def recalled(known: Patient, names: Sequence[str], book: RuleBook, unit: str = "") -> Iterator[str]:
    """Say what is known of facts, as written and as read.

    Args:
        unit: In which figures are wanted too.
    """
    for name in names:
        fact = known.facts.get(name)
        if fact is None:
            yield f"{book.facts[name].name}: not stated so far."
        elif not fact.firm:
            yield f"{book.facts[name].name}: not clear so far (“{fact.as_written}”, {fact.reason or fact.state})."
        else:
            written = f", from “{fact.as_written}”" if fact.as_written else ""
            converted = _in_unit(fact, unit, book)
            yield f"{book.facts[name].name}: {converted or shown_value(fact, book)} (turn {fact.turn}{written})."


def _in_unit(fact: PatientFact, unit: str, book: RuleBook) -> str:
    """A single figure in another unit of its fact; empty where there is none."""
    factor = book.facts[fact.id].units.get(unit)
    if not factor or fact.interval is None or fact.interval.single is None:
        return ""
    return f"{float(fact.interval.single / factor):.4g} {unit}"
