"""mmsegmentation 0.x, `.log.json`: a line for each validation, in fractions.

The `iter` of a validation is the number of its batches; the step is that of the training line
before. With a runner that counts epochs, `iter` begins again in each, and the step is the epoch.
"""

from __future__ import annotations

import re
from typing import Any

from harness.logs.figure import json_figure
from harness.logs.found import Found, Validation
from harness.logs.json_lines import objects, whole
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

_ITERATIONS = re.compile(r"\bmax_iters=(\d+)")
_EPOCHS = re.compile(r"\bmax_epochs=(\d+)")


def read(source: Source) -> Found:
    found = Found(step_unit="iteration")
    lines = objects(
        source, found, wanted=(b'"mode": "val"', b'"env_info"'), edges=(b'"mode": "train"',)
    )
    for line in lines:
        if line.get("mode") == "train":
            _progress(found, line)
        elif line.get("mode") == "val":
            _add(found, line)
        else:
            _configuration(found, str(line.get("config", "")))
    return found


def _configuration(found: Found, config: str) -> None:
    if match := _EPOCHS.search(config):
        found.step_unit = "epoch"
    else:
        match = _ITERATIONS.search(config)
    if match:
        found.planned = int(match[1])


def _progress(found: Found, line: dict[str, Any]) -> None:
    """Note how far the training is; of epochs, those that are over, which a validation tells."""
    epochs = found.step_unit == "epoch"
    step = whole(line.get("epoch" if epochs else "iter"))
    if step is not None:
        found.at(step - epochs)


def _add(found: Found, line: dict[str, Any]) -> None:
    miou = json_figure(line.get("mIoU"))
    if miou is None:
        return
    classes = {
        name.removeprefix("IoU."): value
        for name, raw in line.items()
        if name.startswith("IoU.") and (value := json_figure(raw))
    }
    step = found.reached
    if step is None or found.step_unit == "epoch":
        step, found.step_unit = whole(line.get("epoch")), "epoch"
        if step is not None:
            found.at(step)
    found.add(
        Validation(miou=miou, unit="fraction", step=step, classes=classes, classes_unit="fraction")
    )


FORMAT = TextFormat("mmseg0-json", (b'"mode": "train"', b'"mode": "val"'), read)
