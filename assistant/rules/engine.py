"""All rules on one patient: what fires, where each therapy stands and why, and what has to be established first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from assistant.answer import Standing
from assistant.rules.book import ACCOMPANYING, ADVISING, EXCLUDING, SUPPORTING, RuleBook
from assistant.rules.derivation import derived
from assistant.rules.patient import Patient
from assistant.rules.truth import Trace, evaluate
from corpus.definitions import SET
from corpus.rules import Conclusion, Rule

SCOPE = "has_nelm"
"""The fact that guards every rule: unknown counts as assumed, only another named disease makes it absent."""
_INTERVENTIONS = frozenset({"planned_interventions", "performed_interventions"})
_STANDING = frozenset({"supported", "supported_with_caution", "conflicting", "undetermined"})
_STAKE = {
    "contraindicated": 8,
    "ineligible": 6,
    "caution": 3,
    "recommend": 3,
    "consider": 3,
    "prefer_over": 3,
    "prophylaxis": 3,
    "eligible": 2,
    "follow_up": 1,
    "prognosis": 1,
    "info": 0,
}
"""What is at stake in a rule that an unknown fact leaves open, for ranking questions only."""
_ASKED = 4
"""How much more a rule counts that speaks of a therapy asked about, or of one above or below it."""
_SUPPORTED = 2
_ALWAYS = 20
"""Added for a fact that the document prints as having to be known first."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fires.

    Attributes:
        overruled_by: Per therapy of its advice, the key of the rule that excludes it.
    """

    rule: Rule
    trace: Trace
    overruled_by: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a therapy stands, and the rules that say so, weightiest first.

    Attributes:
        open: Facts not known that keep it from being supported, doubtful ones first.
        critical: Whether one of them was mentioned and is in doubt.
        umbrella: Fired support for something wider: "said of … in general".
        unstated: Exclusion rules about which nothing is known.
    """

    therapy: str
    standing: Standing
    rules: tuple[str, ...]
    open: tuple[str, ...] = ()
    critical: bool = False
    umbrella: tuple[str, ...] = ()
    unstated: tuple[str, ...] = ()
    tensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A fact to establish, the rules it would help to settle, and whether it is in doubt rather than not stated."""

    fact: str
    rules: tuple[str, ...]
    critical: bool
    weight: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """An exclusion rule that is neither met nor surely unmet, and the facts that would settle it."""

    rule: Rule
    facts: tuple[str, ...]
    trace: Trace


class Engine:
    """Evaluates a rule book on patients; holds nothing of a patient."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book

    def evaluate(self, patient: Patient, asked: Iterable[str] = (), confirmed: Iterable[str] = ()) -> Evaluation:
        """Evaluate every rule, with a full trace.

        Args:
            asked: Therapies the question is about.
            confirmed: Therapies of whose exclusions that are not stated it was confirmed that none applies; what was
                mentioned and is in doubt stays in doubt.
        """
        known = derived(patient, self.book.facts, self.book.lineage)
        evaluation = Evaluation(self.book, known, tuple(dict.fromkeys(asked)))
        settled = {rule for therapy in confirmed for rule in evaluation.unstated(therapy)}
        return (
            replace(evaluation, patient=replace(known, confirmed=known.confirmed | settled)) if settled else evaluation
        )


def _support(open_exclusions: tuple[str, ...], cautions: tuple[str, ...]) -> Standing:
    """How a therapy stands that something supports and nothing surely excludes."""
    if open_exclusions:
        return "undetermined"
    return "supported_with_caution" if cautions else "supported"


@dataclass(frozen=True)
class Evaluation:
    """The rules on one patient.

    Attributes:
        patient: With what follows from the facts stated.
    """

    book: RuleBook
    patient: Patient
    asked: tuple[str, ...]

    @property
    def in_scope(self) -> bool:
        """Whether the rules speak of this patient at all."""
        scope = self.patient.facts.get(SCOPE)
        return scope is None or scope.state != "absent"

    @cached_property
    def traces(self) -> Mapping[str, Trace]:
        """Every rule's trace, by key; none out of scope."""
        if not self.in_scope:
            return {}
        return {key: evaluate(rule.when, self.patient, self.book.lineage) for key, rule in self.book.rules.items()}

    @cached_property
    def doubtful(self) -> frozenset[str]:
        """Facts that were mentioned and are not decided; what a set of therapies holds is no doubt."""
        return frozenset(fact for fact in self.patient.doubtful if self.book.facts[fact].kind != SET)

    def truth(self, rule: str) -> bool | None:
        """Return whether a rule fires (true), does not (false), or is undetermined."""
        truth = self.traces[rule].truth if rule in self.traces else False
        return False if truth is None and rule in self.patient.confirmed else truth

    @cached_property
    def fired(self) -> tuple[Fired, ...]:
        """The rules that fire, in the order of the book, each with what overrules it."""
        return tuple(
            Fired(rule, self.traces[key], self._overruled(rule))
            for key, rule in self.book.rules.items()
            if self.truth(key)
        )

    def _overruled(self, rule: Rule) -> dict[str, str]:
        found: dict[str, str] = {}
        for conclusion in rule.then:
            if conclusion.effect in ADVISING and conclusion.therapy in self.book.parents:
                placed = self.placed(conclusion.therapy)
                preference = placed.standing == "conflicting" and conclusion.effect == "prefer_over"
                if placed.standing in {"contraindicated", "not_eligible"} or preference:
                    found[conclusion.therapy] = placed.rules[0]  # no preference for what may be excluded
        return found

    def placed(self, therapy: str) -> Placed:
        """Return where a therapy stands: the first of the standings that applies."""
        if therapy not in self._placed:
            self._placed[therapy] = self._place(therapy)
        return self._placed[therapy]

    @cached_property
    def _placed(self) -> dict[str, Placed]:
        return {}

    def _place(self, therapy: str) -> Placed:
        spoken = self.book.spoken_of[therapy]
        line = self.book.lineage(therapy)
        truths = {key: self.truth(key) for key in spoken.rules}

        def fire(keys: Iterable[str]) -> tuple[str, ...]:
            return tuple(key for key in keys if truths[key])

        def are_open(keys: Iterable[str]) -> tuple[str, ...]:
            return tuple(key for key in keys if truths[key] is None)

        excluding = fire(spoken.exclusions)
        listed = tuple(key for key in excluding if self._effect(key, line) == "contraindicated")
        supports, cautions = fire(spoken.supports), fire(spoken.cautions)
        open_exclusions = are_open(spoken.exclusions)
        tensions, covered = self._tensions(therapy)
        facts = self._open_facts(open_exclusions)
        standing: Standing
        first: tuple[str, ...]
        if listed:
            standing, first = "contraindicated", listed
        elif tensions and all(key in covered for key in excluding):
            standing, first = "conflicting", covered
        elif excluding:
            standing, first = "not_eligible", excluding
        elif supports:
            standing, first = _support(open_exclusions, cautions), supports
        elif are_open(spoken.supports):
            standing, first = "undetermined", are_open(spoken.supports)
            facts = tuple(dict.fromkeys([*facts, *self._open_facts(first)]))
        else:
            standing, first = "not_addressed", ()
        rules = tuple(dict.fromkeys([*first, *excluding, *cautions, *supports, *fire(spoken.others)]))
        doubtful = self.doubtful
        return Placed(
            therapy,
            standing,
            rules,
            open=tuple(sorted(facts, key=lambda fact: fact not in doubtful)),
            critical=any(fact in doubtful for fact in facts),
            umbrella=fire(spoken.umbrella),
            unstated=open_exclusions,
            tensions=tensions,
        )

    def unstated(self, therapy: str) -> tuple[str, ...]:
        """Return the exclusion rules of a therapy about which nothing was said: its checklist."""
        undecided = {f"{item.rule.key}" for item in self.undecided}
        return tuple(rule for rule in self.placed(therapy).unstated if rule not in undecided)

    def _effect(self, rule: str, line: tuple[str, ...]) -> str:
        effects = [c.effect for c in self.book.rules[rule].then if c.therapy in line and c.effect in EXCLUDING]
        return "contraindicated" if "contraindicated" in effects else effects[0]

    def _tensions(self, therapy: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The tensions of a therapy both of whose sides fire, and the rules of their sides that do."""
        found: list[str] = []
        covered: list[str] = []
        for tension in self.book.tensions_of(therapy):
            against, supporting = (
                [f"{tension.document}/{rule}" for rule in side] for side in (tension.against, tension.supporting)
            )
            # An exclusion of this very therapy, or a caution; the tension of another therapy's rule is not this one's.
            if any(self.truth(key) for key in against) and any(self.truth(key) for key in supporting):
                found.append(f"{tension.document}/{tension.id}")
                covered += [key for key in (*against, *supporting) if self.truth(key)]
        return tuple(found), tuple(dict.fromkeys(covered))

    def _open_facts(self, rules: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(fact for key in rules for fact in self.traces[key].unknown()))

    @cached_property
    def therapies(self) -> tuple[Placed, ...]:
        """The therapies worth showing: those asked about first, then those on which a rule that names them fires."""
        named = [c.therapy for fired in self.fired for c in fired.rule.then if not fired.rule.display_only]
        shown = dict.fromkeys(therapy for therapy in [*self.asked, *named] if therapy in self.book.parents)
        return tuple(self.placed(therapy) for therapy in shown) if self.in_scope else ()

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What matters and is not known: what is in doubt first, then by the rules it settles and their stake."""
        weights: dict[str, int] = {}
        rules: dict[str, list[str]] = {}
        near = self._near_asked
        supported = {placed.therapy for placed in self.therapies if placed.standing not in {"not_addressed"}}
        for key, trace in self.traces.items():
            if self.truth(key) is not None:
                continue
            rule = self.book.rules[key]
            stake = max(_STAKE[conclusion.effect] for conclusion in rule.then)
            therapies = set(self.book.therapies_of(rule))
            stake *= _ASKED if therapies & near else (_SUPPORTED if therapies & supported else 1)
            for fact in trace.unknown():
                weights[fact] = weights.get(fact, 0) + stake
                rules.setdefault(fact, []).append(key)
        for fact, definition in self.book.facts.items():
            if definition.always_ask and self.in_scope and self.patient.get(fact) is None:
                weights[fact] = weights.get(fact, 0) + _ALWAYS
        questions = [
            Question(fact, tuple(rules.get(fact, ())), self._critical(fact), weight)
            for fact, weight in weights.items()
            if fact != SCOPE
        ]
        return tuple(sorted(questions, key=lambda q: (not q.critical, -q.weight, q.fact)))

    def _critical(self, fact: str) -> bool:
        given = any(self.patient.get(other) is not None for other in self.book.facts[fact].critical_with)
        return fact in self.doubtful or given

    @cached_property
    def _near_asked(self) -> frozenset[str]:
        above = {item for therapy in self.asked for item in self.book.lineage(therapy)}
        below = {
            therapy for therapy in self.book.parents if any(item in self.book.lineage(therapy) for item in self.asked)
        }
        return frozenset(above | below)

    def concerns(self, rule: Rule, conclusion: Conclusion) -> bool:
        """Whether a conclusion belongs in an answer; where the therapies stand is told of all of them anyway.

        What the rules say of the therapies asked about, of those above and below them, and whatever a rule says in the
        same breath; prophylaxis and follow-up; of other therapies what supports them or is prognosis for this patient,
        but not what speaks against them, nor what holds for everybody.
        """
        near = self._near_asked
        if conclusion.effect in ACCOMPANYING or {conclusion.therapy, *conclusion.over} & near:
            return True
        specific = bool(set(self.traces[rule.key].because()) - _INTERVENTIONS)
        if not self.asked:
            return specific and (conclusion.effect != "caution" or self._is_supported(conclusion.therapy))
        kin = any(item in near and self.book.parents[item] for item in self.book.lineage(conclusion.therapy))
        if kin and (specific or any({c.therapy, *c.over} & near for c in rule.then)):
            return True
        return specific and conclusion.effect in {*SUPPORTING, "prefer_over"} and self._stands(conclusion.therapy)

    def _is_supported(self, therapy: str) -> bool:
        spoken = self.book.spoken_of.get(therapy)
        return spoken is not None and any(self.truth(key) for key in spoken.supports)

    def _stands(self, therapy: str) -> bool:
        return therapy in self.book.parents and self.placed(therapy).standing in _STANDING

    @cached_property
    def undecided(self) -> tuple[Undecided, ...]:
        """Exclusions that what is stated brings near without deciding: a doubtful fact, or a part of it that holds."""
        found: list[Undecided] = []
        for key, trace in self.traces.items():
            rule = self.book.rules[key]
            excludes = any(c.effect in EXCLUDING for c in rule.then) and not rule.display_only
            if not excludes or self.truth(key) is not None:
                continue
            facts = trace.unknown()
            partly = any(atom.truth for atom in trace.atoms())
            if self.doubtful & set(facts) or partly:
                found.append(Undecided(rule, facts, trace))
        return tuple(found)

    def shown_with(self, rule: Rule) -> tuple[str, ...]:
        """Return the keys of the rules that are always shown beside one and fire as well."""
        beside = (f"{rule.document}/{other}" for other in rule.show_with)
        return tuple(key for key in beside if self.truth(key))

    def effect_shown(self, rule: Rule, conclusion: Conclusion) -> str:
        """Return the effect a conclusion is shown with: what is only quoted is information, never advice."""
        return "info" if rule.display_only else conclusion.effect
