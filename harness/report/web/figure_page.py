"""An interactive figure in one file: drawing and table made here, enlivened by a script.

Without scripts the page shows the same drawing and the same table; with them, points answer to
mouse and keyboard, groups can be hidden and the table be sorted. The script computes no geometry.
"""

from __future__ import annotations

import json
from typing import Any

from harness.report.columns import COLUMNS
from harness.report.figure_data import APPROXIMATE_MARK, FigureData, Point
from harness.report.figure_groups import Group
from harness.report.figure_json import figure_json
from harness.report.model import LOGGED_MARK, REPORTED_MARK, Cell, Kind
from harness.report.web.figure_table import figure_table, point_figures
from harness.report.web.page import attributes, escape, page, prose
from harness.report.web.places import NARROW, WIDE
from harness.report.web.record_facts import record_facts
from harness.report.web.scene import scene, swatch
from harness.report.web.table import fragment

STYLES = ("base.css", "table.css", "scene.css", "figure.css")
KINDS: dict[Kind, str] = {"measured": "measured", "logged": "out of a log", "reported": "reported"}
LIFT = 0.35  # share of white that makes a colour stand out from a dark ground


def figure_page(data: FigureData) -> str:
    """Return the page."""
    definition = data.definition
    log = definition.x.scale == "log"
    root = attributes(
        data_scale="log" if log else "linear",
        data_front="shown" if definition.front else "hidden",
    )
    body = "\n".join(
        [
            group_style(definition.groups),
            "<main>",
            f"<h1>{escape(definition.title)}</h1>",
            '<div class="figure">',
            '<section class="plot" aria-label="Plot">',
            _legend(data),
            '<div class="drawing">',
            *drawings(data, scales=_scales(data)),
            '<div id="card" role="status" hidden></div>',
            "</div>",
            _controls(data),
            key(data),
            "</section>",
            '<section class="beside" aria-label="Table">',
            _table(data),
            "</section>",
            "</div>",
            notes(data),
            "</main>",
        ]
    )
    content = json.loads(figure_json(data)) | {"cards": [_card(p, data) for p in data.points]}
    return page(definition.title, body, styles=STYLES, script="figure.js", root=root, data=content)


def drawings(data: FigureData, *, scales: tuple[bool, ...], focusable: bool = True) -> list[str]:
    """Return a drawing for wide and one for narrow screens, for each of `scales` (true is log)."""
    return [
        scene(data, layout, log=log, focusable=focusable)
        for log in scales
        for layout in (WIDE, NARROW)
    ]


def group_style(groups: tuple[Group, ...]) -> str:
    """Return the colours of groups, lighter ones for a dark ground."""
    light = "".join(f".g{g.number}{{--group:{g.colour}}}" for g in groups)
    dark = "".join(f".g{g.number}{{--group:{_lifted(g.colour)}}}" for g in groups)
    return f"<style>{light}@media screen and (prefers-color-scheme:dark){{{dark}}}</style>"


def _lifted(colour: str) -> str:
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + LIFT * (255 - part)):02x}" for part in parts)


def _scales(data: FigureData) -> tuple[bool, ...]:
    """Return the scales of the x axis that can be shown, the definition's first."""
    if data.x_limits[0] <= 0:
        return (False,)
    log = data.definition.x.scale == "log"
    return (log, not log)


def _legend(data: FigureData) -> str:
    entries = []
    for group in data.definition.groups:
        count = sum(point.group == group.number for point in data.points)
        values = attributes(data_group=group.number, aria_pressed="true", disabled=True)
        entries.append(
            f'<button type="button" class="entry g{group.number}"{values}>{swatch(group)}'
            f'<span>{escape(group.label)}</span> <span class="count">{count}</span></button>'
        )
    return f'<div class="legend" role="group" aria-label="Groups">{"".join(entries)}</div>'


def _controls(data: FigureData) -> str:
    """Return the switches, which only a script can make work and therefore shows."""
    switches = []
    if any(point.on_front for point in data.points):
        checked = attributes(checked=data.definition.front)
        switches.append(
            f'<label><input type="checkbox" id="front"{checked}> Pareto front of all points</label>'
        )
    if len(_scales(data)) > 1:
        checked = attributes(checked=data.definition.x.scale == "log")
        switches.append(
            f'<label><input type="checkbox" id="log"{checked}> logarithmic x axis</label>'
        )
    return f'<div class="controls" hidden>{"".join(switches)}</div>'


def key(data: FigureData) -> str:
    """Return what marks and signs in the drawing mean."""
    points, definition = data.points, data.definition
    marks = "".join(point.marks for point in points)
    kinds = {value.kind for point in points for value in (point.x, point.y)}
    entries = []
    if APPROXIMATE_MARK in marks and definition.tensorrt:
        entries.append(f"{APPROXIMATE_MARK} {definition.tensorrt}")
    if REPORTED_MARK in marks or kinds == {"reported"}:
        entries.append(f"{REPORTED_MARK} as reported")
    if "logged" in kinds:
        entries.append(f"{LOGGED_MARK} out of a training log")
    if any(point.pinned for point in points):
        entries.append("→ beyond the axis")
    if any(value.ci95 for point in points for value in (point.x, point.y)):
        entries.append("bars: 95% intervals")
    if definition.size:
        entries.append(f"area: {COLUMNS_BY_FIGURE[definition.size]}; hollow where it is not known")
    return f'<p class="key">{" · ".join(map(escape, entries))}</p>' if entries else ""


COLUMNS_BY_FIGURE = {c.figure: c.header for c in COLUMNS.values() if c.figure}


def _table(data: FigureData) -> str:
    groups = {group.number: group for group in data.definition.groups}
    leads = [
        f'<span class="lead g{p.group}"{attributes(data_group=p.group, data_ours=p.ours)}>'
        f"{swatch(groups[p.group], ours=p.ours)}</span>"
        for p in data.points
    ]
    return fragment(figure_table(data), identity="points", leads=leads)


def notes(data: FigureData) -> str:
    """Return the notes below a figure."""
    if not data.notes:
        return ""
    lines = "".join(f"\n<li>{prose(note)}</li>" for note in data.notes)
    return f'<ul class="footnotes">{lines}\n</ul>'


def _card(point: Point, data: FigureData) -> dict[str, Any]:
    """Return what is shown of a point: its figures, and the facts of each of its records."""
    group = next(g for g in data.definition.groups if g.number == point.group)
    figures = point_figures(point, data)
    return {
        "name": point.label,
        "group": group.label,
        "variant": point.variant,
        "front": point.on_front,
        "figures": [
            [COLUMNS_BY_FIGURE[figure], _text(cell), KINDS[cell.kind]]
            for figure, cell in figures.items()
        ],
        "records": [[list(fact) for fact in record_facts(r)] for r in point.records],
    }


def _text(cell: Cell) -> str:
    if cell.interval is None:
        return cell.text + cell.mark
    low, high = cell.interval
    return f"{cell.text}{cell.mark} ({low:.4g} to {high:.4g})"
