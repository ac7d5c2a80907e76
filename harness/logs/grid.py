"""Tables of text: rows of cells between `|`."""

from __future__ import annotations

from collections.abc import Sequence

from harness.logs.figure import Figure, figure


def cells(line: str) -> list[str] | None:
    """Return the cells of a table's row; None if the line is none (or a rule such as `|---|`)."""
    _, bar, rest = line.partition("|")
    body, last, _ = rest.rpartition("|")
    if not bar or not last or not body.strip("-+| :"):
        return None
    return [cell.strip() for cell in body.split("|")]


def column(header: Sequence[str], name: str) -> int | None:
    """Return the position of the column called `name`, whatever its case."""
    lower = [cell.lower() for cell in header]
    return lower.index(name.lower()) if name.lower() in lower else None


def number(cell: str) -> Figure:
    """Return the number of a cell, NaN if it holds none."""
    try:
        return figure(cell)
    except ValueError:
        return figure("nan")
