"""Figure definitions: what is drawn, over which axes, in which groups.

A definition names a reported table (`source`), rows of its own (`rows` with `input`), or both: then
reported figures stand in where a row was not measured. One that shows what was measured alone:

    title: My networks
    input: 1024x2048                # of the rows; each may have an `input` of its own
    fps: measured                   # or reported, or auto: measured where there are any
    front: true                     # the Pareto front
    size: params_m                  # the markers' area
    x: {figure: fps, label: FPS, scale: log}          # `range: [3, 144]` instead of all points
    y: {figure: miou, label: mIoU (%)}                # out of `harness log add`
    ours: [mine]
    groups:
      - {group: 1, label: mine, marker: o, colour: "#0072B2"}
    rows:
      - {variant: mine, label: Mine}                  # and `group`, where there are several
      - {variant: "mine[context.alpha=4]", label: "Mine, alpha 4"}

`source: table-4` lets reported figures stand in; `line`, `equal`, `legend`, `tensorrt`,
`convention`, `scales` and `font` are optional (`FigureDefinition`). Where `source` lists the rows,
groups may have a `device` each: then the device of a reported row decides which one it is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import BadRequest
from harness.report.definition_path import definition_path
from harness.report.figure_groups import Group, read_groups
from harness.report.input_shape import Shape, read_input
from harness.report.speed import ORIGINS, Choice
from variants.yaml_node import Node, read

Corner = Literal["upper right", "upper left", "lower right", "lower left"]
Scale = Literal["linear", "log"]
FigureName = Literal["gflops", "params_m", "fps", "fps_norm", "miou", "fps_norm.reported"]

REQUIRED = ("title", "x", "y", "groups")
OPTIONAL = (
    "kind", "source", "rows", "input", "fps", "convention", "scales", "ours", "line", "tensorrt",
    "legend", "size", "front", "font", "equal",
)  # fmt: skip
# Keys of `ReportedRecord.figures`
FIGURES: tuple[FigureName, ...] = ("gflops", "params_m", "fps", "fps_norm", "miou")
PUBLISHED: FigureName = "fps_norm.reported"  # of print even where there is one of our own
SIZES: tuple[FigureName, ...] = ("params_m", "gflops")  # what grows with a network
CORNERS: tuple[Corner, ...] = ("upper right", "upper left", "lower right", "lower left")
SCALES: tuple[Scale, ...] = ("linear", "log")
DEVICE = "{device}"  # in the label of an axis of `fps`: what it was measured on
FONT = "DejaVu Sans"  # comes with matplotlib: the same on every machine


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What an axis shows.

    Attributes:
        figure: Which figure of the records.
        label: What stands along it; `{device}` in that of `fps` stands for what was measured on.
        range: From where to where, points beyond it being pinned to its edges; null fits it to
            the points.
        scale: `log` gives equal ratios equal lengths.
    """

    figure: FigureName
    label: str
    range: tuple[float, float] | None
    scale: Scale = "linear"


@dataclass(frozen=True, kw_only=True)
class FigureRow:
    """One network that the definition lists itself.

    Attributes:
        variant: Catalogue name; records of exactly this name count.
        group: Number of its group.
        label: What stands beside it; null takes the reported record's label, or the variant.
        same_as: Another name of the same network, whose records count too; null for none.
        input_shape: `(N, C, H, W)` that its figures must have been taken at.
    """

    variant: str
    group: int
    label: str | None
    same_as: str | None
    input_shape: Shape


@dataclass(frozen=True, kw_only=True)
class FigureDefinition:
    """A speed-accuracy figure before any record is known.

    Attributes:
        name: Short name, for messages and the default file name.
        title: What it shows; for the file's metadata and captions, not drawn.
        source: Name of the reported table; null where only own measurements count.
        rows: What is drawn; empty for all rows of `source`.
        input_shape: Input size of the rows that name none, and of reported rows that tell none.
        fps: Whether speeds are measured ones, reported ones, or measured where there are any.
        convention: Name of the counting rule behind `gflops` of our own.
        scales: Table of device scales behind `fps_norm` of our own; null means the paper's.
        x: Horizontal axis.
        y: Vertical axis.
        line: Position and label of a vertical line; null for none.
        equal: Label of the line on which y over x is the same for all networks, the geometric mean
            of theirs; null for none.
        tensorrt: What the `*` behind the labels of TensorRT rows means; null says nothing.
        legend: Corner of the legend; null for that with the fewest points.
        size: Figure that the markers' area shows; null for markers of one size.
        front: Whether the Pareto front is drawn.
        font: Name of the font.
        ours: Variants that stand out.
        groups: The groups, in the order of the legend.
    """

    name: str
    title: str
    source: str | None
    rows: tuple[FigureRow, ...] = ()
    input_shape: Shape | None = None
    fps: Choice = "auto"
    convention: str = "paper"
    scales: Path | None = None
    x: Axis
    y: Axis
    line: tuple[float, str] | None
    equal: str | None = None
    tensorrt: str | None
    legend: Corner | None
    size: FigureName | None = None
    front: bool = False
    font: str = FONT
    ours: tuple[str, ...]
    groups: tuple[Group, ...]


def load_figure(name_or_path: str | Path) -> FigureDefinition:
    """Return a built-in figure by name (`fig1`) or a user's own from a YAML file.

    Raises:
        BadRequest: If there is no such figure, or its file is broken; names file and line.
    """
    path = definition_path(str(name_or_path), kind="figure")
    return read_figure(read(path, what="figure"), path)


def read_figure(root: Node, path: Path) -> FigureDefinition:
    """Return the figure that the content `root` of the file `path` defines."""
    keys = root.mapping(required=REQUIRED, optional=OPTIONAL)
    if "source" not in keys and "rows" not in keys:
        raise BadRequest(f"{root.where}: figure lacks the key 'source' (a table) or 'rows'")
    ours = keys["ours"].items() if "ours" in keys else []
    groups = read_groups(keys["groups"])
    if "rows" in keys and groups[0].device is not None:
        keys["groups"].refuse("must have no key 'device' where 'rows' says which group each is in")
    text = {key: keys[key].text() for key in ("source", "tensorrt", "equal") if key in keys}
    x, y = _axis(keys["x"]), _axis(keys["y"])
    if "equal" in keys:
        _check_equal(keys, x, y)
    return FigureDefinition(
        name=path.stem,
        title=keys["title"].text(),
        source=text.get("source"),
        rows=_rows(keys, groups),
        input_shape=read_input(keys["input"]) if "input" in keys else None,
        fps=keys["fps"].one_of(ORIGINS) if "fps" in keys else "auto",
        convention=keys["convention"].text() if "convention" in keys else "paper",
        scales=path.parent / keys["scales"].text() if "scales" in keys else None,
        x=x,
        y=y,
        line=_line(keys["line"]) if "line" in keys else None,
        equal=text.get("equal"),
        tensorrt=text.get("tensorrt"),
        legend=keys["legend"].one_of(CORNERS) if "legend" in keys else None,
        size=keys["size"].one_of(SIZES) if "size" in keys else None,
        front=keys["front"].flag() if "front" in keys else False,
        font=keys["font"].text() if "font" in keys else FONT,
        ours=tuple(node.text() for node in ours),
        groups=groups,
    )


def _axis(node: Node) -> Axis:
    keys = node.mapping(required=("figure", "label"), optional=("range", "scale"))
    limits = None
    if "range" in keys:
        ends = [entry.number() for entry in keys["range"].items()]
        if len(ends) != 2 or ends[0] >= ends[1]:
            keys["range"].refuse("must be two numbers, the smaller one first")
        limits = (ends[0], ends[1])
    scale = keys["scale"].one_of(SCALES) if "scale" in keys else "linear"
    if scale == "log" and limits and limits[0] <= 0:
        keys["range"].refuse("must begin above 0 where scale is log")
    figure = keys["figure"].one_of((*FIGURES, PUBLISHED))
    if DEVICE in keys["label"].text() and figure != "fps":
        keys["label"].refuse(f"must have {DEVICE} only where figure is fps, got {figure}")
    return Axis(figure=figure, label=keys["label"].text(), range=limits, scale=scale)


def _check_equal(keys: Mapping[str, Node], x: Axis, y: Axis) -> None:
    """Refuse a line of equal ratio that would be no straight line, and a front beside it."""
    if (x.scale, y.scale) != ("log", "log"):
        keys["equal"].refuse("needs both axes to have scale log")
    if "front" in keys and keys["front"].flag():
        keys["front"].refuse("must be false beside the key 'equal': two rates have no front")


def _line(node: Node) -> tuple[float, str]:
    keys = node.mapping(required=("x", "label"), optional=())
    return keys["x"].number(), keys["label"].text()


def _rows(keys: Mapping[str, Node], groups: tuple[Group, ...]) -> tuple[FigureRow, ...]:
    if "rows" not in keys:
        return ()
    default = read_input(keys["input"]) if "input" in keys else None
    return tuple(_row(node, groups, default) for node in keys["rows"].items())


def _row(node: Node, groups: tuple[Group, ...], default: Shape | None) -> FigureRow:
    keys = node.mapping(required=("variant",), optional=("group", "label", "same_as", "input"))
    numbers = [group.number for group in groups]
    if "group" not in keys and len(numbers) > 1:
        raise BadRequest(f"{node.where}: {node.what} lacks the key 'group', one of {numbers}")
    group = keys["group"].number() if "group" in keys else numbers[0]
    if group not in numbers:
        keys["group"].refuse(f"must be one of {numbers}")
    shape = read_input(keys["input"]) if "input" in keys else default
    if shape is None:
        raise BadRequest(f"{node.where}: {node.what} lacks the key 'input', as the figure does")
    return FigureRow(
        variant=keys["variant"].text(),
        group=int(group),
        label=keys["label"].text() if "label" in keys else None,
        same_as=keys["same_as"].text() if "same_as" in keys else None,
        input_shape=shape,
    )
