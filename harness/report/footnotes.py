"""The notes under a table that its own figures make necessary: origin, rule, gaps."""

from __future__ import annotations

from collections.abc import Sequence, Set

from harness.records import ReportedRecord
from harness.report.definition import Definition, Emphasis
from harness.report.model import (
    NO_FIGURE,
    NOT_PUBLISHED,
    REPORTED_MARK,
    TENSORRT_MARK,
    Table,
    kinds_of,
)
from harness.report.rows import RowRecords


def origin_notes(table: Table) -> list[str]:
    """Return what the mark means: whose figures the marked ones are, and whose the others."""
    cells = tuple(cell for row in table.rows for cell in row.cells)
    reported = [r for cell in cells for r in cell.records if isinstance(r, ReportedRecord)]
    if not reported:
        return []
    # "Table I, row 3" is a place for a cell; for a legend the table is enough.
    sources = dict.fromkeys(
        f"{r.source.place.partition(',')[0]} of {r.source.work}" for r in reported
    )
    others = "; all other figures are our own" if kinds_of(cells) & {"measured", "logged"} else ""
    notes = [f"{REPORTED_MARK} As printed in {'; '.join(sources)}{others}."]
    if any(cell.kind == "absent" and cell.records for cell in cells):
        notes.append(f"A dash ({NOT_PUBLISHED}): not published there.")
    return notes


def mark_notes(table: Table, rows: Sequence[RowRecords], emphasis: Emphasis | None) -> list[str]:
    """Return what the marks of single figures and the emphasis mean."""
    cells = [cell for row in table.rows for cell in row.cells]
    notes = []
    if any(TENSORRT_MARK in cell.mark for cell in cells):
        notes.append(f"{TENSORRT_MARK} Timed with TensorRT.")
    ranks = {cell.rank for cell in cells}
    if "best" in ranks:
        best = "Bold: the best of its column"
        best += " in its group" if emphasis and emphasis.within == "group" else ""
        best += "; underlined: the second" if "second" in ranks else ""
        if any(cell.rank and cell.interval for cell in cells):
            best += "; measured figures whose 95% intervals meet share a rank"
        aside = [row.label for row in rows if not row.row.compared]
        best += f"; {', '.join(aside)} left aside" if aside else ""
        notes.append(f"{best}.")
    return notes


def own_notes(table: Table, beside: Set[str]) -> list[str]:
    """Return what an empty cell means in a column that leaves published figures to another."""
    names = [
        column.header
        for column, cells in table.column_cells()
        if column.name in beside - {"fps"}  # whose own note says it
        and any(cell.kind == "absent" for cell in cells)
    ]
    return [f"{NO_FIGURE} in {', '.join(names)}: nothing of our own."] if names else []


def static_notes(table: Table, definition: Definition, rows: Sequence[RowRecords]) -> list[str]:
    """Return the rule behind the figures that were counted, and what it does not count."""
    shown = {column.name for column in table.columns}
    counted = {
        column.name for column, cells in table.column_cells() if "measured" in kinds_of(cells)
    }
    notes = []
    if "gflops" in counted:
        several = len(definition.shapes) > 1
        size = "" if several else "x".join(map(str, *definition.shapes)) + " "
        at = " at the input size of its row" if several else ""
        notes.append(
            f"GFLOPs: 1e9 multiply-accumulates of one {size}forward pass{at} under the convention "
            f"`{definition.convention}`."
        )
        notes += [f"{line}." for line in gap_warnings(rows)]
    if "params" in counted:
        notes.append("Parameters: those that inference reads, each counted once.")
    if "delta_params" in shown:
        notes.append(f"Δp: printed parameters minus those of {_baseline_label(definition, rows)}.")
    return notes


def gap_warnings(rows: Sequence[RowRecords]) -> list[str]:
    """Return a line for each row whose count has gaps."""
    lines = []
    for row in rows:
        if row.measured and row.measured.static.uncounted:
            gaps = ", ".join(f"{n} x{k}" for n, k in row.measured.static.uncounted.items())
            lines.append(f"{row.row.variant}: GFLOPs leave out operators without a rule: {gaps}")
    return lines


def _baseline_label(definition: Definition, rows: Sequence[RowRecords]) -> str:
    return next(row.label for row in rows if row.row.variant == definition.baseline)
