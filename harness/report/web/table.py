"""A table as HTML that can be pasted into any page: no script, every text escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.records import Record
from harness.report.columns import Column
from harness.report.model import Cell, Table, TableRow
from harness.report.web.page import attributes, escape, prose
from harness.report.web.record_facts import record_line

RANKS = {None: ("", ""), "best": ("<strong>", "</strong>"), "second": ("<u>", "</u>")}

MANY = 12  # columns that leave little room for each


def fragment(table: Table, *, identity: str | None = None, leads: Sequence[str] = ()) -> str:
    """Return caption, table and footnotes.

    Every figure carries its kind (`data-kind`), its value where it has one (`data-value`) and, as
    a tooltip, the records that it comes from.

    Args:
        table: What is shown.
        identity: Id of the table element.
        leads: HTML before the label of each row, in the order of the rows; the rows are then
            numbered (`data-row`).
    """
    writer = _Writer(table, leads)
    kind = "records many" if len(table.columns) > MANY else "records"
    head = "".join(
        _header(column, mark)
        for column, mark in zip(table.columns, table.header_marks(), strict=True)
    )
    lines = [
        '<div class="scroll">',
        f"<table{attributes(class_=kind, id=identity)}>",
        f"<caption>{escape(table.title)}</caption>",
        f"<thead><tr>{head}</tr></thead>",
    ]
    for title, rows in table.grouped():
        lines.append("<tbody>")
        if title:
            span = len(table.columns)
            lines.append(
                f'<tr class="group"><th scope="rowgroup" colspan="{span}">{escape(title)}</th></tr>'
            )
        lines += [writer.row(i) for i in rows]
        lines.append("</tbody>")
    lines += ["</table>", "</div>"]
    if table.footnotes:
        notes = "".join(f"\n<li>{prose(note)}</li>" for note in table.footnotes)
        lines.append(f'<ul class="footnotes">{notes}\n</ul>')
    return "\n".join(lines)


def _header(column: Column, mark: str) -> str:
    shown = escape(column.header) + _mark(mark)
    values = attributes(
        scope="col",
        class_="number" if column.figure else None,
        data_column=column.name,
        title=column.unit or None,
    )
    return f"<th{values}>{shown}</th>"


class _Writer:
    """Writes rows; a record that many cells rest on is put into words once."""

    def __init__(self, table: Table, leads: Sequence[str]) -> None:
        self._table = table
        self._marks = table.marks()
        self._leads = leads
        self._lines: dict[int, str] = {}  # by identity: records are not hashable

    def row(self, position: int) -> str:
        row = self._table.rows[position]
        cells = "".join(self._cells(row, position))
        number = position if self._leads else None
        return f"<tr{attributes(data_variant=row.variant, data_row=number)}>{cells}</tr>"

    def _cells(self, row: TableRow, position: int) -> Iterator[str]:
        for i, (column, cell, mark) in enumerate(
            zip(self._table.columns, row.cells, self._marks[position], strict=True)
        ):
            before, after = RANKS[cell.rank]
            text = before + escape(cell.text) + after + _mark(mark)
            if i == 0:
                lead = self._leads[position] if self._leads else ""
                yield f'<th scope="row">{lead}{text}</th>'
            else:
                yield f"<td{self._attributes(column, cell)}>{text}</td>"

    def _attributes(self, column: Column, cell: Cell) -> str:
        number = ' class="number"' if column.figure else ""
        if cell.kind == "label" and "-" in cell.text and " " not in cell.text:
            number = ' style="white-space:nowrap"'  # 8-4-2 is one word
        value = "" if cell.value is None else f' data-value="{cell.value!r}"'
        title = self._title(cell)
        return f'{number} data-kind="{cell.kind}"{value}' + (f' title="{title}"' if title else "")

    def _title(self, cell: Cell) -> str:
        lines = [self._line(record) for record in cell.records]
        if cell.interval:
            low, high = cell.interval
            lines.insert(0, f"95% interval {low:.4g} to {high:.4g}")
        return "&#10;".join(lines)

    def _line(self, record: Record) -> str:
        if id(record) not in self._lines:
            self._lines[id(record)] = escape(record_line(record))
        return self._lines[id(record)]


def _mark(mark: str) -> str:
    return f"<sup>{escape(mark)}</sup>" if mark else ""
