"""TorchSeg and FasterSeg: `valid_mIoU` in fractions of 3 digits, or a list of classes in percent.

FasterSeg prints a line `lr:` at the beginning of an epoch and never its number, so that they are
counted, from 0. `train_mIoU` is of the training set. Where a teacher is printed as well, the
student is the network that was trained.
"""

from __future__ import annotations

import re

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import METRIC, Found, Validation, add_class
from harness.logs.scan import scan
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

STUDENT, TEACHER = "student", "teacher"

_VALID = re.compile(rf"(?:(\w+)'s )?valid_mIoU:?\s+({NUMBER})", re.I)
_MEAN = re.compile(rf"\bmean_IU\s+({NUMBER})%")
_CLASS = re.compile(rf"^(?:Class (\d+):|(\d+) (.+?))\s+({NUMBER})%\s*$")
_MODEL = re.compile(r"epoch-(\d+)\.pth")
_RATE = re.compile(r"\blr: [\d.e-]+\s*$")
_EPOCHS = re.compile(r"'nepochs': (\d+)")


def read(source: Source) -> Found:
    found = Found(preferred=(STUDENT, METRIC))
    classes: dict[str, Figure] = {}
    epoch = -1
    validated = 0  # the epoch that the last validation belongs to
    lines = scan(
        source.blocks(),
        wanted=(b"valid_mIoU", b"mean_IU", b"%\n", b" lr: ", b"'nepochs'", b"epoch-"),
    )
    for line in lines:
        if match := _CLASS.search(line):
            add_class(classes, match[3] or match[1], figure(match[4]))
        elif match := _MEAN.search(line):
            found.add(
                Validation(
                    miou=figure(match[1]),
                    unit="percent",
                    step=found.reached,
                    classes=classes,
                    classes_unit="percent",
                )
            )
            classes = {}
        elif match := _VALID.search(line):
            step = epoch if epoch >= 0 else None
            metric = match[1].lower() if match[1] else METRIC
            found.add(Validation(miou=figure(match[2]), unit="fraction", step=step, metric=metric))
            validated = epoch
        elif _RATE.search(line):
            epoch += 1
        elif match := _EPOCHS.search(line):
            found.planned = int(match[1])
        elif match := _MODEL.search(line):
            found.step_unit, found.reached = "epoch", int(match[1])
    _conclude(found, epoch, validated)
    return found


def _conclude(found: Found, epoch: int, validated: int) -> None:
    if epoch < 0:
        # An evaluation; the number of epochs that it prints is the training's.
        found.finished = True if found.series else None
        return
    found.step_unit, found.reached = "epoch", epoch
    found.note("epochs are not printed; they were counted from 0")
    if found.planned is not None:
        found.finished = epoch + 1 >= found.planned and validated == epoch


FORMAT = TextFormat("torchseg", (b"valid_mIoU", b"mean_IU", b"train_mIoU", b"'FasterSeg'"), read)
