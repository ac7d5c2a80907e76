"""ptsemseg, FC-HarDNet and FASSD-Net: console and logger of train.py, output of validate.py.

The key of the mIoU is `Mean IoU : \\t`, so that its line has one colon or two, a tab or blanks. The
classes follow as `0 0.98` or `0: 0.98`, in the logger's file behind date and level.
"""

from __future__ import annotations

import re

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import Found, Validation, add_class
from harness.logs.scan import scan
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

MOST_CLASSES = 200

_MEAN = re.compile(rf"Mean IoU\s*:\s*:?\s*({NUMBER})", re.I)
_CLASS = re.compile(rf"(?:^|\bINFO[: ](?:\w+:)?\s*)(\d+):?\s+({NUMBER})\s*$", re.I)
_OTHER_MEAN = re.compile(r"\bAcc\s*:")
_TRAIN = re.compile(r"\b(Iter|Epoch) ?\[(\d+)/(\d+)\]")
_VALIDATED = re.compile(r"\bIter (\d+) Val Loss:")


def read(source: Source) -> Found:
    found = Found()
    step: int | None = None
    pending: Validation | None = None
    classes: dict[str, Figure] = {}  # of `pending`
    lines = scan(
        source.blocks(),
        wanted=(b"Mean IoU", b" Val Loss:"),
        edges=(b"Iter [", b"Epoch ["),
        follow=MOST_CLASSES,
    )
    for line in lines:
        if pending is not None:
            if match := _CLASS.search(line):
                add_class(classes, match[1], figure(match[2]))
                continue
            if _OTHER_MEAN.search(line):
                continue
        if match := _MEAN.search(line):
            miou = figure(match[1])
            if (
                pending is not None
                and not classes
                and pending.miou == miou
                and pending.step == step
            ):
                continue  # printed and logged
            _close(found, pending)
            classes = {}
            pending = _validation(miou, step, classes)
            continue
        _close(found, pending)
        pending = None
        if match := _VALIDATED.search(line):
            step, found.step_unit = int(match[1]), "iteration"
            found.at(step)
        elif match := _TRAIN.search(line):
            step = int(match[2])
            found.step_unit = "iteration" if match[1] == "Iter" else "epoch"
            found.at(step, int(match[3]))
    _close(found, pending)
    if found.reached is None and any(s.last.classes for s in found.series.values()):
        found.finished = True  # validate.py: nothing was being trained
    return found


def _validation(miou: Figure, step: int | None, classes: dict[str, Figure]) -> Validation:
    return Validation(
        miou=miou, unit="fraction", step=step, classes=classes, classes_unit="fraction"
    )


def _close(found: Found, pending: Validation | None) -> None:
    if pending is not None:
        found.add(pending)


FORMAT = TextFormat("ptsemseg", (b"Mean IoU : ", b"Time/Image: "), read)
