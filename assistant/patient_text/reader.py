"""A clinician's text to a patient's facts: every fact with its words, its place and the cue that decided its state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from assistant.patient_text.cues import CueBook, CueFound, CuesInText
from assistant.patient_text.phrases import PhraseBook, phrase_key
from assistant.patient_text.quantities import Quantity, UnitBook, as_value, quantities
from assistant.patient_text.tokens import Token, tokenise
from assistant.rules.book import RuleBook
from assistant.rules.interval import Interval
from assistant.rules.patient import Patient, PatientFact
from corpus.definitions import ASK, FLAG, MEASURE, NUMBERS, PRESENT, FactDefinition, Words

LONGEST_TEXT = 20_000
"""Characters of a text that are read; what follows is not, and said so."""
_PLANNED, _PERFORMED = "planned_interventions", "performed_interventions"
_AGE, _SEX = "age_years", "sex"
_SIZES, _COUNT, _LARGEST = "lesion_sizes_cm", "lesion_count", "largest_lesion_cm"
_PERSON = re.compile(
    r"(?<![\w.])(?P<age>\d{1,3})\s*[-]?\s*(?:y(?:ea)?rs?[- ]?old|y\.?/?o\.?|yrs?|y)?\s*[-/, ]?\s*(?P<sex>[mf♂♀])(?![\w/])"
    r"|(?<![\w.])(?P<sex2>[mf])\s*[,/ ]?\s*(?P<age2>\d{2,3})(?!\w|[.,]\d|\s*(?:mg|g|u|mm|cm|%))"
    r"|(?<![\w.])(?P<age3>\d{1,3})\s*[-]?\s*(?:y(?:ea)?rs?[- ]?old|y/o|y\.o\.?|yo)\b"
    r"|\bsex\s*[:=]?\s*(?P<sex4>m(?:ale)?|f(?:emale)?)\b",
    re.IGNORECASE,
)
_TOLERANCE = Fraction(3, 200)
"""Share by which two mentions of one value may differ: the rounding of laboratories that print two units."""
_FILLERS = frozenset(
    """
    of is was at : = level count index score value ( ) [ , now currently today total about approx approximately around
    the a on and are were - – serum measured measuring measure size estimated roughly only just result currently from
    rose fell dropped normalised normalized settled improved peaked slightly went increased decreased down up to back | ↑ ↓
    exactly precisely now deteriorated worsened declined changed rising falling risen fallen climbed came recovered reduced raised elevated low high h l has is
    """.split()  # noqa: SIM905
)
_MOST_FILLERS = 4
_WORD_NUMBERS = {
    word: number
    for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)  # noqa: SIM905
}
_LATER = re.compile(
    r"\b(?:now|today|currently|latest|most recent(?:ly)?|repeat|this (?:week|morning|month))\b", re.IGNORECASE
)
_CORRECTS = re.compile(
    r"\b(?:sorry|correction|corrected|i mean|rather|make that|not \d|should read|erratum)\b", re.IGNORECASE
)
_CHANGES = re.compile(r"(?:→|->|=>|\bto\b|\bdown to\b|\bup to\b|\bnow\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase says: words of a fact, or a therapy."""

    fact: str
    words: Words | None
    therapy: str = ""


@dataclass(frozen=True, slots=True)
class _Mention:
    meaning: Meaning
    first: int
    last: int
    within: str = ""
    """What stands before it in longer words of a fact."""
    covered: bool = False
    """Whether it stands in words of a fact."""


class PatientReader:
    """Reads texts by the book's words and a pack-independent list of cues; holds nothing of a text."""

    def __init__(self, book: RuleBook, cues: Mapping[str, Any], therapy_words: Mapping[str, Sequence[str]]) -> None:
        self._book = book
        self._cues = CueBook(cues)
        self._units = UnitBook(book.units)
        words: dict[str, tuple[Meaning, ...]] = {}
        exact: dict[str, tuple[Meaning, ...]] = {}
        for definition in book.facts.values():
            for group in definition.terms:
                meaning = Meaning(definition.id, group)
                for key in dict.fromkeys(map(phrase_key, group.words)):
                    words[key] = (*words.get(key, ()), meaning)
                for text in group.exact:
                    exact[text] = (*exact.get(text, ()), meaning)
        self._phrases = PhraseBook(words, exact)
        inside = {key: tuple(m for m in meanings if book.facts[m.fact].inside) for key, meanings in words.items()}
        exactly = {text: tuple(m for m in meanings if book.facts[m.fact].inside) for text, meanings in exact.items()}
        self._inside = PhraseBook(
            {key: meanings for key, meanings in inside.items() if meanings},
            {text: meanings for text, meanings in exactly.items() if meanings},
        )
        named = (
            (text, (Meaning(_PLANNED, None, therapy),)) for therapy, names in therapy_words.items() for text in names
        )
        self._therapies = PhraseBook.of(named)

    def read(self, text: str, turn: int = 1) -> Patient:
        """Return the facts of a text; each at most once, in the order in which they are first mentioned."""
        text = text[:LONGEST_TEXT]
        tokens = tokenise(text)
        mentions = self._mentions(tokens)
        taken = sorted({(mention.first, mention.last) for mention in mentions})
        cues = self._cues.find(tokens, taken)
        readings: dict[str, list[PatientFact]] = {}
        for fact in [*self._person(text), *self._stated(text, tokens, mentions, cues, taken)]:
            readings.setdefault(fact.id, []).append(replace(fact, turn=turn))
        merged = (self._merged(fact, of_fact, text) for fact, of_fact in readings.items())
        return Patient.of(fact for fact in merged if fact is not None)

    def _mentions(self, tokens: Sequence[Token]) -> list[_Mention]:
        """What is named: the longest words of a fact at each place, words of facts that count inside others, therapies."""
        found = self._phrases.find(tokens)
        mentions = [_Mention(meaning, f.first, f.last) for f in found for meaning in f.value]
        silent = [f for f in found if all(meaning.words and meaning.words.says == ASK for meaning in f.value)]
        for book in (self._inside, self._therapies):
            for other in book.find(tokens):
                hidden = any(f.first <= other.first and other.last <= f.last for f in silent)
                known = {(m.meaning.fact, m.first) for m in mentions}
                around = [f for f in found if f.first <= other.first and other.last <= f.last]
                within = " ".join(token.text for f in around for token in tokens[f.first : other.first])
                mentions += [
                    _Mention(meaning, other.first, other.last, within, covered=bool(around))
                    for meaning in other.value
                    if not hidden and (meaning.fact, other.first) not in known
                ]
        return sorted(mentions, key=lambda mention: (mention.first, mention.last))

    def _stated(
        self,
        text: str,
        tokens: Sequence[Token],
        mentions: Sequence[_Mention],
        cues: CuesInText,
        taken: Sequence[tuple[int, int]],
    ) -> Iterable[PatientFact]:
        values = _Values(text, tokens, taken, self._units, self._book.facts[_SIZES])
        for mention in mentions:
            around = cues.around(mention.first, mention.last)
            span = (tokens[mention.first].start, tokens[mention.last - 1].end)
            base = PatientFact(mention.meaning.fact, "unknown", span=span, as_written=text[span[0] : span[1]])
            if mention.meaning.therapy:
                yield from _intervention(base, mention.meaning.therapy, around, tokens, mention, text)
                continue
            definition = self._book.facts[mention.meaning.fact]
            words = mention.meaning.words
            if words is None:
                continue
            if definition.numeric:
                yield from self._number(base, definition, words, mention, around, values)
            else:
                yield _worded(base, definition, words, around)

    def _number(
        self,
        base: PatientFact,
        definition: FactDefinition,
        words: Words,
        mention: _Mention,
        around: Sequence[CueFound],
        values: _Values,
    ) -> Iterable[PatientFact]:
        cue = _first(around, {"other", "hypothetical"})
        if words.says == ASK:
            yield replace(base, reason="does not decide it")
            return
        if words.says != MEASURE:
            denied = _first(around, {"negated", "uncertain", "other", "hypothetical"})
            interval = _bound(str(words.says))
            yield (
                replace(base, reason=denied.cue.kind, cue=denied.words)
                if denied
                else replace(base, state="value", interval=interval)
            )
            return
        if definition.id in {_COUNT, _SIZES, _LARGEST}:
            yield from values.lesions(base, definition, self._book.facts, mention, cue)
            return
        quantity = values.beside(mention)
        if quantity is None:
            yield replace(base, reason="no figure")
            return
        span = (min(base.span[0], quantity.start), max(base.span[1], quantity.end)) if base.span else None
        read = as_value(quantity, definition)
        fact = replace(base, span=span, as_written=values.text[span[0] : span[1]] if span else base.as_written)
        unit = quantity.unit or definition.unit
        doubted = cue or _first(around, {"uncertain"}) if cue else None
        if doubted:
            yield replace(fact, cue=doubted.words, reason=doubted.cue.kind, unit=unit)
            return
        yield replace(fact, state=read.state, interval=read.interval, unit=unit, reason=read.reason)  # type: ignore[arg-type]

    def _person(self, text: str) -> Iterable[PatientFact]:
        """Age and sex in the shorthand of notes: "62M", "47F", "63 y/o", "Sex: F"."""
        match = _PERSON.search(text)
        if match is None:
            return
        span = (match.start(), match.end())
        age = match["age"] or match["age2"] or match["age3"]
        sex = match["sex"] or match["sex2"] or match["sex4"]
        base = PatientFact(_AGE, "value", span=span, as_written=match.group().strip())
        if age and int(age) <= 120:  # noqa: PLR2004 - the plausible range of facts.yaml is checked below
            yield replace(base, interval=Interval.point(Fraction(age)), unit="years")
        if sex:
            yield replace(base, id=_SEX, candidates=("male" if sex.lower() in {"m", "male", "♂"} else "female",))

    def _merged(self, name: str, facts: Sequence[PatientFact], text: str) -> PatientFact | None:
        """One fact of all its mentions: what is firm wins over what is only touched; firm ones must agree."""
        definition = self._book.facts[name]
        firm = [fact for fact in facts if fact.firm]
        if not firm:
            implausible = [fact for fact in facts if fact.state == "implausible"]
            touched = [fact for fact in facts if fact.reason != "does not decide it"]
            return next(iter([*implausible, *touched]), None)
        if definition.kind == "set":
            held = tuple(dict.fromkeys(item for fact in firm for item in fact.candidates))
            excluded = tuple(dict.fromkeys(item for fact in firm for item in fact.excluded if item not in held))
            shown = next((fact for fact in firm if fact.candidates), firm[0])
            return replace(shown, candidates=_narrowest(held, self._book), excluded=excluded)
        if definition.kind == NUMBERS:
            return max(firm, key=lambda fact: len(fact.sizes))
        doubtful = [fact for fact in facts if fact.state == "unknown" and fact.reason in {"uncertain"}]
        if definition.numeric:
            return _merged_numbers(firm, text)
        merged = firm[0]
        for fact in firm[1:]:
            merged = _agreed(merged, fact, text)
        if doubtful and merged.state == "absent":
            return replace(merged, state="unknown", reason="uncertain", cue=doubtful[0].cue)
        return merged


def _bound(says: str) -> Interval:
    """The interval a word states, such as ``>=2`` for "multiple"."""
    sign = says.rstrip("0123456789.")
    value = Fraction(says[len(sign) :])
    if not sign:
        return Interval.point(value)
    if sign.startswith(">"):
        return Interval(value, None, low_open=sign == ">")
    return Interval(Fraction(0), value, high_open=sign == "<")


def _first(cues: Sequence[CueFound], kinds: set[str]) -> CueFound | None:
    return next((cue for cue in cues if cue.cue.kind in kinds), None)


def _worded(base: PatientFact, definition: FactDefinition, words: Words, around: Sequence[CueFound]) -> PatientFact:
    """The state of a flag or choice that a word states, as the cues around it decide."""
    if words.says == ASK:
        return replace(base, reason="does not decide it")
    cue = _deciding(around, lasting=definition.lasting)
    kind = cue.cue.kind if cue else "affirmed"
    if cue is not None:
        base = replace(base, cue=cue.words)
    if kind == "planned" and (definition.kind != FLAG or not definition.lasting):
        kind = "affirmed"  # only what can be carried out is planned
    if kind in {"uncertain", "hypothetical", "planned", "other", "shield"}:
        reason = {"other": "another person", "shield": "does not decide it"}.get(kind, kind)
        return replace(base, reason=reason)
    if kind == "historical" and not definition.lasting:
        return replace(base, reason="past")
    if kind in {"negated", "resolved"}:
        return _denied(base, definition, words)
    return _asserted(base, definition, words.says)


def _deciding(around: Sequence[CueFound], *, lasting: bool) -> CueFound | None:
    """The cue that decides: another person and doubt over plans, plans over denials, denials over the past.

    An affirmation nearer than a denial ends the denial ("not dilated, thrombosis present").
    """
    around = [cue for cue in around if cue.cue.kind != "nothing"]
    kinds = [cue.cue.kind for cue in around]
    for kind in ("other", "hypothetical", "shield", "uncertain"):
        if kind in kinds:
            return around[kinds.index(kind)]
    if lasting and "historical" in kinds and "negated" not in kinds and "resolved" not in kinds:
        planned = kinds.index("planned") if "planned" in kinds else len(kinds)
        if kinds.index("historical") < planned:
            return around[kinds.index("historical")]
    for kind in ("resolved", "negated"):
        if kind in kinds:
            at = kinds.index(kind)
            nearer = around[:at]
            if not any(cue.cue.kind == "affirmed" and cue.cue.side == around[at].cue.side for cue in nearer):
                return around[at]
    for kind in ("planned", "historical", "affirmed"):
        if kind in kinds:
            return around[kinds.index(kind)]
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


def _intervention(
    base: PatientFact,
    therapy: str,
    around: Sequence[CueFound],
    tokens: Sequence[Token],
    mention: _Mention,
    text: str,
) -> Iterable[PatientFact]:
    """Where a therapy is named: carried out, under consideration, surely not, or of no concern to this patient."""
    around = [cue for cue in around if cue.cue.kind != "nothing"]
    kinds = [cue.cue.kind for cue in around]
    asked = _in_question(tokens, mention, text)
    if {"other", "shield"} & set(kinds) or ("hypothetical" in kinds and not asked):
        return
    state = replace(base, state="value", candidates=(therapy,), cue=around[0].words if around else "")
    planned = kinds.index("planned") if "planned" in kinds else len(kinds)
    earlier = "historical" in kinds and kinds.index("historical") < planned
    done = any(cue.cue.kind == "affirmed" and cue.words.lower() in _DONE for cue in around)
    past = earlier or _PAST.search(mention.within) or _dated_after(tokens, mention, text)
    if "negated" in kinds or _NEVER.search(mention.within):
        if planned == len(kinds):
            yield replace(state, id=_PERFORMED, candidates=(), excluded=(therapy,))
    elif past or (done and planned == len(kinds)):
        yield replace(state, id=_PERFORMED)
    elif asked or "planned" in kinds or not ("uncertain" in kinds or mention.covered):
        yield state


_NEVER = re.compile(r"\b(?:never|no|not|without)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:post|after|since|following|s/p|previous|prior|received|had|on)\b", re.IGNORECASE)
_DONE = frozenset(
    [
        "performed",
        "was performed",
        "done",
        "was done",
        "carried out",
        "underwent",
        "undergone",
        "received",
        "has had",
        "had",
        "on",
        "taking",
        "continues on",
        "receiving",
        "has received",
    ]
)
_AFTERWARDS = re.compile(
    r"^[^,;.?]{0,40}?(?:\b(?:19|20)\d\d\b|\blast (?:year|month|week)\b|\bago\b|\bcompleted\b|\bstarted\b|\bfailed\b"
    r"|\bdone\b|\belsewhere\b|x\s?\d\b)",
    re.IGNORECASE,
)


def _dated_after(tokens: Sequence[Token], mention: _Mention, text: str) -> bool:
    """Whether a year, or words for the past, stand right after the mention ("RFA in 2019")."""
    return _AFTERWARDS.match(text[tokens[mention.last - 1].end :].split("\n", 1)[0]) is not None


def _in_question(tokens: Sequence[Token], mention: _Mention, text: str) -> bool:
    """Whether the mention stands in a sentence that ends with a question mark."""
    sentence = tokens[mention.first].sentence
    last = max(n for n in range(mention.first, len(tokens)) if tokens[n].sentence == sentence)
    return tokens[last].text == "?"


def _narrowest(held: Sequence[str], book: RuleBook) -> tuple[str, ...]:
    """Therapies without those that are only wider names of others held."""
    return tuple(item for item in held if not any(item in book.lineage(other)[1:] for other in held))


def _agreed(one: PatientFact, other: PatientFact, text: str) -> PatientFact:
    if one.state == other.state and set(one.candidates) == set(other.candidates):
        return one
    common = tuple(value for value in one.candidates if value in other.candidates)
    if common:
        return replace(one, candidates=common, as_written=f"{one.as_written} … {other.as_written}")
    if one.span and other.span:
        if _CORRECTS.search(text[one.span[1] : other.span[0]]):
            return replace(other, source="correction")
        first, second = _year(text, one.span), _year(text, other.span)
        if first and second and first != second:
            return one if first > second else other
        if _LATER.search(text[max(one.span[1], other.span[0] - 24) : other.span[1] + 12]):
            return other
    return replace(
        one, state="conflicting", reason="two statements disagree", candidates=(*one.candidates, *other.candidates)
    )


def _year(text: str, span: tuple[int, int]) -> int:
    """The year in the words right around a mention, 0 where there is none."""
    after = re.match(r"[^,;.\n]{0,40}?\b((?:19|20)\d\d)\b", text[span[1] :])
    before = re.search(r"\b((?:19|20)\d\d)\b[^,;.\n]{0,30}$", text[max(0, span[0] - 40) : span[0]])
    found = after or before
    return int(found.group(1)) if found else 0


def _merged_numbers(firm: Sequence[PatientFact], text: str) -> PatientFact:
    """Mentions that agree are one value; in an order or a correction the latest counts; else they conflict."""
    latest = firm[0]
    for fact in firm[1:]:
        if latest.interval is None or fact.interval is None or _same(latest.interval, fact.interval):
            continue
        between = text[latest.span[1] : fact.span[0]] if latest.span and fact.span else ""
        around = text[latest.span[1] : fact.span[1]] if latest.span and fact.span else ""
        if _CORRECTS.search(between):
            latest = replace(fact, source="correction")
        elif (
            (years := (_year(text, latest.span or (0, 0)), _year(text, fact.span or (0, 0))))
            and all(years)
            and len(set(years)) > 1
        ):
            latest = latest if years[0] > years[1] else fact
        elif _CHANGES.search(between) or _LATER.search(around):
            latest = fact
        else:
            return replace(latest, state="conflicting", reason="two values disagree")
    return latest


def _same(one: Interval, other: Interval) -> bool:
    if one == other:
        return True
    a, b = one.single, other.single
    if a is not None and b is not None:
        return abs(a - b) <= _TOLERANCE * max(abs(a), abs(b))
    return one.meet(other) is not None and (one.within(other) or other.within(one))


class _Values:
    """The quantities of a text and which mention each belongs to."""

    def __init__(
        self,
        text: str,
        tokens: Sequence[Token],
        taken: Sequence[tuple[int, int]],
        units: UnitBook,
        sizes: FactDefinition,
    ) -> None:
        self.text = text
        self._sizes = sizes
        self._tokens = tokens
        self._taken = {n for start, end in taken for n in range(start, end)}
        self._all = list(quantities(text, units))
        self._at = {token.start: number for number, token in enumerate(tokens)}

    def beside(self, mention: _Mention) -> Quantity | None:
        """The quantity after a mention, past a few filling words, or else right before it."""
        start = self._tokens[mention.last - 1].end
        sentence = self._tokens[mention.first].sentence
        for quantity in self._all:
            if quantity.start < start:
                continue
            if not self._near(start, quantity.start, sentence):
                break
            return self._latest(quantity, sentence)
        worded = self._in_words(mention)
        if worded is not None:
            return worded
        begin = self._tokens[mention.first].start
        before = [q for q in self._all if q.end <= begin or (q.unit and q.start < begin < q.end)]
        if before and self._near(min(before[-1].end, begin), begin, sentence, most=1):
            return before[-1]
        return None

    def _in_words(self, mention: _Mention) -> Quantity | None:
        """A number in words right after the mention or right before it ("ECOG of one", "two prior lines")."""
        sentence = self._tokens[mention.first].sentence
        for position in (mention.last, mention.last + 1, mention.first - 1):
            if 0 <= position < len(self._tokens) and self._tokens[position].sentence == sentence:
                token = self._tokens[position]
                if token.form in _WORD_NUMBERS and (
                    position != mention.last + 1 or self._tokens[position - 1].form in {"of", "is"}
                ):
                    value = Interval.point(Fraction(_WORD_NUMBERS[token.form]))
                    return Quantity((value,), "", token.start, token.end)
        return None

    def _near(self, start: int, end: int, sentence: int, most: int = _MOST_FILLERS) -> bool:
        """Whether nothing but a few filling words stands between two places of one sentence."""
        fillers = 0
        for number, token in enumerate(self._tokens):
            if token.start < start or token.end > end:
                continue
            if number in self._taken or token.sentence != sentence:
                return False
            word = token.text.lower()
            if word not in _FILLERS and not _QUALIFIER.fullmatch(word) and not (len(word) == 1 and word.isalpha()):
                return False
            fillers += token.is_word
        return fillers <= most

    def _latest(self, quantity: Quantity, sentence: int) -> Quantity:
        """The last of a series: "4.1 → 1.2", "3.1, now 1.4", or the latest of dated values."""
        series = [quantity]
        for other in self._all:
            if other.start < series[-1].end:
                continue
            between = self.text[series[-1].end : other.start]
            if not _NEXT_IN_SERIES.fullmatch(between):
                break
            series.append(other if other.unit or not quantity.unit else replace(other, unit=quantity.unit))
        if len(series) == 1:
            return quantity
        days = [self._day(q) for q in series]
        if all(days):
            return series[max(range(len(series)), key=lambda n: days[n] or ())]
        between = self.text[series[-2].end : series[-1].start]
        return series[-1] if _ORDER.search(between) else quantity

    def _day(self, quantity: Quantity) -> tuple[int, ...] | None:
        """The date right after a quantity, or right before it, as year, month, day."""
        after = _DAY_AFTER.match(self.text, quantity.end)
        before = _DAY_BEFORE.search(self.text[max(0, quantity.start - 24) : quantity.start])
        found = after or before
        return _as_day(found.group("day")) if found else None

    def lesions(
        self,
        base: PatientFact,
        definition: FactDefinition,
        facts: Mapping[str, FactDefinition],
        mention: _Mention,
        cue: CueFound | None,
    ) -> Iterable[PatientFact]:
        """Counts before a word for lesions, sizes after it."""
        if cue is not None:
            yield replace(base, cue=cue.words, reason=cue.cue.kind)
            return
        sentence = self._tokens[mention.first].sentence
        start, end = self._tokens[mention.first].start, self._tokens[mention.last - 1].end
        count = self._count_before(mention) if definition.id == _COUNT else None
        if count is not None:
            yield replace(base, state="value", interval=count)
        sizes: list[Quantity] = []
        place = end
        for quantity in self._all:
            if quantity.start < place:
                continue
            if not self._between_sizes(place, quantity.start, sentence):
                break
            sizes.append(quantity)
            place = quantity.end
        if not sizes and (single := self._size_before(mention, facts[_SIZES])) is not None:
            sizes = [single]
        units = [q.unit for q in sizes if q.unit]
        counted = self.beside(mention) if not units and definition.id == _COUNT else None
        if counted is not None:
            if count is None and counted.unit in {"", "count", "lesions"} and counted.start >= end:
                yield replace(base, state="value", interval=counted.readings[0])
            return
        if not sizes or not units or any(unit not in facts[_SIZES].units for unit in units):
            return
        read: list[Interval] = []
        for number, quantity in enumerate(sizes):
            unit = next((q.unit for q in sizes[number:] if q.unit), units[-1])
            value = as_value(replace(quantity, unit=unit), facts[_LARGEST])
            if value.interval is None or value.state != "value":
                yield replace(base, id=_LARGEST, state=value.state, interval=value.interval, reason=value.reason)  # type: ignore[arg-type]
                return
            read.append(value.interval)
        read.sort(key=lambda interval: interval.high or interval.low or Fraction(0), reverse=True)
        span = (start, sizes[-1].end)
        fact = replace(base, state="value", unit="cm", span=span, as_written=self.text[span[0] : span[1]])
        if definition.id == _LARGEST or len(read) == 1:
            yield replace(fact, id=_LARGEST, interval=read[0])
        else:
            yield replace(fact, id=_SIZES, sizes=tuple(read), complete=True)

    def _size_before(self, mention: _Mention, definition: FactDefinition) -> Quantity | None:
        """A size right before a word for a lesion: "a 50 mm metastasis"."""
        begin = self._tokens[mention.first].start
        before = [q for q in self._all if q.end <= begin and q.unit in definition.units]
        if before and self._near(before[-1].end, begin, self._tokens[mention.first].sentence, most=1):
            return before[-1]
        return None

    def _only_before(self, place: int, sentence: int) -> Interval | None:
        before = [token for token in self._tokens if token.end <= place and token.sentence == sentence]
        return (
            Interval.point(Fraction(1)) if before and before[-1].form in {"solitary", "single", "one", "only"} else None
        )

    def _count_before(self, mention: _Mention) -> Interval | None:
        first = mention.first
        word = self._tokens[first - 1] if first else None
        if word is not None and word.form in _WORD_NUMBERS and word.sentence == self._tokens[first].sentence:
            return Interval.point(Fraction(_WORD_NUMBERS[word.form]))
        start = self._tokens[first].start
        sized = self._size_before(mention, self._sizes)
        if sized is not None:  # "a solitary 50 mm metastasis"
            return self._only_before(sized.start, self._tokens[first].sentence)
        before = [
            replace(q, end=min(q.end, start))
            for q in self._all
            if q.start < start and q.unit in {"", "count", "lesions"} and (q.end <= start or q.unit)
        ]
        if before and self._near(before[-1].end, self._tokens[first].start, self._tokens[first].sentence, most=1):
            return before[-1].readings[0]
        return None

    def _between_sizes(self, start: int, end: int, sentence: int) -> bool:
        for number, token in enumerate(self._tokens):
            if token.start < start or token.end > end:
                continue
            if number in self._taken or token.sentence != sentence:
                return False
            if token.text.lower() not in _SIZE_JOINS:
                return False
        return True


_DAY = r"(?P<day>\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2}[./]\d{1,2}\.?|\d{1,2}\s+[A-Za-z]{3,9}|(?:19|20)\d\d)"
_DAY_AFTER = re.compile(rf"\s*(?:\(|on|in|at)?\s*{_DAY}(?!\d|[.,]\d)")
_DAY_BEFORE = re.compile(rf"{_DAY}\s*[:=]?\s*$")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905
_ORDER = re.compile(r"→|->|=>|>>|\b(?:now|then|to|today|currently|later)\b", re.IGNORECASE)
_NEXT_IN_SERIES = re.compile(
    rf"\s*(?:\(?(?:on|in|at)?\s*{_DAY.replace('?P<day>', '?:')}\)?)?\s*[,;]?\s*(?:→|->|=>|>>|,|then|now|to|today|currently|and now|down to"
    rf"|up to|falling to|rising to|back to|and later)?\s*(?:{_DAY.replace('?P<day>', '?:')}\s*[:=]?)?\s*",
    re.IGNORECASE,
)


def _as_day(written: str) -> tuple[int, ...] | None:
    numbers = [int(n) for n in re.findall(r"\d+", written)]
    letters = re.search(r"[A-Za-z]{3}", written)
    if letters:
        month = letters.group().lower()
        return (0, _MONTHS.index(month) + 1, numbers[0]) if month in _MONTHS else None
    if re.match(r"\d{4}", written):
        return (*numbers, 0, 0)[:3]
    return (numbers[2] % 100 + 2000 if len(numbers) > 2 else 0, numbers[1], numbers[0])  # noqa: PLR2004


_QUALIFIER = re.compile(
    r"[:=~≈<>≤≥()\[\],\-]|less|more|than|below|under|above|over|up|least|most|between|from|currently"
)
_SIZE_JOINS = frozenset(
    ", and & x × ( ) : segment segments seg s i ii iii iv iva ivb v vi vii viii right left lobe liver only of measuring measure each largest up to max about ~ in size sized the with from - – diameter at is was".split()  # noqa: SIM905
)
