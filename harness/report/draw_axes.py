"""Axes: limits, scales, and ticks that a reader can read off as plain numbers."""

from __future__ import annotations

import textwrap

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis as MplAxis
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from harness.report.figure_data import FigureData
from harness.report.figure_definition import Scale

FEWEST_TICKS = 3
LOG_STEPS = (1.0, 2.0, 5.0)
LONGEST_LABEL = 60  # characters of an axis label in one line


def draw_frame(axes: Axes, data: FigureData) -> None:
    """Draw the axes of `data`, without points."""
    definition, (x_mark, y_mark) = data.definition, data.axis_marks
    axes.set(
        xlim=data.x_limits,
        ylim=data.y_limits,
        xscale=definition.x.scale,
        yscale=definition.y.scale,
        xlabel=wrapped(definition.x.label + x_mark),
        ylabel=wrapped(definition.y.label + y_mark),
    )
    set_ticks(axes.xaxis, data.x_limits, definition.x.scale)
    set_ticks(axes.yaxis, data.y_limits, definition.y.scale)
    finish(axes)


def finish(axes: Axes) -> None:
    """Leave of the frame what carries ticks, and put the grid behind all else."""
    axes.set_axisbelow(True)
    sns.despine(ax=axes)


def wrapped(text: str) -> str:
    """Return an axis label in lines that fit a column."""
    return textwrap.fill(text, LONGEST_LABEL)


def set_ticks(axis: MplAxis, limits: tuple[float, float], scale: Scale) -> None:
    """Label a logarithmic axis at 1, 2 and 5 times powers of ten, and never as powers.

    Where that gives too few ticks, as between 60 and 90, round numbers at equal distances do.
    """
    if scale == "linear":
        return
    low, high = limits
    ticks = [t for t in LogLocator(subs=LOG_STEPS).tick_values(low, high) if low <= t <= high]
    if len(ticks) < FEWEST_TICKS:
        candidates = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        ticks = [t for t in candidates if low <= t <= high]
    axis.set_ticks(ticks)
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.10g}"))
    axis.set_minor_formatter(NullFormatter())
