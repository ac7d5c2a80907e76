"""A report's first page: its tables and figures, and what they rest on."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from harness.records import Record
from harness.report.bundle.build import Report
from harness.report.curve_data import CurveData
from harness.report.figure_data import FigureData
from harness.report.model import LOGGED_MARK, REPORTED_MARK, Kind, Table
from harness.report.web.figure_page import drawing, group_style, key, legend, notes
from harness.report.web.page import attributes, escape, page, prose
from harness.report.web.record_facts import record_line
from harness.report.web.table import fragment

KINDS: tuple[tuple[Kind, str, str], ...] = (
    ("measured", "measured", "counted or timed by us"),
    ("logged", f"logged {LOGGED_MARK}", "read in a training log"),
    ("reported", f"reported {REPORTED_MARK}", "as a publication prints it"),
    ("absent", "absent", "there is no figure"),
)
STYLES = ("base.css", "table.css", "scene.css", "index.css")
CURVES = "curve.css"


def index_page(
    report: Report,
    used: Sequence[Record],
    *,
    links: Mapping[str, Sequence[str]],
    command: str,
    versions: Mapping[str, str],
    warnings: Sequence[str],
    drawings: Mapping[str, bytes],
) -> str:
    """Return the page, which needs none of the other files to be read.

    Args:
        report: Tables and figures.
        used: The records that it rests on.
        links: Names of the files of each `table-NAME` and figure.
        command: What makes the report again.
        versions: Of the software that made it.
        warnings: Reasons to distrust it.
        drawings: Each curve by name, as SVG.
    """
    definition = report.definition
    parts = ["<main>", f"<h1>{escape(definition.title)}</h1>"]
    if definition.text:
        parts.append(f'<p class="lede">{prose(definition.text)}</p>')
    parts.append(_contents(report))
    for position, figure in enumerate(report.figures):
        name = figure.definition.name
        if isinstance(figure, CurveData):
            parts += _curve(figure, position, links[name], drawings[name])
        else:
            parts += _figure(figure, position, links[name])
    for table in report.tables:
        parts += _table(table, links[f"table-{table.name}"])
    parts += [*_warnings(warnings), *_origins(report), *_records(used), *_made(command, versions)]
    parts.append("</main>")
    styles = [*STYLES, CURVES] if drawings else STYLES
    return page(definition.title, "\n".join(parts), styles=styles)


def _contents(report: Report) -> str:
    named = [(f"figure-{i}", f.definition.name) for i, f in enumerate(report.figures)]
    named += [(f"table-{t.name}", f"Table {t.name}") for t in report.tables]
    named += [("origins", "Where the figures come from"), ("made", "How this was made")]
    entries = " ".join(f'<a href="#{quote(to)}">{escape(name)}</a>' for to, name in named)
    return f'<nav aria-label="Contents">{entries}</nav>'


def _figure(figure: FigureData, position: int, names: Sequence[str]) -> list[str]:
    identity = f"figure-{position}"
    definition = figure.definition
    return [
        f'<section id="{identity}" class="part">',
        group_style(definition.groups, scope=f"#{identity} "),
        f"<h2>{escape(definition.name)}: {escape(definition.title)}</h2>",
        '<div class="plot">',
        legend(figure),
        drawing(figure, scales=(definition.x.scale == "log",), focusable=False),
        key(figure),
        "</div>",
        notes(figure.notes),
        _links(names, {f"{definition.name}.html": "interactive page"}),
        "</section>",
    ]


def _curve(curve: CurveData, position: int, names: Sequence[str], svg: bytes) -> list[str]:
    definition = curve.definition
    image = attributes(
        class_="curve",
        alt=definition.title,
        src=f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}",
    )
    return [
        f'<section id="figure-{position}" class="part">',
        f"<h2>{escape(definition.name)}: {escape(definition.title)}</h2>",
        f'<div class="plot"><img{image}></div>',
        notes(curve.notes),
        _links(names, {}),
        "</section>",
    ]


def _table(table: Table, names: Sequence[str]) -> list[str]:
    return [
        f'<section id="table-{escape(table.name)}" class="part">',
        f"<h2>Table {escape(table.name)}</h2>",
        fragment(table),
        _links(names, {}),
        "</section>",
    ]


def _links(names: Sequence[str], called: Mapping[str, str]) -> str:
    shown = (
        f'<a href="{escape(quote(name))}">{escape(called.get(name, name))}</a>' for name in names
    )
    return f'<p class="files">{" ".join(shown)}</p>'


def _warnings(warnings: Sequence[str]) -> list[str]:
    if not warnings:
        return []
    lines = "".join(f"\n<li>{prose(line)}</li>" for line in warnings)
    count = len(warnings)
    return [
        '<section id="warnings" class="part"><h2>Reasons for doubt</h2>',
        f"<details><summary>{count} warning{'s' * (count > 1)}</summary>"
        f'<ul class="lines">{lines}\n</ul></details></section>',
    ]


def _origins(report: Report) -> list[str]:
    """Return how many figures of each part are of which kind."""
    header = "".join(
        f'<th scope="col" class="number" title="{escape(what)}">{escape(name)}</th>'
        for _, name, what in KINDS
    )
    counted: list[tuple[str, Counter[Kind]]] = [
        (
            figure.definition.name,
            _kinds(figure),
        )
        for figure in report.figures
    ]
    counted += [
        (f"Table {table.name}", Counter(c.kind for row in table.rows for c in row.cells))
        for table in report.tables
    ]
    rows = "".join(
        f'\n<tr><th scope="row">{escape(name)}</th>'
        + "".join(f'<td class="number">{counts[kind] or "–"}</td>' for kind, _, _ in KINDS)
        + "</tr>"
        for name, counts in counted
    )
    meaning = "; ".join(f"{name}: {what}" for _, name, what in KINDS)
    return [
        '<section id="origins" class="part"><h2>Where the figures come from</h2>',
        '<div class="scroll"><table class="records">',
        f'<thead><tr><th scope="col">figures that are</th>{header}</tr></thead>',
        f"<tbody>{rows}\n</tbody></table></div>",
        f'<ul class="footnotes"><li>{escape(meaning)}. The record behind a figure shows when the '
        "mouse rests on it.</li></ul></section>",
    ]


def _kinds(figure: FigureData | CurveData) -> Counter[Kind]:
    if isinstance(figure, CurveData):
        return Counter(point.kind for point in figure.points)
    return Counter(value.kind for p in figure.points for value in (p.x, p.y))


def _records(used: Sequence[Record]) -> list[str]:
    counts = Counter(record.kind for record in used)
    summary = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    lines = "".join(
        f"\n<li>{escape(getattr(record, 'variant', ''))} {escape(record_line(record))}</li>"
        for record in used
    )
    return [
        '<section id="records" class="part"><h2>Records</h2>',
        '<p><a href="records.jsonl">records.jsonl</a> holds the records that this report rests on, '
        "and makes it again.</p>",
        f"<details><summary>{len(used)} records: {escape(summary)}</summary>"
        f'<ol class="lines">{lines}\n</ol></details></section>',
    ]


def _made(command: str, versions: Mapping[str, str]) -> list[str]:
    software = ", ".join(f"{name} {number}" for name, number in versions.items())
    return [
        '<section id="made" class="part"><h2>How this was made</h2>',
        f"<pre><code>{escape(command)}</code></pre>",
        f"<p>With {escape(software)}. Hashes of definitions, files and records: "
        '<a href="report.json">report.json</a>.</p></section>',
    ]
