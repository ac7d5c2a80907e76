"""What a reader finds in a log, in memory that does not grow with the number of validations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.logs.choice import Split, Unit
from harness.logs.figure import Figure

StepUnit = Literal["iteration", "epoch"]
METRIC = "mIoU"  # the name of a figure where a format has but one
MOST_SERIES = 1000  # a log with more named figures than this is no log of mIoU


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


class Series:
    """All validations of one metric on one split in one run: their number, ends and extremes."""

    def __init__(self, first: Validation) -> None:
        self.metric, self.split = first.metric, first.split
        self.count = self.missing = 0
        self.units: set[Unit | None] = set()
        self.low, self.high = float("inf"), float("-inf")
        self.first = self.last = first
        self.best: Validation | None = None
        self.add(first)

    def add(self, validation: Validation) -> None:
        self.count += 1
        self.units.add(validation.unit)
        self.last = validation
        if validation.miou.missing:
            self.missing += 1
            return
        value = validation.miou.value
        self.low, self.high = min(self.low, value), max(self.high, value)
        if self.best is None or _rank(validation) > _rank(self.best):
            self.best = validation


def _rank(validation: Validation) -> float:
    return validation.miou.value / (100 if validation.unit == "percent" else 1)


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
        name = (validation.metric, validation.split)
        if name not in self._run and len(self._run) == MOST_SERIES:
            return
        run = self._run.setdefault(name, 1)
        key = (validation.metric, validation.split, run)
        known = self.series.get(key)
        if known is not None and _goes_back(known.last, validation):
            self._run[name] = run + 1
            key = (validation.metric, validation.split, run + 1)
            known = None
        if known is None:
            self.series[key] = Series(validation)
        else:
            known.add(validation)

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self.notes:
            self.notes.append(text)

    def at(self, step: int, planned: int | None = None) -> None:
        """Note that the run got to `step`."""
        self.reached = step
        if planned is not None:
            self.planned = planned

    def all_series(self) -> Iterable[Series]:
        return self.series.values()


def _goes_back(before: Validation, after: Validation) -> bool:
    return before.step is not None and after.step is not None and after.step < before.step
