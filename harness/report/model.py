"""A table as a value: what every format receives, and all that it receives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from harness.records import Record
from harness.report.columns import Column

T = TypeVar("T")
Kind = Literal["label", "measured", "logged", "reported", "absent"]
Rank = Literal["best", "second"]

REPORTED_MARK = "†"
LOGGED_MARK = "‡"
TENSORRT_MARK = "*"
MARKS: Mapping[Kind, str] = {"reported": REPORTED_MARK, "logged": LOGGED_MARK}
NO_FIGURE = "–"  # nobody has this figure
NOT_APPLICABLE = "-"  # the figure would mean nothing here, as the paper prints it
NOT_PUBLISHED = "-"  # the publication prints none, and prints it so


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell and what it rests on.

    Attributes:
        text: What is printed, mark not included.
        kind: Whether we measured the figure (`measured`), read it in a training log (`logged`), or
            took it from a publication (`reported`), or whether there is none.
        value: The figure in its column's unit; null for text such as `<1`, and where absent.
        interval: Its 95% interval, in the same unit; null where it has none.
        deviation: Standard deviation over what it is the mean of, in the same unit; null where it
            is no mean.
        span: The least and the most of what `value` stands for, in the same unit; null where it
            stands for one figure.
        records: The records that it comes from: one, two for a difference, several for a mean; of
            an absent figure the publication that leaves it open, else none.
        mark: What the figure bears besides the mark of its kind.
        rank: Whether it is the best of its column, or the second, where the table says so.
    """

    text: str
    kind: Kind
    value: float | None = None
    interval: tuple[float, float] | None = None
    deviation: float | None = None
    span: tuple[float, float] | None = None
    records: tuple[Record, ...] = ()
    mark: str = ""
    rank: Rank | None = None


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """The cells of one variant.

    Attributes:
        variant: Catalogue name.
        cells: One per column.
        group: Number of the group that the row is in.
        compared: Whether its figures compete for the best of a column.
    """

    variant: str
    cells: tuple[Cell, ...]
    group: int = 0
    compared: bool = True


@dataclass(frozen=True, kw_only=True)
class Table:
    """A finished table.

    Attributes:
        name: Name of its definition.
        title: The caption.
        columns: The columns, in order.
        rows: The rows, in order, those of a group together.
        groups: Titles of the groups by number; null for one that has none.
        wide: Whether it is set across both columns of a two-column page.
        footnotes: What a reader has to know, one sentence or two each, in order.
        warnings: What whoever prints the table has to know; not part of the print.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    footnotes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    groups: tuple[str | None, ...] = (None,)
    wide: bool = False
    basis: tuple[Record, ...] = ()

    def grouped(self) -> Iterator[tuple[str | None, tuple[int, ...]]]:
        """Yield each group's title with the positions of its rows, empty groups left out."""
        positions: list[list[int]] = [[] for _ in self.groups]
        for i, row in enumerate(self.rows):
            positions[row.group].append(i)
        for title, found in zip(self.groups, positions, strict=True):
            if found:
                yield title, tuple(found)

    def column_cells(self) -> Iterator[tuple[Column, tuple[Cell, ...]]]:
        """Yield each column with its cells from top to bottom."""
        yield from zip(self.columns, self.down([row.cells for row in self.rows]), strict=True)

    def down(self, lines: Sequence[Sequence[T]]) -> tuple[tuple[T, ...], ...]:
        """Return what stands in each column, given what stands in each line; there may be none."""
        return tuple(zip(*lines, strict=True)) if lines else ((),) * len(self.columns)

    def header_marks(self) -> tuple[str, ...]:
        """Return a column's mark where all of its figures are of one kind that has a mark."""
        marks = []
        for column, cells in self.column_cells():
            kinds: set[Kind] = {"reported"} if column.published else kinds_of(cells)
            marks.append(MARKS.get(kinds.pop(), "") if len(kinds) == 1 else "")
        return tuple(marks)

    def marks(self) -> tuple[tuple[str, ...], ...]:
        """Return the marks of every cell, row by row; none of its kind where the header has it."""
        headers = self.header_marks()
        return tuple(
            tuple(
                cell.mark + ("" if header else MARKS.get(cell.kind, ""))
                for cell, header in zip(row.cells, headers, strict=True)
            )
            for row in self.rows
        )


def kinds_of(cells: tuple[Cell, ...]) -> set[Kind]:
    """Return the kinds of the figures among `cells`."""
    return {cell.kind for cell in cells} - {"absent", "label"}
