from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import CorpusError, KnowledgeError
from corpus.located_yaml import Node, read_yaml

thorough = settings(deadline=None, derandomize=True, max_examples=100, database=None)


def parsed(tmp_path: Path, text: str) -> Node:
    path = tmp_path / "some.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    return read_yaml(path)


def refused(action: Callable[[], object], line: int, column: int, said: str) -> None:
    with pytest.raises(KnowledgeError) as caught:
        action()
    error = caught.value
    assert (error.file, error.line, error.column) == ("some.yaml", line, column)
    assert str(error).startswith(f"some.yaml:{line}:{column}: ")
    assert said in str(error)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    refused(lambda: read_yaml(tmp_path / "some.yaml"), 1, 1, "missing")


@pytest.mark.parametrize("text", ["", "\n", "# only a remark\n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    refused(lambda: parsed(tmp_path, text), 1, 1, "empty")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: b: c\n", 1, 5),
        ("a: 1\nb:\n\t- c\n", 3, 1),
        ("a: [1, 2\n", 2, 1),
        ("a: *nowhere\n", 1, 4),
        ("a: @b\n", 1, 4),
        ("é: ö\nü: @b\n", 2, 4),
        ("a: b\n---\nc: d\n", 2, 1),
        ("a: 'b\n", 2, 1),
    ],
    ids=["two-colons", "tab", "open-list", "no-anchor", "sign", "after-umlauts", "two-documents", "open-quote"],
)
def test_what_is_not_yaml_is_refused_where_it_stops(tmp_path: Path, text: str, line: int, column: int) -> None:
    refused(lambda: parsed(tmp_path, text), line, column, "")


@pytest.mark.parametrize(
    "data", [b"a: b\nc: \x07\n", b"a: b\nc: \x00\n", b"a: b\nc: \xff\n"], ids=["bell", "nul", "not-utf-8"]
)
def test_bytes_that_are_no_text_are_refused_like_any_other_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "some.yaml"
    path.write_bytes(data)
    with pytest.raises(KnowledgeError, match=r"some\.yaml:"):
        read_yaml(path)


def test_an_error_of_knowledge_belongs_to_the_corpus_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        parsed(tmp_path, "a: @b")
    assert caught.value.code == "knowledge_invalid"
    assert "nelm build" in caught.value.hint


@pytest.mark.parametrize("text", ["- a\n", "a\n"], ids=["list", "text"])
def test_anything_but_a_mapping_is_refused(tmp_path: Path, text: str) -> None:
    node = parsed(tmp_path, text)
    refused(node.mapping, 1, 1, "expected a mapping")
    refused(lambda: node.fields(frozenset(), frozenset()), 1, 1, "expected a mapping")


@pytest.mark.parametrize("value", ["b", "{b: c}"])
def test_anything_but_a_list_is_refused(tmp_path: Path, value: str) -> None:
    node = parsed(tmp_path, f"x: y\na:   {value}\n").mapping()["a"]
    refused(node.items, 2, 6, "expected a list")
    refused(node.texts, 2, 6, "expected a list")


@pytest.mark.parametrize("value", ["[b]", "{b: c}"])
def test_anything_but_a_text_is_refused(tmp_path: Path, value: str) -> None:
    refused(parsed(tmp_path, f"a: {value}\n").mapping()["a"].text, 1, 4, "expected text")
    refused(parsed(tmp_path, f"a:\n  - ok\n  - {value}\n").mapping()["a"].texts, 3, 5, "expected text")


@pytest.mark.parametrize(("text", "column"), [("a: ''\n", 4), ("a: '  '\n", 4), ("a:\n", 3)])
def test_an_empty_text_is_refused(tmp_path: Path, text: str, column: int) -> None:
    refused(parsed(tmp_path, text).mapping()["a"].text, 1, column, "found nothing")


@pytest.mark.parametrize(
    "text",
    ["a: &x b\n", "a: &x b\nc: *x\n", "a: !!int 5\n", "a: !own b\n", "a: ~\n", "a: null\n"],
    ids=["anchor", "alias", "tag", "own-tag", "tilde", "null"],
)
def test_anchors_tags_and_null_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(KnowledgeError, match=r"some\.yaml:[12]:"):
        [node.text() for node in parsed(tmp_path, text).mapping().values()]


def test_a_key_that_stands_twice_is_refused_at_its_second_place(tmp_path: Path) -> None:
    refused(parsed(tmp_path, "a: 1\nb: 2\na: 3\n").mapping, 3, 1, "'a' stands here a second time")
    inner = parsed(tmp_path, "x:\n  a: 1\n  'a': 2\n").mapping()["x"]
    refused(inner.mapping, 3, 3, "'a' stands here a second time")


def test_a_text_that_stands_twice_in_a_list_is_refused_at_its_second_place(tmp_path: Path) -> None:
    refused(parsed(tmp_path, "[ä, ö, ä]\n").texts, 1, 8, "'ä' stands in this list twice")
    refused(parsed(tmp_path, "- a\n- b\n- a\n").texts, 3, 3, "'a' stands in this list twice")


def test_an_unknown_key_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    node = parsed(tmp_path, "a: 1\nb: 2\n")
    with pytest.raises(KnowledgeError, match=r"some\.yaml:2:\d: unknown key 'b'; expected one of \['a', 'c'\]"):
        node.fields(frozenset({"a"}), frozenset({"c"}))


def test_an_unknown_key_is_refused_at_the_key(tmp_path: Path) -> None:
    node = parsed(tmp_path, "a: 1\nb:\n  - long\n  - list\n")
    refused(lambda: node.fields(frozenset({"a"}), frozenset()), 2, 1, "unknown key 'b'")


def test_missing_keys_are_all_named_at_their_mapping(tmp_path: Path) -> None:
    node = parsed(tmp_path, "x:\n  a: 1\n").mapping()["x"]
    refused(lambda: node.fields(frozenset({"a", "c", "b"}), frozenset()), 2, 3, "missing ['b', 'c']")


def test_optional_keys_may_be_absent(tmp_path: Path) -> None:
    assert list(parsed(tmp_path, "a: 1\n").fields(frozenset({"a"}), frozenset({"b"}))) == ["a"]


def test_numbers_and_dates_count_as_the_text_they_are_written_in(tmp_path: Path) -> None:
    node = parsed(tmp_path, "[5, 5.30, 2024-04-05, yes, 0x10, 1e3]")
    assert node.texts() == ("5", "5.30", "2024-04-05", "yes", "0x10", "1e3")


@thorough
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8),
        st.lists(
            st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20), unique=True, max_size=4
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_a_yaml_library_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, list[str]]
) -> None:
    text = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
    node = parsed(tmp_path_factory.mktemp("yaml"), text)
    assert {key: list(value.texts()) for key, value in node.mapping().items()} == values
