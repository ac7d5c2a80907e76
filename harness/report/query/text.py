"""The table as a terminal shows it: what all rows share above, a column for what differs.

Figures are never cut: names wrap, and columns that nobody asked for give way.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from harness.report.query.cells import cell, printable
from harness.report.query.columns import Column
from harness.report.query.files import plain_rows
from harness.report.query.frame import Table
from harness.report.query.names import shorten

FACTS = ("kind", "input", "device", "protocol", "backend", "precision")
"""Shared by all rows they stand above the table; where they differ they are columns."""

FIGURES = ("params", "macs", "fps", "miou")
OF_ONE_KIND = {
    "reported": ("table", "label", "reported.params_m", "reported.gflops"),
    "device": ("device_macs_per_s.", "device_bytes_per_s"),
}
RULES = ("macs.paper", "macs.conv")  # which count is shown, unless another one is asked for
NARROWEST = 14  # of a text that wraps
GAP = 2  # between columns


@dataclass(frozen=True)
class _Shown:
    """A column of the terminal: its two lines of head, its cells, and whether they may wrap."""

    name: str
    head: str
    cells: list[str]
    wraps: bool

    @property
    def narrowest(self) -> int:
        longest = max((len(text) for text in self.cells), default=0)
        head = max(map(len, self.head.split("\n")))
        return max(head, min(longest, NARROWEST) if self.wraps else longest)


def table_text(
    table: Table, chosen: Sequence[Column] | None, asked: Sequence[Column], width: int
) -> str:
    """Return the table in lines of at most `width` where its figures allow.

    Args:
        table: What to show.
        chosen: Its columns; null for those that tell the rows apart.
        asked: Columns that `--sort` or `--pareto` names, to be shown besides.
        width: Of the terminal.
    """
    rows = plain_rows(table, list(table.columns.values()))
    above, names = _names(rows)
    if chosen is None:
        facts = {name: list(dict.fromkeys(row[name] for row in rows)) for name in FACTS}
        above += [printable(values[0]) for values in facts.values() if _one(values)]
        columns = _default_columns(table, asked, [n for n, v in facts.items() if len(v) > 1])
    else:
        columns = list(chosen)
    shown = [_shown(column, rows, names) for column in columns]
    if chosen is None:
        shown = _fitting(shown, width, {column.name for column in asked})
    text = _render(shown, width)
    heading = "  ".join(part for part in above if part)
    return f"{_wrapped(heading, width)}\n{text}" if heading else text


def _one(values: Sequence[Any]) -> bool:
    return len(values) == 1 and values[0] is not None


def _names(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Return what the names of all variants share, and what each is called."""
    short = shorten([row["variant"] or row["device"] or "" for row in rows])
    specs: dict[str, set[str]] = {}
    for name, row in zip(short.each, rows, strict=True):
        specs.setdefault(name, set()).add(row["spec_sha256"] or "")
    each = [
        f"{name} #{(row['spec_sha256'] or '')[:6]}" if len(specs[name] - {""}) > 1 else name
        for name, row in zip(short.each, rows, strict=True)
    ]
    return [printable(short.common)], [printable(name) for name in each]


def _default_columns(
    table: Table, asked: Sequence[Column], facts: Sequence[str]
) -> list[Column]:
    """Return the columns that have values, facts that differ first, then figures, then reasons."""
    filled = [name for name in table.columns if table.frame[name].notna().any()]
    kinds = table.frame["kind"].unique().tolist()
    of_kind = OF_ONE_KIND.get(kinds[0], ()) if len(kinds) == 1 else ()
    counts = [c.name for c in asked if c.name.startswith("macs.")] or [
        name for name in RULES if name in filled
    ][:1]
    wanted = ["variant", *facts, *(n for n in filled if n.startswith(of_kind)) if of_kind else ()]
    for name in FIGURES:
        wanted += counts if name == "macs" else [name]
    wanted += [column.name for column in asked]
    if wanted and "reason" in filled:
        wanted.append("reason")
    return [table.columns[name] for name in dict.fromkeys(wanted) if name in filled]


def _shown(column: Column, rows: Sequence[dict[str, Any]], names: Sequence[str]) -> _Shown:
    cells = list(names) if column.name == "variant" else [cell(column, row) for row in rows]
    unit = column.shown.unit if column.shown else ""
    return _Shown(column.name, f"{column.name}\n{unit}", cells, column.type == "text")


def _fitting(shown: list[_Shown], width: int, asked: set[str]) -> list[_Shown]:
    """Return the columns that fit, facts giving way first, the last of them before the others."""
    left = list(shown)
    for column in reversed(shown):
        if _narrowest(left) > width and column.name in FACTS and column.name not in asked:
            left.remove(column)
    return left


def _narrowest(shown: Sequence[_Shown]) -> int:
    return sum(column.narrowest + GAP for column in shown) - GAP


def _render(shown: Sequence[_Shown], width: int) -> str:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, GAP, 0, 0), pad_edge=False)
    for column in shown:
        grid.add_column(
            Text(column.head.rstrip("\n")),
            justify="left" if column.wraps else "right",
            overflow="fold",
            no_wrap=not column.wraps,
            min_width=column.narrowest,
        )
    for cells in zip(*(column.cells for column in shown), strict=True):
        grid.add_row(*map(Text, cells))
    buffer = io.StringIO()
    Console(file=buffer, width=max(width, _narrowest(shown) + GAP)).print(grid)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def _wrapped(text: str, width: int) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False))
