"""A figure's drawing: one column of a two-column paper, the same bytes from the same records."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

from harness.report.draw_points import box_of, draw_labels, draw_marker, marker_places
from harness.report.figure_data import FigureData
from harness.report.figure_style import (
    DPI,
    FONT,
    GREY,
    HEIGHT_IN,
    INK,
    LABEL_GAP,
    STYLE,
    WIDTH_IN,
    marker_look,
)

LINE_LABEL_AT = 0.45  # of the axis height: networks crowd at both of its ends
NOT_STYLE = ("backend", "backend_fallback")  # never touched: they belong to whoever calls
STAR: dict[str, Any] = {  # as behind a label: six rays
    "marker": (6, 2, 0),
    "color": INK,
    "markersize": 3.5,
    "markeredgewidth": 0.5,
}

UNDATED = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": {},
}


def draw(data: FigureData, format_name: str) -> bytes:
    """Return the figure as a file of the given format (`pdf`, `png`, `svg`)."""
    with mpl.rc_context(style()):
        figure, _ = compose(data)
        out = io.BytesIO()
        metadata = UNDATED[format_name] | {"Title": data.definition.title}
        figure.savefig(out, format=format_name, dpi=DPI, metadata=metadata)
    return out.getvalue()


def style() -> dict[Any, Any]:
    """Return every setting of matplotlib that a figure depends on, the user's own files aside."""
    defaults = {k: v for k, v in mpl.rcParamsDefault.items() if k not in NOT_STYLE}
    return {**defaults, **sns.axes_style("ticks"), **STYLE}


def compose(data: FigureData) -> tuple[Figure, list[Annotation]]:
    """Return the figure and its labels, in the order of the points."""
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_frame(axes, data)
    fixed = [_draw_legend(axes, data), *_draw_line(axes, data)]
    canvas.draw()  # type: ignore[no-untyped-call] # lays out: now the axes stay
    figure.set_layout_engine("none")
    places = marker_places(axes, data.points)
    for point, place in zip(data.points, places, strict=True):
        draw_marker(axes, data, point, place)
    labels = draw_labels(axes, data.points, places, [box_of(a).padded(LABEL_GAP) for a in fixed])
    return figure, labels


def _draw_frame(axes: Axes, data: FigureData) -> None:
    definition = data.definition
    axes.set(
        xlim=(definition.x.low, definition.x.high),
        ylim=(definition.y.low, definition.y.high),
        xlabel=definition.x.label,
        ylabel=definition.y.label,
    )
    axes.set_axisbelow(True)
    sns.despine(ax=axes)


def _draw_line(axes: Axes, data: FigureData) -> list[Artist]:
    """Draw the vertical line with its label; return both."""
    if data.definition.line is None:
        return []
    x, label = data.definition.line
    line = axes.axvline(x, color=GREY, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    text = axes.annotate(
        label,
        (x, LINE_LABEL_AT),
        xycoords=("data", "axes fraction"),
        xytext=(1.5, 0),
        textcoords="offset points",
        rotation=90,
        color=GREY,
        fontsize=FONT - 0.5,
        verticalalignment="center",
    )
    return [line, text]


def _draw_legend(axes: Axes, data: FigureData) -> Artist:
    handles = [
        Line2D([], [], linestyle="", label=group.label, **marker_look(group, ours=False))
        for group in data.definition.groups
    ]
    if data.definition.tensorrt and any(p.record.tensorrt for p in data.points):
        label = data.definition.tensorrt
        handles.append(Line2D([], [], linestyle="", label=label, **STAR))
    return axes.legend(
        handles=handles,
        loc=data.definition.legend,
        borderaxespad=0.2,
        borderpad=0.0,
        handlelength=1.0,
        handletextpad=0.4,
        labelspacing=0.35,
        frameon=False,
    )
