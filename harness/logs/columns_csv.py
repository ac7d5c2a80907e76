"""CSV with named columns: Lightning's CSVLogger, or a table of one's own.

Lightning writes training and validation to rows of their own and leaves the other cells empty.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

from harness.errors import RunFailed
from harness.logs.columns import Columns, add_row, columns_of
from harness.logs.figure import Figure, figure
from harness.logs.found import Found
from harness.logs.names import is_iou, is_miou
from harness.logs.source import Source

DELIMITERS = ",;\t"
# `mIoU: 0.5, loss: 0.1`, `09:14:13,901 => mIoU`, `Mean IoU<tab>0.5`: a line of a log, not a header.
_SAYS_A_NUMBER = re.compile(r"[:=]\s*[-+.]?\d|(?:^|[,;\t])\s*[-+.\d]+%?\s*(?:$|[,;\t])")


def delimiter_of(first_line: str) -> str | None:
    """Return what stands between the columns of a CSV of mIoU; None if the line heads no such."""
    if _SAYS_A_NUMBER.search(first_line):
        return None
    for delimiter in DELIMITERS:
        names = [name.strip() for name in next(csv.reader([first_line], delimiter=delimiter), [])]
        if len(names) > 1 and any(is_miou(name) or is_iou(name) for name in names):
            return delimiter
    return "," if is_miou(first_line) and len(first_line.split()) == 1 else None


def is_lightning(first_line: str) -> bool:
    """Return whether the header is CSVLogger's: it always has an epoch and a step."""
    return {"epoch", "step"} <= set(first_line.strip().split(","))


def read(source: Source) -> Found:
    first = source.first_line().decode("utf-8", "replace")
    delimiter = delimiter_of(first) or ","
    found = Found(nothing="none of its columns is a mIoU of a validation")
    rows = csv.reader(_lines(source), delimiter=delimiter)
    try:
        names = [name.strip() for name in next(rows, [])]
        columns = columns_of(names)
        mious = [place for place, name in enumerate(names) if name in columns.mious]
        for cells in rows:
            if any(place < len(cells) and cells[place] for place in mious):
                row = _row(f"{source.path}: line {rows.line_num}", names, columns, cells)
                percent = any(cells[place].rstrip().endswith("%") for place in mious)
                add_row(found, columns, row, percent=percent)
    except csv.Error as error:
        raise RunFailed(f"{source.path}: not CSV ({error})") from None
    return found


def _row(
    where: str, names: Sequence[str], columns: Columns, cells: Sequence[str]
) -> dict[str, Figure]:
    """Return what a row says of mIoU, step and classes, without its empty cells."""
    if len(cells) > len(names):
        raise RunFailed(f"{where} must have {len(names)} cells, got {len(cells)}")
    needed = {*columns.mious, *columns.classes, columns.step}
    row = {}
    for name, text in zip(names, cells, strict=False):  # a row may end early
        if name in needed and text.strip():
            try:
                row[name] = figure(text.strip().removesuffix("%"))
            except ValueError:
                got = text.strip()[:40]
                raise RunFailed(f"{where}: {name} must be a number, got {got!r}") from None
    return row


def _lines(source: Source) -> Iterator[str]:
    for block in source.blocks():
        for line in block.decode("utf-8", "replace").splitlines():
            if line.strip():
                yield line
