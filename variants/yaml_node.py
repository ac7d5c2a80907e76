"""YAML read into values that know their file and line, so that every refusal can name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml

from variants.errors import BadRequest, did_you_mean

# libyaml parses about ten times faster; a PyYAML without it reads the same.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_DEPTH = 100  # nested deeper, a file is an attack on the parser's stack

_Name = TypeVar("_Name", bound=str)


@dataclass(frozen=True)
class Node:
    """A YAML value and its place.

    Attributes:
        value: `dict[str, Node]`, `list[Node]`, or a plain scalar.
        where: `file:line` of the value.
        what: The key that leads to it, for messages.
    """

    value: Any
    where: str
    what: str

    def refuse(self, rule: str) -> NoReturn:
        """Raise `BadRequest` with place, key, `rule` and the value."""
        shown = repr(self.value)
        if isinstance(self.value, (dict, list)):
            shown = "a mapping" if isinstance(self.value, dict) else "a list"
        raise BadRequest(f"{self.where}: {self.what} {rule}, got {shown}")

    def mapping(self, *, required: Iterable[str], optional: Iterable[str]) -> dict[str, Node]:
        """Return the value as a mapping with all of the `required` keys and no unknown one."""
        if not isinstance(self.value, dict):
            self.refuse("must be a mapping")
        required = list(required)
        known = [*required, *optional]
        for key, node in self.value.items():
            if key not in known:
                raise BadRequest(
                    f"{node.where}: {self.what} has no key {key!r}{did_you_mean(key, known)}"
                )
        for key in required:
            if key not in self.value:
                raise BadRequest(f"{self.where}: {self.what} lacks the key {key!r}")
        return self.value

    def items(self) -> list[Node]:
        """Return the value as a list that is not empty."""
        if not isinstance(self.value, list) or not self.value:
            self.refuse("must be a list with at least one entry")
        return self.value

    def plain(self) -> Any:
        """Return the value as plain data: what it would be without its places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def text(self) -> str:
        """Return the value as text; `1` and `no` are not text, `"1"` and `"no"` are."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.refuse("must be text")
        return self.value

    def one_of(self, known: Sequence[_Name]) -> _Name:
        """Return the value as that one of `known` which it names."""
        text = self.text()
        if text not in known:
            self.refuse(f"must be one of {', '.join(known)}")
        return known[known.index(text)]

    def flag(self) -> bool:
        """Return the value as true or false."""
        if not isinstance(self.value, bool):
            self.refuse("must be true or false")
        return self.value

    def number(self) -> float:
        """Return the value as a finite number."""
        if not isinstance(self.value, (int, float)) or isinstance(self.value, bool):
            self.refuse("must be a number")
        if not abs(self.value) < float("inf"):  # NaN is not below anything either
            self.refuse("must be a finite number")
        return float(self.value)


def read(path: Path, *, what: str) -> Node:
    """Return the content of the YAML file `path`, plain data only.

    Args:
        path: The file.
        what: What the file defines, for messages (`table`).

    Raises:
        BadRequest: If the file cannot be read, is not YAML, constructs Python objects, or uses
            aliases or doubled keys, which hide what a definition says.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadRequest(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadRequest(f"{path}: must be UTF-8 text") from None
    try:
        _refuse_aliases_and_depth(text, path)
        yaml.load(text, _Loader)  # refuses every tag that is not plain data, wherever it stands
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise BadRequest(f"{path}: {what} is empty")
        return _convert(root, loader, path, what, line=root.start_mark.line)
    except BadRequest:
        raise
    except yaml.MarkedYAMLError as error:
        mark, problem = error.problem_mark or error.context_mark, error.problem or error.context
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise BadRequest(f"{where}: not plain YAML ({problem})") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A reader error (control characters) has no mark and spans lines; a date out of range is a
        # bare ValueError; brackets nested a thousand deep exhaust the stack.
        reason = " ".join(str(error).split())
        raise BadRequest(f"{path}: not plain YAML ({reason})") from None


def _refuse_aliases_and_depth(text: str, path: Path) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise BadRequest(f"{path}:{line}: must nest at most {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise BadRequest(f"{path}:{line}: aliases are not allowed, got *{event.anchor}")


def _convert(node: yaml.Node, loader: Any, path: Path, what: str, *, line: int) -> Node:
    """Return `node` as a `Node`; `line` counts from 0 and is its key's where it has one."""
    where = f"{path}:{line + 1}"
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Node] = {}
        for key_node, value_node in node.value:
            key, key_line = str(key_node.value), key_node.start_mark.line
            if key in mapping:
                raise BadRequest(f"{path}:{key_line + 1}: {what} has the key {key!r} twice")
            mapping[key] = _convert(value_node, loader, path, key, line=key_line)
        return Node(mapping, where, what)
    if isinstance(node, yaml.SequenceNode):
        entries = [
            _convert(entry, loader, path, f"{what} entry {i}", line=entry.start_mark.line)
            for i, entry in enumerate(node.value, start=1)
        ]
        return Node(entries, where, what)
    return Node(loader.construct_object(node), where, what)
