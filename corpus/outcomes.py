"""The figures a document prints and the directions it states, as data: read from a pack's ``outcomes.yaml``."""

from __future__ import annotations

import re
from pathlib import Path

from corpus.document import Document
from corpus.located_yaml import Node, read_yaml
from corpus.questions import ASKS, refuse_unknown
from corpus.statements import Outcome, Relation
from corpus.vocabulary import Vocabulary

KINDS = frozenset(
    """
    outcome harm eligibility prognosis dose device epidemiology imaging procedure follow_up publication
    """.split()  # noqa: SIM905 - readable as a list of words
)
RELATIONS = frozenset(
    """
    better worse similar before after first_line second_line indicated not_indicated contraindicated significant
    not_significant arm agent isotope carrier
    """.split()  # noqa: SIM905
)
_FIGURE = frozenset({"unit", "quote", "subject", "metric_name", "value", "asks", "kind"})
_TEXTS = (
    *("subject", "metric", "metric_name", "value", "unit_of_value", "population", "against", "interval", "design"),
    *("study", "kind"),
)
_FIGURE_OPTIONAL = frozenset({*_TEXTS, "therapies", "low", "high", "n", "references", "notes"}) - _FIGURE
_RELATION = frozenset({"unit", "quote", "left", "relation"})
_RELATION_OPTIONAL = frozenset({"right", "by", "population", "references"})


def load_outcomes(
    path: Path, document: Document, vocabulary: Vocabulary
) -> tuple[tuple[Outcome, ...], tuple[Relation, ...]]:
    """Read and check ``outcomes.yaml``.

    Raises:
        KnowledgeError: At the first place that is wrong: a quote that its unit does not print, an unknown id, a value
            that is no part of the quote's unit, another arm that does not name this one.
    """
    root = read_yaml(path).fields(frozenset({"outcomes", "relations"}), frozenset())
    nodes = root["outcomes"].mapping()
    outcomes = tuple(_outcome(key, node, document, vocabulary) for key, node in nodes.items())
    by_id = {outcome.id: outcome for outcome in outcomes}
    for outcome in outcomes:
        if outcome.against == outcome.id:
            nodes[outcome.id].mapping()["against"].refuse(f"{outcome.id!r} is against itself")
        if outcome.against and outcome.against not in by_id:
            nodes[outcome.id].mapping()["against"].refuse(f"no figure {outcome.against!r}")
        if outcome.against and by_id[outcome.against].against != outcome.id:
            nodes[outcome.id].mapping()["against"].refuse(f"{outcome.against!r} is not against {outcome.id!r}")
    relations = tuple(_relation(key, node, document, vocabulary) for key, node in root["relations"].mapping().items())
    return outcomes, relations


def _outcome(key: str, node: Node, document: Document, vocabulary: Vocabulary) -> Outcome:
    fields = node.fields(_FIGURE, _FIGURE_OPTIONAL)
    unit = _printed(fields, document)
    lists = {name: fields[name].texts() if name in fields else () for name in ("therapies", "asks")}
    texts = {name: fields[name].text() if name in fields else "" for name in _TEXTS}
    _refuse_unknown_ids(fields, lists, texts, vocabulary)
    low, high = _ends(fields, document.unit_by_id[unit].display)
    return Outcome(
        id=key,
        unit=unit,
        therapies=lists["therapies"],
        subject=texts["subject"],
        metric=texts["metric"],
        metric_name=texts["metric_name"],
        value=texts["value"],
        low=low,
        high=high,
        unit_of_value=texts["unit_of_value"],
        population=texts["population"],
        n=fields["n"].count() if "n" in fields else None,
        against=texts["against"],
        interval=texts["interval"],
        design=texts["design"],
        study=texts["study"],
        references=_references(fields, document),
        asks=lists["asks"],
        kind=texts["kind"],
    )


def _refuse_unknown_ids(
    fields: dict[str, Node], lists: dict[str, tuple[str, ...]], texts: dict[str, str], vocabulary: Vocabulary
) -> None:
    therapies = [entry.id for entry in vocabulary.entries if entry.kind == "therapy"]
    refuse_unknown(fields, "therapies", lists["therapies"], therapies)
    refuse_unknown(fields, "asks", lists["asks"], ASKS)
    refuse_unknown(fields, "kind", (texts["kind"],), KINDS)
    if texts["metric"]:
        refuse_unknown(fields, "metric", (texts["metric"],), vocabulary.by_id)
    if "notes" in fields:
        fields["notes"].texts()


def _ends(fields: dict[str, Node], printed: str) -> tuple[float | None, float | None]:
    """The ends of a value that its unit prints word by word ("18.6 months" of "18.6 and 46.3 months, respectively")."""
    for part in fields["value"].text().casefold().split():
        if re.search(rf"(?<![\d.,]){re.escape(part)}(?!\d|[.,]\d)", printed.casefold()) is None:
            fields["value"].refuse(f"{fields['unit'].text()!r} does not print {part!r}")
    low, high = (fields[name].number() if name in fields else None for name in ("low", "high"))
    if low is not None and high is not None and low > high:
        fields["low"].refuse(f"{low:g} is above {high:g}")
    return low, high


def _relation(key: str, node: Node, document: Document, vocabulary: Vocabulary) -> Relation:
    fields = node.fields(_RELATION, _RELATION_OPTIONAL)
    unit = _printed(fields, document)
    lists = {name: fields[name].texts() if name in fields else () for name in ("right", "by")}
    for name in lists:
        refuse_unknown(fields, name, lists[name], vocabulary.by_id)
    refuse_unknown(fields, "left", (fields["left"].text(),), vocabulary.by_id)
    refuse_unknown(fields, "relation", (fields["relation"].text(),), RELATIONS)
    _references(fields, document)
    population = fields["population"].text() if "population" in fields else ""
    return Relation(key, unit, fields["left"].text(), fields["relation"].text(), population=population, **lists)


def _printed(fields: dict[str, Node], document: Document) -> str:
    unit = document.unit_by_id.get(fields["unit"].text())
    if unit is None or not unit.searchable:
        fields["unit"].refuse(f"{fields['unit'].text()!r} is no unit of {document.citation.id}")
    if fields["quote"].text() not in unit.display:
        fields["quote"].refuse(f"{unit.id!r} does not print this; it prints {unit.display!r}")
    return unit.id


def _references(fields: dict[str, Node], document: Document) -> tuple[int, ...]:
    if "references" not in fields:
        return ()
    numbers = tuple(item.count() for item in fields["references"].items())
    if len(set(numbers)) != len(numbers):
        fields["references"].refuse("a reference stands here twice")
    for number in numbers:
        if number not in document.reference_by_number:
            fields["references"].refuse(f"no reference {number}")
    return numbers
