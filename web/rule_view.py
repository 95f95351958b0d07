"""The rules of the packs for the page that shows them: in words, with their sentences, compared with the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.composition import check_quote, source_url
from assistant.rules.book import RuleBook
from corpus.conditions import All, Always, AnyOf, Condition, Not, atoms
from corpus.document import Document, Unit
from corpus.markup import clean, render
from corpus.rules import Conclusion, Rule, SourceNote
from index.library import Library
from web.case_report import condition_words

DISEASE = "disease"
"""Chosen like a treatment, for rules that conclude on none."""
_DISEASE_NAME = "The disease, no treatment"
EFFECTS = {
    "contraindicated": ("⊘", "stop", "listed contraindication"),
    "ineligible": ("✕", "stop", "printed criterion not met"),
    "caution": ("△", "care", "caution"),
    "recommend": ("✓", "go", "recommended in print"),
    "consider": ("✓", "go", "an option in print"),
    "eligible": ("✓", "go", "printed criterion met"),
    "prefer_over": ("›", "go", "preferred in print"),
    "prophylaxis": ("+", "go", "prophylaxis"),
    "prognosis": ("~", "open", "prognosis"),
    "follow_up": ("↻", "open", "follow-up"),
    "info": ("–", "quiet", "information"),
}
"""For each effect the shape, the colours and the words of its tag."""
_TIDY = ((" <= ", " ≤ "), (" >= ", " ≥ "), (" == ", " = "))
_COUNTED = (" count", " ratio")
"""Units of the fact files that say nothing to a reader."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a condition in words, and its parts where it joins some."""

    text: str
    parts: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule concludes on one treatment, or on the disease."""

    effect: str
    shape: str
    colour: str
    words: str
    therapy: str
    name: str
    over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as printed, in three parts; ``marked`` is what the rule quotes (all of it: the others are empty)."""

    before: str
    marked: str
    after: str


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule in words.

    Attributes:
        general: Name of the wider treatment it speaks of, where a narrower one is chosen; else empty.
    """

    rule: Rule
    outcomes: tuple[Outcome, ...]
    when: Clause
    sentences: tuple[Sentence, ...]
    url: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[SourceNote, ...]
    general: str


@dataclass(frozen=True, slots=True)
class IndexGroup:
    """The rules of one treatment, as a list of summaries."""

    therapy: str
    name: str
    rules: tuple[tuple[Rule, tuple[Outcome, ...]], ...]


@dataclass(frozen=True, slots=True)
class RulesPage:
    """What the page of rules is given.

    Attributes:
        therapies: What can be chosen, as ids and names; ``facts`` likewise.
        index: Summaries of all rules, where nothing is chosen.
        rules: Rules in full, where something is.
        unknown: Chosen ids that name nothing, each with what it was to be.
        reviewed: How many rules a clinician has signed.
    """

    therapies: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    therapy: str
    fact: str
    index: tuple[IndexGroup, ...]
    rules: tuple[RuleView, ...]
    unknown: tuple[tuple[str, str], ...]
    total: int
    reviewed: int


class Rules:
    """All rules of a library, ready to be filtered."""

    def __init__(self, library: Library, book: RuleBook) -> None:
        self._documents = library.document_by_id
        self._book = book
        read = {atom.fact for rule in book.rules.values() for atom in atoms(rule.when)}
        self._facts = tuple((key, fact.name) for key, fact in book.facts.items() if key in read)
        concluded = {key for key in book.names if book.spoken_of[key].rules}
        named = [(key, name) for key, name in book.names.items() if key in concluded]
        self._therapies = (*named, (DISEASE, _DISEASE_NAME))

    def page(self, therapy: str = "", fact: str = "") -> RulesPage:
        """Return the rules that speak of a treatment and read a fact; of nothing chosen, the summaries of all.

        Raises:
            QuoteMismatchError: If a sentence to be shown is not in the source at its offsets.
        """
        unknown = self.unknown(therapy, fact)
        shown = self.views(therapy, fact) if (therapy or fact) and not unknown else ()
        return RulesPage(
            therapies=self._therapies,
            facts=self._facts,
            therapy=therapy,
            fact=fact,
            index=() if therapy or fact else tuple(self._index()),
            rules=tuple(shown),
            unknown=unknown,
            total=len(self._book.rules),
            reviewed=sum(bool(rule.reviewed_by) for rule in self._book.rules.values()),
        )

    def unknown(self, therapy: str, fact: str) -> tuple[tuple[str, str], ...]:
        """Return what is chosen and names nothing, each with what it was to be."""
        wrong = [("treatment", therapy)] if therapy and therapy not in dict(self._therapies) else []
        return (*wrong, *([("fact", fact)] if fact and fact not in dict(self._facts) else []))

    def views(self, therapy: str = "", fact: str = "") -> Sequence[RuleView]:
        """Return the rules that speak of a treatment and read a fact, all where nothing is chosen.

        Raises:
            QuoteMismatchError: If a sentence to be shown is not in the source at its offsets.
        """
        return [self._view(rule, therapy) for rule in self._chosen(therapy, fact)]

    def rule(self, key: str) -> RuleView:
        """Return a rule of the book in full.

        Raises:
            QuoteMismatchError: If a sentence to be shown is not in the source at its offsets.
        """
        return self._view(self._book.rules[key], "")

    def choices(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the ids of treatments and of facts that can be chosen."""
        return tuple(key for key, _ in self._therapies), tuple(key for key, _ in self._facts)

    def _chosen(self, therapy: str, fact: str) -> Iterator[Rule]:
        for key in self._speaking_of(therapy):
            rule = self._book.rules[key]
            if not fact or any(atom.fact == fact for atom in atoms(rule.when)):
                yield rule

    def _speaking_of(self, therapy: str) -> Sequence[str]:
        if therapy in self._book.names:
            return self._book.spoken_of[therapy].rules
        every = self._book.rules
        return [key for key, rule in every.items() if not therapy or not self._book.therapies_of(rule)]

    def _index(self) -> Iterator[IndexGroup]:
        """Each rule once, under the first treatment it concludes on."""
        groups: dict[str, list[Rule]] = {key: [] for key, _ in self._therapies}
        for rule in self._book.rules.values():
            groups[(*self._book.therapies_of(rule), DISEASE)[0]].append(rule)
        for key, name in self._therapies:
            if groups[key]:
                entries = tuple((rule, tuple(self._outcome(c) for c in rule.then)) for rule in groups[key])
                yield IndexGroup(key, name, entries)

    def _view(self, rule: Rule, therapy: str) -> RuleView:
        document = self._documents[rule.document]
        facts = dict.fromkeys(atom.fact for atom in atoms(rule.when))
        return RuleView(
            rule=rule,
            outcomes=tuple(self._outcome(conclusion) for conclusion in rule.then),
            when=clause(rule.when, self._book),
            sentences=tuple(sentences(rule, document)),
            url=source_url(document, rule.start, rule.end),
            facts=tuple((fact, self._book.facts[fact].name) for fact in facts),
            notes=tuple(self._notes(rule)),
            general=self._general(rule, therapy),
        )

    def _outcome(self, conclusion: Conclusion) -> Outcome:
        shape, colour, said = EFFECTS[conclusion.effect]
        if conclusion.direction:
            said = f"{said}: {conclusion.direction}"
        names: Mapping[str, str] = self._book.names
        name = names[conclusion.therapy] if conclusion.therapy else "The disease"
        over = tuple(names[other] for other in conclusion.over)
        return Outcome(conclusion.effect, shape, colour, said, conclusion.therapy, name, over)

    def _notes(self, rule: Rule) -> Iterator[SourceNote]:
        for note in self._book.notes.values():
            if note.document == rule.document and (note.id in rule.notes or rule.id in note.rules):
                yield note

    def _general(self, rule: Rule, therapy: str) -> str:
        if therapy not in self._book.names:
            return ""
        named = {*self._book.therapies_of(rule), *(other for c in rule.then for other in c.over)}
        wider = [above for above in self._book.lineage(therapy)[1:] if above in named]
        return self._book.names[wider[0]] if wider and therapy not in named else ""


def clause(condition: Condition, book: RuleBook) -> Clause:
    """Return a condition in words, part by part."""
    match condition:
        case All(parts):
            return Clause("All of these", tuple(clause(part, book) for part in parts))
        case AnyOf(parts):
            return Clause("At least one of these", tuple(clause(part, book) for part in parts))
        case Not(part):
            return Clause("Not", (clause(part, book),))
        case Always():
            return Clause("Always: neuroendocrine liver metastases are assumed")
    text = condition_words(condition, book)
    for plain, sign in _TIDY:
        text = text.replace(plain, sign)
    for unit in _COUNTED:
        text = text.removesuffix(unit)
    return Clause(text)


def sentences(rule: Rule, document: Document) -> Iterator[Sentence]:
    """Return the sentences a rule rests on, each whole, with what the rule quotes of it.

    Raises:
        QuoteMismatchError: If the quote or a sentence is not in the source at its offsets.
    """
    check_quote(document, rule.start, rule.end, rule.quote, clean(rule.quote))
    for unit in document.searchable:
        if unit.start < rule.end and unit.end > rule.start:
            yield _sentence(unit, rule, document)


def _sentence(unit: Unit, rule: Rule, document: Document) -> Sentence:
    check_quote(document, unit.start, unit.end, document.quote(unit), unit.display)
    start, end = render(document.source, unit.start, unit.end).to_clean(rule.start, rule.end)
    return Sentence(unit.display[:start], unit.display[start:end], unit.display[end:])
