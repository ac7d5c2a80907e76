"""The table as a terminal shows it: what all rows share above, a column for what differs.

Figures are never cut: names wrap, and columns that nobody asked for give way.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from harness.report.conditions import AS_BUILT, WEIGHTS
from harness.report.query.cells import cell, printable
from harness.report.query.columns import Column
from harness.report.query.files import plain_rows
from harness.report.query.frame import Table
from harness.report.query.names import shorten

FACTS = ("device", "protocol", "kind", "input", "backend", "precision", WEIGHTS)
USUAL = ("profile", AS_BUILT)  # said where rows differ in it
REPORTED_FACTS = ("table", "label")
"""Where rows do not differ in them they stand above the table, else they are columns."""

OF_ONE_KIND = {
    "reported": ("reported.params_m", "reported.gflops"),
    "device": ("device_macs_per_s.", "device_bytes_per_s"),
    "proxy": ("proxy.",),
}
RULES = ("macs.paper", "macs.conv")  # which count is shown, unless another one is asked for
NARROWEST = 14  # of a text that wraps
GAP = 2  # between columns, one of them rich's own


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
    rows = list(plain_rows(table, list(table.columns.values())))
    above, names = _names(rows)
    if chosen is None:
        reported = all(row["kind"] == "reported" for row in rows)
        names_of_facts = FACTS + (REPORTED_FACTS if reported else ())
        facts = {n: {r[n]: None for r in rows if r[n] is not None} for n in names_of_facts}
        above += _shared(facts)
        columns = _default_columns(table, asked, [n for n, v in facts.items() if len(v) > 1])
    else:
        columns = list(chosen)
    shown = [_shown(column, rows, names) for column in columns]
    kept = shown if chosen is not None else _fitting(shown, width, [c.name for c in asked])
    lines = [_wrapped("  ".join(part for part in above if part), width), _render(kept, width)]
    if len(kept) < len(shown):
        missing = ", ".join(column.name for column in shown if column not in kept)
        lines.append(_wrapped(f"too wide for this terminal: {missing} (--columns)", width))
    return "\n".join(line for line in lines if line) + "\n"


def _shared(facts: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the facts that no two rows differ in, each once; what is usual is left out."""
    values = [value for seen in facts.values() if len(each := list(seen)) == 1 for value in each]
    return [printable(value) for value in dict.fromkeys(values) if value not in USUAL]


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


def _default_columns(table: Table, asked: Sequence[Column], facts: Sequence[str]) -> list[Column]:
    """Return the columns that have values: facts that differ, then figures, then reasons."""
    filled = [name for name in table.columns if table.frame[name].notna().any()]
    kinds = table.frame["kind"].unique().tolist()
    own = OF_ONE_KIND.get(kinds[0], ()) if len(kinds) == 1 else ()
    counts = [column.name for column in asked if column.name.startswith("macs.")]
    counts = counts or [name for name in RULES if name in filled][:1]
    wanted = (
        "variant",
        *facts,
        *(name for name in filled if own and name.startswith(own)),
        "params",
        *counts,
        "fps",
        "miou",
        *(column.name for column in asked),
        "reason",
    )
    return [table.columns[name] for name in dict.fromkeys(wanted) if name in filled]


def _shown(column: Column, rows: Sequence[dict[str, Any]], names: Sequence[str]) -> _Shown:
    cells = list(names) if column.name == "variant" else [cell(column, row) for row in rows]
    unit = column.shown.unit if column.shown else ""
    if column.name == "fps" and all(row["fps_low"] is None for row in rows):
        unit = column.unit
    return _Shown(column.name, f"{column.name}\n{unit}", cells, column.type == "text")


def _fitting(shown: list[_Shown], width: int, asked: Sequence[str]) -> list[_Shown]:
    """Return the columns that fit; only facts give way, the last of them first."""
    left = list(shown)
    for column in reversed(shown):
        if (
            _narrowest(left) > width
            and column.name in FACTS + REPORTED_FACTS
            and column.name not in asked
        ):
            left.remove(column)
    return left


def _narrowest(shown: Sequence[_Shown]) -> int:
    return sum(column.narrowest for column in shown) + GAP * (len(shown) - 1)


def _render(shown: Sequence[_Shown], width: int) -> str:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, GAP - 1, 0, 0), pad_edge=False)
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
    Console(file=buffer, width=max(width, _narrowest(shown))).print(grid)
    return "\n".join(line.rstrip() for line in buffer.getvalue().rstrip().splitlines())


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width, break_on_hyphens=False))
