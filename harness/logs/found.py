"""What a reader finds in a log, in memory that does not grow with the number of validations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.logs.choice import Split, Unit
from harness.logs.figure import Figure

StepUnit = Literal["iteration", "epoch"]
METRIC = "mIoU"  # the name of a figure where a format has but one
MOST_SERIES = 1000  # a log with more named figures or runs than this is no log of mIoU
MOST_CLASSES = 2000  # the data set with the most classes has 1203 (LVIS)


@dataclass(frozen=True, kw_only=True)
class Validation:
    """One validation as the log has it.

    Attributes:
        miou: As printed.
        unit: Unit of `miou` as the format or a `%` sign says; null where nothing does.
        step: Iteration or epoch.
        classes: IoU by class, as printed.
        classes_unit: Unit of `classes`.
        metric: Name of the figure.
        split: What was validated on; null where the log does not tell.
    """

    miou: Figure
    unit: Unit | None
    step: int | None = None
    classes: Mapping[str, Figure] = field(default_factory=dict)
    classes_unit: Unit | None = None
    metric: str = METRIC
    split: Split | None = "val"


@dataclass
class Extremes:
    """The lowest and the highest mIoU of the validations that say one unit, or none.

    Attributes:
        low: As printed.
        high: As printed.
        best: The validation of `high`, the earliest of equals.
        place: Its position among all validations.
    """

    low: float
    high: float
    best: Validation
    place: int


class Series:
    """All validations of one metric on one split in one run: their number, ends and extremes."""

    def __init__(self, first: Validation) -> None:
        self.metric, self.split = first.metric, first.split
        self.count = self.missing = 0
        self.extremes: dict[Unit | None, Extremes] = {}
        self.last = first
        self.add(first)

    def add(self, validation: Validation) -> None:
        self.count += 1
        self.last = validation
        if validation.miou.missing:
            self.missing += 1
            return
        value = validation.miou.value
        known = self.extremes.get(validation.unit)
        if known is None:
            self.extremes[validation.unit] = Extremes(value, value, validation, self.count)
            return
        known.low = min(known.low, value)
        if value > known.high:
            known.high, known.best, known.place = value, validation, self.count


@dataclass(kw_only=True)
class Found:
    """What one log holds.

    Attributes:
        series: By metric, split and run, in order of appearance.
        step_unit: What the steps count.
        reached: Last step that the log tells of.
        planned: Number of steps that the run was to have.
        finished: Whether the run ended as planned, where the log says so in another way.
        preferred: Metrics in the order in which the format's own convention reads them; one of
            them is read, if it is there, without asking.
        notes: What was ambiguous or assumed.
        nothing: Why there is no mIoU, for the message; empty where there is no more to say.
    """

    series: dict[tuple[str, Split | None, int], Series] = field(default_factory=dict)
    step_unit: StepUnit | None = None
    reached: int | None = None
    planned: int | None = None
    finished: bool | None = None
    preferred: Sequence[str] = ()
    notes: list[str] = field(default_factory=list)
    nothing: str = ""
    _run: dict[tuple[str, Split | None], int] = field(default_factory=dict)

    def add(self, validation: Validation) -> None:
        """Count a validation; one whose step lies before the last one's begins another run."""
        name, split = validation.metric, validation.split
        run = self._run.get((name, split), 1)
        known = self.series.get((name, split, run))
        if known is not None and not _goes_back(known.last, validation):
            known.add(validation)
            return
        if known is not None:
            run = self._run[name, split] = run + 1
        if len(self.series) < MOST_SERIES:
            self._run[name, split] = run
            self.series[name, split, run] = Series(validation)

    def skip(self, metric: str, split: Split | None, count: int) -> None:
        """Count validations that follow the last one, and are in no way more than others."""
        self.series[metric, split, self._run.get((metric, split), 1)].count += count

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self.notes:
            self.notes.append(text)

    def at(self, step: int, planned: int | None = None) -> None:
        """Note that the run got to `step`."""
        self.reached = step
        if planned is not None:
            self.planned = planned


def add_class(classes: dict[str, Figure], name: str, iou: Figure) -> None:
    """Add a class, unless what a reader takes for classes is something else without an end."""
    if len(classes) < MOST_CLASSES:
        classes[name] = iou


def _goes_back(before: Validation, after: Validation) -> bool:
    return before.step is not None and after.step is not None and after.step < before.step
