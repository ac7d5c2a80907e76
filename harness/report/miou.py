"""Accuracy in a table: which training logs a row's mIoU comes from, and what must be said of it.

A log goes before a publication. Of several logs of one network (seeds) the newest counts, or their
mean. A log of another set than the table's is another figure and does not count.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.errors import BadRequest, did_you_mean
from harness.logged_record import LoggedRecord, Score
from harness.report.model import LOGGED_MARK
from harness.report.rows import RowRecords

Choice = Literal["newest", "mean", "reported"]
CHOICES: tuple[Choice, ...] = ("newest", "mean", "reported")


@dataclass(frozen=True)
class Accuracies:
    """The logs behind the columns mIoU and IoU.

    Attributes:
        logs: The logs of each row that has any, by the row's position: one, or all that a mean is
            taken over.
        warnings: What was left out, a line each.
    """

    logs: Mapping[int, tuple[LoggedRecord, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Accuracy:
    """A figure out of logs, in percent, with the standard deviation over them (null for one)."""

    value: float
    deviation: float | None


def accuracy_choice(name: str) -> Choice:
    """Return the choice that the flag `--miou` makes.

    Raises:
        BadRequest: If it is none.
    """
    for known in CHOICES:
        if name == known:
            return known
    raise BadRequest(f"--miou: no such choice {name!r}{did_you_mean(name, CHOICES)}")


def choose_accuracies(
    rows: Sequence[RowRecords], choice: Choice, *, split: Literal["val", "test"]
) -> Accuracies:
    """Return the logs that count in a table of mIoU on `split`."""
    if choice == "reported":
        return Accuracies()
    logs, warnings = {}, []
    for position, row in enumerate(rows):
        fitting = [log for log in row.logged if log.reading.split in (split, None)]
        others = len(row.logged) - len(fitting)
        if others:
            warnings.append(
                f"{row.row.variant}: {_logs(others)} of another set than {split} left out "
                "(key `split` of the definition)"
            )
        if not fitting:
            continue
        logs[position] = _counting(fitting, choice)
        if choice == "newest" and len(fitting) > 1:
            warnings.append(
                f"{row.row.variant}: the newest of {_logs(len(fitting))} counts; "
                "`--miou mean` prints their mean"
            )
    return Accuracies(logs, tuple(dict.fromkeys(warnings)))


def _counting(logs: Sequence[LoggedRecord], choice: Choice) -> tuple[LoggedRecord, ...]:
    """Return the newest log, or of every file the newest record, all used as the newest one is.

    A mean over the best of one run and the end of another would be of neither.
    """
    if choice == "newest":
        return (logs[-1],)
    alike = {log.file_sha256: log for log in logs if log.use == logs[-1].use}
    return tuple(alike.values())


def _logs(count: int) -> str:
    return f"{count} log{'s' * (count != 1)}"


def accuracy(logs: Sequence[LoggedRecord], class_name: str | None = None) -> Accuracy | None:
    """Return the mean of `logs` in percent: of mIoU, or of the IoU of one class.

    Null where one of the logs lacks the class.
    """
    values = []
    for log in logs:
        value = log.miou if class_name is None else _class_iou(used(log), class_name)
        if value is None:
            return None
        values.append(100 * value)
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Accuracy(math.fsum(values) / len(values), deviation)


def used(log: LoggedRecord) -> Score:
    """Return the validation that the record's mIoU is of."""
    return log.reading.best if log.use == "best" else log.reading.final


def _class_iou(score: Score, class_name: str) -> float | None:
    """Return a class's IoU, whichever way the log spells its name: `traffic_light` too."""
    found = {_plain(name): value for name, value in (score.per_class_iou or {}).items()}
    return found.get(_plain(class_name))


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ").replace("-", " ").strip()


def accuracy_notes(rows: Sequence[RowRecords], found: Accuracies) -> list[str]:
    """Return the footnotes of the columns: which validation of which log, and on what."""
    if not found.logs:
        return []
    groups: dict[tuple[str, str, bool], list[int]] = defaultdict(list)
    for position, logs in found.logs.items():
        newest = logs[-1]
        groups[newest.use, newest.reading.split or "", len(logs) > 1].append(position)
    notes = []
    for (use, split, several), positions in groups.items():
        which = {"best": "best validation, chosen by its result", "final": "last validation"}[use]
        of = f"mean ± standard deviation over {_counts(found, positions)} logs, of each the "
        text = f"{LOGGED_MARK} mIoU: {of if several else ''}{which} of a training log"
        text += f", on {split}" if split else ", on a set that the log does not name"
        if len(groups) > 1:
            text += f": {', '.join(rows[p].label for p in positions)}"
        notes.append(f"{text}.")
    unfinished = [
        rows[p].label
        for p, logs in found.logs.items()
        if any(log.reading.finished is False for log in logs)
    ]
    if unfinished:
        notes.append(f"mIoU of a run that had not finished: {', '.join(unfinished)}.")
    return notes


def _counts(found: Accuracies, positions: Sequence[int]) -> str:
    counts = [len(found.logs[p]) for p in positions]
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"
