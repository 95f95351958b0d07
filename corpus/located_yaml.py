"""YAML read as nodes that know their line and column, so that every complaint names its place.

Reads mappings, sequences and strings only; anchors, tags and other types are refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from corpus.errors import KnowledgeError

_TEXT = "tag:yaml.org,2002:str"
_TRUTH = {"true": True, "false": False}
# yes, no, on and off, an octal, a time and .inf are refused: YAML and a reader of the file would take them differently.
_SCALARS: dict[str, tuple[Callable[[str], Any], str]] = {
    "tag:yaml.org,2002:int": (int, "decimal digits, or quote it"),
    "tag:yaml.org,2002:float": (float, "decimal digits, or quote it"),
    "tag:yaml.org,2002:bool": (lambda value: _TRUTH[value.lower()], "true or false, or quote it"),
    "tag:yaml.org,2002:null": (lambda _value: None, ""),
}


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML node of a named file."""

    file: str
    node: yaml.Node
    key: yaml.Node | None = None

    def refuse(self, message: str) -> NoReturn:
        """Raise a `KnowledgeError` at this node."""
        mark = self.node.start_mark
        raise KnowledgeError(message, file=self.file, line=mark.line + 1, column=mark.column + 1)

    def refuse_key(self, message: str) -> NoReturn:
        """Raise a `KnowledgeError` at the key this node is the value of."""
        Node(self.file, self.key or self.node).refuse(message)

    def mapping(self) -> dict[str, Node]:
        """Return the node's entries; refuse anything but a mapping with unique keys."""
        if not isinstance(self.node, yaml.MappingNode):
            self.refuse(f"expected a mapping, found {_kind(self.node)}")
        entries: dict[str, Node] = {}
        for key, value in self.node.value:
            name = Node(self.file, key).text()
            if name in entries:
                Node(self.file, key).refuse(f"{name!r} stands here a second time")
            entries[name] = Node(self.file, value, key)
        return entries

    def fields(self, required: frozenset[str], optional: frozenset[str]) -> dict[str, Node]:
        """Return the entries of a mapping whose keys are known; refuse missing and unknown ones."""
        entries = self.mapping()
        for name, value in entries.items():
            if name not in required | optional:
                value.refuse_key(f"unknown key {name!r}; expected one of {sorted(required | optional)}")
        if missing := sorted(required - set(entries)):
            self.refuse(f"missing {missing}")
        return entries

    def items(self) -> list[Node]:
        """Return the items of a sequence."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.refuse(f"expected a list, found {_kind(self.node)}")
        return [Node(self.file, item) for item in self.node.value]

    def text(self) -> str:
        """Return a non-empty string; what YAML reads as a number or a date counts as its text."""
        if not isinstance(self.node, yaml.ScalarNode):
            self.refuse(f"expected text, found {_kind(self.node)}")
        if self.node.tag == "tag:yaml.org,2002:null" and self.node.value:
            self.refuse(f"expected text, found {self.node.value!r}; quote it if it is a word")
        value = str(self.node.value)
        if not value.strip():
            self.refuse("expected text, found nothing")
        return value

    def plain(self) -> Any:
        """Return plain values: mappings, lists, text, numbers, truth values and ``None``, as JSON has them."""
        if isinstance(self.node, yaml.MappingNode):
            return {key: value.plain() for key, value in self.mapping().items()}
        if isinstance(self.node, yaml.SequenceNode):
            return [item.plain() for item in self.items()]
        if not isinstance(self.node, yaml.ScalarNode):
            self.refuse(f"expected text, found {_kind(self.node)}")
        value = str(self.node.value)
        read, wanted = _SCALARS.get(self.node.tag, (str, ""))
        try:
            return read(value)
        except (ValueError, KeyError):
            self.refuse(f"found {value!r}; write {wanted}")

    def is_text(self) -> bool:
        """Whether YAML reads it as text, not as a number, a date or a truth value."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == _TEXT

    def truth(self) -> bool:
        """Return a truth value."""
        value = self.plain()
        if not isinstance(value, bool):
            self.refuse(f"expected true or false, found {value!r}")
        return value

    def whole(self) -> int:
        """Return a whole number, written as one."""
        value = self.plain()
        if type(value) is not int:
            self.refuse(f"expected a whole number, found {value!r}")
        return value

    def number(self) -> float:
        """Return a finite number."""
        try:
            value = float(self.text())
        except ValueError:
            self.refuse(f"expected a number, found {self.text()!r}")
        if not math.isfinite(value):
            self.refuse(f"expected a number, found {self.text()!r}")
        return value

    def count(self) -> int:
        """Return a whole number of one or more."""
        value = self.number()
        if value < 1 or value != int(value):
            self.refuse(f"expected a whole number above 0, found {self.text()!r}")
        return int(value)

    def texts(self) -> tuple[str, ...]:
        """Return a list of strings without repeats."""
        seen: dict[str, None] = {}
        for item in self.items():
            if item.text() in seen:
                item.refuse(f"{item.text()!r} stands in this list twice")
            seen[item.text()] = None
        return tuple(seen)


def _refuse_anchors(text: str, file: str) -> None:
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None:
            mark = event.start_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise KnowledgeError("anchors, aliases and tags are not read", file=file, line=line, column=column)


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else "text"


def read_yaml(path: Path) -> Node:
    """Read one YAML file.

    Raises:
        KnowledgeError: If the file is missing, is not YAML or is empty.
    """
    try:
        text = path.read_text(encoding="utf-8")
        _refuse_anchors(text, path.name)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except FileNotFoundError as exc:
        raise KnowledgeError("the file is missing", file=path.name, line=1, column=1) from exc
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise KnowledgeError(str(exc.problem), file=path.name, line=line, column=column) from exc
    except (UnicodeDecodeError, yaml.reader.ReaderError) as exc:
        before = exc.object[: exc.start] if isinstance(exc, UnicodeDecodeError) else text[: exc.position].encode()
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode()) + 1
        raise KnowledgeError(f"no text: {exc.reason}", file=path.name, line=line, column=column) from exc
    if root is None:
        raise KnowledgeError("the file is empty", file=path.name, line=1, column=1)
    return Node(path.name, root)
