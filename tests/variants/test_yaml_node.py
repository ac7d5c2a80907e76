"""YAML with places: what is refused, and where the message points."""

from __future__ import annotations

from pathlib import Path

import pytest

from variants.errors import BadRequest
from variants.yaml_node import Node, read


def node(tmp_path: Path, text: str) -> Node:
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path, what="table")


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(BadRequest) as caught:
        node(tmp_path, text)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(tmp_path / "t.yaml"), "t.yaml")


def test_values_know_the_line_of_their_key(tmp_path: Path) -> None:
    root = node(tmp_path, "a: 1\nb:\n  - x\n  - y\n").mapping(required=("a", "b"), optional=())
    assert root["a"].where.endswith("t.yaml:1")
    assert root["b"].where.endswith("t.yaml:2")
    assert [entry.where[-1] for entry in root["b"].items()] == ["3", "4"]


def test_broken_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a: 1\nb: [1, 2\nc: 3\n").startswith("t.yaml:3: not plain YAML (")


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: !!python/object/apply:os.getcwd []\n",
        "a: 1\nb: !!python/name:os.getcwd\n",
        "a: 1\nb: !!python/object:collections.Counter {x: 1}\n",
    ],
)
def test_python_objects_are_refused_with_their_line(tmp_path: Path, text: str) -> None:
    message = refusal(tmp_path, text)
    assert message.startswith("t.yaml:2: not plain YAML (")
    assert "python" in message


def test_aliases_and_doubled_keys_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a: &x [1]\nb: *x\n") == "t.yaml:2: aliases are not allowed, got *x"
    assert refusal(tmp_path, "a: 1\na: 2\n") == "t.yaml:2: table has the key 'a' twice"


def test_an_alias_to_itself_and_deep_nesting_end_in_a_message(tmp_path: Path) -> None:
    assert "aliases" in refusal(tmp_path, "a: &x\n  b: *x\n")
    assert "at most 100 levels" in refusal(tmp_path, "[" * 200_000 + "]" * 200_000)


@pytest.mark.parametrize("text", ["a: \x07\n", "a: 2026-99-99\n"])
def test_what_only_python_would_stumble_over_is_refused_in_one_line(
    tmp_path: Path, text: str
) -> None:
    assert "not plain YAML" in refusal(tmp_path, text)


def test_empty_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "# nothing\n") == "t.yaml: table is empty"
    with pytest.raises(BadRequest, match=r"nowhere.yaml: cannot be read \(No such file"):
        read(tmp_path / "nowhere.yaml", what="table")
    with pytest.raises(BadRequest, match=r"cannot be read \(Is a directory\)"):
        read(tmp_path, what="table")
    (tmp_path / "u16.yaml").write_bytes("a: 1".encode("utf-16"))
    with pytest.raises(BadRequest, match="must be UTF-8 text"):
        read(tmp_path / "u16.yaml", what="table")


def test_unknown_and_missing_keys_are_refused_with_a_hint(tmp_path: Path) -> None:
    root = node(tmp_path, "title: x\ncolums: [a]\n")
    with pytest.raises(BadRequest, match=r"t.yaml:2: table has no key 'colums'; did you mean colu"):
        root.mapping(required=("title", "columns"), optional=())
    with pytest.raises(BadRequest, match=r"t.yaml:1: table lacks the key 'rows'"):
        root.mapping(required=("title", "rows"), optional=("colums",))


def test_types_are_not_guessed(tmp_path: Path) -> None:
    root = node(tmp_path, "a: 1\nb: no\nc: []\nd: .nan\ne: x\n").value
    with pytest.raises(BadRequest, match=r"t.yaml:1: a must be text, got 1"):
        root["a"].text()
    with pytest.raises(BadRequest, match=r"b must be text, got False"):
        root["b"].text()
    with pytest.raises(BadRequest, match=r"b must be a number, got False"):
        root["b"].number()
    with pytest.raises(BadRequest, match=r"c must be a list with at least one entry, got a list"):
        root["c"].items()
    with pytest.raises(BadRequest, match=r"d must be a finite number, got nan"):
        root["d"].number()
    with pytest.raises(BadRequest, match=r"e must be true or false, got 'x'"):
        root["e"].flag()
    with pytest.raises(BadRequest, match=r"e must be a mapping, got 'x'"):
        root["e"].mapping(required=(), optional=())
    with pytest.raises(BadRequest, match=r"e must be one of y, z, got 'x'"):
        root["e"].one_of(("y", "z"))
