"""A plot's definition, whichever kind it is, and what flags change of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from harness.errors import BadRequest, did_you_mean
from harness.report.curve_definition import CurveDefinition, read_curve, where_of
from harness.report.curve_metrics import metric_of
from harness.report.definition_path import built_in, definition_path
from harness.report.figure_definition import FigureDefinition, FigureName, read_figure
from variants.yaml_node import read

CURVE = "curve"
KINDS = ("scatter", CURVE)
Plot: TypeAlias = FigureDefinition | CurveDefinition
SIZES: dict[str, FigureName | None] = {"params": "params_m", "gflops": "gflops", "none": None}


def load_plot(name: str) -> Plot:
    """Return a built-in figure, or what a YAML file defines; `kind: curve` makes it a curve.

    Raises:
        BadRequest: If there is no such figure, or its file is broken.
    """
    if not name.endswith((".yaml", ".yml")) and name not in built_in("figure"):
        raise BadRequest(
            f"no figure {name!r} (nor a .yaml file)"
            f"{did_you_mean(name, [*built_in('figure'), CURVE])}"
        )
    path = definition_path(name, kind="figure")
    root = read(path, what="figure")
    kind = root.value.get("kind") if isinstance(root.value, dict) else None
    if kind is not None and kind.one_of(KINDS) == CURVE:
        return read_curve(root, path)
    return read_figure(root, path)


def curve_of(
    *,
    x: str | None,
    y: str | None,
    hue: str | None = None,
    style: str | None = None,
    where: Sequence[str] | None = None,
    average_over: Sequence[str] | None = None,
) -> CurveDefinition:
    """Return the curve that flags alone define.

    Raises:
        BadRequest: If x or y is missing, the metric is unknown, or a condition is malformed.
    """
    if x is None or y is None:
        raise BadRequest("plot curve: needs --x OPTION and --y METRIC")
    return CurveDefinition(
        name=CURVE,
        title=f"{y} over {x}",
        x=x,
        y=metric_of(y, "--y"),
        hue=hue,
        style=style,
        where=where_of(where or ()),
        average_over=tuple(average_over or ()),
    )


def changed_figure(
    definition: FigureDefinition, *, size_by: str | None, front: bool | None
) -> FigureDefinition:
    """Return `definition` with what flags say in place of what it says.

    Raises:
        BadRequest: If the figure that the size would show is unknown, or the axes have no front.
    """
    if front and definition.equal is not None:
        raise BadRequest(f"--front: {definition.name} shows two rates, which have no front")
    if size_by is not None:
        if size_by not in SIZES:
            raise BadRequest(f"--size-by: no figure {size_by!r}{did_you_mean(size_by, SIZES)}")
        definition = replace(definition, size=SIZES[size_by])
    return definition if front is None else replace(definition, front=front)


def changed_curve(
    definition: CurveDefinition,
    *,
    hue: str | None,
    style: str | None,
    where: Sequence[str] | None,
    average_over: Sequence[str] | None,
) -> CurveDefinition:
    """Return `definition` with what flags add to it or say in its place."""
    return replace(
        definition,
        where=(*definition.where, *where_of(where or ())),
        hue=hue or definition.hue,
        style=style or definition.style,
        average_over=(*definition.average_over, *(average_over or ())),
    )


def with_log_x(definition: Plot) -> Plot:
    """Return `definition` with a logarithmic x axis.

    Raises:
        BadRequest: If its range or its line does not allow for one.
    """
    if isinstance(definition, CurveDefinition):
        return replace(definition, x_scale="log")
    axis = replace(definition.x, scale="log")
    if axis.range is not None and axis.range[0] <= 0:
        raise BadRequest(
            f"--log-x: the range of x must begin above 0, got {list(axis.range)} in "
            f"{definition.name}"
        )
    return replace(definition, x=axis)
