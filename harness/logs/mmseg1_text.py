"""mmsegmentation 1.x, text: tables and the lines `Iter(val)`, all in percent.

`Iter(val) [500/500]` counts validation batches: the step is that of the last training line or
checkpoint.
"""

from __future__ import annotations

import re

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import Found, Validation
from harness.logs.grid import cells, column
from harness.logs.scan import scan
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

_VAL = re.compile(rf"(?:Iter|Epoch)\((val|test)\).*?\bmIoU: ({NUMBER})")
_ITER = re.compile(r"Iter\(train\) \[ *(\d+)/(\d+)\]")
_EPOCH = re.compile(r"Epoch\(train\) +\[ *(\d+)\]\[ *(\d+)/(\d+)\]")
_SAVED = re.compile(r"Saving checkpoint at (\d+) (iteration|epoch)s")
_PLANNED = re.compile(r"\bmax_epochs=(\d+)")


def read(source: Source) -> Found:
    found = Found()
    header: list[str] = []
    classes: dict[str, Figure] = {}
    lines = scan(
        source.blocks(),
        wanted=(b"\n|", b" mIoU: ", b"max_epochs="),
        edges=(b"(train) ", b"Saving checkpoint at "),
    )
    for line in lines:
        row = cells(line) if line.startswith("|") else None
        if row is not None:
            if row[0] == "Class":
                header, classes = row, {}
            iou = column(header, "IoU")
            if iou is not None and len(row) == len(header) and row[0] != "Class":
                classes[row[0]] = _cell(row[iou])
        elif match := _VAL.search(line):
            _add(found, match[1], match[2], classes)
            classes = {}
        else:
            _progress(found, line)
    if found.reached is None and found.series:
        found.finished = True  # tools/test.py: nothing was being trained
    return found


def _cell(text: str) -> Figure:
    try:
        return figure(text)
    except ValueError:
        return figure("nan")


def _add(found: Found, split: str, miou: str, classes: dict[str, Figure]) -> None:
    found.add(
        Validation(
            miou=figure(miou),
            unit="percent",
            step=found.reached,
            classes=classes,
            classes_unit="percent",
            split="test" if split == "test" else "val",
        )
    )
    if split == "test":
        found.note("(test) is the loop's name; many configurations run it on the validation images")


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


FORMAT = TextFormat("mmseg1-text", (b" - mmengine - INFO - ",), read)
