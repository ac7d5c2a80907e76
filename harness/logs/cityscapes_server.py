"""The Cityscapes server's CSV: percent, on the test set."""

from __future__ import annotations

from harness.logs import columns_csv
from harness.logs.found import Found, Validation
from harness.logs.grid import number
from harness.logs.source import Source

NAME = "cityscapes-server-csv"


def is_header(first_line: str) -> bool:
    """Return whether the file begins as the server's does."""
    return first_line.startswith("Challenge,Method")


def read(source: Source) -> Found:
    found = Found(nothing="it has no row IoU at class level")
    level, header = "", list[str]()
    for _, row in columns_csv.rows(source, ","):
        if len(row) == 1:
            level = row[0]
        elif row and row[0] == "Metric":
            header = row
        elif row and row[0] == "IoU" and level == "Class level" and len(row) == len(header):
            values = dict(zip(header, row, strict=True))
            average = values.pop("Average", "")
            del values["Metric"]
            classes = {name: number(text) for name, text in values.items() if text}
            if average:
                found.finished = True
                found.add(
                    Validation(
                        miou=number(average),
                        unit="percent",
                        classes=classes,
                        classes_unit="percent",
                        split="test",
                    )
                )
    return found
