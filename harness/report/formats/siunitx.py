"""LaTeX with figures aligned at their decimal points: the columns `S` of siunitx (version 3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.report.digits import PLUS_MINUS
from harness.report.formats.latex import (
    MarkedColumn,
    SetColumn,
    escape,
    float_of,
    header_text,
    marked_columns,
    plain_column,
    shown,
)
from harness.report.model import Table

NUMBER = re.compile(
    rf"(?P<sign>[-+]?)(?P<whole>\d+)(?:\.(?P<part>\d+))?(?P<spread>{PLUS_MINUS}[\d.]+)?"
)
# Bold figures in bold digits, and what follows a figure right behind its last digit.
SETUP = (
    r"\sisetup{text-series-to-math = true, propagate-math-font = true,",
    r"  table-align-text-after = false}",
)


def to_siunitx(table: Table) -> str:
    """Return the table as `to_latex` does, the unit of a column in its header."""
    columns = [
        plain_column(each) if each.column.figure is None else _aligned_column(each)
        for each in marked_columns(table)
    ]
    return float_of(table, columns, package="siunitx", setup=SETUP)


def _aligned_column(each: MarkedColumn) -> SetColumn:
    suffix = each.column.suffix
    numbers = [_Number.of(cell.text.removesuffix(suffix), mark) for cell, mark in each.cells]
    room = _Room.of([number for number in numbers if number])
    texts = []
    for (cell, mark), number in zip(each.cells, numbers, strict=True):
        if number is None:  # in braces siunitx centres it and reads no number in it
            texts.append(f"{{{shown(cell)}{escape(mark)}}}")
        elif cell.rank == "second":
            texts.append(f"{{{room.underlined(number)}}}")
        else:
            tail = f"{{{escape(number.tail)}}}" if number.tail else ""
            texts.append((r"\bfseries " if cell.rank == "best" else "") + number.digits + tail)
    return SetColumn(f"S[{room.options}]", f"{{{header_text(each, unit=suffix)}}}", texts)


class _Number(NamedTuple):
    """A figure, taken apart.

    Attributes:
        sign: `-`, `+` or nothing.
        whole: Digits before the point.
        part: Digits behind it.
        spread: ± and what follows it.
        mark: What it bears.
    """

    sign: str
    whole: str
    part: str
    spread: str
    mark: str

    @classmethod
    def of(cls, text: str, mark: str) -> _Number | None:
        """Return the parts of a cell that holds a number; null for `<1` and for a dash."""
        found = NUMBER.fullmatch(text)
        if found is None:
            return None
        sign, whole, part, spread = found.groups(default="")
        return cls(sign, whole, part, spread, mark)

    @property
    def digits(self) -> str:
        """The number itself."""
        return self.sign + self.whole + (f".{self.part}" if self.part else "")

    @property
    def tail(self) -> str:
        """What follows it."""
        return self.spread + self.mark


@dataclass(frozen=True)
class _Room:
    """The room that the numbers of a column need.

    Attributes:
        sign: Whether one has a sign.
        plus: Whether one has a plus, which siunitx would leave out.
        before: Digits before the point.
        after: Digits behind it.
        tail: The longest text behind a number.
    """

    sign: bool
    plus: bool
    before: int
    after: int
    tail: str

    @classmethod
    def of(cls, numbers: Sequence[_Number]) -> _Room:
        """Return the room for the widest of `numbers`."""
        return cls(
            sign=any(number.sign for number in numbers),
            plus=any(number.sign == "+" for number in numbers),
            before=max((len(number.whole) for number in numbers), default=1),
            after=max((len(number.part) for number in numbers), default=0),
            tail=max((number.tail for number in numbers), key=len, default=""),
        )

    @property
    def options(self) -> str:
        """The options of the column."""
        point = f".{self.after}" if self.after else ""
        form = f"table-format={'-' * self.sign}{self.before}{point}"
        form += ",retain-explicit-plus=true" * self.plus
        return form + (f",table-space-text-post={{{escape(self.tail)}}}" if self.tail else "")

    def underlined(self, number: _Number) -> str:
        """Return a number with a line under it alone.

        siunitx cannot underline what it aligns. So it gets a text as wide as the room, in which the
        number stands where its digits would be.
        """
        missing = "-" * (self.sign - len(number.sign)) + "0" * (self.before - len(number.whole))
        widest = (
            "-" * self.sign + "0" * self.before + ("." + "0" * self.after if self.after else "")
        )
        line = rf"\underline{{{_minus(number.digits)}{escape(number.spread)}}}{escape(number.mark)}"
        room = _phantom(_minus(widest) + escape(self.tail))
        return rf"\rlap{{{_phantom(_minus(missing))}{line}}}{room}"


def _phantom(text: str) -> str:
    return rf"\phantom{{{text}}}" if text else ""


def _minus(digits: str) -> str:
    return digits.replace("-", "$-$")
