"""Detectron2, `metrics.json`: `sem_seg/mIoU` in percent on the lines of evaluations.

With several data sets, their names come before `sem_seg`; `--metric` chooses one.
"""

from __future__ import annotations

from typing import Any

from harness.logs.figure import json_figure
from harness.logs.found import Found, Validation
from harness.logs.json_lines import objects, whole
from harness.logs.names import split_of
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

MIOU, IOU = "sem_seg/mIoU", "sem_seg/IoU-"


def read(source: Source) -> Found:
    found = Found(step_unit="iteration", nothing="it has no key sem_seg/mIoU")
    eta: Any = None
    for line in objects(source, found, wanted=(b"sem_seg/mIoU",), edges=(b'"total_loss"',)):
        step = whole(line.get("iteration"))
        if "total_loss" in line:
            eta = line.get("eta_seconds", eta)
            if step is not None:
                found.at(step)
        for name in line:
            if name.endswith(MIOU):
                _add(found, line, name, step)
    if eta is not None:
        found.finished = eta == 0
    return found


def _add(found: Found, line: dict[str, Any], name: str, step: int | None) -> None:
    miou = json_figure(line[name])
    if miou is None:
        return
    start = name.removesuffix(MIOU) + IOU
    classes = {
        key.removeprefix(start): value
        for key, raw in line.items()
        if key.startswith(start) and (value := json_figure(raw))
    }
    found.add(
        Validation(
            miou=miou,
            unit="percent",
            step=step,
            classes=classes,
            classes_unit="percent",
            metric=name,
            split=split_of(name.removesuffix(MIOU)) or "val",
        )
    )


FORMAT = TextFormat("detectron2-json", (b'"iteration": ',), read)
