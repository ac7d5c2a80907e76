"""How figures look: sizes for print, fonts and colours that are the same on every machine."""

from __future__ import annotations

from typing import Any

from harness.report.figure_groups import Group

WIDTH_IN, HEIGHT_IN = 3.5, 2.95  # a column of IEEE's two-column format is 3.5 in wide
SIZES_IN = 0.22  # what the legend of the sizes adds to the height
DPI = 300
POINT = 72 / DPI  # points per pixel
FONT = 6.0  # the smallest that IEEE accepts
LEGEND_FONT = 5.5
MARKER, OUR_MARKER = 4.2, 5.6
INK = "#222222"
GREY = "#8A8A8A"
FRONT = "#B4B4B4"
LABEL_GAP = 0.6  # points between a label and whatever is next to it
ARROW = 7.0  # points from a pinned point to its edge
SHORTEST_LEADER = 2.0  # points of gap that need no line
BAR = 0.7  # points: width of an error bar's line
CAP = 1.3  # points that an error bar's end reaches to each side

STYLE: dict[Any, Any] = {
    "font.size": FONT,
    "axes.labelsize": 7,
    "xtick.labelsize": FONT,
    "ytick.labelsize": FONT,
    "legend.fontsize": LEGEND_FONT,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "grid.linewidth": 0.4,
    "grid.color": "#E4E4E4",
    "axes.grid": True,
    "pdf.fonttype": 42,  # TrueType: publishers refuse type 3
    "svg.fonttype": "path",
    "svg.hashsalt": "harness",  # ids that do not change from run to run
    "text.hinting": "none",
    "text.parse_math": False,  # a $ in a label is a dollar
}


def marker_look(group: Group, *, ours: bool, size: float, hollow: bool = False) -> dict[str, Any]:
    """Return marker properties; ours have a dark outline that survives grey print.

    Args:
        group: Shape and colour.
        ours: Whether it stands out.
        size: Diameter in points.
        hollow: Whether the figure that its size would show is missing.
    """
    edge = INK if ours else group.colour if hollow else "white"
    return {
        "marker": group.marker,
        "markersize": size,
        "markerfacecolor": "white" if hollow else group.colour,
        "markeredgecolor": edge,
        "markeredgewidth": 1.0 if ours else 0.8 if hollow else 0.4,
    }
