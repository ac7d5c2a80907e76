"""CSV: figures without units or marks, and beside each column where its figures come from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from harness.report.columns import Column
from harness.report.model import Cell, Table


def to_csv(table: Table) -> str:
    """Return one line a row; no footnotes.

    Column `x` with figures is followed by `x_kind`, and by `x_low` and `x_high` where one of its
    figures has a 95% interval. In a table of groups the first column is the group's number.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    grouped = len(table.groups) > 1
    with_interval = {
        column.name for column, cells in table.column_cells() if any(c.interval for c in cells)
    }
    header = ["group"] if grouped else []
    for column in table.columns:
        header += _names(column, column.name in with_interval)
    writer.writerow(header)
    for row in table.rows:
        line: list[str | float] = [row.group] if grouped else []
        for column, cell in zip(table.columns, row.cells, strict=True):
            line += _values(column, cell, column.name in with_interval)
        writer.writerow(line)
    return out.getvalue()


def _names(column: Column, with_interval: bool) -> Sequence[str]:
    name = column.name
    if column.figure is None:
        return [name]
    ends = [f"{name}_low", f"{name}_high"] if with_interval else []
    return [name, *ends, f"{name}_kind"]


def _values(column: Column, cell: Cell, with_interval: bool) -> Iterator[str | float]:
    yield "" if cell.kind == "absent" else cell.text.replace(column.suffix, "")
    if column.figure is None:
        return
    if with_interval:
        yield from cell.interval or ("", "")
    yield cell.kind
