"""How figures look: sizes for print, fonts and colours that are the same on every machine."""

from __future__ import annotations

from typing import Any

from harness.report.figure_definition import Group

WIDTH_IN, HEIGHT_IN = 3.5, 2.95  # a column of IEEE's two-column format is 3.5 in wide
DPI = 300
POINT = 72 / DPI  # points per pixel
FONT = 6.0  # the smallest that IEEE accepts
MARKER, OUR_MARKER = 4.2, 5.6
INK = "#222222"
GREY = "#8A8A8A"
LABEL_GAP = 0.6  # points between a label and whatever is next to it
ARROW = 7.0  # points from a pinned point to its edge
SHORTEST_LEADER = 2.0  # points of gap that need no line

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": FONT,
    "axes.labelsize": 7,
    "xtick.labelsize": FONT,
    "ytick.labelsize": FONT,
    "legend.fontsize": FONT - 0.5,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "grid.linewidth": 0.4,
    "grid.color": "#E4E4E4",
    "axes.grid": True,
    "pdf.fonttype": 42,  # TrueType: publishers refuse type 3
    "svg.fonttype": "path",
    "svg.hashsalt": "harness",  # ids that do not change from run to run
    "text.hinting": "none",
    "text.parse_math": False,  # a $ in a label is a dollar
}


def marker_look(group: Group, *, ours: bool) -> dict[str, Any]:
    """Return marker properties; ours are larger, with a dark outline that survives grey print."""
    return {
        "marker": group.marker,
        "markersize": OUR_MARKER if ours else MARKER,
        "markerfacecolor": group.colour,
        "markeredgecolor": INK if ours else "white",
        "markeredgewidth": 1.0 if ours else 0.4,
    }
