"""CSV with named columns: Lightning's CSVLogger, or a table of one's own.

Lightning writes training and validation to rows of their own and leaves the other cells empty.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from harness.errors import RunFailed
from harness.logs.csv_table import Table
from harness.logs.found import Found
from harness.logs.names import is_iou, is_miou
from harness.logs.source import Source

DELIMITERS = ",;\t"
PIECE = 1 << 15  # bytes; taken apart into cells they are twenty times as many
LONGEST = 100_000  # characters of a header or a cell; the csv module refuses cells of 131072
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
        names = next(csv.reader([first[:LONGEST]], delimiter=delimiter), [])
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
    above, names = _header(source, delimiter)
    table = Table(source.path, [name.strip() for name in names], delimiter, found)
    pieces = _pieces(source, above)
    for piece in pieces:
        if b'"' in piece:  # a cell may go on in the next one
            table.add(_lines(chain([piece], pieces)), above)
        elif len(piece) < LONGEST and table.add_at_once(piece, above):
            above += piece.count(b"\n")
        else:
            above = table.add(_lines([piece]), above)
    return found


def _header(source: Source, delimiter: str) -> tuple[int, list[str]]:
    """Return the first row that is not blank, and the number of its last line."""
    return next(((line, cells) for line, cells in rows(source, delimiter) if any(cells)), (0, []))


def rows(source: Source, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each line.

    Raises:
        RunFailed: If a line is no CSV.
    """
    reader = csv.reader(_lines(b[1:] for b in source.blocks()), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise RunFailed(f"{source.path}: line {reader.line_num}: no CSV ({error})") from None


def _pieces(source: Source, skip: int) -> Iterator[bytes]:
    """Yield what is below the first lines, in pieces of whole lines."""
    for block in source.blocks():
        position = 1  # behind the line end that leads the block
        while position < len(block):
            end = block.find(b"\n", position + PIECE) + 1 or len(block)
            piece, position = block[position:end], end
            if skip:
                lines = [*_lines([piece])]
                piece, skip = "".join(lines[skip:]).encode(), max(0, skip - len(lines))
            if piece:
                yield piece


def _lines(blocks: Iterable[bytes]) -> Iterator[str]:
    for block in blocks:
        yield from block.decode("utf-8", "replace").splitlines(keepends=True)
