"""The rows of a CSV of mIoU: one after the other, or many at once where nothing about them is odd.

A log of 100 MB may have millions of validations, and a row that Python looks at takes microseconds.
Of many at once only those are looked at that can change what is found: the first, the last, and
those of the lowest and the highest mIoU. The others must be numbers, and are counted.
"""

from __future__ import annotations

import csv
import math
import string
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import RunFailed
from harness.logs.columns import add_row, columns_of
from harness.logs.figure import Figure, figure
from harness.logs.found import MOST_SERIES, Found

# Of all else, some ends a line to Python, and a quote may take the delimiter's meaning away.
_PLAIN = (string.digits + string.ascii_letters + string.punctuation + " \t\n").replace('"', "")
_DIGITS = string.digits.encode()


class Table:
    """A CSV below its header.

    Args:
        path: Of the file, for messages.
        names: Of its columns.
        delimiter: Between cells.
        found: Takes what the rows hold.
    """

    def __init__(self, path: Path, names: Sequence[str], delimiter: str, found: Found) -> None:
        self._path = path
        self._names = names
        self._delimiter = delimiter
        self._found = found
        self._columns = columns_of(tuple(names))
        self._needed = {at: name for at, name in enumerate(names) if name in self._columns.needed}
        named = {column.name for column in self._columns.mious}
        self._mious = [place for place, name in self._needed.items() if name in named]

    def add(self, lines: Iterable[str], above: int) -> int:
        """Add rows, one after the other, and return the number of the last line.

        Args:
            lines: With their ends.
            above: Lines of the file above them.

        Raises:
            RunFailed: If a row has too many cells, or one with mIoU another thing than numbers.
        """
        width = max(self._needed, default=0) + 1
        reader = csv.reader(lines, delimiter=self._delimiter)
        try:
            for cells in reader:
                if len(cells) < width:  # a row may end early
                    cells += [""] * (width - len(cells))
                if any(map(cells.__getitem__, self._mious)):
                    self._add_row(above + reader.line_num, dict(enumerate(cells)))
        except csv.Error as error:
            where = f"{self._path}: line {above + reader.line_num}"
            raise RunFailed(f"{where}: no CSV ({error})") from None
        return above + reader.line_num

    def add_at_once(self, lines: bytes, above: int) -> bool:
        """Do what `add` does, faster, and return whether these lines allow it.

        Args:
            lines: Whole ones.
            above: Lines of the file above them.

        Raises:
            RunFailed: If a row with mIoU has another thing than numbers.
        """
        if lines.translate(None, _PLAIN.encode()):
            return False
        columns = self._taken_apart(lines.decode("ascii"))
        if columns is None:
            return False
        mious = [columns[place] for place in self._mious]
        telling = self._telling(columns) if all(map(all, mious)) else None
        if telling is None:
            with_miou = (number for number, row in enumerate(zip(*mious, strict=True)) if any(row))
            self._add_rows(columns, with_miou, above)
            return True
        done = 0
        for number in telling:
            if number > done:
                for column in self._columns.mious:
                    self._found.skip(column.metric, column.split, number - done)
            self._add_rows(columns, (number,), above)
            done = number + 1
        return True

    def _taken_apart(self, text: str) -> dict[int, list[str]] | None:
        """Return the columns that are needed; None if a row has not as many cells as names."""
        end = f"{self._delimiter}\n{self._delimiter}"
        cells = text.replace("\n", end).split(self._delimiter)
        width, lines = len(self._names), text.count("\n")
        stride = width + 1
        if len(cells) != stride * lines + 1 or cells[width::stride] != ["\n"] * lines:
            return None
        return {place: cells[place : stride * lines : stride] for place in self._needed}

    def _telling(self, columns: Mapping[int, Sequence[str]]) -> list[int] | None:
        """Return the rows that can change what is found, or None where any of them may.

        Of rows that all have all mIoU, whose steps do not go back.
        """
        full = len(self._found.series) + len(self._mious) > MOST_SERIES
        if full or any("_" in "".join(cells) for cells in columns.values()):
            return None
        rows = len(columns[self._mious[0]])
        telling = {0, rows - 1}
        for place, cells in columns.items():
            is_step, is_miou = self._needed[place] == self._columns.step, place in self._mious
            try:
                values = comparable([*filter(None, cells)])
            except ValueError:
                return None
            if is_step and not (len(values) == rows and _finite(values) and _rise(values)):
                return None
            if is_miou and not _finite(values):
                return None
            if is_miou:
                telling |= {values.index(min(values)), values.index(max(values))}
        return sorted(telling)

    def _add_rows(
        self, columns: Mapping[int, Sequence[str]], numbers: Iterable[int], above: int
    ) -> None:
        for number in numbers:
            cells = {place: column[number] for place, column in columns.items()}
            self._add_row(above + 1 + number, cells)

    def _add_row(self, line: int, cells: Mapping[int, str]) -> None:
        where = f"{self._path}: line {line}"
        if len(cells) > len(self._names):
            raise RunFailed(f"{where} must have {len(self._names)} cells, got {len(cells)}")
        row: dict[str, Figure] = {}
        for place, name in self._needed.items():
            text = cells[place].strip()
            if text:
                try:
                    row[name] = figure(text.removesuffix("%"))
                except ValueError:
                    got = repr(text[:40])
                    raise RunFailed(f"{where}: {name!r} must be a number, got {got}") from None
        percent = [name for place, name in self._needed.items() if cells[place].endswith("%")]
        add_row(self._found, self._columns, row, percent)


def comparable(cells: Sequence[str]) -> list[Any]:
    """Return what compares like the numbers in cells: floats, or digits that line up.

    To make floats takes five times as long as all else that is done with them.

    Args:
        cells: Of ASCII, without line ends.

    Raises:
        ValueError: If one of them holds no number.
    """
    if not cells:
        return []
    width, point = len(cells[0]), cells[0].find(".")
    text = "\n".join(cells)
    mark = b"." if point >= 0 else b""
    lined_up = (
        width > len(mark)
        and len(text) == (width + 1) * len(cells) - 1
        and text[width :: width + 1] == "\n" * (len(cells) - 1)
        and (point < 0 or text[point :: width + 1] == "." * len(cells))
        and text.encode().translate(None, _DIGITS) == b"\n".join([mark] * len(cells))
    )
    return [*cells] if lined_up else [*map(float, cells)]


def _finite(values: Sequence[Any]) -> bool:
    return isinstance(values[0], str) or math.isfinite(sum(values))


def _rise(values: Sequence[Any]) -> bool:
    return values == sorted(values)
