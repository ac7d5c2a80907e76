"""A curve as JSON: every point with its figure, interval, kind and record."""

from __future__ import annotations

import json

from harness.report.curve_data import CurveData
from harness.report.formats.json_text import identity


def curve_json(data: CurveData) -> str:
    """Return the curve as one JSON object; `y` is in the unit of its label."""
    definition = data.definition
    content = {
        "name": definition.name,
        "title": definition.title,
        "x": {"option": definition.x, "values": list(data.xs)},
        "y": {"metric": definition.y.name, "label": definition.y.label},
        "hue": definition.hue,
        "style": definition.style,
        "average_over": list(definition.average_over),
        "points": [
            {
                "x": point.x,
                "y": point.y,
                "y_ci95": list(point.ci95) if point.ci95 else None,
                "y_kind": point.kind,
                "hue": point.hue,
                "style": point.style,
                "averaged": list(point.averaged),
                "records": [identity(point.record)],
            }
            for point in data.points
        ],
        "notes": list(data.notes),
        "warnings": list(data.warnings),
    }
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
