"""Figure definitions: which reported table is drawn, over which axes, in which groups."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.report.definition_path import definition_path
from variants.yaml_node import Node, read

Corner = Literal["upper right", "upper left", "lower right", "lower left"]

REQUIRED = ("title", "source", "x", "y", "groups")
OPTIONAL = ("ours", "line", "tensorrt", "legend")
FIGURES = ("gflops", "params_m", "fps", "fps_norm", "miou")  # keys of `ReportedRecord.figures`
CORNERS: tuple[Corner, ...] = ("upper right", "upper left", "lower right", "lower left")
MARKERS = tuple("os^vDPX*<>ph")  # filled ones: an outline can highlight them


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What an axis shows: a figure of the records, its label, and from where to where."""

    figure: str
    label: str
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Group:
    """How the points of one group look; `number` is `ReportedRecord.group`."""

    number: int
    label: str
    marker: str
    colour: str


@dataclass(frozen=True, kw_only=True)
class FigureDefinition:
    """A speed-accuracy figure before any record is known.

    Attributes:
        name: Short name, for messages and the default file name.
        title: What it shows; for the file's metadata and captions, not drawn.
        source: Name of the reported table.
        x: Horizontal axis; points beyond it are pinned to its edge.
        y: Vertical axis.
        line: Position and label of a vertical line; null for none.
        tensorrt: What the `*` behind the labels of TensorRT rows means; null says nothing.
        legend: Corner of the legend.
        ours: Variants that stand out.
        groups: The groups, in the order of the legend.
    """

    name: str
    title: str
    source: str
    x: Axis
    y: Axis
    line: tuple[float, str] | None
    tensorrt: str | None
    legend: Corner
    ours: tuple[str, ...]
    groups: tuple[Group, ...]


def load_figure(name_or_path: str | Path) -> FigureDefinition:
    """Return a built-in figure by name (`fig1`) or a user's own from a YAML file.

    Raises:
        BadRequest: If there is no such figure, or its file is broken; names file and line.
    """
    path = definition_path(str(name_or_path), kind="figure")
    keys = read(path, what="figure").mapping(required=REQUIRED, optional=OPTIONAL)
    ours = keys["ours"].items() if "ours" in keys else []
    return FigureDefinition(
        name=path.stem,
        title=keys["title"].text(),
        source=keys["source"].text(),
        x=_axis(keys["x"]),
        y=_axis(keys["y"]),
        line=_line(keys["line"]) if "line" in keys else None,
        tensorrt=keys["tensorrt"].text() if "tensorrt" in keys else None,
        legend=keys["legend"].one_of(CORNERS) if "legend" in keys else CORNERS[0],
        ours=tuple(node.text() for node in ours),
        groups=_groups(keys["groups"]),
    )


def _axis(node: Node) -> Axis:
    keys = node.mapping(required=("figure", "label", "range"), optional=())
    limits = [entry.number() for entry in keys["range"].items()]
    if len(limits) != 2 or limits[0] >= limits[1]:
        keys["range"].refuse("must be two numbers, the smaller one first")
    return Axis(
        figure=keys["figure"].one_of(FIGURES),
        label=keys["label"].text(),
        low=limits[0],
        high=limits[1],
    )


def _line(node: Node) -> tuple[float, str]:
    keys = node.mapping(required=("x", "label"), optional=())
    return keys["x"].number(), keys["label"].text()


def _groups(node: Node) -> tuple[Group, ...]:
    groups = [_group(entry) for entry in node.items()]
    numbers = [group.number for group in groups]
    for entry, number in zip(node.items(), numbers, strict=True):
        if numbers.count(number) > 1:
            entry.refuse(f"has the number {number}, which must be given once")
    return tuple(groups)


def _group(node: Node) -> Group:
    keys = node.mapping(required=("group", "label", "marker", "colour"), optional=())
    number = keys["group"].number()
    if number != int(number):
        keys["group"].refuse("must be a whole number")
    if not re.fullmatch("#[0-9A-Fa-f]{6}", keys["colour"].text()):
        keys["colour"].refuse("must be #RRGGBB")
    return Group(
        number=int(number),
        label=keys["label"].text(),
        marker=keys["marker"].one_of(MARKERS),
        colour=keys["colour"].text(),
    )
