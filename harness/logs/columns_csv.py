"""CSV with named columns: Lightning's CSVLogger, or a table of one's own.

Lightning writes training and validation to rows of their own and leaves the other cells empty.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence

from harness.errors import RunFailed
from harness.logs.columns import add_row, columns_of
from harness.logs.figure import Figure, figure
from harness.logs.found import Found
from harness.logs.names import is_iou, is_miou
from harness.logs.source import Source

DELIMITERS = ",;\t"
LONGEST_HEADER = 100_000  # characters; the csv module refuses cells of 131072
# `mIoU: 0.5, loss: 0.1`, `09:14:13,901 => mIoU`, `Mean IoU<tab>0.5`: a line of a log, not a header.
_SAYS_A_NUMBER = re.compile(r"[:=]\s*[-+.]?\d|(?:^|[,;\t])\s*[-+.\d]+%?\s*(?:$|[,;\t])")


def delimiter_of(first: str, second: str) -> str | None:
    """Return what stands between the columns of a CSV of mIoU; None if these lines begin no such.

    Args:
        first: The line that would be the header.
        second: The line below it; empty if there is none.
    """
    if _SAYS_A_NUMBER.search(first):
        return None
    for delimiter in DELIMITERS:
        names = next(csv.reader([first[:LONGEST_HEADER]], delimiter=delimiter), [])
        if len(names) > 1 and any(is_miou(name) or is_iou(name) for name in names):
            return delimiter if delimiter in second or not second else None
    return "," if is_miou(first) and len(first.split()) == 1 else None


def is_lightning(header: str) -> bool:
    """Return whether the header is CSVLogger's: it always has an epoch and a step."""
    return {"epoch", "step"} <= set(header.split(","))


def read(source: Source, delimiter: str) -> Found:
    """Return what the rows hold.

    Raises:
        RunFailed: If a row has too many cells, or one with mIoU another thing than numbers.
    """
    found = Found(nothing="none of its rows has a mIoU of a validation")
    lines = rows(source, delimiter)
    names = [name.strip() for name in next((cells for _, cells in lines if any(cells)), [])]
    columns = columns_of(tuple(names))
    needed = {place: name for place, name in enumerate(names) if name in columns.needed}
    named = {column.name for column in columns.mious}
    mious = [place for place, name in needed.items() if name in named]
    width = max(needed, default=0) + 1
    for number, cells in lines:
        if len(cells) < width:  # a row may end early
            cells += [""] * (width - len(cells))
        if not any(map(cells.__getitem__, mious)):
            continue
        where = f"{source.path}: line {number}"
        if len(cells) > len(names):
            raise RunFailed(f"{where} must have {len(names)} cells, got {len(cells)}")
        row = _row(where, needed, cells)
        percent = [name for place, name in needed.items() if cells[place].endswith("%")]
        add_row(found, columns, row, percent)
    return found


def rows(source: Source, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each line.

    Raises:
        RunFailed: If a line is no CSV.
    """
    reader = csv.reader(_lines(source), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise RunFailed(f"{source.path}: line {reader.line_num}: no CSV ({error})") from None


def _row(where: str, needed: Mapping[int, str], cells: Sequence[str]) -> dict[str, Figure]:
    """Return what a row says of mIoU, step and classes, without its empty cells."""
    row = {}
    for place, name in needed.items():
        text = cells[place].strip()
        if text:
            try:
                row[name] = figure(text.removesuffix("%"))
            except ValueError:
                got = repr(text[:40])
                raise RunFailed(f"{where}: {name!r} must be a number, got {got}") from None
    return row


def _lines(source: Source) -> Iterator[str]:
    for block in source.blocks():
        yield from block[1:].decode("utf-8", "replace").splitlines(keepends=True)
