"""The figures a document prints and the directions it states, as data: read from a pack's ``outcomes.yaml``."""

from __future__ import annotations

from pathlib import Path

from corpus.document import Document
from corpus.located_yaml import Node, read_yaml
from corpus.questions import ASKS
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
    _refuse_unknown(fields, "therapies", lists["therapies"], vocabulary)
    for asked in lists["asks"]:
        if asked not in ASKS:
            fields["asks"].refuse(f"unknown asks {asked!r}")
    if fields["kind"].text() not in KINDS:
        fields["kind"].refuse(f"unknown kind {fields['kind'].text()!r}; expected one of {sorted(KINDS)}")
    texts = {name: fields[name].text() if name in fields else "" for name in _TEXTS}
    if texts["metric"]:
        _refuse_unknown(fields, "metric", (texts["metric"],), vocabulary)
    printed = document.unit_by_id[unit].display.casefold()
    for part in texts["value"].casefold().split():  # "18.6 months" of "18.6 and 46.3 months, respectively"
        if part not in printed:
            fields["value"].refuse(f"{unit!r} does not print {part!r}")
    return Outcome(
        id=key,
        unit=unit,
        therapies=lists["therapies"],
        subject=texts["subject"],
        metric=texts["metric"],
        metric_name=texts["metric_name"],
        value=texts["value"],
        low=fields["low"].number() if "low" in fields else None,
        high=fields["high"].number() if "high" in fields else None,
        unit_of_value=texts["unit_of_value"],
        population=texts["population"],
        n=int(fields["n"].number()) if "n" in fields else None,
        against=texts["against"],
        interval=texts["interval"],
        design=texts["design"],
        study=texts["study"],
        references=_references(fields, document),
        asks=lists["asks"],
        kind=texts["kind"],
    )


def _relation(key: str, node: Node, document: Document, vocabulary: Vocabulary) -> Relation:
    fields = node.fields(_RELATION, _RELATION_OPTIONAL)
    unit = _printed(fields, document)
    lists = {name: fields[name].texts() if name in fields else () for name in ("right", "by")}
    for name in lists:
        _refuse_unknown(fields, name, lists[name], vocabulary)
    _refuse_unknown(fields, "left", (fields["left"].text(),), vocabulary)
    if fields["relation"].text() not in RELATIONS:
        fields["relation"].refuse(f"unknown relation; expected one of {sorted(RELATIONS)}")
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
    numbers = tuple(int(item.number()) for item in fields["references"].items())
    for number in numbers:
        if number not in document.reference_by_number:
            fields["references"].refuse(f"no reference {number}")
    return numbers


def _refuse_unknown(fields: dict[str, Node], name: str, values: tuple[str, ...], vocabulary: Vocabulary) -> None:
    for value in values:
        if value not in vocabulary.by_id:
            fields[name].refuse(f"unknown {name} {value!r}")
