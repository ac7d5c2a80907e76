"""CoinCheung's BiSeNet: four ways to evaluate, as lines `... mIOU is: ...` and as a table.

Until 2021 the table has a column for each way and one row. Since then there are a table of F1,
which is passed over, and one of IoU: a row for each class (`cat 0`, its share of the pixels, its
IoU) and the row `mious`, with short names for the ways. Only `single_scale` is comparable with what
papers print; the others are left out unless asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import Found, Validation, add_class
from harness.logs.grid import cells, number
from harness.logs.scan import scan
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

# as the older table calls them: by what the lines say, and by the short names
LINES = {
    "single": "single_scale",
    "single scale crop": "single_scale_crop",
    "ms flip": "ms_flip",
    "ms crop": "ms_flip_crop",
}
SHORT = dict(zip(("ss", "ssc", "msf", "msfc"), LINES.values(), strict=True))
CLASSES_BEGIN = 2  # columns of a table of IoU that are no way to evaluate: class and share

_LINE = re.compile(rf"({'|'.join(LINES)}) mIOU is: ({NUMBER})", re.I)
_ITER = re.compile(r"\biter: (\d+)/(\d+)")


@dataclass
class _State:
    """Where the reader is.

    Attributes:
        printed: mIoU by the lines since the last table.
        header: First row of the table that is being read.
        classes: By way, of a table of IoU.
    """

    printed: dict[str, Figure] = field(default_factory=dict)
    header: list[str] = field(default_factory=list)
    classes: dict[str, dict[str, Figure]] = field(default_factory=dict)


def read(source: Source) -> Found:
    found = Found(preferred=("single_scale",))
    state = _State()
    lines = scan(
        source.blocks(),
        wanted=(b" mIOU is:", b"single_scale", b"\n|"),
        edges=(b"iter: ",),
    )
    for line in lines:
        if match := _LINE.search(line):
            name = LINES[match[1].lower()]
            if name in state.printed:
                _add(found, state)
            state.printed[name] = figure(match[2])
        elif match := _ITER.search(line):
            _add(found, state)
            found.step_unit = "iteration"
            found.at(int(match[1]), int(match[2]))
        elif row := cells(line):
            _read_row(found, state, row)
    _add(found, state)
    if found.reached is None and found.series:
        found.finished = True  # evaluate.py
    return found


def _read_row(found: Found, state: _State, row: list[str]) -> None:
    if "single_scale" in row or row[0].lower() in ("iou", "f1 score"):
        state.header, state.classes = row, {}
        return
    if len(row) != len(state.header) or state.header[0].lower() == "f1 score":
        return
    if state.header[0].lower() != "iou":
        _add(found, state, dict(zip(state.header, map(number, row), strict=True)))
        state.header = []
        return
    ways = [SHORT.get(name, name) for name in state.header[CLASSES_BEGIN:]]
    figures = dict(zip(ways, map(number, row[CLASSES_BEGIN:]), strict=True))
    if row[0] == "mious":
        _add(found, state, figures)
    else:
        for way, iou in figures.items():
            add_class(state.classes.setdefault(way, {}), row[0].removeprefix("cat "), iou)


def _add(found: Found, state: _State, table: dict[str, Figure] | None = None) -> None:
    """Count a validation for each way that lines or a table tell of; lines have more digits."""
    for metric, miou in {**(table or {}), **state.printed}.items():
        classes = state.classes.get(metric, {})
        found.add(
            Validation(
                miou=miou,
                unit="fraction",
                step=found.reached,
                classes=classes,
                classes_unit="fraction",
                metric=metric,
            )
        )
    state.printed, state.classes = {}, {}


FORMAT = TextFormat("coincheung", (b" mIOU is:", b"single_scale", b"\n| mious "), read)
