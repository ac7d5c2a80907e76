"""Any other text that prints `mIoU` or `mean IoU` with a number, and maybe the classes below.

Lines about the training set and about the best so far are no validations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import METRIC, Found, Validation
from harness.logs.names import split_of, words
from harness.logs.scan import scan
from harness.logs.source import Source

NAME = "console"
MOST_CLASSES = 200

_MIOU = re.compile(
    rf"((?:[A-Za-z][\w']*[ _/-]+){{0,2}})(?:mIoU|mean[ _-]?IoU|mean[ _-]?IU)\b['\"]?(?: is)?"
    rf"\s*[:=]?\s*({NUMBER})\s*(%?)",
    re.I,
)
# `Total iters: 40000` is a setting, `Iter 300/40000` and `at iteration 2000` are progress.
_STEP = re.compile(
    r"\b(?:(iter(?:ation)?s?|step|epoch)s?[\s:=\[#]*(\d+)\s*(?:/|of)\s*(\d+)"
    r"|(iter(?:ation)?|step|epoch)[\s:=\[#]*(\d+))",
    re.I,
)
_CLASS = re.compile(rf"^\s*([A-Za-z][\w ./-]*?)\s*[:|]\s*({NUMBER})\s*(%?)\s*$", re.I)
_HEADING = re.compile(r"class.*iou|iou.*class", re.I)


@dataclass
class _Progress:
    """How far the run is, by iterations and by epochs.

    Attributes:
        restarts: Whether iterations begin again in every epoch.
    """

    iterations: Found = field(default_factory=lambda: Found(step_unit="iteration"))
    epochs: Found = field(default_factory=lambda: Found(step_unit="epoch"))
    restarts: bool = False

    def read(self, line: str) -> None:
        for match in _STEP.finditer(line):
            step, planned = int(match[2] or match[5]), int(match[3]) if match[3] else None
            if (match[1] or match[4]).lower().startswith("epoch"):
                self.epochs.at(step, planned)
            else:
                self.restarts |= step < (self.iterations.reached or 0)
                self.iterations.at(step, planned)

    def add(self, validation: Validation | None) -> None:
        if validation is not None:
            for found in (self.iterations, self.epochs):
                found.add(replace(validation, step=found.reached))

    def found(self) -> Found:
        """Return what was found, with iterations as steps where they count through the run."""
        usable = self.iterations.reached is not None
        if usable and not (self.restarts and self.epochs.reached is not None):
            return self.iterations
        if self.epochs.reached is None:
            self.epochs.step_unit = None
        return self.epochs


def read(source: Source) -> Found:
    progress = _Progress()
    pending: Validation | None = None
    classes: dict[str, Figure] = {}  # of `pending`
    lines = scan(
        source.blocks(),
        wanted=(b"IoU", b"iou", b"IOU", b"IU"),
        edges=(b"Iter", b"iter", b"Epoch", b"epoch", b"Step", b"step"),
        follow=MOST_CLASSES,
    )
    for line in lines:
        about = "ou" in line.lower() or "IU" in line  # cheaper than the expression
        if about and (match := _MIOU.search(line)):
            said = words(line[: match.end()])
            if not said & {"best", "max", "highest", "train", "training", "previous"}:
                progress.add(pending)
                progress.read(line)
                classes = {}
                pending = replace(_validation(match), classes=classes)
        elif pending is not None and (match := _CLASS.search(line)):
            if not classes:
                pending = replace(pending, classes_unit="percent" if match[3] else pending.unit)
            classes[match[1].strip()] = figure(match[2])
        elif line.strip() and not _HEADING.search(line):
            progress.add(pending)
            pending = None
            progress.read(line)
    progress.add(pending)
    found = progress.found()
    if found.series:
        found.note("no known format: read from lines that say mIoU and a number")
    return found


def _validation(match: re.Match[str]) -> Validation:
    name = " ".join(match[1].split()).strip(" _/-'")
    return Validation(
        miou=figure(match[2]),
        unit="percent" if match[3] else None,
        metric=f"{name} {METRIC}" if name else METRIC,
        split=split_of(name),
    )
