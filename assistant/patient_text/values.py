"""The quantities of a text and the mentions they belong to: after a mention past a few filling words, or before it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from assistant.patient_text.mentions import Mention
from assistant.patient_text.quantities import Quantity, UnitBook, as_value, quantities
from assistant.patient_text.series import latest
from assistant.patient_text.tokens import Token
from assistant.rules.interval import Interval, largest_first
from assistant.rules.patient import PatientFact
from corpus.definitions import FactDefinition

SIZES, COUNT, LARGEST = "lesion_sizes_cm", "lesion_count", "largest_lesion_cm"
_FILLERS = frozenset(
    """
    of is was at : = level count index score value ( ) [ , now currently today total about approx approximately around
    the a on and are were - – serum measured measuring measure size estimated roughly only just result currently from
    gone come
    rose fell dropped normalised normalized settled improved peaked slightly went increased decreased down up to back
    exactly precisely deteriorated worsened declined changed rising falling risen fallen climbed came recovered reduced
    raised elevated low high has | ↑ ↓
    """.split()  # noqa: SIM905 - readable as a list of words
)
_MOST_FILLERS = 4
_QUALIFIER = re.compile(
    r"[:=~≈<>≤≥()\[\],\-]|less|more|than|below|under|above|over|up|least|most|between|from|currently"
)
_OTHERS = re.compile(
    r"[\s,]{0,4}(?:(?:and|plus|with|among|amongst|amid)\s+)?(?:\w+\s+)?"
    r"(?:others?|more|further|etc|additional|several|multiple|many|numerous|smaller)\b",
    re.IGNORECASE,
)
_SIZE_JOINS = frozenset(
    """
    , and & x × ( ) : segment segments seg s i ii iii iv iva ivb v vi vii viii right left lobe liver only of measuring
    measure each largest up to max about ~ in size sized the with from - – diameter at is was
    """.split()  # noqa: SIM905
)
_WORD_NUMBERS = {
    word: number
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}
_ONLY = frozenset({"solitary", "single", "one", "only"})
_FRACTIONS = frozenset({"half", "third", "quarter", "fifth"})
_BEFORE = frozenset({"", "of", "-", "(", "x"})
"""What may stand between a value and the name behind it."""
_OPENING = re.compile(r"\s{0,2}[(\[]\s{0,2}")
_CLOSING = re.compile(r"\s{0,2}[)\]]")
_TIMES = re.compile(r"\d\s*[x×]\s*\d")
_SEGMENTS = frozenset({"segment", "segments", "seg", "segs"})
_LISTING = frozenset({",", "and", "&", "/", "-", "–", "to"})
_SEXES = frozenset("mMfF")
_DAYS = frozenset({"this", "today", "yesterday", "last", "now"})
_COUNTED = frozenset({"", "count", "lesions"})


class Values:
    """The quantities of one text."""

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
        self._units = units
        self._tokens = tokens
        self._starts = [token.start for token in tokens]
        self._taken = {n for start, end in taken for n in range(start, end)}
        self._all = list(quantities(text, units))
        self._quantity_starts = [quantity.start for quantity in self._all]

    def beside(self, mention: Mention) -> Quantity | None:
        """Return the quantity of a mention: after it, in words, or right before it."""
        end = self._tokens[max(mention.last, mention.longer) - 1].end  # "NLR raised" is one phrase: "NLR raised at 6.1"
        unit, end = self._unit_in_brackets(end)
        after = self._from(end)
        if self._is_second_of_two(mention) and (second := self._second(after)) is not None:
            return second
        if after and self._near(end, after[0].start, mention):
            found = latest(after[0], self._of_same_mention(after), self.text)
            return replace(found, unit=unit) if unit and not found.unit else found
        in_words = self._in_words(mention)
        if in_words is not None:
            return in_words
        begin = self._tokens[mention.first].start
        before = self._before(begin)
        fits = before is not None and (before.end <= begin or before.unit)
        if before is not None and fits and self.text[before.end : begin].strip() in _BEFORE:
            return before
        return None

    def _unit_in_brackets(self, end: int) -> tuple[str, int]:
        """The unit between a name and its value, as laboratory reports print it: "Bilirubin (mg/dL): 2.9"."""
        opening = _OPENING.match(self.text, end)
        if opening is None:
            return "", end
        unit, after = self._units.at(self.text, opening.end())
        closing = _CLOSING.match(self.text, after) if unit else None
        return (unit, closing.end()) if closing else ("", end)

    def _is_second_of_two(self, mention: Mention) -> bool:
        """Whether a name follows another that has no value of its own: "AST and LDH of 140 and 500"."""
        joined = mention.first > 1 and self._tokens[mention.first - 1].text.lower() in {"and", "/", "&"}
        return joined and mention.first - 2 in self._taken and not mention.covered

    def _second(self, after: Sequence[Quantity]) -> Quantity | None:
        """The second of two quantities joined as their names are."""
        two = len(after) > 1 and self.text[after[0].end : after[1].start].strip().lower() in {"and", "/", "&", ","}
        return after[1] if two else None

    def _of_same_mention(self, after: Sequence[Quantity]) -> list[Quantity]:
        """The quantities behind the first up to the next name or sentence."""
        found: list[Quantity] = []
        sentence = self._sentence_at(after[0].start)
        for quantity in after[1:]:
            between = self._between(after[0].end, quantity.start)
            if any(n in self._taken for n in between) or self._sentence_at(quantity.start) != sentence:
                break
            following = bisect_left(self._starts, quantity.end)
            if following in self._taken and not quantity.unit and self._tokens[following].form not in _DAYS:
                break  # "5 lesions", but "74 this morning"
            found.append(quantity)
        return found

    def lesions(
        self, base: PatientFact, mention: Mention, largest: FactDefinition, counted: Interval | None = None
    ) -> Iterator[PatientFact]:
        """Return what is said of lesions at a word for them: their number, and the sizes after or right before it.

        Args:
            counted: The number that the word itself states ("solitary metastasis").
        """
        count = counted or (self._count(mention) if base.id == COUNT else None)
        if count is not None:
            yield replace(base, state="value", interval=count)
        sizes = self._sizes_after(mention) or self._size_before(mention)
        units = [quantity.unit for quantity in sizes if quantity.unit]
        if not units:
            number = self.beside(mention) if base.id == COUNT and count is None else None
            if number is not None and number.unit in _COUNTED and number.start >= self._tokens[mention.last - 1].end:
                yield replace(base, state="value", interval=number.readings[0])
        elif all(unit in self._sizes.units for unit in units):
            measured = self._measured(base, mention, sizes, largest)
            more = count is not None and not count.holds(Fraction(len(measured.sizes)))
            yield replace(measured, complete=False) if more or self._goes_on(sizes[-1].end) else measured

    def _measured(
        self, base: PatientFact, mention: Mention, sizes: Sequence[Quantity], largest: FactDefinition
    ) -> PatientFact:
        span = (min(self._tokens[mention.first].start, sizes[0].start), max(sizes[-1].end, self._end(mention)))
        fact = replace(base, unit=largest.unit, span=span, as_written=self.text[span[0] : span[1]])
        read: list[Interval] = []
        for number, quantity in enumerate(sizes):
            unit = next((q.unit for q in sizes[number:] if q.unit), "") or [q.unit for q in sizes if q.unit][-1]
            value = as_value(replace(quantity, unit=unit), largest)
            if value.interval is None or value.state != "value":
                return replace(fact, id=LARGEST, state=value.state, interval=value.interval, reason=value.reason)
            read.append(value.interval)
        sizes_read = largest_first(read)
        if base.id == LARGEST or len(read) == 1:
            return replace(fact, id=LARGEST, state="value", interval=sizes_read[0])
        return replace(fact, id=SIZES, state="value", sizes=sizes_read, complete=True)

    def _goes_on(self, end: int) -> bool:
        """Whether a list of sizes names others without their sizes ("2.5 and 1.8 cm and others")."""
        return _OTHERS.match(self.text, end) is not None

    def _end(self, mention: Mention) -> int:
        return self._tokens[mention.last - 1].end

    def _from(self, place: int) -> list[Quantity]:
        first = bisect_left(self._quantity_starts, place)
        return self._all[first : first + 41]

    def _before(self, place: int) -> Quantity | None:
        number = bisect_left(self._quantity_starts, place) - 1
        return self._all[number] if number >= 0 else None

    def _between(self, start: int, end: int) -> range:
        return range(bisect_left(self._starts, start), bisect_left(self._starts, end))

    def _near(self, start: int, end: int, mention: Mention, most: int = _MOST_FILLERS) -> bool:
        """Whether nothing but a few filling words of the mention's sentence stands between two places."""
        between = self._between(start, end)
        sentence = self._tokens[mention.first].sentence
        if len(between) > 3 * _MOST_FILLERS:
            return False
        for number in between:
            token = self._tokens[number]
            word = token.text.lower()
            filling = word in _FILLERS or _QUALIFIER.fullmatch(word) or (len(word) == 1 and word.isalpha())
            if number in self._taken or token.sentence != sentence or not filling:
                return False
        in_sentence = self._from(end)[:1]
        same = not in_sentence or self._sentence_at(in_sentence[0].start) == sentence or start < end
        return same and sum(self._tokens[number].is_word for number in between) <= most

    def _sentence_at(self, place: int) -> int:
        number = bisect_left(self._starts, place + 1) - 1
        return self._tokens[number].sentence if number >= 0 else 0

    def _in_words(self, mention: Mention) -> Quantity | None:
        """A number in words right after the mention or right before it ("ECOG of one", "two prior lines")."""
        sentence = self._tokens[mention.first].sentence
        for position in (mention.last, mention.last + 1, mention.first - 1):
            if not 0 <= position < len(self._tokens) or self._tokens[position].sentence != sentence:
                continue
            token = self._tokens[position]
            joined = position != mention.last + 1 or self._tokens[position - 1].form in {"of", "is"}
            after = self._tokens[position + 1 : position + 2]
            if token.form in _WORD_NUMBERS and joined and not (after and after[0].form in _FRACTIONS):
                value = Interval.point(Fraction(_WORD_NUMBERS[token.form]))
                return Quantity((value,), "", token.start, token.end)
        return None

    def _sizes_after(self, mention: Mention) -> list[Quantity]:
        sizes: list[Quantity] = []
        place, sentence, numbered = self._end(mention), self._tokens[mention.first].sentence, False
        for quantity in self._from(place):
            between = self._between(place, quantity.start)
            if len(between) > 2 * _MOST_FILLERS or not all(
                number not in self._taken
                and self._tokens[number].sentence == sentence
                and self._tokens[number].text.lower() in _SIZE_JOINS
                for number in between
            ):
                break
            if self._sentence_at(quantity.start) != sentence:
                break
            place = quantity.end
            numbered = numbered or any(self._tokens[number].text.lower() in _SEGMENTS for number in between)
            if quantity.unit or not numbered:  # "3 cm, segments 6 and 7"
                sizes.append(quantity)
                numbered = False
        return sizes

    def _size_before(self, mention: Mention) -> list[Quantity]:
        """A size right before a word for a lesion: "a 50 mm metastasis"."""
        begin = self._tokens[mention.first].start
        before = self._before(begin)
        fits = before is not None and before.end <= begin and before.unit in self._sizes.units
        if before is not None and fits and _TIMES.search(self.text, before.start, before.end):
            return []  # "3 x 2 cm lesions": three, or one of two dimensions
        return [before] if before is not None and fits and self._near(before.end, begin, mention, most=1) else []

    def _is_segment(self, quantity: Quantity) -> bool:
        """Whether a number without unit is that of a liver segment, alone or in a list."""
        number = bisect_left(self._starts, quantity.start) - 1
        while number >= 0 and self._tokens[number].text.lower() in _LISTING:
            number -= 1
            if number >= 0 and self._tokens[number].is_number:
                number -= 1
        return number >= 0 and quantity.unit in _COUNTED and self._tokens[number].text.lower() in _SEGMENTS

    def _count(self, mention: Mention) -> Interval | None:
        """A number of lesions before the word for them, in digits or words; "a solitary 50 mm metastasis" is one."""
        begin, sentence = self._tokens[mention.first].start, self._tokens[mention.first].sentence
        word = self._tokens[mention.first - 1] if mention.first else None
        if word is not None and word.form in _WORD_NUMBERS and word.sentence == sentence:
            return Interval.point(Fraction(_WORD_NUMBERS[word.form]))
        for size in self._size_before(mention):
            number = bisect_left(self._starts, size.start) - 1
            form = self._tokens[number].form if number >= 0 and self._tokens[number].sentence == sentence else ""
            named = (
                1 if form in _ONLY else _WORD_NUMBERS.get(form)
            )  # "a solitary 50 mm metastasis", "three 2 cm lesions"
            return None if named is None else Interval.point(Fraction(named))
        before = self._before(begin)
        if before is not None and self._is_segment(before):
            return None  # "segment 7 and 8 metastases"
        if before is not None and any(self._tokens[n].text in _SEXES for n in self._between(before.end, begin)):
            return None  # "50M lesion of 3 cm" is one man's
        if before is None or before.unit not in _COUNTED or not (before.end <= begin or before.unit):
            return None
        return before.readings[0] if self._near(min(before.end, begin), begin, mention, most=1) else None
