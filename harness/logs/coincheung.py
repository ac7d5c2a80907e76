"""CoinCheung's BiSeNet: four ways to evaluate, as lines `... mIOU is: ...` and as a table.

Only `single_scale` is comparable with what papers print; the others are left out unless asked for.
"""

from __future__ import annotations

import re

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import Found, Validation
from harness.logs.grid import cells
from harness.logs.scan import scan
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

# as the table calls them, by what the lines say
METRICS = {
    "single": "single_scale",
    "single scale crop": "single_scale_crop",
    "ms flip": "ms_flip",
    "ms crop": "ms_flip_crop",
}

_LINE = re.compile(rf"({'|'.join(METRICS)}) mIOU is: ({NUMBER})", re.I)
_ITER = re.compile(r"\biter: (\d+)/(\d+)")


def read(source: Source) -> Found:
    found = Found(preferred=("single_scale",))
    printed: dict[str, Figure] = {}  # by the lines since the last table
    header: list[str] = []
    lines = scan(
        source.blocks(),
        wanted=(b" mIOU is:", b"single_scale"),
        edges=(b"iter: ",),
        follow=2,
    )
    for line in lines:
        if match := _LINE.search(line):
            name = METRICS[match[1].lower()]
            if name in printed:
                _add(found, printed)
                printed = {}
            printed[name] = figure(match[2])
        elif match := _ITER.search(line):
            _add(found, printed)
            printed = {}
            found.step_unit = "iteration"
            found.at(int(match[1]), int(match[2]))
        elif row := cells(line):
            if "single_scale" in row:
                header = row
            elif header and len(row) == len(header):
                table = _numbers(header, row)
                _add(found, {**table, **printed})  # the lines have more digits
                printed, header = {}, []
    _add(found, printed)
    if found.reached is None and found.series:
        found.finished = True  # evaluate.py
    return found


def _numbers(header: list[str], row: list[str]) -> dict[str, Figure]:
    try:
        return {name: figure(cell) for name, cell in zip(header, row, strict=True) if name}
    except ValueError:
        return {}


def _add(found: Found, figures: dict[str, Figure]) -> None:
    for metric, miou in figures.items():
        found.add(Validation(miou=miou, unit="fraction", step=found.reached, metric=metric))


FORMAT = TextFormat("coincheung", (b" mIOU is:", b"single_scale"), read)
