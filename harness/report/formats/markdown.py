"""Markdown: a pipe table that reads well before it is rendered, too."""

from __future__ import annotations

import re
import unicodedata

from harness.report.model import REPORTED_MARK, Table

SPECIAL = re.compile(r"([\\`*_|<>&\[\]])")
WHITE_SPACE = re.compile(r"\s+")
CODE = re.compile(r"(`[^`]+`)")


def to_markdown(table: Table) -> str:
    """Return title, table and footnotes; columns are aligned, figures to the right."""
    headers = [
        escape(c.header) + m for c, m in zip(table.columns, table.header_marks(), strict=True)
    ]
    marks = table.marks()
    body = [
        [escape(cell.text) + mark for cell, mark in zip(row.cells, row_marks, strict=True)]
        for row, row_marks in zip(table.rows, marks, strict=True)
    ]
    columns = [
        _align([header, *cells], right=column.figure is not None)
        for header, column, cells in zip(
            headers, table.columns, zip(*body, strict=True), strict=True
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


def escape(text: str) -> str:
    """Return `text` as markdown that shows it as it is, on one line."""
    return SPECIAL.sub(r"\\\1", WHITE_SPACE.sub(" ", text))


def escape_prose(text: str) -> str:
    """Return `text` escaped, except for its `code`."""
    parts = CODE.split(WHITE_SPACE.sub(" ", text))
    return "".join(part if CODE.fullmatch(part) else escape(part) for part in parts)


def _align(cells: list[str], *, right: bool) -> list[str]:
    """Return `cells` padded to one width.

    Where some figures of a column bear a mark, the others get a space in its place, so that their
    digits stay in line.
    """
    if right and any(_marked(cell) for cell in cells[1:]):
        cells = [cells[0], *(cell if _marked(cell) else cell + " " for cell in cells[1:])]
    width = max(3, *(_width(cell) for cell in cells))  # markdown wants three dashes
    pads = [" " * (width - _width(cell)) for cell in cells]
    return [p + c if right else c + p for c, p in zip(cells, pads, strict=True)]


def _marked(cell: str) -> bool:
    return cell.endswith(REPORTED_MARK)


def _width(text: str) -> int:
    """Return the columns that `text` takes in a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(bool(unicodedata.combining(c)) for c in text)
