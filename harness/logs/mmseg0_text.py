"""mmsegmentation 0.x, text: tables in percent, the line `Iter(val)` in fractions.

`Iter(val) [218]` is the number of validation batches: the step is that of the last training line
or checkpoint. Output of tools/test.py has the tables alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import Found, Validation
from harness.logs.grid import cells, column
from harness.logs.scan import scan
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

_VAL = re.compile(rf"(?:Iter|Epoch)\((val|test)\).*?\bmIoU: ({NUMBER})")
_CLASS = re.compile(rf"\bIoU\.(.+?): ({NUMBER})")
_ITER = re.compile(r"\bIter \[(\d+)/(\d+)\]")
_EPOCH = re.compile(r"\bEpoch \[(\d+)\]\[\d+/\d+\]")
_SAVED = re.compile(r"Saving checkpoint at (\d+) (iteration|epoch)s")
_PLANNED = re.compile(r"\bmax: (\d+) (iter|epoch)s")


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
            self.classes[row[name]] = _cell(row[iou])
        elif miou is not None:
            self.miou = _cell(row[miou])


def _cell(text: str) -> Figure:
    try:
        return figure(text)
    except ValueError:
        return figure("nan")


def read(source: Source) -> Found:
    found = Found()
    tables = _Tables()
    lines = scan(
        source.blocks(),
        wanted=(b"\n|", b"(val) [", b"(test) [", b"per class results", b", max: "),
        edges=(b"Iter [", b"Epoch [", b"Saving checkpoint at "),
    )
    for line in lines:
        if line.startswith("|"):
            if row := cells(line):
                tables.row(row)
        elif match := _VAL.search(line):
            _add_line(found, tables, match[1], match[2], line)
            tables = _Tables()
        elif "per class results" in line:
            _add_tables(found, tables)
            tables = _Tables()
        else:
            _progress(found, line)
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
    if tables.miou is not None and abs(tables.miou.value / 100 - float(miou)) > 1e-3:
        found.note(
            f"the table before a validation says mIoU {tables.miou.value:g}%, its line {miou}; "
            "the line was read"
        )


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


def _progress(found: Found, line: str) -> None:
    if match := _ITER.search(line):
        found.step_unit = "iteration"
        found.at(int(match[1]), int(match[2]))
    elif match := _EPOCH.search(line):
        found.step_unit = "epoch"
        found.at(int(match[1]))
    elif match := _SAVED.search(line):
        found.step_unit = "iteration" if match[2] == "iteration" else "epoch"
        found.at(int(match[1]))
    elif match := _PLANNED.search(line):
        found.planned = int(match[1])


FORMAT = TextFormat("mmseg0-text", (b" - mmseg - INFO - ",), read)
