"""Cells and columns that the tables of ratios share."""

from __future__ import annotations

import math

from harness.report.columns import Column
from harness.report.model import NO_FIGURE, Cell
from harness.report.ratio import Ratio
from harness.report.survival.pairs import Network
from harness.report.survival.published import Range

EMPTY = Cell(text="", kind="absent")
ABSENT = Cell(text=NO_FIGURE, kind="absent")
RATIO = Column(name="ratio", header="Ratio", digits=2, figure="ratio")


def named(name: str, header: str, *, number: bool = False, published: bool = False) -> Column:
    """Return a column of ratios, counts or words.

    Args:
        name: Its name in JSON and CSV.
        header: What stands above it.
        number: Whether it holds figures, which stand to the right.
        published: Whether what it holds is all out of print.
    """
    return Column(
        name=name, header=header, figure=name if number else None, published=published, digits=2
    )


def label(text: str) -> Cell:
    """Return a cell of words."""
    return Cell(text=text, kind="label")


def range_text(found: Range) -> str:
    """Return a range of ratios that print allows, a bound as a bound.

    Example:
        >>> range_text(Range(40.2, math.inf)), range_text(Range(1.0, 3.0))
        ('>40.20', '1.00–3.00')
    """
    low, high = RATIO.print(found.low), RATIO.print(found.high) if found.high < math.inf else ""
    if not high:
        return f">{low}"
    return f"<{high}" if found.low == 0 else f"{low}–{high}"


def measured_ratio(ratio: Ratio, networks: tuple[Network, Network]) -> tuple[Cell, Cell]:
    """Return a measured ratio, and its 95% interval in words."""
    cell = Cell(
        text=RATIO.print(ratio.value),
        kind="measured",
        value=ratio.value,
        interval=ratio.ci95,
        records=tuple(network.measured for network in networks),
    )
    return cell, interval(ratio.ci95)


def interval(ends: tuple[float, float] | None) -> Cell:
    """Return a 95% interval in words; an empty cell where it is unknown."""
    return ABSENT if ends is None else label(range_text(Range(*ends)))
