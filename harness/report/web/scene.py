"""A figure as SVG: axes, front, line, and every point with interval, arrow, label and leader.

Plain elements with classes: colours, what is shown and what stands out are decided by the style
sheet, so that one drawing serves light and dark, print and screen.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from harness.report.figure_data import FigureData, Point
from harness.report.figure_front import front_line
from harness.report.figure_groups import Group
from harness.report.labels import Box
from harness.report.web.markers import marker_path, number
from harness.report.web.page import attributes, escape
from harness.report.web.paths import CAP, arrow_path, bar_path, leader_path
from harness.report.web.places import Layout, Placed, placed
from harness.report.web.scale import Scale, tick_text
from harness.report.web.text_width import text_width

BASELINE = 0.36  # of the font size: from the middle of a line of text to its baseline
REACH = 7.0  # around a marker that counts as hitting it
EQUAL_PARTS = 40  # of the line of equal ratio, that labels had better not cover
LINE_LABEL_AT = 0.45  # of the height of the axes, as in print
EDGES = {"left": "left", "right": "right", "bottom": "lower", "top": "upper"}


def scene(data: FigureData, layout: Layout, *, log: bool, focusable: bool = True) -> str:
    """Return the drawing.

    Args:
        data: The figure.
        layout: Its size.
        log: Whether the x axis is logarithmic.
        focusable: Whether points can be reached by the keyboard.
    """
    axes = layout.axes
    x = Scale(low=data.x_limits[0], high=data.x_limits[1], start=axes.left, end=axes.right, log=log)
    y_log = data.definition.y.scale == "log"
    y = Scale(
        low=data.y_limits[0], high=data.y_limits[1], start=axes.top, end=axes.bottom, log=y_log
    )
    drawing = _Scene(data, layout, x, y)
    name = f"{layout.name}-{'log' if log else 'linear'}"
    # A space would end an id.
    identity = f"{re.sub('[^A-Za-z0-9-]+', '-', data.definition.name)}-{name}"
    values = attributes(
        class_=f"scene {layout.name} {'log' if log else 'linear'}",
        role="group",  # not img, whose content no screen reader would enter
        viewBox=f"0 0 {number(layout.width)} {number(layout.height)}",
        font_size=number(layout.font),
        aria_labelledby=f"{identity}-t {identity}-d",
    )
    lines = [
        f"<svg{values}>",
        f"<title{attributes(id=f'{identity}-t')}>{escape(data.definition.title)}</title>",
        f"<desc{attributes(id=f'{identity}-d')}>{escape(_description(data, log=log))}</desc>",
        *drawing.frame(),
        *drawing.front(),
        *drawing.equal(),
        *drawing.line(),
        *drawing.points(focusable=focusable),
        "</svg>",
    ]
    return "\n".join(lines)


def swatch(group: Group, *, ours: bool = False) -> str:
    """Return a group's marker for a line of text."""
    path = marker_path(group.marker, 8, 8, 6 if ours else 5)
    kind = f"swatch g{group.number}{' ours' if ours else ''}"
    return (
        f'<svg class="{kind}" viewBox="0 0 16 16" aria-hidden="true">'
        f'<path class="marker" d="{path}"/></svg>'
    )


def _description(data: FigureData, *, log: bool) -> str:
    definition = data.definition
    scale = ", logarithmic" if log else ""
    return (
        f"{definition.y.label} over {definition.x.label}{scale}: {len(data.points)} networks in "
        f"{len(definition.groups)} groups. The same figures stand in the table."
    )


class _Scene:
    """One drawing; `x` and `y` turn figures into coordinates."""

    def __init__(self, data: FigureData, layout: Layout, x: Scale, y: Scale) -> None:
        self._data, self._layout, self._x, self._y = data, layout, x, y
        self._axes = layout.axes

    def frame(self) -> Iterator[str]:
        """Yield grid, ticks and axis labels."""
        axes, font = self._axes, self._layout.font
        definition = self._data.definition
        yield '<g class="frame">'
        for value in self._x.ticks(self._layout.ticks):
            at = number(self._x.at(value))
            yield f'<path class="grid" d="M{at} {number(axes.bottom)}V{number(axes.top)}"/>'
            where = f'x="{at}" y="{number(axes.top + 1.35 * font)}" text-anchor="middle"'
            yield f"<text {where}>{tick_text(value)}</text>"
        for value in self._y.ticks(self._layout.ticks):
            at = number(self._y.at(value))
            yield f'<path class="grid" d="M{number(axes.left)} {at}H{number(axes.right)}"/>'
            baseline = number(self._y.at(value) + BASELINE * font)
            where = f'x="{number(axes.left - 0.5 * font)}" y="{baseline}" text-anchor="end"'
            yield f"<text {where}>{tick_text(value)}</text>"
        corner = f"M{number(axes.left)} {number(axes.bottom)}V{number(axes.top)}"
        yield f'<path class="axis" d="{corner}H{number(axes.right)}"/>'
        x_mark, y_mark = self._data.axis_marks
        yield from self._axis_labels(definition.x.label + x_mark, definition.y.label + y_mark)
        yield "</g>"

    def _axis_labels(self, x_label: str, y_label: str) -> Iterator[str]:
        axes, layout = self._axes, self._layout
        middle = number((axes.left + axes.right) / 2)
        y = number(layout.height - 0.5 * layout.font)
        where = f'x="{middle}" y="{y}" text-anchor="middle"'
        yield f'<text class="label" {where}>{escape(x_label)}</text>'
        x, middle = number(1.1 * layout.font), number((axes.bottom + axes.top) / 2)
        turned = f'transform="rotate(-90 {x} {middle})" text-anchor="middle"'
        yield f'<text class="label" x="{x}" y="{middle}" {turned}>{escape(y_label)}</text>'

    def front(self) -> Iterator[str]:
        """Yield the Pareto front, within the axes."""
        parts = [
            f"M{number(s.left)} {number(s.bottom)}L{number(s.right)} {number(s.top)}"
            for s in self._front_steps()
        ]
        if parts:
            yield f'<path class="front" d="{"".join(parts)}"/>'

    def _front_steps(self) -> list[Box]:
        """Return the front's lines within the axes, each upright or level.

        The front is there whether or not the definition draws it: the reader may ask for it.
        """
        data = self._data
        figures = (data.definition.x.figure, data.definition.y.figure)
        places = [(p.x.value, p.y.value) for p in data.points if p.on_front]
        corners = front_line(places, figures, (data.x_limits, data.y_limits))
        steps = []
        for (x0, y0), (x1, y1) in itertools.pairwise(corners):
            beyond_x = x0 == x1 and not self._x.low <= x0 <= self._x.high
            beyond_y = y0 == y1 and not self._y.low <= y0 <= self._y.high
            if not beyond_x and not beyond_y:
                xs, ys = map(self._x.within, (x0, x1)), map(self._y.within, (y0, y1))
                steps.append(_around(*xs, *ys))
        return [step for step in steps if step.right > step.left or step.top > step.bottom]

    def line(self) -> Iterator[str]:
        """Yield the vertical line with its label, where it is within the axes."""
        found = self._line_box()
        if found is None or self._data.definition.line is None:
            return
        at, box = found
        axes, font = self._axes, self._layout.font
        x, y = number(box.right - 0.2 * font), number((box.bottom + box.top) / 2)
        yield '<g class="threshold">'
        yield f'<path d="M{number(at)} {number(axes.top)}V{number(axes.bottom)}"/>'
        turned = f'transform="rotate(-90 {x} {y})" text-anchor="middle"'
        label = escape(self._data.definition.line[1])
        yield f'<text x="{x}" y="{y}" {turned}>{label}</text>'
        yield "</g>"

    def equal(self) -> Iterator[str]:
        """Yield the line of equal ratio."""
        if self._data.equal:
            ends = [(self._x.at(x), self._y.at(y)) for x, y in self._data.equal]
            path = "L".join(f"{number(x)} {number(y)}" for x, y in ends)
            yield f'<path class="equal" d="M{path}"/>'

    def _equal_parts(self) -> list[Box]:
        """Return what the parts of that line cover, each a little box."""
        if not self._data.equal:
            return []
        (x0, y0), (x1, y1) = ((self._x.at(x), self._y.at(y)) for x, y in self._data.equal)
        shares = [i / EQUAL_PARTS for i in range(EQUAL_PARTS + 1)]
        corners = [(x0 + share * (x1 - x0), y0 + share * (y1 - y0)) for share in shares]
        return [_around(a[0], b[0], a[1], b[1]) for a, b in itertools.pairwise(corners)]

    def _line_box(self) -> tuple[float, Box] | None:
        """Return where the vertical line stands, and what its label covers."""
        if self._data.definition.line is None:
            return None
        value, label = self._data.definition.line
        if not self._x.low <= value <= self._x.high:
            return None
        at, axes, font = self._x.at(value), self._axes, self._layout.font
        middle = axes.top + LINE_LABEL_AT * (axes.bottom - axes.top)
        half = text_width(label, font) / 2
        return at, Box(at + 1, middle - half, at + 1.3 * font, middle + half)

    def points(self, *, focusable: bool) -> Iterator[str]:
        """Yield the points, ours last, so that none covers them."""
        axes, found = self._axes, self._line_box()
        obstacles = []
        if found:
            obstacles = [found[1], Box(found[0], axes.bottom, found[0], axes.top).padded(0.5)]
        for point in self._data.points:
            obstacles += [bar.padded(CAP) for bar in self._bars(point)]
        steps = [step.padded(1) for step in (*self._front_steps(), *self._equal_parts())]
        places = placed(self._data, self._x, self._y, self._layout, obstacles=obstacles, soft=steps)
        order = sorted(range(len(places)), key=lambda i: places[i].point.ours)
        for i in order:
            yield from self._point(i, places[i], focusable=focusable)

    def _point(self, i: int, p: Placed, *, focusable: bool) -> Iterator[str]:
        point = p.point
        group = next(g for g in self._data.definition.groups if g.number == point.group)
        hollow = self._data.definition.size is not None and point.size is None
        classes = f"point g{group.number}"
        classes += " ours" * point.ours + " hollow" * hollow
        label = spoken(self._data, i)
        values = attributes(
            class_=classes,
            data_point=i,
            data_group=group.number,
            tabindex="0" if focusable else None,
            role="img",
            aria_label=label,
        )
        yield f"<g{values}><title>{escape(label)}</title>"
        for bar in self._bars(point):
            yield f'<path class="bar" d="{bar_path(bar)}"/>'
        if p.tip:
            yield f'<path class="arrow" d="{arrow_path(p)}"/>'
        leader = leader_path(p)
        if leader:
            yield f'<path class="leader" d="{leader}"/>'
        reach = number(p.radius + REACH)
        yield f'<circle class="hit" cx="{number(p.x)}" cy="{number(p.y)}" r="{reach}"/>'
        yield f'<path class="marker" d="{marker_path(group.marker, p.x, p.y, p.radius)}"/>'
        yield self._label(p)
        yield "</g>"

    def _label(self, p: Placed) -> str:
        """Return the label, set from the side that is next to its point."""
        font, box = self._layout.font, p.box
        anchor, x = "middle", (box.left + box.right) / 2
        if box.left >= p.x:
            anchor, x = "start", box.left + 0.1 * font
        elif box.right <= p.x:
            anchor, x = "end", box.right - 0.1 * font
        y = (box.bottom + box.top) / 2 + BASELINE * font
        return (
            f'<text class="name" x="{number(x)}" y="{number(y)}" text-anchor="{anchor}">'
            f"{escape(p.text)}</text>"
        )

    def _bars(self, point: Point) -> list[Box]:
        """Return the intervals of a point as lines, cut off at the axes; of a pinned one none."""
        if point.pinned:
            return []
        x, y = self._x.at(point.at[0]), self._y.at(point.at[1])
        bars = []
        if point.x.ci95:
            low, high = map(self._x.within, point.x.ci95)
            bars.append(Box(low, y, high, y))
        if point.y.ci95:
            low, high = map(self._y.within, point.y.ci95)
            bars.append(Box(x, high, x, low))
        return bars


def spoken(data: FigureData, i: int) -> str:
    """Return a point in words, for whoever does not see it."""
    point, definition = data.points[i], data.definition
    text = (
        f"{point.label}: {definition.x.label} {point.x.text}, {definition.y.label} {point.y.text}"
    )
    edges = [EDGES[edge] for edge in (point.x_edge, point.y_edge) if edge]
    return text + (f", beyond the {' and '.join(edges)} edge" if edges else "")


def _around(x0: float, x1: float, y0: float, y1: float) -> Box:
    return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
