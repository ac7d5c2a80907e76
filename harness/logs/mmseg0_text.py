"""mmsegmentation 0.x, text: tables in percent, the line `Iter(val)` in fractions.

`Iter(val) [218]` is the number of validation batches: the step is that of the last training line
or checkpoint. Output of tools/test.py has the tables alone, behind no date or name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import Found, Validation, add_class
from harness.logs.grid import cells, column, number
from harness.logs.mmseg_progress import EDGES, PLAN, read_progress
from harness.logs.scan import scan
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

_VAL = re.compile(rf"(?:Iter|Epoch)\((val|test)\).*?\bmIoU: ({NUMBER})")
_CLASS = re.compile(rf"\bIoU\.(.+?): ({NUMBER})")


@dataclass
class _Tables:
    """The tables since the last validation line."""

    header: list[str] = field(default_factory=list)
    classes: dict[str, Figure] = field(default_factory=dict)
    miou: Figure | None = None

    def row(self, row: list[str]) -> None:
        if row[0].lower() in ("class", "scope", "aacc", "miou", "macc"):
            self.header = row
            return
        if len(row) != len(self.header):
            return
        name, iou = column(self.header, "class"), column(self.header, "iou")
        miou = column(self.header, "mIoU")
        if name is not None and iou is not None:
            add_class(self.classes, row[name], number(row[iou]))
        elif miou is not None:
            self.miou = number(row[miou])


def read(source: Source) -> Found:
    found = Found()
    tables = _Tables()
    lines = scan(
        source.blocks(),
        wanted=(b"\n|", b"(val) [", b"(test) [", b"per class results", *PLAN),
        edges=EDGES,
    )
    for line in lines:
        if line.startswith("|"):
            if row := cells(line):
                tables.row(row)
        elif match := _VAL.search(line):
            read_progress(found, line)
            _add_line(found, tables, match[1], match[2], line)
            tables = _Tables()
        elif "per class results" in line:
            _add_tables(found, tables)
            tables = _Tables()
        else:
            read_progress(found, line)
    _add_tables(found, tables)
    if found.reached is None and found.series:
        found.finished = True  # tools/test.py: nothing was being trained
    return found


def _add_line(found: Found, tables: _Tables, split: str, miou: str, line: str) -> None:
    classes = {name: figure(iou) for name, iou in _CLASS.findall(line)}
    found.add(
        Validation(
            miou=figure(miou),
            unit="fraction",
            step=found.reached,
            classes=classes or tables.classes,
            classes_unit="fraction" if classes else "percent",
            split="test" if split == "test" else "val",
        )
    )
    if tables.miou is None:
        return
    # Both are rounded, each to its own last place.
    near = tables.miou.place / 100 + figure(miou).place
    if abs(tables.miou.value / 100 - float(miou)) > near:
        found.note("a table and the line below it say different mIoU; the line was read")


def _add_tables(found: Found, tables: _Tables) -> None:
    """Count a validation that has tables and no line."""
    if tables.miou is None:
        return
    found.add(
        Validation(
            miou=tables.miou,
            unit="percent",
            step=found.reached,
            classes=tables.classes,
            classes_unit="percent",
        )
    )


FORMAT = TextFormat("mmseg0-text", (b" - mmseg - INFO - ", b"per class results:"), read)
