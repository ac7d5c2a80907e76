"""CSV: figures without units or marks, and beside each column where its figures come from."""

from __future__ import annotations

import csv
import io

from harness.report.model import Table


def to_csv(table: Table) -> str:
    """Return one line a row; column `x` with figures is followed by `x_kind`; no footnotes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    header = []
    for column in table.columns:
        header += [column.name] if column.figure is None else [column.name, f"{column.name}_kind"]
    writer.writerow(header)
    for row in table.rows:
        line = []
        for column, cell in zip(table.columns, row.cells, strict=True):
            figure = "" if cell.kind == "absent" else cell.text.removesuffix(column.suffix)
            line += [figure] if column.figure is None else [figure, cell.kind]
        writer.writerow(line)
    return out.getvalue()
