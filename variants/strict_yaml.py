"""Reading YAML as data and nothing else, with the line of every key for error messages."""

from pathlib import Path
from typing import Any, NamedTuple

import yaml

from variants.errors import BadRequest

try:
    from yaml import CSafeLoader as _Loader  # parses about ten times faster
except ImportError:  # a PyYAML without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]


class Document(NamedTuple):
    """A YAML file's content.

    Attributes:
        path: The file.
        data: Plain Python data.
        lines: Line, from 1, of each key, by its path from the top, e.g. `("row", "title")`.
    """

    path: Path
    data: Any
    lines: dict[tuple[Any, ...], int]

    def at(self, *keys: Any) -> str:
        """Return `file:line` of a key, or of the nearest enclosing one that is known."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return f"{self.path}:{self.lines.get(keys, 1)}"


def read_yaml(path: Path) -> Document:
    """Read one YAML document.

    Raises:
        BadRequest: If the file cannot be read, is not YAML, would construct anything but plain
            data, or has a key twice; the message names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise BadRequest(f"{path}: cannot be read: {reason}") from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[tuple[Any, ...], int] = {}
        if node is not None:
            _note_lines(node, (), lines, path)
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = (error.problem or "not YAML").replace("\n", " ")
        if "could not determine a constructor" in problem:
            problem = f"plain data only, {problem}"
        raise BadRequest(f"{path}:{line}: {problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadRequest(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    finally:
        loader.dispose()
    return Document(path, data, lines)


def _note_lines(
    node: yaml.Node, keys: tuple[Any, ...], lines: dict[tuple[Any, ...], int], path: Path
) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*keys, key.value if isinstance(key, yaml.ScalarNode) else None)
            line = key.start_mark.line + 1
            if below in lines:
                raise BadRequest(f"{path}:{line}: key {key.value} stands here a second time")
            lines[below] = line
            _note_lines(value, below, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[keys + (number,)] = value.start_mark.line + 1  # noqa: RUF005 - 3.10
            _note_lines(value, (*keys, number), lines, path)
