"""Report definitions: which tables and figures go into one folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BadRequest
from harness.report.any_table import TableDefinition, load_table
from harness.report.definition_path import Kind, definition_path
from harness.report.plot_definition import Plot, load_plot
from variants.yaml_node import Node, read

REQUIRED = ("title",)
OPTIONAL = ("text", "tables", "figures")


@dataclass(frozen=True, kw_only=True)
class ReportDefinition:
    """A report before any record is known.

    Attributes:
        name: Short name; the default folder is `reports/NAME`.
        called: What it is called on the command line: its name, or the name of its file.
        title: The heading of its index.
        text: What stands below the heading; empty for nothing.
        tables: Its tables, in order.
        figures: Its figures, in order.
        sources: SHA-256 of each YAML file that it was read from, by `report`, `table NAME` and
            `figure NAME`.
    """

    name: str
    called: str
    title: str
    text: str
    tables: tuple[TableDefinition, ...]
    figures: tuple[Plot, ...]
    sources: Mapping[str, str]


def load_report(name_or_path: str) -> ReportDefinition:
    """Return a built-in report by name (`paper`) or a user's own from a YAML file.

    Files that a report names are looked for beside it.

    Raises:
        BadRequest: If there is no such report, its file or one that it names is broken, or two of
            its parts would be files of one name.
    """
    path = definition_path(name_or_path, kind="report")
    root = read(path, what="report")
    keys = root.mapping(required=REQUIRED, optional=OPTIONAL)
    if "tables" not in keys and "figures" not in keys:
        raise BadRequest(f"{root.where}: report lacks the key 'tables' or 'figures'")
    tables = _named(keys, "tables", path)
    figures = _named(keys, "figures", path)
    sources = {"report": _sha256(path)}
    parts: tuple[tuple[Kind, dict[str, Node]], ...] = (("table", tables), ("figure", figures))
    for kind, named in parts:
        for name, node in named.items():
            source = _sha256(definition_path(name, kind=kind))
            if sources.setdefault(f"{kind} {Path(name).stem}", source) is not source:
                node.refuse("must have a name that no other of its kind has")
    return ReportDefinition(
        name=path.stem,
        called=path.name if name_or_path.endswith(path.suffix) else name_or_path,
        title=keys["title"].text(),
        text=keys["text"].text() if "text" in keys else "",
        tables=tuple(load_table(name) for name in tables),
        figures=tuple(load_plot(name) for name in figures),
        sources=sources,
    )


def _named(keys: Mapping[str, Node], key: str, path: Path) -> dict[str, Node]:
    """Return the entries of a list, a file's path being made one from here."""
    found: dict[str, Node] = {}
    for node in keys[key].items() if key in keys else []:
        # `tables: [1]` reads as a number.
        name = str(node.value) if type(node.value) is int else node.text()
        if name.endswith((".yaml", ".yml")):
            name = str(path.parent / name)
        if name in found:
            node.refuse("must be named once")
        found[name] = node
    return found


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise BadRequest(f"{path}: cannot be read ({error.strerror})") from None
