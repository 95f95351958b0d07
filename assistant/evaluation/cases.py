"""Metrics of vignettes: facts read, recommendations concluded, what is named as missing, what must not be recommended.

The names of a set are mapped to the product's ids by the set's own ``names.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.answer import Answer, Fact, Recommendation
from assistant.evaluation.matching import holds
from assistant.evaluation.sets import EvaluationError

_FIRM = frozenset({"present", "absent", "value"})
_DIRECTION = {"recommend": "for", "consider": "for", "prefer": "for"} | dict.fromkeys(
    ("caution", "contraindicated", "ineligible"), "against"
)
_TOLERANCE = 0.02
_COUNT = "count"
_FIGURE = re.compile(r"\d+(?:[.,]\d+)?")
_WORDS = frozenset({"primary_site", "sex", "distribution"})


@dataclass(frozen=True)
class Names:
    """From the product's ids to a set's names."""

    facts: Mapping[str, Any]
    therapies: Mapping[str, str]
    effects: Mapping[str, str]
    reasons: Mapping[str, str]

    @classmethod
    def load(cls, folder: Path) -> Names:
        """Read ``names.json``.

        Raises:
            EvaluationError: If it is missing or no JSON.
        """
        try:
            values = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise EvaluationError("names.json is missing or no JSON") from exc
        return cls(values["facts"], values["therapies"], values["effects"], values.get("asked_or_reason_only", {}))

    def of_fact(self, fact: Fact) -> Iterator[tuple[str, Any, bool]]:
        """Return name, value and firmness of a fact, once for each name it has."""
        entries = self.facts.get(fact.id, [])
        for entry in entries if isinstance(entries, list) else [entries]:
            yield from self._mapped(fact, entry)

    def _mapped(self, fact: Fact, entry: Mapping[str, Any]) -> Iterator[tuple[str, Any, bool]]:
        name = entry["name"]
        if fact.state not in _FIRM:
            yield name, None, False
        elif fact.state in {"present", "absent"}:
            yield name, fact.state == "present", True
        elif fact.low is not None or fact.high is not None:
            exact = fact.low == fact.high and fact.low is not None
            yield name, (fact.low or 0.0) * entry.get("factor", 1) if exact else (fact.low, fact.high), True
        elif entry.get("therapy"):
            for candidate in fact.candidates:
                if candidate in self.therapies:
                    yield name, self.therapies[candidate], True
        else:
            yield from self._candidates(fact, entry)

    @staticmethod
    def _candidates(fact: Fact, entry: Mapping[str, Any]) -> Iterator[tuple[str, Any, bool]]:
        values = entry.get("values")
        unmapped = object()
        mapped = [
            (values or {}).get(c, unmapped if values and "distribution" not in entry["name"] else c)
            for c in fact.candidates
        ]
        if values and entry["name"] in {"primary_site", "sex", "distribution"}:
            mapped = [values.get(c, c) for c in fact.candidates]
        known = [value for value in mapped if value is not unmapped]
        if not known:
            return
        same = len(set(map(str, mapped))) == 1 and known[0] != "uncertain"
        yield entry["name"], known[0] if same else None, same

    def missing(self, fact: str) -> set[str]:
        """Return the names of a fact that is asked for."""
        entries = self.facts.get(fact, [])
        names = {entry["name"] for entry in (entries if isinstance(entries, list) else [entries])}
        return names | ({self.reasons[fact]} if fact in self.reasons else set())


@dataclass
class Tally:
    """Counts of one kind."""

    right: int = 0
    found: int = 0
    expected: int = 0

    @property
    def precision(self) -> float:
        """Right of found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Right of expected."""
        return self.right / self.expected if self.expected else 1.0


@dataclass
class CaseFigures:
    """What vignettes scored."""

    facts: Tally = field(default_factory=Tally)
    negated: Tally = field(default_factory=Tally)
    converted: Tally = field(default_factory=Tally)
    strict: Tally = field(default_factory=Tally)
    lenient: Tally = field(default_factory=Tally)
    missing: Tally = field(default_factory=Tally)
    violations: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    cases: int = 0


def score_cases(ask: Callable[[str], Answer], folder: Path, narrower: Callable[[str, str], bool]) -> CaseFigures:
    """Score a folder's ``vignettes.jsonl``.

    Args:
        narrower: Whether one of the set's therapies is the other or narrower.
    """
    names = Names.load(folder)
    figures = CaseFigures()
    for line in (folder / "vignettes.jsonl").read_text(encoding="utf-8").split("\n"):
        if line.strip():
            item = json.loads(line)
            answer = ask(item["text"])
            figures.cases += 1
            _score_facts(answer, item, names, figures)
            _score_recommendations(answer, item, names, narrower, figures)
            named = {name for missing in answer.ask for name in names.missing(missing.fact)}
            figures.missing.expected += len(item["missing"])
            figures.missing.right += sum(name in named for name in item["missing"])
            figures.lost += [f"{item['id']} missing {name}" for name in item["missing"] if name not in named]
    return figures


def _score_facts(answer: Answer, item: dict[str, Any], names: Names, figures: CaseFigures) -> None:
    read: dict[str, list[Any]] = {}
    for name, value in _firm(answer, names):
        read.setdefault(name, []).append(value)
    stated = {name: w for name, w in item["expected_facts"].items() if w["status"] in {"stated", "negated"}}
    for name, wanted in stated.items():
        right = any(same_value(one, wanted["value"]) for one in read.get(name, ()))
        tallies = [figures.facts]
        tallies += [figures.negated] if wanted["status"] == "negated" else []
        tallies += [figures.converted] if _is_converted(wanted, item["text"]) else []
        for tally in tallies:
            tally.expected += 1
            tally.right += right
        if not right:
            figures.lost.append(f"{item['id']} fact {name}={wanted['value']} got {read.get(name)}")
    skipped = set(item.get("optional_facts", ())) - item["expected_facts"].keys()
    for name, value in ((name, value) for name, values in read.items() if name not in skipped for value in values):
        figures.facts.found += 1
        if name not in stated or not same_value(value, stated[name]["value"]):
            figures.wrong.append(f"{item['id']} fact {name}={value}")


def _is_converted(wanted: Mapping[str, Any], text: str) -> bool:
    """Whether a figure with a unit does not stand in the text as expected: its unit had to be converted."""
    value = wanted["value"]
    if wanted.get("unit", _COUNT) == _COUNT or not isinstance(value, int | float):
        return False
    return all(float(number.replace(",", ".")) != value for number in _FIGURE.findall(text))


def _firm(answer: Answer, names: Names) -> Iterator[tuple[str, Any]]:
    for fact in answer.facts:
        yield from ((name, value) for name, value, firm in names.of_fact(fact) if firm)


def same_value(value: Any, wanted: Any) -> bool:
    """Whether a value read is one expected; figures within 2 %."""
    if isinstance(wanted, bool) or isinstance(value, bool):
        return value is wanted
    if isinstance(wanted, int | float) and isinstance(value, int | float):
        return abs(value - wanted) <= _TOLERANCE * max(abs(wanted), 1e-9)
    return bool(value == wanted)


@dataclass(frozen=True)
class _Output:
    therapy: str
    effect: str
    quotes: tuple[str, ...]
    overruled: bool
    because: tuple[str, ...]


def _outputs(answer: Answer, names: Names) -> list[_Output]:
    found: list[_Output] = []
    for recommendation in answer.recommendations:
        therapy, effect = names.therapies.get(recommendation.therapy), names.effects.get(recommendation.effect)
        if therapy is None or effect is None:
            continue
        found.append(_output(recommendation, therapy, effect, answer))
        if recommendation.therapy in {"tace", "ctace", "deb_tace"} and "tace_agent" in recommendation.because:
            found.append(_output(recommendation, "TACE_doxorubicin", effect, answer))
        if recommendation.therapy == "ct" and effect == "follow_up":
            found.append(_output(recommendation, "CT_follow_up", effect, answer))
    return found


def _output(recommendation: Recommendation, therapy: str, effect: str, answer: Answer) -> _Output:
    quotes = tuple(answer.citations[n - 1].quote for n in recommendation.citations)
    return _Output(therapy, effect, quotes, recommendation.overruled_by is not None, recommendation.because)


def _score_recommendations(
    answer: Answer, item: dict[str, Any], names: Names, narrower: Callable[[str, str], bool], figures: CaseFigures
) -> None:
    outputs = _outputs(answer, names)
    expected = item["expected_recommendations"]
    for wanted in expected:
        for tally, same in ((figures.strict, _same), (figures.lenient, _alike)):
            met = any(
                narrower(output.therapy, wanted["therapy"])
                and same(output.effect, wanted["effect"])
                and any(holds(quote, wanted["quote"]) for quote in output.quotes)
                for output in outputs
            )
            tally.expected += 1
            tally.right += met
            if not met and tally is figures.lenient:
                figures.lost.append(f"{item['id']} rec {wanted['therapy']} {wanted['effect']} {wanted['quote'][:50]!r}")
    advice = [output for output in outputs if not output.overruled and output.effect != "info"]
    for output in dict.fromkeys(advice):
        hits = _violates(output, item, narrower)
        figures.lenient.found += 1
        fits = any(
            narrower(output.therapy, wanted["therapy"]) and _alike(output.effect, wanted["effect"])
            for wanted in [*expected, *item.get("also_acceptable", ())]
        )
        if hits:
            figures.violations.append(f"{item['id']} {output.therapy} {output.effect} {output.quotes[:1]}")
        if not fits or hits:
            figures.wrong.append(
                f"{item['id']} rec {output.therapy} {output.effect} {output.quotes[0][:50] if output.quotes else ''!r}"
            )
        else:
            figures.strict.found += 1  # precision of lenient matching: right outputs


def _violates(output: _Output, item: dict[str, Any], narrower: Callable[[str, str], bool]) -> bool:
    expected = {(wanted["therapy"], wanted["effect"]) for wanted in item["expected_recommendations"]}
    return any(
        narrower(output.therapy, banned["therapy"])
        and output.effect in banned["effects"]
        and (output.therapy, output.effect) not in expected
        for banned in item["must_not_recommend"]
    )


def _same(one: str, other: str) -> bool:
    return one == other


def _alike(one: str, other: str) -> bool:
    return one == other or (one in _DIRECTION and _DIRECTION.get(one) == _DIRECTION.get(other))


def case_lines(figures: CaseFigures) -> Iterator[str]:
    """Return the report's lines."""
    facts = figures.facts
    wrong = sum(" fact " in line for line in figures.wrong)
    right = facts.found - wrong
    yield f"vignettes: {figures.cases}"
    yield f"facts: precision {right / facts.found if facts.found else 1:.3f}, recall {facts.recall:.3f}"
    yield f"negated facts: recall {figures.negated.recall:.3f}"
    yield f"converted facts: {figures.converted.right} of {figures.converted.expected}"
    precision = figures.strict.found / figures.lenient.found if figures.lenient.found else 1.0
    yield (
        f"recommendations: recall lenient {figures.lenient.recall:.3f}, strict {figures.strict.recall:.3f}, "
        f"precision lenient {precision:.3f}"
    )
    yield f"violations of what must not be recommended: {len(figures.violations)}"
    yield f"missing facts named: {figures.missing.recall:.3f}"


def narrower_by(parents: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> Callable[[str, str], bool]:
    """Return the test whether one of a set's therapies is another or narrower, by the product's therapy tree."""
    above: dict[str, set[str]] = {}

    def lineage(therapy: str) -> Iterable[str]:
        yield therapy
        for parent in parents.get(therapy, ()):
            yield from lineage(parent)

    for therapy, name in names.items():
        above.setdefault(name, set()).update(names[item] for item in lineage(therapy) if item in names)
    above.setdefault("TACE_doxorubicin", set()).update({"TACE_doxorubicin", *above.get("TACE", ())})
    above.setdefault("CT_follow_up", set()).update({"CT_follow_up", *above.get("CT_MRI", ())})
    return lambda one, other: one == other or other in above.get(one, set())
