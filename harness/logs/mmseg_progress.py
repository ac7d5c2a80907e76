"""How far a run of mmsegmentation is, as the text logs of 0.x and 1.x say it."""

from __future__ import annotations

import re

from harness.logs.found import Found

EDGES = (b"Iter [", b"Epoch [", b"(train) ", b"Saving checkpoint at ")
PLAN = (b"max_epochs=", b", max: ")

_ITER = re.compile(r"\bIter(?:\(train\))? \[ *(\d+)/(\d+)\]")
_EPOCH = re.compile(r"\bEpoch(?:\(train\) )? \[ *(\d+)\]\[ *(\d+)/(\d+)\]")
_VALIDATED = re.compile(r"\bEpoch\(val\) +\[ *(\d+)\]")
_SAVED = re.compile(r"Saving checkpoint at (\d+) (iteration|epoch)s")
_PLANNED = re.compile(r"\bmax_epochs=(\d+)|\bmax: (\d+) (?:iter|epoch)s")


def read_progress(found: Found, line: str) -> None:
    """Take from a line how far the run got: epochs count once they are over."""
    if match := _ITER.search(line):
        found.step_unit = "iteration"
        found.at(int(match[1]), int(match[2]))
    elif match := _EPOCH.search(line):
        found.step_unit = "epoch"
        found.at(int(match[1]) - (match[2] != match[3]))
    elif (match := _VALIDATED.search(line)) and found.step_unit == "epoch":
        found.at(int(match[1]))
    elif match := _SAVED.search(line):
        found.step_unit = "iteration" if match[2] == "iteration" else "epoch"
        found.at(int(match[1]))
    elif match := _PLANNED.search(line):
        found.planned = int(match[1] or match[2])
