"""Table definitions: which rows and columns, and where their figures may come from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BadRequest, did_you_mean
from harness.report.columns import COLUMNS
from harness.report.definition_path import definition_path
from variants.yaml_node import Node, read

REQUIRED = ("title", "source", "input", "convention", "columns", "rows")
OPTIONAL = ("baseline", "footnotes", "scales")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a table.

    Attributes:
        variant: Catalogue name; records of exactly this name fill the row.
        same_as: Another name of the same network, whose records fill the row too; null for none.
        label: What the row is called in print; null takes the reported record's label.
        compared: Whether the row is built on the baseline, so that delta p means something.
    """

    variant: str
    label: str | None = None
    same_as: str | None = None
    compared: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which the row's network may have been measured."""
        return (self.variant,) if self.same_as is None else (self.variant, self.same_as)


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A table before any record is known.

    Attributes:
        name: Short name, for messages and labels.
        title: The caption.
        source: Name of the reported table that stands in where nothing was measured.
        input_shape: `(N, C, H, W)` that every figure must have been taken at.
        convention: Name of the counting rule behind GFLOPs.
        baseline: Variant that delta p counts from; null where no column needs it.
        columns: Column names, in order (`harness.report.columns`).
        rows: The rows, in order.
        footnotes: Notes under the table, before those that the figures themselves require.
        scales: Table of device scales for the column `fps_norm`; null means the paper's.
    """

    name: str
    title: str
    source: str
    input_shape: tuple[int, int, int, int]
    convention: str
    baseline: str | None
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    footnotes: tuple[str, ...] = ()
    scales: Path | None = None

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants of the rows, in order, each once."""
        return tuple(dict.fromkeys(row.variant for row in self.rows))


def load_definition(name_or_path: str | Path) -> Definition:
    """Return a built-in table by name (`1`) or a user's own from a YAML file.

    Raises:
        BadRequest: If there is no such table, or its file is broken; names file and line.
    """
    path = definition_path(str(name_or_path), kind="table")
    keys = read(path, what="table").mapping(required=REQUIRED, optional=OPTIONAL)
    rows = tuple(_row(node) for node in keys["rows"].items())
    footnotes = keys["footnotes"].items() if "footnotes" in keys else []
    return Definition(
        name=path.stem,
        title=keys["title"].text(),
        source=keys["source"].text(),
        input_shape=_input_shape(keys["input"]),
        convention=keys["convention"].text(),
        baseline=_baseline(keys, rows),
        columns=tuple(_column(node) for node in keys["columns"].items()),
        rows=rows,
        footnotes=tuple(node.text() for node in footnotes),
        scales=path.parent / keys["scales"].text() if "scales" in keys else None,
    )


def _row(node: Node) -> Row:
    keys = node.mapping(required=("variant",), optional=("label", "same_as", "compared"))
    return Row(
        variant=keys["variant"].text(),
        label=keys["label"].text() if "label" in keys else None,
        same_as=keys["same_as"].text() if "same_as" in keys else None,
        compared=keys["compared"].flag() if "compared" in keys else True,
    )


def _column(node: Node) -> str:
    name = node.text()
    if name not in COLUMNS:
        raise BadRequest(f"{node.where}: no column {name!r}{did_you_mean(name, COLUMNS)}")
    return name


def _input_shape(node: Node) -> tuple[int, int, int, int]:
    size = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", node.text())
    if size is None:
        node.refuse("must be HxW")
    return (1, 3, int(size[1]), int(size[2]))


def _baseline(keys: dict[str, Node], rows: tuple[Row, ...]) -> str | None:
    """Return the baseline variant; it must be a row, so that the reader sees what is subtracted."""
    if "baseline" not in keys:
        for node in keys["columns"].items():
            if node.value == "delta_params":
                raise BadRequest(f"{node.where}: column delta_params needs the key 'baseline'")
        return None
    name = keys["baseline"].text()
    variants = [row.variant for row in rows]
    if name not in variants:
        hint = did_you_mean(name, variants)
        raise BadRequest(f"{keys['baseline'].where}: baseline must be a row, got {name!r}{hint}")
    return name
