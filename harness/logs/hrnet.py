"""HRNet, DDRNet and PIDNet: a line for each head, then `Loss, MeanIU, Best_mIoU` and the classes.

Arrays are wrapped over lines. The last head is the network's answer, and what MeanIU repeats.
Epochs count from 0. PIDNet validates every fifth epoch and prints the last result after each:
a line whose classes are those of the one before is no validation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.logs.figure import NUMBER, Figure, figure
from harness.logs.found import Found, Validation
from harness.logs.scan import scan
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

LONGEST_ARRAY = 40  # lines: numpy wraps 6 to 8 numbers a line, 150 classes are 25 lines

_HEAD = re.compile(r"(?:^|\d )(\d) (\[.*)$")
_SUMMARY = re.compile(rf"MeanIU:\s*({NUMBER})(?:, Best_mIoU:\s*({NUMBER}))?", re.I)
_EPOCH = re.compile(r"Epoch: \[(\d+)/(\d+)\] Iter: ?\[(\d+)/")
_ARRAY = re.compile(r"^(?:\d[\d\-:, ]+ )?(\[[^\]]*\])\s*$")
_NUMBERS = re.compile(NUMBER, re.I)


@dataclass
class _State:
    """Where the reader is.

    Attributes:
        epoch: Last epoch printed.
        head: The validation that the heads since then make.
        heads: Number of heads that `head` is the last of.
        most_heads: Number of heads of the network, as far as is known.
        early: The last validation before the first epoch printed.
        summary: The last summary, until its classes are read.
        last_array: Text of the last classes.
        stated_best: Highest `Best_mIoU` printed.
        done: Whether the run said that it was.
    """

    epoch: int | None = None
    head: Validation | None = None
    heads: int = 0
    most_heads: int = 0
    early: Validation | None = None
    summary: Validation | None = None
    last_array: str = ""
    stated_best: float = 0.0
    done: bool = False


def read(source: Source) -> Found:
    found = Found(step_unit="epoch")
    state = _State()
    lines = scan(
        source.blocks(),
        wanted=(b"MeanIU:", b"0 [", b"1 [", b"2 [", b"3 [", b"Done"),
        edges=(b"Epoch: [",),
        follow=LONGEST_ARRAY,
    )
    for line in _unwrapped(lines):
        if match := _SUMMARY.search(line):
            _flush_summary(found, state)
            state.stated_best = max(state.stated_best, float(match[2] or 0))
            state.summary = _validation(figure(match[1]), state)
        elif match := _HEAD.search(line):
            if match[1] == "0":  # the first head of another validation
                _close_validation(found, state)
            _flush_summary(found, state)
            _read_head(found, state, int(match[1]) + 1, match[2])
        elif (match := _ARRAY.search(line)) and state.summary is not None:
            _read_classes(found, state, match[1])
        elif match := _EPOCH.search(line):
            _read_epoch(found, state, match)
        elif line.rstrip().endswith("Done"):
            state.done = True
    _close(found, state)
    return found


def _unwrapped(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines with each array on one."""
    open_line, length = "", 0
    for line in lines:
        if open_line:
            length += 1
            if length > LONGEST_ARRAY or "Iter" in line or "MeanIU" in line:
                open_line = ""  # cut off
            else:
                open_line = f"{open_line} {line.strip()}"
                if "]" in line:
                    yield open_line
                    open_line = ""
                continue
        if re.search(r"\[\s*[\d.n][^\]]*$", line) and "Epoch" not in line:
            open_line, length = line, 0
        else:
            yield line


def _by_position(numbers: list[str]) -> dict[str, Figure]:
    """Return the IoU of classes that have no names but their positions."""
    return {str(i): figure(number) for i, number in enumerate(numbers)}


def _validation(miou: Figure, state: _State) -> Validation:
    return Validation(miou=miou, unit="fraction", step=state.epoch, classes_unit="fraction")


def _read_head(found: Found, state: _State, heads: int, text: str) -> None:
    array, _, mean = text.partition("]")
    numbers = _NUMBERS.findall(array)
    try:
        miou = figure(mean)
    except ValueError:  # cut off behind the array
        return
    classes = _by_position(numbers)
    if state.head is not None:
        found.note("several heads; the last one counts, the others are left out")
    state.head = replace(_validation(miou, state), classes=classes)
    state.heads, state.most_heads = heads, max(heads, state.most_heads)


def _read_classes(found: Found, state: _State, array: str) -> None:
    """Take the classes of the summary; the same as before mean that nothing was validated."""
    repeated = array == state.last_array and state.head is None
    state.last_array = array
    if repeated:
        found.note("summaries that repeat the last validation are not counted")
        state.summary = None
        return
    classes = _by_position(_NUMBERS.findall(array))
    assert state.summary is not None
    state.summary = replace(state.summary, classes=classes)
    _flush_summary(found, state)


def _flush_summary(found: Found, state: _State) -> None:
    if state.summary is None:
        return
    validation = state.summary
    if state.head is not None:  # the same figure with more digits
        validation, state.head = state.head, None
    state.summary = None
    _add(found, state, validation)


def _add(found: Found, state: _State, validation: Validation) -> None:
    if validation.step is not None:
        found.add(validation)
        return
    if state.early is not None:
        found.add(state.early)
    state.early = validation


def _read_epoch(found: Found, state: _State, match: re.Match[str]) -> None:
    _close_validation(found, state)
    epoch = int(match[1])
    if state.early is not None:
        # It came before the first line of this epoch, so that it is of the one before.
        found.add(replace(state.early, step=epoch - 1 if epoch else None))
        found.note(f"no epoch is printed before the first validation; epoch {epoch} follows it")
        state.early = None
    state.epoch = epoch
    found.at(epoch, int(match[2]))


def _close_validation(found: Found, state: _State) -> None:
    """Count heads that no summary follows: the log was cut there."""
    _flush_summary(found, state)
    if state.head is not None:
        if state.heads == state.most_heads:
            _add(found, state, state.head)
        else:
            found.note("the last validation is cut off before its last head, and not counted")
        state.head = None


def _close(found: Found, state: _State) -> None:
    _close_validation(found, state)
    if state.early is not None:
        found.add(state.early)
    if found.reached is None:  # test.py, or a log without its training
        found.step_unit = None
        found.finished = True if found.series else None
        return
    found.note("epochs count from 0")
    every = list(found.series.values())
    if found.planned is not None:
        ended = (
            found.reached + 1 >= found.planned and every and every[-1].last.step == found.reached
        )
        found.finished = state.done or bool(ended)
    highest = max((e.high for s in every for e in s.extremes.values()), default=0.0)
    if state.stated_best > highest + 1e-3:
        found.note(f"the log states a best of {state.stated_best}, of a validation not in it")


FORMAT = TextFormat("hrnet", (b"MeanIU:", b"Best_mIoU:", b"] Iter:["), read)
