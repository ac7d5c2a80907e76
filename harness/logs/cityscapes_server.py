"""The Cityscapes server's CSV: percent, on the test set."""

from __future__ import annotations

import csv

from harness.logs.figure import figure
from harness.logs.found import Found, Validation
from harness.logs.source import Source

NAME = "cityscapes-server-csv"


def is_header(first_line: str) -> bool:
    """Return whether the file begins as the server's does."""
    return first_line.startswith("Challenge,Method")


def read(source: Source) -> Found:
    found = Found(nothing="it has no row IoU at class level")
    text = source.document().decode("utf-8", "replace")
    level, header = "", []
    for row in csv.reader(text.splitlines()):
        if len(row) == 1:
            level = row[0]
        elif row and row[0] == "Metric":
            header = row
        elif row and row[0] == "IoU" and level == "Class level" and len(row) == len(header):
            values = dict(zip(header, row, strict=True))
            average = values.pop("Average", "")
            classes = {k: figure(v) for k, v in values.items() if k != "Metric" and _number(v)}
            if _number(average):
                found.finished = True
                found.add(
                    Validation(
                        miou=figure(average),
                        unit="percent",
                        classes=classes,
                        classes_unit="percent",
                        split="test",
                    )
                )
    return found


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
