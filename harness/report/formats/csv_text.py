"""CSV: figures without units or marks, and beside each column where its figures come from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.report.columns import Column
from harness.report.digits import PLUS_MINUS
from harness.report.model import Cell, Table


def to_csv(table: Table) -> str:
    """Return one line a row; no footnotes.

    Column `x` with figures is followed by `x_kind`, before that by `x_low` and `x_high` where one
    of its figures has a 95% interval, by `x_sd` where one is a mean with a standard deviation, and
    by `x_least` and `x_most` where one stands for several.
    In a table of groups the first column is the group's number.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    grouped = len(table.groups) > 1
    columns = [_CsvColumn.of(column, cells) for column, cells in table.column_cells()]
    writer.writerow([*(["group"] if grouped else []), *(n for c in columns for n in c.names())])
    for row in table.rows:
        line: list[str | float] = [row.group] if grouped else []
        for column, cell in zip(columns, row.cells, strict=True):
            line += column.values(cell)
        writer.writerow(line)
    return out.getvalue()


@dataclass(frozen=True)
class _CsvColumn:
    """A column of the table and what follows it."""

    column: Column
    interval: bool
    deviation: bool
    span: bool

    @classmethod
    def of(cls, column: Column, cells: Sequence[Cell]) -> _CsvColumn:
        return cls(
            column,
            interval=any(cell.interval is not None for cell in cells),
            deviation=any(cell.deviation is not None for cell in cells),
            span=any(cell.span is not None for cell in cells),
        )

    def names(self) -> Iterator[str]:
        name = self.column.name
        yield name
        if self.interval:
            yield from (f"{name}_low", f"{name}_high")
        if self.deviation:
            yield f"{name}_sd"
        if self.span:
            yield from (f"{name}_least", f"{name}_most")
        if self.column.figure is not None:
            yield f"{name}_kind"

    def values(self, cell: Cell) -> Iterator[str | float]:
        number = self.column.figure is not None
        text = cell.text.partition(PLUS_MINUS)[0].removesuffix(self.column.suffix)
        if cell.span is not None:
            text = text.partition(" (")[0] if cell.value is not None else ""
        yield (text if number else cell.text) if cell.kind != "absent" else ""
        if self.interval:
            yield from cell.interval or ("", "")
        if self.deviation:
            yield "" if cell.deviation is None else cell.deviation
        if self.span:
            yield from cell.span or (
                (cell.value, cell.value) if number and cell.value is not None else ("", "")
            )
        if number:
            yield cell.kind
