"""What a terminal shows of a value: in its column's unit, with the digits that mean something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.report.digits import spread
from harness.report.query.columns import Column, short_text

SIGNIFICANT = 4
SMALL = 0.1  # below it digits after the point would leave too few


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
    if column.shown.digits is None or 0 < abs(scaled) < SMALL:
        return significant(scaled)
    return f"{scaled:,.{column.shown.digits}f}"


def _rate(fps: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return significant(fps)
    return spread(fps, max(high - fps, fps - low))


def significant(value: float) -> str:
    """Return a number with at most four significant digits, thousands in full.

    Example:
        >>> significant(0.973312), significant(52.3), significant(123456.7)
        ('0.9733', '52.3', '123,457')
    """
    whole = abs(value) >= 10**SIGNIFICANT
    return f"{value:,.0f}" if whole else f"{value:.{SIGNIFICANT}g}"


def printable(text: str) -> str:
    """Return `text` in one line, without what would steer a terminal."""
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else "?" for character in line)
