"""What a terminal shows of a value: in the unit of its column, with the digits that mean something."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.report.digits import spread
from harness.report.query.columns import Column, short_text

SIGNIFICANT = 4


def cell(column: Column, row: Mapping[str, Any]) -> str:
    """Return the value of `column` in a row; nothing where it is unknown."""
    value = row[column.name]
    if value is None:
        return ""
    if column.type == "text":
        return printable(short_text(column.name, value))
    if column.type == "flag":
        return "yes" if value else "no"
    if column.name == "fps":
        return _rate(value, row.get("fps_low"), row.get("fps_high"))
    if column.shown is None:
        return f"{value:,}" if column.type == "whole" else significant(value)
    scaled = value / column.shown.divisor
    if column.shown.digits is None:
        return significant(scaled)
    return f"{scaled:,.{column.shown.digits}f}"


def _rate(fps: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return significant(fps)
    return spread(fps, max(high - fps, fps - low))


def significant(value: float) -> str:
    """Return a number with four significant digits, whole ones without a point.

    Example:
        >>> significant(0.97331), significant(41.0), significant(123456.7), significant(8.0)
        ('0.9733', '41', '123,457', '8')
    """
    if value == round(value):
        return f"{value:,.0f}"
    if abs(value) < 1e-3:
        return f"{value:.{SIGNIFICANT}g}"
    digits = SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))
    return f"{value:,.{max(digits, 0)}f}"


def printable(text: str) -> str:
    """Return `text` in one line, without what would steer a terminal."""
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else "?" for character in line)
