"""What the rules conclude for a patient, as parts of an answer: facts, recommendations, standings, questions, notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.answer import Fact, MissingFact, Note, Recommendation, Statement, TherapyStanding
from assistant.evidence import company
from assistant.rules.book import ACCOMPANYING, EXCLUDING, RuleBook
from assistant.rules.engine import Evaluation, Fired, Placed, Undecided
from assistant.rules.interval import Interval
from assistant.rules.patient import PatientFact
from corpus.rules import SEVERITIES, Conclusion, Rule, SourceNote
from index.library import Library, Place

MOST_LINES = 6
"""Therapies that lead an answer; the others are in ``therapies``."""
_RULES_QUOTED = 3
_MOST_FURTHER = 3
_FURTHER = ("caution", "eligible", "prefer_over", "recommend", "consider", "prognosis")
"""Effects told of a therapy, or of a kind of it, besides where it stands; the weightiest first."""
_LIMITING = frozenset({"caution", "eligible"})
"""Of these also what is said of a wider therapy."""
_WORDS = {
    "contraindicated": "{name}: the review lists a contraindication that this patient has.",
    "not_eligible": "{name}: a printed criterion is not met.",
    "conflicting": "{name}: the review is not of one mind; both sides are shown, for a multidisciplinary decision.",
    "undetermined": "{name}: nothing stated excludes it, but the review's criteria cannot all be judged yet{open}.",
    "supported_with_caution": "{name}: supported by the review, with a caution.",
    "supported": "{name}: supported by the review.",
    "not_addressed": "{name}: the review's rules say nothing of it for this patient.",
}
_IN_DOUBT = "{name}: what is stated may exclude it or a kind of it; to be settled first: {facts}."
_UNSUPPORTED = "{name}: the review's rules do not decide it with what is known{open}."
_ONLY_TOLD = "{name}: the review's rules neither support nor exclude it for this patient."
_UNDECIDED = "The review's rules decide nothing with what is known{open}."
_FIRED = "{summary}{read}."
_READ = " (as it is read; the sentence leaves it open)"
_ORDER = ("contraindicated", "not_eligible", "conflicting", "supported", "supported_with_caution", "undetermined")
_EXCLUDED = _ORDER[:2]
_AGAINST = _ORDER[:3]
"""Standings for which something printed against a therapy holds, if not alone."""
_ASSUMED = "Assumed, as not stated: liver metastases of a neuroendocrine tumor."
_OUT_OF_SCOPE = (
    "Another disease is named: the review speaks of neuroendocrine liver metastases only; its rules are not applied."
)
_NOT_REVIEWED = "These rules have not yet been reviewed by a clinician."


class CitedPlaces:
    """Numbers places in the order in which they are first cited."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self._numbers: dict[str, int] = {}
        self.places: list[Place] = []
        for place in places:
            self.number(place)

    def number(self, place: Place) -> int:
        """Return the citation number of a place, the next one where it is new."""
        if place.key not in self._numbers:
            self.places.append(place)
            self._numbers[place.key] = len(self.places)
        return self._numbers[place.key]


@dataclass(frozen=True)
class Conclusions:
    """The parts of an answer that rest on rules; citation numbers are those of the `CitedPlaces` given."""

    statements: tuple[Statement, ...]
    facts: tuple[Fact, ...]
    recommendations: tuple[Recommendation, ...]
    therapies: tuple[TherapyStanding, ...]
    ask: tuple[MissingFact, ...]
    notes: tuple[Note, ...]
    concluded: bool

    def headed(self, text: str) -> Conclusions:
        """Return the parts with a line above them."""
        return replace(self, statements=(Statement(text, "derived", "lead", ()), *self.statements))


class Concluder:
    """Turns evaluations into parts of an answer; holds the library and the rule book."""

    def __init__(self, library: Library, book: RuleBook) -> None:
        self._library = library
        self._book = book
        self._places: dict[str, tuple[Place, ...]] = {key: self._overlapped(rule) for key, rule in book.rules.items()}
        notes = book.notes
        self._noted_rules = {key: {f"{n.document}/{rule}" for rule in n.rules} for key, n in notes.items()}
        self._noted_units = {key: {f"{n.document}/{unit}" for unit in n.units} for key, n in notes.items()}

    def _overlapped(self, rule: Rule) -> tuple[Place, ...]:
        """The units a rule's quote touches: whole sentences are shown and cited."""
        document = self._library.document_by_id[rule.document]
        return tuple(
            self._library.place(rule.document, unit.id)
            for unit in document.searchable
            if unit.start < rule.end and rule.start < unit.end
        )

    def places_of(self, rule: str) -> tuple[Place, ...]:
        """Return the places of the sentences that a rule rests on."""
        return self._places[rule]

    def conclude(self, evaluation: Evaluation, cited: CitedPlaces) -> Conclusions:
        """Return the parts of an answer for one patient.

        The facts are those mentioned, and of what follows from them what a conclusion shown rests on.
        """
        shown = self._leading(evaluation)
        together = _shown_together(evaluation)
        statements = tuple(self._lines(evaluation, shown, cited))
        recommendations = tuple(
            self._recommendation(fired, evaluation, number, cited)
            for fired in evaluation.fired
            for number, conclusion in enumerate(fired.rule.then)
            if fired.rule.key in together or evaluation.concerns(fired.rule, conclusion)
        )
        recommendations += tuple(
            self._undecided(item, conclusion, cited)
            for item in evaluation.undecided
            for conclusion in item.rule.then
            if evaluation.concerns(item.rule, conclusion)
        )
        read = {fact for recommendation in recommendations for fact in recommendation.because}
        rules = {recommendation.rule for recommendation in recommendations if recommendation.effect != "info"}
        quoted = {n for statement in statements for n in statement.citations}
        places = [place for n, place in enumerate(cited.places, 1) if n in quoted]
        notes = self.notes(rules, places, cited, stated=frozenset(evaluation.patient.facts))
        return Conclusions(
            statements=statements,
            facts=tuple(
                fact_of(fact, self._book) for fact in evaluation.patient if fact.source != "derived" or fact.id in read
            ),
            recommendations=recommendations,
            therapies=tuple(
                TherapyStanding(placed.therapy, placed.standing, placed.rules) for placed in evaluation.therapies
            ),
            ask=tuple(
                MissingFact(q.fact, self._book.facts[q.fact].question, q.rules, q.critical)
                for q in evaluation.questions
            ),
            notes=notes,
            concluded=any(placed.standing not in {"undetermined", "not_addressed"} for placed in shown),
        )

    def _leading(self, evaluation: Evaluation) -> tuple[Placed, ...]:
        """The therapies that lead: those asked about, before them kinds of them with something printed against them.

        Where none is asked about, those concluded on.
        "Which embolization?" after a bilioenteric anastomosis must name the kinds that are contraindicated first.
        """
        concluded = [p for p in evaluation.therapies if p.standing in _ORDER[:-1]]
        concluded.sort(key=lambda p: _ORDER.index(p.standing))
        if not evaluation.asked:
            return tuple(concluded[:MOST_LINES])
        asked = [p for p in evaluation.therapies if p.therapy in evaluation.asked]
        below = [
            p
            for p in concluded
            if p not in asked and set(self._book.lineage(p.therapy)) & set(evaluation.asked) and p.standing in _AGAINST
        ]
        return (*below, *asked)[:MOST_LINES]

    def _lines(self, evaluation: Evaluation, shown: Sequence[Placed], cited: CitedPlaces) -> Iterator[Statement]:
        if not evaluation.in_scope:
            yield Statement(_OUT_OF_SCOPE, "derived", "lead", ())
            return
        quoted: set[str] = set()
        for placed in shown:
            rules = [self._book.rules[key] for key in placed.rules if not self._book.rules[key].display_only]
            rules = sorted(rules, key=lambda rule: _weight(rule, placed.therapy))[:_RULES_QUOTED]
            beside = [self._book.rules[key] for rule in rules for key in evaluation.shown_with(rule)]
            yield from self._doubt(placed, evaluation, cited, quoted)
            rules = list(dict.fromkeys([*rules, *beside]))
            yield self._standing(placed, rules, cited)
            if placed.standing == "undetermined":  # what is met comes before what is to be established
                yield from self._further(placed, evaluation, cited, quoted)
            yield from self._quotes((place for rule in rules for place in self._places[rule.key]), cited, quoted)
        for placed in shown:
            yield from self._further(placed, evaluation, cited, quoted)
        yield from self._accompanying(evaluation, cited, quoted)
        if not shown:
            names = [within(self._book.facts[question.fact].name) for question in evaluation.questions[:3]]
            yield Statement(_UNDECIDED.format(open=_first(names)), "derived", "lead", ())
        if evaluation.patient.get("has_nelm") is None:
            yield Statement(_ASSUMED, "derived", "caveat", ())
        if any(not self._book.rules[key].reviewed_by for placed in shown for key in placed.rules):
            yield Statement(_NOT_REVIEWED, "derived", "caveat", ())

    def _further(
        self, placed: Placed, evaluation: Evaluation, cited: CitedPlaces, quoted: set[str]
    ) -> Iterator[Statement]:
        """What the patient's facts give besides for a therapy or a kind of it, such as a printed criterion that is met.

        What is said of a wider therapy counts where it limits: a criterion of ablation is one of RFA.
        """
        above = set(self._book.lineage(placed.therapy)) - {placed.therapy}
        found: list[tuple[int, Rule]] = []
        for fired in evaluation.fired:
            told = [
                _FURTHER.index(c.effect)
                for c in fired.rule.then
                if c.effect in (_LIMITING if c.therapy in above else _FURTHER)
                and (c.therapy in above or placed.therapy in self._book.lineage(c.therapy))
                and c.therapy not in fired.overruled_by
            ]
            if told and fired.trace.because() and not fired.rule.display_only:
                found.append((min(told), fired.rule))
        new = [rule for _, rule in sorted(found, key=lambda item: item[0]) if not self._are_quoted(rule, quoted)]
        for rule in new[:_MOST_FURTHER]:
            if not self._are_quoted(rule, quoted):  # two rules may rest on one sentence
                yield Statement(
                    _FIRED.format(summary=rule.summary, read=_READ if rule.inference else ""),
                    "derived",
                    "lead",
                    self._numbers([rule], cited),
                )
                yield from self._quotes(self._places[rule.key], cited, quoted)

    def _are_quoted(self, rule: Rule, quoted: set[str]) -> bool:
        return all(place.key in quoted for place in self._places[rule.key])

    def _accompanying(self, evaluation: Evaluation, cited: CitedPlaces, quoted: set[str]) -> Iterator[Statement]:
        """What goes with any therapy: prophylaxis and follow-up, by their sentences, where not shown already."""
        for fired in evaluation.fired:
            places = [place for place in self._places[fired.rule.key] if place.key not in quoted]
            if places and not fired.rule.display_only and any(c.effect in ACCOMPANYING for c in fired.rule.then):
                yield Statement(f"{fired.rule.summary}.", "derived", "lead", self._numbers([fired.rule], cited))
                yield from self._quotes(places, cited, quoted)

    def _quotes(self, places: Iterable[Place], cited: CitedPlaces, quoted: set[str]) -> Iterator[Statement]:
        """The sentences at some places, with those they are never shown without, each once in an answer."""
        for place in places:
            if place.key not in quoted:
                quoted.add(place.key)
                yield Statement(place.unit.display, "quote", "answer", (cited.number(place),))
            for other in company(place, self._library):
                if other.key not in quoted:
                    quoted.add(other.key)
                    yield Statement(other.unit.display, "quote", "caveat", (cited.number(other),))

    def _doubt(
        self, placed: Placed, evaluation: Evaluation, cited: CitedPlaces, quoted: set[str]
    ) -> Iterator[Statement]:
        """What was stated, is in doubt and would exclude a therapy or a kind of it: said before where it stands."""
        if placed.standing in _EXCLUDED:
            return
        kinds = [therapy for therapy in self._book.parents if placed.therapy in self._book.lineage(therapy)]
        excluding = {key for therapy in kinds for key in self._book.spoken_of[therapy].exclusions}
        doubted = [
            question
            for question in evaluation.questions
            if question.critical and evaluation.patient.get(question.fact) and excluding & set(question.rules)
        ]
        if doubted:
            names = ", ".join(within(self._book.facts[question.fact].name) for question in doubted)
            keys = dict.fromkeys(key for question in doubted for key in question.rules if key in excluding)
            rules = [self._book.rules[key] for key in keys][:_RULES_QUOTED]
            line = _IN_DOUBT.format(name=self._book.names[placed.therapy], facts=names)
            yield Statement(line, "derived", "lead", self._numbers(rules, cited))
            yield from self._quotes((place for rule in rules for place in self._places[rule.key]), cited, quoted)

    def _standing(self, placed: Placed, rules: Sequence[Rule], cited: CitedPlaces) -> Statement:
        """Where a therapy stands, citing the rules that say so."""
        behind = [rule for rule in rules if rule.key in placed.rules]
        if placed.standing in _EXCLUDED:  # the line rests on what excludes; the rest stands beside it
            behind = [rule for rule in behind if any(c.effect in EXCLUDING for c in rule.then)] or behind
        return Statement(self._line(placed), "derived", "lead", self._numbers(behind, cited))

    def _line(self, placed: Placed) -> str:
        supported = any(
            c.effect in {"recommend", "consider"} and c.therapy == placed.therapy
            for key in placed.rules
            for c in self._book.rules[key].then
        )
        words = _WORDS[placed.standing]
        if placed.standing == "undetermined" and not supported:
            words = _UNSUPPORTED
        elif placed.standing == "not_addressed" and placed.rules:
            words = _ONLY_TOLD
        names = [within(self._book.facts[fact].name) for fact in placed.open[:3]]
        return words.format(name=self._book.names[placed.therapy], open=_first(names))

    def _numbers(self, rules: Iterable[Rule], cited: CitedPlaces) -> tuple[int, ...]:
        return tuple(dict.fromkeys(cited.number(place) for rule in rules for place in self._places[rule.key]))

    def _recommendation(self, fired: Fired, evaluation: Evaluation, number: int, cited: CitedPlaces) -> Recommendation:
        rule, conclusion = fired.rule, fired.rule.then[number]
        return Recommendation(
            rule=rule.key,
            therapy=conclusion.therapy,
            effect=evaluation.effect_shown(rule, conclusion),  # type: ignore[arg-type]
            over=conclusion.over,
            summary=_told(rule),
            because=fired.trace.because(),
            overruled_by=fired.overruled_by.get(conclusion.therapy),
            inferred=bool(rule.inference),
            strength=rule.strength,
            reviewed=bool(rule.reviewed_by),
            citations=self._numbers([rule], cited),
        )

    def _undecided(self, item: Undecided, conclusion: Conclusion, cited: CitedPlaces) -> Recommendation:
        """An exclusion that cannot be judged yet, as a caution that names what is to be cleared."""
        names = ", ".join(within(self._book.facts[fact].name) for fact in item.facts)
        return Recommendation(
            rule=item.rule.key,
            therapy=conclusion.therapy,
            effect="caution",
            over=(),
            summary=f"To be cleared first: {names}. {item.rule.summary}",
            because=tuple(dict.fromkeys([*item.facts, *(a.condition.fact for a in item.trace.atoms() if a.truth)])),  # type: ignore[union-attr]
            overruled_by=None,
            inferred=bool(item.rule.inference),
            strength=item.rule.strength,
            reviewed=bool(item.rule.reviewed_by),
            citations=self._numbers([item.rule], cited),
        )

    def notes(
        self, rules: set[str], places: Iterable[Place], cited: CitedPlaces, stated: frozenset[str] | None = None
    ) -> tuple[Note, ...]:
        """Return the source notes that touch rules or places shown, weightiest first.

        Args:
            stated: Facts of the patient: a note on how another fact's limit is read is left out. ``None``: no patient.
        """
        keys = {place.key for place in places}
        touched = [
            note
            for key, note in self._book.notes.items()
            if (not note.facts or stated is None or stated & set(note.facts))
            and not (self._noted_rules[key].isdisjoint(rules) and self._noted_units[key].isdisjoint(keys))
        ]
        touched.sort(key=lambda note: SEVERITIES.index(note.severity))
        return tuple(
            Note(note.id, note.severity, note.text, self._note_numbers(note, keys, cited))  # type: ignore[arg-type]
            for note in touched
        )

    def _note_numbers(self, note: SourceNote, keys: set[str], cited: CitedPlaces) -> tuple[int, ...]:
        places = [self._library.place(note.document, unit) for unit in note.units if f"{note.document}/{unit}" in keys]
        return tuple(cited.number(place) for place in places)


def _first(names: Sequence[str]) -> str:
    return f"; to establish first: {', '.join(names)}" if names else ""


def within(name: str) -> str:
    """A fact's name within a sentence: its first letter small, unless it begins with an abbreviation."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def _told(rule: Rule) -> str:
    """What a rule says, with what was inferred in it."""
    return f"{rule.summary} ({rule.inference})" if rule.inference else rule.summary


def _shown_together(evaluation: Evaluation) -> frozenset[str]:
    """The rules to be shown because others that concern the patient are never shown without them."""
    found: set[str] = set()
    waiting = [f.rule for f in evaluation.fired if any(evaluation.concerns(f.rule, c) for c in f.rule.then)]
    while waiting:
        beside = set(evaluation.shown_with(waiting.pop())) - found
        found |= beside
        waiting += [evaluation.book.rules[key] for key in beside]
    return frozenset(found)


def fact_of(fact: PatientFact, book: RuleBook) -> Fact:
    """Return a fact as an answer carries it."""
    low, high, low_open, high_open = _ends(fact.interval)
    shown: str | float | None = None
    if fact.state == "value" and fact.interval is not None:
        shown = low if low == high else str(fact.interval)
    elif len(fact.candidates) == 1 and not fact.complete and fact.state == "value":
        shown = fact.candidates[0]
    return Fact(
        id=fact.id,
        state=fact.state,
        value=shown,
        low=low,
        high=high,
        low_open=low_open,
        high_open=high_open,
        unit=book.facts[fact.id].unit or None,
        as_written=fact.as_written,
        span=fact.span,
        turn=fact.turn,
        source=fact.source,
        cue=fact.cue or None,
        reason=fact.reason or _from(fact, book) or None,
        candidates=fact.candidates if not fact.sizes else tuple(str(size) for size in fact.sizes),
        as_of=fact.as_of or None,
    )


def _from(fact: PatientFact, book: RuleBook) -> str:
    """What a fact that was not stated follows from."""
    names = ", ".join(within(book.facts[source].name) for source in fact.derived_from)
    return f"from {names}" if fact.source == "derived" else ""


def _ends(interval: Interval | None) -> tuple[float | None, float | None, bool, bool]:
    if interval is None:
        return None, None, False, False
    low = None if interval.low is None else round(float(interval.low), 6)
    high = None if interval.high is None else round(float(interval.high), 6)
    return low, high, interval.low_open, interval.high_open


def _weight(rule: Rule, therapy: str) -> int:
    """Where a rule's sentence comes among those of a therapy: what excludes, what prefers, what names it itself."""
    effects = {c.effect for c in rule.then if c.therapy == therapy or c.effect in EXCLUDING}
    if effects & EXCLUDING:
        return 0
    return 1 if "prefer_over" in effects else 2 if effects else 3


def standing_words() -> Mapping[str, str]:
    """The words by which standings are headed, for interfaces."""
    return {
        "contraindicated": "Listed contraindication",
        "not_eligible": "Printed criterion not met",
        "conflicting": "The review is not of one mind",
        "undetermined": "First to be established",
        "supported_with_caution": "Supported with caution",
        "supported": "Supported",
        "not_addressed": "Not addressed",
    }
