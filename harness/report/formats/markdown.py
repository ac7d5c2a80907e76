"""Markdown: a pipe table that reads well before it is rendered, too."""

from __future__ import annotations

import re
import unicodedata

from harness.report.model import LOGGED_MARK, REPORTED_MARK, TENSORRT_MARK, Cell, Table

RANKS = {None: ("", ""), "best": ("**", "**"), "second": ("<u>", "</u>")}
AFTER_DIGITS = re.compile(rf"(\*\*|</u>|\\\{TENSORRT_MARK}|[{REPORTED_MARK}{LOGGED_MARK}])*$")
SPECIAL = re.compile(r"([\\`*_|<>&~\[\]])")
WHITE_SPACE = re.compile(r"\s+")
CODE = re.compile(r"(`[^`]+`)")


def to_markdown(table: Table) -> str:
    """Return title, table and footnotes; columns are aligned, figures to the right.

    Markdown knows no groups: an empty row comes between two, or one with the group's title.
    """
    headers = [
        escape(c.header) + escape(m)
        for c, m in zip(table.columns, table.header_marks(), strict=True)
    ]
    columns = [
        _align([header, *cells], right=column.figure is not None)
        for header, column, cells in zip(
            headers, table.columns, table.down(_body(table)), strict=True
        )
    ]
    lines = ["| " + " | ".join(cells) + " |" for cells in zip(*columns, strict=True)]
    rule = "|" + "|".join(
        "-" * (_width(cells[0]) + 1) + (":" if column.figure else "-")
        for cells, column in zip(columns, table.columns, strict=True)
    )
    text = [f"**{escape(table.title)}**", "", lines[0], f"{rule}|", *lines[1:]]
    if table.footnotes:
        text += ["", *(f"- {escape_prose(note)}" for note in table.footnotes)]
    return "\n".join(text) + "\n"


def _body(table: Table) -> list[list[str]]:
    marks = table.marks()
    lines: list[list[str]] = []
    for title, rows in table.grouped():
        if title or lines:
            name = f"**{escape(title)}**" if title else ""
            lines.append([name, *("" for _ in table.columns[1:])])
        lines += [
            [_cell(c, m) for c, m in zip(table.rows[i].cells, marks[i], strict=True)] for i in rows
        ]
    return lines


def _cell(cell: Cell, mark: str) -> str:
    before, after = RANKS[cell.rank]
    return before + escape(cell.text) + after + escape(mark)


def escape(text: str) -> str:
    """Return `text` as markdown that shows it as it is, on one line."""
    return SPECIAL.sub(r"\\\1", WHITE_SPACE.sub(" ", text))


def escape_prose(text: str) -> str:
    """Return `text` escaped, except for its `code`."""
    parts = CODE.split(WHITE_SPACE.sub(" ", text))
    return "".join(part if CODE.fullmatch(part) else escape(part) for part in parts)


def _align(cells: list[str], *, right: bool) -> list[str]:
    """Return `cells` padded to one width.

    Where figures of a column bear marks or emphasis behind their digits, the others get spaces in
    their place, so that digits stay in line.
    """
    if right:
        behind = [_width(_behind(cell)) for cell in cells[1:]]
        most = max(behind, default=0)
        pads = [" " * (most - n) for n in behind]
        cells = [cells[0], *(c + p for c, p in zip(cells[1:], pads, strict=True))]
    width = max(3, *(_width(cell) for cell in cells))  # markdown wants three dashes
    pads = [" " * (width - _width(cell)) for cell in cells]
    return [p + c if right else c + p for c, p in zip(cells, pads, strict=True)]


def _behind(cell: str) -> str:
    """Return what stands behind the digits of a cell."""
    found = AFTER_DIGITS.search(cell)
    return found[0] if found else ""


def _width(text: str) -> int:
    """Return the columns that `text` takes in a terminal."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(bool(unicodedata.combining(c)) for c in text)
