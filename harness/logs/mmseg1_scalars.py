"""mmsegmentation 1.x, `vis_data/scalars.json`: a line for each validation, in percent.

The planned length is not in the file; a learning rate that came down to 0 tells that the schedule
went to its end.
"""

from __future__ import annotations

from typing import Any

from harness.logs.figure import json_figure
from harness.logs.found import Found, Validation
from harness.logs.json_lines import objects, whole
from harness.logs.source import Source
from harness.logs.text_format import TextFormat


def read(source: Source) -> Found:
    found = Found()
    last: dict[str, Any] = {}
    for line in objects(source, found, wanted=(b'"mIoU"',), edges=(b'"loss"',)):
        miou = json_figure(line.get("mIoU"))
        step = whole(line.get("step"))
        if miou is not None:
            found.add(Validation(miou=miou, unit="percent", step=step))
        elif "loss" in line:
            last = line
            if step is not None:
                found.step_unit = "iteration"
                found.at(step)
    if found.series and last.get("lr") == 0 and (found.reached or 0) > 1:
        found.finished = True
        found.note("taken for finished, since the learning rate came down to 0")
    return found


FORMAT = TextFormat("mmseg1-scalars", (b'"aAcc": ',), read)
