"""Rows with named columns, wherever they come from: which column is mIoU, step, split and class."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from harness.logs.choice import Split
from harness.logs.figure import Figure
from harness.logs.found import Found, StepUnit, Validation
from harness.logs.names import EPOCHS, ITERATIONS, class_of, is_iou, is_miou, split_of


@dataclass(frozen=True)
class MiouColumn:
    """A column of mIoU.

    Attributes:
        name: Its name, as the file has it.
        metric: Its name on one line.
        split: The split that its name says.
        classes: Columns of classes on the same split (or on none), by class.
    """

    name: str
    metric: str
    split: Split | None
    classes: Mapping[str, str]


@dataclass(frozen=True)
class Columns:
    """What the columns of a file are.

    Attributes:
        mious: Those of mIoU; where there is none, of an IoU that does not say of what.
        named: Whether those columns say that they are a mean.
        step: Column of the iteration, or else of the epoch.
        step_unit: What `step` counts.
        needed: Names of all these and of the classes.
    """

    mious: tuple[MiouColumn, ...]
    named: bool
    step: str | None
    step_unit: StepUnit | None
    needed: frozenset[str]


@lru_cache(maxsize=64)  # JSON lines have few kinds of rows
def columns_of(names: tuple[str, ...]) -> Columns:
    """Return what the columns called `names` are."""
    named = [name for name in names if is_miou(name)]
    by_last = {name.lower().split("/")[-1].strip(): name for name in reversed(names)}
    step = next((by_last[known] for known in ITERATIONS if known in by_last), None)
    epoch = next((by_last[known] for known in EPOCHS if known in by_last), None)
    classes = {name: of for name in names if (of := class_of(name))}
    mious = named or [name for name in names if is_iou(name)]
    unit: StepUnit | None = "iteration" if step else "epoch" if epoch else None
    steps = {name for name in (step or epoch,) if name}
    return Columns(
        tuple(_miou_column(name, classes) for name in mious),
        bool(named),
        step or epoch,
        unit,
        frozenset(steps.union(mious, classes)),
    )


def _miou_column(name: str, classes: Mapping[str, str]) -> MiouColumn:
    split = split_of(name)
    own = {of: column for column, of in classes.items() if split_of(column) in (split, None)}
    return MiouColumn(name, " ".join(name.split()), split, own)


def add_row(
    found: Found, columns: Columns, row: Mapping[str, Figure], percent: Collection[str] = ()
) -> None:
    """Count the validations of one row; a column that the row leaves empty has none.

    Args:
        percent: Columns whose numbers have a `%`.
    """
    raw = row.get(columns.step) if columns.step else None
    step = int(raw.value) if raw is not None and not raw.missing else None
    if step is not None:
        found.step_unit = columns.step_unit
        found.at(step)
    for column in columns.mious:
        miou = row.get(column.name)
        if miou is None:
            continue
        classes = {of: row[name] for of, name in column.classes.items() if name in row}
        in_percent = percent and any(column.classes[of] in percent for of in classes)
        found.add(
            Validation(
                miou=miou,
                unit="percent" if column.name in percent else None,
                step=step,
                classes=classes,
                classes_unit="percent" if in_percent else None,
                metric=column.metric,
                split=column.split,
            )
        )
    if found.series and not columns.named:
        found.note("the file says IoU, not of which classes; it is read as the mean")
