"""mmsegmentation 1.x, text: tables and the lines `Iter(val)`, all in percent.

`Iter(val) [500/500]` counts validation batches: the step is that of the last training line or
checkpoint.
"""

from __future__ import annotations

import re

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import Found, Validation, add_class
from harness.logs.grid import cells, column, number
from harness.logs.mmseg_progress import EDGES, PLAN, read_progress
from harness.logs.scan import scan
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

_VAL = re.compile(rf"(?:Iter|Epoch)\((val|test)\).*?\bmIoU: ({NUMBER})")


def read(source: Source) -> Found:
    found = Found()
    header: list[str] = []
    classes: dict[str, Figure] = {}
    lines = scan(
        source.blocks(),
        wanted=(b"\n|", b" mIoU: ", *PLAN),
        edges=EDGES,
    )
    for line in lines:
        row = cells(line) if line.startswith("|") else None
        if row is not None:
            if row[0] == "Class":
                header, classes = row, {}
            iou = column(header, "IoU")
            if iou is not None and len(row) == len(header) and row[0] != "Class":
                add_class(classes, row[0], number(row[iou]))
        elif match := _VAL.search(line):
            read_progress(found, line)
            _add(found, match[1], match[2], classes)
            classes = {}
        else:
            read_progress(found, line)
    if found.reached is None and found.series:
        found.finished = True  # tools/test.py: nothing was being trained
    return found


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


FORMAT = TextFormat("mmseg1-text", (b" - mmengine - INFO - ",), read)
