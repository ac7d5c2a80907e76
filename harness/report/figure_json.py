"""A figure as JSON: every point with its exact figures, their kinds, intervals and records."""

from __future__ import annotations

import json
from typing import Any

from harness.report.figure_data import FigureData, Point
from harness.report.figure_definition import Axis
from harness.report.figure_limits import Limits
from harness.report.figure_values import Value
from harness.report.formats.json_text import identity


def figure_json(data: FigureData) -> str:
    """Return the figure as one JSON object."""
    definition = data.definition
    content = {
        "name": definition.name,
        "title": definition.title,
        "x": _axis(definition.x, data.x_limits),
        "y": _axis(definition.y, data.y_limits),
        "size": definition.size,
        "groups": [{"group": g.number, "label": g.label} for g in definition.groups],
        "points": [_point(point) for point in data.points],
        "front": [list(place) for place in data.front],
        "equal": [list(place) for place in data.equal],
        "notes": list(data.notes),
        "warnings": list(data.warnings),
    }
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _axis(axis: Axis, limits: Limits) -> dict[str, Any]:
    return {
        "figure": axis.figure,
        "label": axis.label,
        "scale": axis.scale,
        "range": list(limits),
    }


def _point(point: Point) -> dict[str, Any]:
    """Return a point; `x` and `y` are its true figures, wherever it is pinned."""
    return {
        "label": point.label,
        "variant": point.variant,
        "group": point.group,
        "ours": point.ours,
        **_value("x", point.x),
        **_value("y", point.y),
        **_value("size", point.size),
        "approximate": point.x.approximate or point.y.approximate,
        "pinned": [edge for edge in (point.x_edge, point.y_edge) if edge],
        "on_front": point.on_front,
        "records": [identity(record) for record in point.records],
    }


def _value(name: str, value: Value | None) -> dict[str, Any]:
    ci95 = value.ci95 if value else None
    return {
        name: value.value if value else None,
        f"{name}_text": value.text if value else None,
        f"{name}_kind": value.kind if value else None,
        f"{name}_ci95": list(ci95) if ci95 else None,
        f"{name}_exact": value.exact if value else None,
    }
