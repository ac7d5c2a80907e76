"""What belongs to a point besides its marker, as SVG paths: interval, arrow, leader."""

from __future__ import annotations

import math

from harness.report.labels import Box
from harness.report.web.markers import number
from harness.report.web.places import Placed

SHORTEST_LEADER = 4.0
CAP = 3.0
HEAD, HALF_HEAD = 6.0, 3.5  # of an arrow: length, and half its width


def bar_path(bar: Box) -> str:
    """Return a line with a cap at each end."""
    left, low, right, high = (number(v) for v in (bar.left, bar.bottom, bar.right, bar.top))
    if bar.bottom == bar.top:
        ends = (f"M{end} {number(bar.top - CAP)}v{2 * CAP:g}" for end in (left, right))
        return f"M{left} {low}H{right}{''.join(ends)}"
    ends = (f"M{number(bar.left - CAP)} {end}h{2 * CAP:g}" for end in (low, high))
    return f"M{left} {low}V{high}{''.join(ends)}"


def arrow_path(p: Placed) -> str:
    """Return a line from the marker's rim to the edge, with a head."""
    assert p.tip is not None
    dx, dy = p.tip[0] - p.x, p.tip[1] - p.y
    length = math.hypot(dx, dy)
    ux, uy = dx / length, dy / length
    rim = f"{number(p.x + ux * p.radius)} {number(p.y + uy * p.radius)}"
    tip = f"{number(p.tip[0])} {number(p.tip[1])}"
    x, y = p.tip[0] - HEAD * ux, p.tip[1] - HEAD * uy
    wings = [f"{number(x + half * uy)} {number(y - half * ux)}" for half in (HALF_HEAD, -HALF_HEAD)]
    return f"M{rim}L{tip}M{wings[0]}L{tip}L{wings[1]}"


def leader_path(p: Placed) -> str:
    """Return a line from the marker's rim to the label, nothing where they touch."""
    end_x, end_y = p.box.nearest(p.x, p.y)
    length = math.hypot(end_x - p.x, end_y - p.y)
    if length < p.radius + SHORTEST_LEADER:
        return ""
    rim = p.radius / length
    start = f"{number(p.x + rim * (end_x - p.x))} {number(p.y + rim * (end_y - p.y))}"
    return f"M{start}L{number(end_x)} {number(end_y)}"
