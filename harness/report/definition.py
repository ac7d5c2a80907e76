"""Table definitions: which rows and columns, and where their figures may come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import BadRequest, did_you_mean
from harness.report.columns import Column, named_columns, stage_columns
from harness.report.definition_path import definition_path
from harness.report.input_shape import Shape, read_input
from harness.report.row_definition import Row, read_rows
from harness.report.survival.definition import KEY as RATIOS
from harness.report.survival.definition import RatioDefinition, read_ratios
from variants.yaml_node import Node, read

REQUIRED = ("title", "source", "input", "convention", "columns")
OPTIONAL = (
    "rows",
    "groups",
    "rows_of",
    "baseline",
    "footnotes",
    "fps_footnotes",
    "scales",
    "emphasis",
    "split",
    "wide",
)
SCOPES: tuple[Literal["table", "group"], ...] = ("table", "group")
SPLITS: tuple[Literal["val", "test"], ...] = ("val", "test")


@dataclass(frozen=True, kw_only=True)
class Emphasis:
    """Which columns show their best figure.

    Attributes:
        columns: Names of the columns.
        second: Whether the second best is shown too.
        within: Among which rows: of the whole table, or of each group.
    """

    columns: tuple[str, ...]
    second: bool = False
    within: Literal["table", "group"] = "table"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A table before any record is known.

    Attributes:
        name: Short name, for messages and labels.
        title: The caption.
        source: Name of the reported table that stands in where nothing was measured.
        input_shape: `(N, C, H, W)` that every figure must have been taken at, but for rows that
            say otherwise.
        convention: Name of the counting rule behind GFLOPs.
        baseline: Variant that delta p counts from; null where no column needs it.
        columns: Column names, in order (`harness.report.columns`).
        rows: The rows, in order.
        groups: Titles of the groups by number; null for one that is only set apart.
        footnotes: Notes under the table, before those that the figures themselves require.
        fps_footnotes: Behind them, notes on the published FPS; tables of ratios have them too, and
            so have tables of the same rows (`rows_of`).
        scales: Table of device scales for the column `fps_norm`; null means the paper's.
        emphasis: Which columns show their best figure; null for none.
        split: The set that mIoU is of; logs of another one do not count.
        wide: Whether the table is set across both columns of a two-column page.
    """

    name: str
    title: str
    source: str
    input_shape: Shape
    convention: str
    baseline: str | None
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    groups: tuple[str | None, ...] = (None,)
    footnotes: tuple[str, ...] = ()
    fps_footnotes: tuple[str, ...] = ()
    scales: Path | None = None
    emphasis: Emphasis | None = None
    split: Literal["val", "test"] = "val"
    wide: bool = False

    @property
    def wanted(self) -> tuple[tuple[str, tuple[int, int]], ...]:
        """The variants of the rows with height and width, in order, each once."""
        return tuple(dict.fromkeys((row.variant, self.shape_of(row)[2:]) for row in self.rows))

    @property
    def shapes(self) -> frozenset[Shape]:
        """The inputs that figures of this table were taken at: one, but where rows differ."""
        return frozenset(self.shape_of(row) for row in self.rows)

    def shape_of(self, row: Row) -> Shape:
        """Return the input that the figures of `row` were taken at."""
        return row.input_shape or self.input_shape


@dataclass(frozen=True, kw_only=True)
class StageDefinition:
    """The architecture table of one network, before any record is known.

    Attributes:
        name: Short name, for messages and labels.
        title: The caption.
        source: Name of the reported table that stands in where the network was not measured.
        input_shape: `(N, C, H, W)`.
        variant: Catalogue name of the network.
        columns: Column names, in order.
        footnotes: Notes under the table, before those that the figures themselves require.
        wide: Whether the table is set across both columns of a two-column page.
    """

    name: str
    title: str
    source: str
    input_shape: Shape
    variant: str
    columns: tuple[str, ...]
    footnotes: tuple[str, ...] = ()
    wide: bool = False

    @property
    def wanted(self) -> tuple[tuple[str, tuple[int, int]], ...]:
        """The network with height and width."""
        return ((self.variant, self.input_shape[2:]),)


AnyDefinition = Definition | StageDefinition | RatioDefinition


def load_definition(name_or_path: str | Path) -> AnyDefinition:
    """Return a built-in table by name (`1`) or a user's own from a YAML file.

    A file with the key `stages` is the architecture table of the network that it names, one with
    the key `ratios` judges the published FPS of the table that it names.

    Raises:
        BadRequest: If there is no such table, or its file is broken; names file and line.
    """
    path = definition_path(str(name_or_path), kind="table")
    root = read(path, what="table")
    if isinstance(root.value, dict) and "stages" in root.value:
        return _stage_definition(path, root)
    if isinstance(root.value, dict) and "effects" in root.value:
        raise BadRequest(f"{root.where}: a table of effects has no rows, so it names no variants")
    if isinstance(root.value, dict) and RATIOS in root.value:
        return read_ratios(root, path.stem, _beside(path, _table_of_variants))
    return _variant_definition(path, root)


def _beside(
    path: Path, load: Callable[[str], Definition | None]
) -> Callable[[Node], Definition | None]:
    """Return what loads the table that a key of the file `path` names: a built-in, or one there."""

    def loaded(node: Node) -> Definition | None:
        # `ratios: 4` reads as a number.
        name = str(node.value) if type(node.value) is int else node.text()
        return load(str(path.parent / name) if name.endswith((".yaml", ".yml")) else name)

    return loaded


def _table_of_variants(name: str, *keys: str) -> Definition | None:
    """Return a table of variants; null where it is of another kind, or has one of `keys`."""
    path = definition_path(name, kind="table")
    root = read(path, what="table")
    other = isinstance(root.value, dict) and {"stages", "effects", RATIOS, *keys} & set(root.value)
    return None if other else _variant_definition(path, root)


def _table_with_rows(name: str) -> Definition | None:
    return _table_of_variants(name, "rows_of")  # which could lead back to where it came from


def _stage_definition(path: Path, root: Node) -> StageDefinition:
    keys = root.mapping(
        required=("title", "source", "input", "stages", "columns"), optional=("footnotes", "wide")
    )
    return StageDefinition(
        name=path.stem,
        title=keys["title"].text(),
        source=keys["source"].text(),
        input_shape=read_input(keys["input"]),
        variant=keys["stages"].text(),
        columns=_columns(keys["columns"], stage_columns),
        footnotes=_footnotes(keys),
        wide=_wide(keys),
    )


def _variant_definition(path: Path, root: Node) -> Definition:
    keys = root.mapping(required=REQUIRED, optional=OPTIONAL)
    columns = _columns(keys["columns"], named_columns)
    shape = read_input(keys["input"])
    only = None if "input_size" in columns else shape
    load = _beside(path, _table_with_rows)
    groups, rows = read_rows(root, keys, only, load)
    other = load(keys["rows_of"]) if "rows_of" in keys else None
    inherited = other.fps_footnotes if other else ()
    return Definition(
        name=path.stem,
        title=keys["title"].text(),
        source=keys["source"].text(),
        input_shape=shape,
        convention=keys["convention"].text(),
        baseline=_baseline(keys, rows),
        columns=columns,
        rows=rows,
        groups=groups,
        footnotes=_footnotes(keys),
        fps_footnotes=(*inherited, *_footnotes(keys, "fps_footnotes")),
        scales=path.parent / keys["scales"].text() if "scales" in keys else None,
        emphasis=_emphasis(keys["emphasis"], columns) if "emphasis" in keys else None,
        split=keys["split"].one_of(SPLITS) if "split" in keys else "val",
        wide=_wide(keys),
    )


def _footnotes(keys: dict[str, Node], key: str = "footnotes") -> tuple[str, ...]:
    return tuple(node.text() for node in keys[key].items()) if key in keys else ()


def _wide(keys: dict[str, Node]) -> bool:
    return keys["wide"].flag() if "wide" in keys else False


def _columns(node: Node, named: Callable[..., tuple[Column, ...]]) -> tuple[str, ...]:
    """Return the names of the columns, each once."""
    names: list[str] = []
    for entry in node.items():
        for column in named(entry.text(), where=entry.where):
            if column.name in names:
                entry.refuse("must name no column twice")
            names.append(column.name)
    return tuple(names)


def _emphasis(node: Node, columns: tuple[str, ...]) -> Emphasis:
    """Return which columns show their best; each must be a column whose figures compare."""
    keys = node.mapping(required=("columns",), optional=("second", "within"))
    chosen = []
    for entry in keys["columns"].items():
        for column in named_columns(entry.text(), where=entry.where):
            if column.better is None or column.name not in columns:
                entry.refuse("must be a column of this table whose figures compare")
            chosen.append(column.name)
    return Emphasis(
        columns=tuple(chosen),
        second=keys["second"].flag() if "second" in keys else False,
        within=keys["within"].one_of(SCOPES) if "within" in keys else "table",
    )


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
