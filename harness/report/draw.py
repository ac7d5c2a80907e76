"""A figure's drawing: one column of a two-column paper, the same bytes from the same records."""

from __future__ import annotations

import io
import itertools
import textwrap
from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.text import Annotation
from matplotlib.textpath import TextPath

from harness.report.draw_axes import draw_frame
from harness.report.draw_labels import draw_labels, shortened
from harness.report.draw_points import (
    box_of,
    draw_bars,
    draw_marker,
    largest_size,
    marker_places,
)
from harness.report.draw_style import check_font, missing_glyphs, styled
from harness.report.figure_data import APPROXIMATE_MARK, FigureData
from harness.report.figure_definition import CORNERS, Corner
from harness.report.figure_size import LARGEST, diameter, examples
from harness.report.figure_style import (
    DPI,
    FRONT,
    GREY,
    HEIGHT_IN,
    INK,
    LABEL_GAP,
    LEGEND_FONT,
    MARKER,
    POINT,
    SIZES_IN,
    WIDTH_IN,
    marker_look,
)
from harness.report.labels import Box
from harness.report.model import REPORTED_MARK

EQUAL_LINE: dict[str, Any] = {"color": GREY, "linewidth": 0.8, "linestyle": (0, (4, 2))}
EQUAL_PARTS = 40  # that labels had better not cover
LINE_LABEL_AT = 0.45  # of the axis height: networks crowd at both of its ends
LEGEND_WIDTH, LEGEND_HEIGHT = 0.45, 0.3  # of the axes, about
LEGEND_CHARACTERS = 34  # of a line in the legend
STAR: dict[str, Any] = {  # as behind a label: six rays
    "marker": (6, 2, 0),
    "color": INK,
    "markersize": 3.5,
    "markeredgewidth": 0.5,
}
SIZE_UNITS = {"params_m": "M parameters", "gflops": "G MACs"}

DESCRIPTION = {"pdf": "Subject", "svg": "Description", "png": "Description"}
UNDATED: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": {},
}


@dataclass(frozen=True)
class Drawing:
    """A figure as a file, and what whoever made it has to know.

    Attributes:
        content: The file.
        warnings: What could not be shown as it is, one line each.
    """

    content: bytes
    warnings: tuple[str, ...]


def draw(data: FigureData, format_name: str) -> Drawing:
    """Return the figure as a file of the given format (`pdf`, `png`, `svg`).

    Raises:
        BadRequest: If its font is not there.
    """
    definition = data.definition
    check_font(definition.font, f"figure {definition.name}")
    with styled(definition.font):
        figure, labels = compose(data)
        content = saved(figure, format_name, definition.title, data.notes)
    texts = [definition.x.label, definition.y.label, *(p.label for p in data.points)]
    texts += [group.label for group in definition.groups]
    warnings = [*missing_glyphs(definition.font, texts), *shortened(data.points, labels)]
    return Drawing(content, tuple(warnings))


def saved(figure: Figure, format_name: str, title: str, notes: tuple[str, ...]) -> bytes:
    """Return `figure` as a file that says what it shows, but not when it was made."""
    out = io.BytesIO()
    metadata = UNDATED[format_name] | {"Title": title}
    if notes:
        metadata[DESCRIPTION[format_name]] = " ".join(notes)
    figure.savefig(out, format=format_name, dpi=DPI, metadata=metadata)
    return out.getvalue()


def compose(data: FigureData) -> tuple[Figure, list[Annotation]]:
    """Return the figure and its labels, in the order of the points."""
    height = HEIGHT_IN + (SIZES_IN if data.definition.size else 0)
    figure = Figure(figsize=(WIDTH_IN, height), dpi=DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    draw_frame(axes, data)
    fixed = [_draw_legend(axes, data), *_draw_line(axes, data)]
    _draw_size_legend(figure, data)
    canvas.draw()  # type: ignore[no-untyped-call] # lays out: now the axes stay
    figure.set_layout_engine("none")
    steps = [*_draw_front(axes, data), *_draw_equal(axes, data)]
    places = marker_places(axes, data)
    for point, place in zip(data.points, places, strict=True):
        draw_marker(axes, data, point, place)
    obstacles = [box_of(artist).padded(LABEL_GAP) for artist in fixed]
    for point in data.points:
        obstacles += draw_bars(axes, point)
    return figure, draw_labels(axes, data.points, places, obstacles, steps)


def _draw_line(axes: Axes, data: FigureData) -> list[Artist]:
    """Draw the vertical line with its label; return both."""
    if data.definition.line is None:
        return []
    x, label = data.definition.line
    if not data.x_limits[0] <= x <= data.x_limits[1]:
        return []
    line = axes.axvline(x, color=GREY, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    text = axes.annotate(
        label,
        (x, LINE_LABEL_AT),
        xycoords=("data", "axes fraction"),
        xytext=(1.5, 0),
        textcoords="offset points",
        rotation=90,
        color=GREY,
        fontsize=LEGEND_FONT,
        verticalalignment="center",
    )
    return [line, text]


def _draw_front(axes: Axes, data: FigureData) -> list[Box]:
    """Draw the Pareto front behind the points; return what its steps cover, in points."""
    if not data.front:
        return []
    xs, ys = zip(*data.front, strict=True)
    axes.plot(xs, ys, color=FRONT, linewidth=0.9, solid_joinstyle="miter", zorder=1.5)
    corners = axes.transData.transform(data.front) * POINT
    page = box_of(axes.patch)
    boxes = []
    for (x0, y0), (x1, y1) in itertools.pairwise(corners):
        box = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)).padded(0.5)
        if box.overlap(page):
            boxes.append(box)
    return boxes


def _draw_equal(axes: Axes, data: FigureData) -> list[Box]:
    """Draw the line of equal ratio behind the points; return what its parts cover, in points."""
    if not data.equal:
        return []
    xs, ys = zip(*data.equal, strict=True)
    axes.plot(xs, ys, zorder=1.4, **EQUAL_LINE)
    (x0, y0), (x1, y1) = axes.transData.transform(data.equal) * POINT
    shares = [i / EQUAL_PARTS for i in range(EQUAL_PARTS + 1)]
    corners = [(x0 + share * (x1 - x0), y0 + share * (y1 - y0)) for share in shares]
    return [Box(*a, *b) for a, b in itertools.pairwise(corners)]


def _draw_legend(axes: Axes, data: FigureData) -> Artist:
    definition = data.definition
    handles = [
        _handle(group.label, marker_look(group, ours=False, size=MARKER))
        for group in definition.groups
    ]
    marks = "".join([*data.axis_marks, *(point.marks for point in data.points)])
    if definition.tensorrt and APPROXIMATE_MARK in marks:
        handles.append(_handle(definition.tensorrt, STAR))
    if REPORTED_MARK in marks:
        look = {"marker": _glyph(REPORTED_MARK), "color": INK, "markersize": 5.5,
                "markeredgewidth": 0.0}  # fmt: skip
        handles.append(_handle("as reported", look))
    if data.front:
        handles.append(Line2D([], [], color=FRONT, linewidth=0.9, label="Pareto front"))
    if data.equal:
        handles.append(Line2D([], [], label=definition.equal, **EQUAL_LINE))
    return axes.legend(
        handles=handles,
        loc=definition.legend or emptiest_corner(axes, data),
        borderaxespad=0.2,
        borderpad=0.0,
        handlelength=1.0,
        handletextpad=0.4,
        labelspacing=0.25,
        facecolor="white",  # the front may run beneath it
        edgecolor="none",
        framealpha=0.8,
    )


def emptiest_corner(axes: Axes, data: FigureData) -> Corner:
    """Return the corner of the axes that the fewest points are in."""
    places = axes.transData.transform([p.at for p in data.points])
    shares = axes.transAxes.inverted().transform(places).tolist()

    def points_in(corner: Corner) -> int:
        upper, right = corner.startswith("upper"), corner.endswith("right")
        return sum(
            (x > 1 - LEGEND_WIDTH if right else x < LEGEND_WIDTH)
            and (y > 1 - LEGEND_HEIGHT if upper else y < LEGEND_HEIGHT)
            for x, y in shares
        )

    return min(CORNERS, key=points_in)


def _handle(label: str, look: dict[str, Any]) -> Line2D:
    return Line2D([], [], linestyle="", label=textwrap.fill(label, LEGEND_CHARACTERS), **look)


def _glyph(character: str) -> Path:
    """Return a character as a marker, centred."""
    path = TextPath((0, 0), character, size=10)
    middle = (path.vertices.min(axis=0) + path.vertices.max(axis=0)) / 2
    return Path(path.vertices - middle, path.codes)


def _draw_size_legend(figure: Figure, data: FigureData) -> None:
    """Draw what the markers' area means, above the axes, where no point can be."""
    shown = [point.size.value for point in data.points if point.size is not None]
    if data.definition.size is None or not shown:
        return
    unit = SIZE_UNITS[data.definition.size]
    look: dict[str, Any] = {"marker": "o", "markeredgecolor": GREY, "markeredgewidth": 0.6}
    handles = []
    for value in examples(shown):
        # The unit once, behind the last one: a column is narrow.
        size = diameter(value, largest_size(data))
        handles.append(
            Line2D([], [], linestyle="", markersize=size, label=f"{value:g} {unit}",
                   markerfacecolor="#D8D8D8", **look)
        )  # fmt: skip
    if len(shown) < len(data.points):
        handles.append(
            Line2D([], [], linestyle="", markersize=MARKER, label="unknown",
                   markerfacecolor="white", **look)
        )  # fmt: skip
    figure.legend(
        handles=handles,
        loc="outside upper center",
        ncols=len(handles),
        handlelength=LARGEST / LEGEND_FONT,  # in units of the font, like all of these
        handletextpad=0.3,
        columnspacing=1.0,
        borderpad=(LARGEST - LEGEND_FONT) / 2 / LEGEND_FONT,  # the largest is higher than a line
        borderaxespad=0.0,
        frameon=False,
    )
