"""A table as a value: what every format receives, and all that it receives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from harness.records import Record
from harness.report.columns import Column

Kind = Literal["label", "measured", "reported", "absent"]

REPORTED_MARK = "†"
NO_FIGURE = "–"  # nobody has this figure
NOT_APPLICABLE = "-"  # the figure would mean nothing here, as the paper prints it


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell and what it rests on.

    Attributes:
        text: What is printed, mark not included.
        kind: Whether the figure is ours (`measured`), somebody's (`reported`), or not there.
        value: The figure in its column's unit; null for text such as `<1`, and where absent.
        records: The records that it comes from: one, two for a difference, none where absent.
    """

    text: str
    kind: Kind
    value: float | None = None
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """The cells of one variant, one per column."""

    variant: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A finished table.

    Attributes:
        name: Name of its definition.
        title: The caption.
        columns: The columns, in order.
        rows: The rows, in order.
        footnotes: What a reader has to know, one sentence or two each, in order.
        warnings: What whoever prints the table has to know; not part of the print.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    footnotes: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def column_cells(self) -> Iterator[tuple[Column, tuple[Cell, ...]]]:
        """Yield each column with its cells from top to bottom."""
        for i, column in enumerate(self.columns):
            yield column, tuple(row.cells[i] for row in self.rows)

    def header_marks(self) -> tuple[str, ...]:
        """Return a column's mark where all of its figures are reported, else nothing."""
        return tuple(
            REPORTED_MARK if kinds_of(cells) == {"reported"} else ""
            for _, cells in self.column_cells()
        )

    def marks(self) -> tuple[tuple[str, ...], ...]:
        """Return the mark of every cell, row by row; none where the header carries it."""
        headers = self.header_marks()
        return tuple(
            tuple(
                REPORTED_MARK if cell.kind == "reported" and not header else ""
                for cell, header in zip(row.cells, headers, strict=True)
            )
            for row in self.rows
        )


def kinds_of(cells: tuple[Cell, ...]) -> set[Kind]:
    """Return the kinds of the figures among `cells`."""
    return {cell.kind for cell in cells} - {"absent", "label"}
