"""cityscapesScripts, pixel level, what it prints: classes and `Score Average`, 3 digits.

The same words head the categories below, which are not read.
"""

from __future__ import annotations

import re

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import Found, Validation
from harness.logs.scan import scan
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

MOST_CLASSES = 100

_HEADER = re.compile(r"^(classes|categories)\s+IoU\s+nIoU")
_ROW = re.compile(rf"^(.+?)\s*:\s+({NUMBER})\s+{NUMBER}\s*$", re.I)


def read(source: Source) -> Found:
    found = Found(nothing="it has no Score Average of classes")
    part = ""
    classes: dict[str, Figure] = {}
    lines = scan(source.blocks(), wanted=(b"\nclasses  ", b"\ncategories  "), follow=MOST_CLASSES)
    for line in lines:
        if match := _HEADER.search(line):
            part, classes = match[1], {}
        elif part == "classes" and (match := _ROW.search(line)):
            if match[1] != "Score Average":
                if not (iou := figure(match[2])).missing:
                    classes[match[1].strip()] = iou
                continue
            found.add(
                Validation(
                    miou=figure(match[2]),
                    unit="fraction",
                    classes=classes,
                    classes_unit="fraction",
                )
            )
    if found.series:
        found.finished = True
        found.note("printed with 3 digits; the JSON file has all")
        found.note("the file does not say which split was evaluated; read as val")
    return found


FORMAT = TextFormat("cityscapesscripts-text", (b"Score Average :",), read)
