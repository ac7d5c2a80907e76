"""Accuracy in a table: which training logs a row's mIoU comes from, and what must be said of it.

A log goes before a publication. Of several logs of one network (seeds) the newest counts, or their
mean. A log of another set than the table's is another figure and does not count.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.logged_record import LoggedRecord, Score
from harness.report.definition import Definition
from harness.report.input_shape import Shape
from harness.report.model import LOGGED_MARK, NO_FIGURE, Table
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


def choose_accuracies(
    rows: Sequence[RowRecords], choice: Choice, definition: Definition
) -> Accuracies:
    """Return the logs that count in a table.

    A log names no input size: where the table has its network at several, nobody knows which of
    the rows it belongs to, and it is left out.
    """
    if choice == "reported":
        return Accuracies()
    split = definition.split
    shapes: dict[str, set[Shape]] = defaultdict(set)
    for each in definition.rows:
        for name in each.names:
            shapes[name].add(definition.shape_of(each))
    logs, warnings = {}, []
    for position, row in enumerate(rows):
        if row.logged and any(len(shapes[name]) > 1 for name in row.row.names):
            warnings.append(
                f"{row.row.variant}: {_logs(len(row.logged))} left out; the table has it at "
                "several input sizes, and a log names none"
            )
            continue
        if row.unlike_logs:
            warnings.append(
                f"{row.row.variant}: {_logs(row.unlike_logs)} of another spec than its newest "
                "record left out"
            )
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
        alike = _counting(fitting, "mean")
        if choice == "newest" and len(alike) > 1:
            warnings.append(
                f"{row.row.variant}: the newest of {_logs(len(alike))} counts; "
                "`harness table --miou mean` prints their mean"
            )
    return Accuracies(logs, tuple(dict.fromkeys(warnings)))


def _counting(logs: Sequence[LoggedRecord], choice: Choice) -> tuple[LoggedRecord, ...]:
    """Return the newest log, or of every file the newest record, all used as the newest one is.

    A mean over the best of one run and the end of another would be of neither.
    """
    if choice == "newest":
        return (logs[-1],)
    alike: dict[str, LoggedRecord] = {}
    for log in logs:
        if log.use == logs[-1].use:
            alike.pop(log.file_sha256, None)  # so that the order stays that of the records
            alike[log.file_sha256] = log
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
    if len(values) == 1:
        return Accuracy(values[0], None)
    return Accuracy(statistics.fmean(values), statistics.stdev(values))


def used(log: LoggedRecord) -> Score:
    """Return the validation that the record's mIoU is of."""
    return log.reading.best if log.use == "best" else log.reading.final


def _class_iou(score: Score, class_name: str) -> float | None:
    """Return a class's IoU, however the log spells its name (`traffic_light`, `trafficlight`)."""
    by_class = score.per_class_iou or {}
    if class_name in by_class:
        return by_class[class_name]
    found = {_plain(name): value for name, value in by_class.items()}
    return found.get(_plain(class_name))


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def accuracy_notes(rows: Sequence[RowRecords], found: Accuracies, table: Table) -> list[str]:
    """Return the footnotes of the columns: which validation of which log, and on what."""
    if not found.logs:
        return []
    groups: dict[tuple[str, str, bool], list[int]] = defaultdict(list)
    for position, logs in found.logs.items():
        newest = logs[-1]
        split = "" if any(log.reading.split is None for log in logs) else newest.reading.split
        groups[newest.use, split or "", len(logs) > 1].append(position)
    notes = []
    for (use, on, several), positions in groups.items():
        which = {"best": "best", "final": "last"}[use]
        chosen = ", chosen by its result" if use == "best" else ""
        of = f"mean ± standard deviation over {_counts(found, positions)} logs, of each the "
        text = f"{LOGGED_MARK} mIoU: {of if several else ''}{which} validation of a training log"
        text += chosen
        text += f", on {on}" if on else ", on a set that the log does not name"
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
    classes = [i for i, column in enumerate(table.columns) if column.class_name]
    if any(table.rows[p].cells[i].kind == "absent" for p in found.logs for i in classes):
        notes.append(f"{NO_FIGURE} in a class: the log lists no IoU of it.")
    return notes


def _counts(found: Accuracies, positions: Sequence[int]) -> str:
    counts = [len(found.logs[p]) for p in positions]
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"
