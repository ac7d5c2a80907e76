"""Ablation curves: which metric over which option, of which records.

A definition, of which all from `hue` on is optional:

    kind: curve
    title: What alpha costs
    x: {option: context.alpha, label: α, scale: log}  # or the option's name alone
    y: {metric: macs.paper}                           # or the metric's name alone
    hue: fusion.dilations
    style: context.name
    where: {variant: fassd-net, context.alpha: {any: [2, not set]}}
    average_over: [decoder.name]
    font: DejaVu Sans
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.errors import BadRequest
from harness.report.curve_metrics import Metric, metric_of
from harness.report.curve_options import text_of
from harness.report.figure_definition import FONT, SCALES, Scale
from variants.yaml_node import Node

REQUIRED = ("kind", "title", "x", "y")
OPTIONAL = ("hue", "style", "where", "average_over", "font")


@dataclass(frozen=True, kw_only=True)
class Where:
    """What records must have: an option at one of these values."""

    option: str
    values: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class CurveDefinition:
    """An ablation curve before any record is known.

    Attributes:
        name: Short name, for messages and the default file name.
        title: What it shows; for the file's metadata, not drawn.
        x: The swept option, a dotted path into the spec, or `variant`, or `input`.
        y: The metric.
        hue: Option that has a line, a colour and a marker for each value; null for one line.
        style: Option that has a dash for each value; null for none.
        where: What records must have.
        average_over: Options whose values are averaged, which must be said to be allowed.
        x_label: What stands along x; null takes the option's name.
        y_label: What stands along y; null takes the metric's.
        x_scale: Scale of x, where its values are numbers.
        y_scale: Scale of y.
        font: Name of the font.
    """

    name: str
    title: str
    x: str
    y: Metric
    hue: str | None = None
    style: str | None = None
    where: tuple[Where, ...] = ()
    average_over: tuple[str, ...] = ()
    x_label: str | None = None
    y_label: str | None = None
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    font: str = FONT

    def __post_init__(self) -> None:
        named = [self.x, *filter(None, (self.hue, self.style)), *self.average_over]
        for option in named:
            if named.count(option) > 1:
                raise BadRequest(
                    f"figure {self.name}: x, hue, style and average_over must be different "
                    f"options, got {option} twice"
                )

    @property
    def axes(self) -> tuple[str, ...]:
        """The options that the reader sees: of x, hue and style, in this order."""
        return (self.x, *filter(None, (self.hue, self.style)))


def read_curve(root: Node, path: Path) -> CurveDefinition:
    """Return the curve that the content `root` of the file `path` defines.

    Raises:
        BadRequest: If it is broken; names file and line.
    """
    keys = root.mapping(required=REQUIRED, optional=OPTIONAL)
    x, x_label, x_scale = _axis(keys["x"], "option")
    y, y_label, y_scale = _axis(keys["y"], "metric")
    averaged = keys["average_over"].items() if "average_over" in keys else []
    return CurveDefinition(
        name=path.stem,
        title=keys["title"].text(),
        x=x,
        y=metric_of(y, keys["y"].where),
        hue=keys["hue"].text() if "hue" in keys else None,
        style=keys["style"].text() if "style" in keys else None,
        where=read_where(keys["where"]) if "where" in keys else (),
        average_over=tuple(node.text() for node in averaged),
        x_label=x_label,
        y_label=y_label,
        x_scale=x_scale,
        y_scale=y_scale,
        font=keys["font"].text() if "font" in keys else FONT,
    )


def _axis(node: Node, what: str) -> tuple[str, str | None, Scale]:
    """Return name, label and scale of an axis, which may be a name alone."""
    if not isinstance(node.value, dict):
        return node.text(), None, "linear"
    keys = node.mapping(required=(what,), optional=("label", "scale"))
    label = keys["label"].text() if "label" in keys else None
    return keys[what].text(), label, keys["scale"].one_of(SCALES) if "scale" in keys else "linear"


def read_where(node: Node) -> tuple[Where, ...]:
    """Return the conditions of a mapping `option: value`; of several values `option: {any: [...]}`.

    Raises:
        BadRequest: If it is no such mapping; names file and line.
    """
    names = list(node.value) if isinstance(node.value, dict) else []
    found = []
    for option, each in node.mapping(required=(), optional=names).items():
        values = [each]
        if isinstance(each.value, dict):
            values = each.mapping(required=("any",), optional=())["any"].items()
        found.append(Where(option=option, values=tuple(value.plain() for value in values)))
    return tuple(found)


def where_of(texts: Sequence[str], flag: str = "--where") -> tuple[Where, ...]:
    """Return the conditions that a flag gives; one option that is named twice may be either.

    Raises:
        BadRequest: If one is not `option=value`, the value being YAML.
    """
    found: dict[str, list[Any]] = {}
    for text in texts:
        option, equals, value = (part.strip() for part in text.partition("="))
        if not (option and equals and value):
            raise BadRequest(f"{flag}: must be option=value, got {text!r}")
        try:
            found.setdefault(option, []).append(yaml.safe_load(value))
        except (yaml.YAMLError, ValueError):
            raise BadRequest(f"{flag} {option}: the value must be YAML, got {value!r}") from None
    return tuple(Where(option=o, values=tuple(v)) for o, v in found.items())


def matches(value: Any, where: Where) -> bool:
    """Whether an option's value is one that is asked for, as YAML or as it reads on an axis."""
    return any(value == each or text_of(value) == text_of(each) for each in where.values)
