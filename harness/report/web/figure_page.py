"""An interactive figure in one file: drawing and table made here, enlivened by a script.

Without scripts the page shows the same drawing and the same table; with them, points answer to
mouse and keyboard, groups can be hidden and the table be sorted. The script computes no geometry.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.report.figure_data import APPROXIMATE_MARK, FigureData, Point
from harness.report.figure_groups import Group
from harness.report.figure_json import figure_json
from harness.report.model import LOGGED_MARK, REPORTED_MARK, Cell, Kind
from harness.report.web.figure_table import column_of, figure_table, point_figures
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
    root = attributes(data_scale="log" if log else "linear")
    body = "\n".join(
        [
            group_style(definition.groups),
            "<main>",
            f"<h1>{escape(definition.title)}</h1>",
            '<div class="figure">',
            '<section class="plot" aria-label="Plot">',
            legend(data, buttons=True),
            drawing(
                data, scales=_scales(data), inside='<div id="card" role="status" hidden></div>'
            ),
            _controls(data),
            key(data),
            "</section>",
            '<section class="beside" aria-label="Table">',
            _table(data),
            "</section>",
            "</div>",
            notes(data.notes),
            "</main>",
        ]
    )
    content = json.loads(figure_json(data)) | {"cards": [_card(p, data) for p in data.points]}
    return page(definition.title, body, styles=STYLES, script="figure.js", root=root, data=content)


def drawing(
    data: FigureData, *, scales: Sequence[bool], focusable: bool = True, inside: str = ""
) -> str:
    """Return a drawing for wide and one for narrow screens.

    Args:
        data: The figure.
        scales: Whether the x axis is logarithmic; two of each drawing where both are wanted.
        focusable: Whether points can be reached by the keyboard.
        inside: HTML that belongs to the drawing.
    """
    scenes = [
        scene(data, layout, log=log, focusable=focusable)
        for log in scales
        for layout in (WIDE, NARROW)
    ]
    front = "" if data.definition.front else " no-front"
    return f'<div class="drawing{front}">\n' + "\n".join([*scenes, inside]) + "\n</div>"


def group_style(groups: Sequence[Group], *, scope: str = "") -> str:
    """Return the colours of groups, lighter ones for a dark ground.

    Args:
        groups: The groups.
        scope: Selector of the element that they hold in, with a space; by default the page.
    """
    light = "".join(f"{scope}.g{g.number}{{--group:{g.colour}}}" for g in groups)
    dark = "".join(f"{scope}.g{g.number}{{--group:{_lifted(g.colour)}}}" for g in groups)
    return f"<style>{light}@media screen and (prefers-color-scheme:dark){{{dark}}}</style>"


def _lifted(colour: str) -> str:
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + LIFT * (255 - part)):02x}" for part in parts)


def _scales(data: FigureData) -> tuple[bool, ...]:
    """Return the scales of the x axis that can be shown, the definition's first."""
    if data.x_limits[0] <= 0:
        return (False,)
    log = data.definition.x.scale == "log"
    if data.equal:  # straight along this scale alone
        return (log,)
    return (log, not log)


def legend(data: FigureData, *, buttons: bool = False) -> str:
    """Return the groups with the number of their points.

    Args:
        data: The figure.
        buttons: Whether a script will make them hide and show their group.
    """
    entries = []
    for group in data.definition.groups:
        count = sum(point.group == group.number for point in data.points)
        text = (
            f'{swatch(group)}<span>{escape(group.label)}</span> <span class="count">{count}</span>'
        )
        kind = f'class="entry g{group.number}"'
        if buttons:
            state = attributes(data_group=group.number, aria_pressed="true", disabled=True)
            entries.append(f'<button type="button" {kind}{state}>{text}</button>')
        else:
            entries.append(f"<span {kind}>{text}</span>")
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
    if "reported" in kinds:
        entries.append(f"{REPORTED_MARK} as reported")
    if "logged" in kinds:
        entries.append(f"{LOGGED_MARK} out of a training log")
    if any(point.pinned for point in points):
        entries.append("→ beyond the axis")
    if any(value.ci95 for point in points for value in (point.x, point.y)):
        entries.append("bars: 95% intervals")
    if data.equal:
        entries.append(f"dashed: {definition.equal}")
    if definition.size:
        entries.append(f"area: {column_of(definition.size).header}; hollow where it is not known")
    return f'<p class="key">{" · ".join(map(escape, entries))}</p>' if entries else ""


def _table(data: FigureData) -> str:
    groups = {group.number: group for group in data.definition.groups}
    leads = [
        f'<span class="lead g{p.group}"{attributes(data_group=p.group, data_ours=p.ours)}>'
        f"{swatch(groups[p.group], ours=p.ours)}</span>"
        for p in data.points
    ]
    return fragment(figure_table(data), identity="points", leads=leads)


def notes(texts: Sequence[str]) -> str:
    """Return the notes below a figure."""
    if not texts:
        return ""
    lines = "".join(f"\n<li>{prose(text)}</li>" for text in texts)
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
            [column_of(figure).header, _text(cell), KINDS[cell.kind]]
            for figure, cell in figures.items()
        ],
        "records": [[list(fact) for fact in record_facts(r)] for r in point.records],
    }


def _text(cell: Cell) -> str:
    if cell.interval is None:
        return cell.text + cell.mark
    low, high = cell.interval
    return f"{cell.text}{cell.mark} ({low:.4g} to {high:.4g})"
