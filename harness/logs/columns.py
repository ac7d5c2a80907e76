"""Rows with named columns, wherever they come from: which column is mIoU, step, split and class."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from harness.logs.figure import Figure
from harness.logs.found import Found, StepUnit, Validation
from harness.logs.names import EPOCHS, ITERATIONS, class_of, is_iou, is_miou, split_of


@dataclass(frozen=True)
class Columns:
    """What the columns of a file are.

    Attributes:
        mious: Columns of mIoU; where there is none, of an IoU that does not say of what.
        named: Whether those columns say that they are a mean.
        step: Column of the iteration, or else of the epoch.
        step_unit: What `step` counts.
        classes: Columns of a class's IoU, with the class.
    """

    mious: tuple[str, ...]
    named: bool
    step: str | None
    step_unit: StepUnit | None
    classes: Mapping[str, str]


@lru_cache(maxsize=64)  # JSON lines have few kinds of rows
def columns_of(names: tuple[str, ...]) -> Columns:
    """Return what the columns called `names` are."""
    mious = tuple(name for name in names if is_miou(name))
    by_last = {name.lower().split("/")[-1].strip(): name for name in reversed(names)}
    step = next((by_last[known] for known in ITERATIONS if known in by_last), None)
    epoch = next((by_last[known] for known in EPOCHS if known in by_last), None)
    unit: StepUnit | None = "iteration" if step else "epoch" if epoch else None
    classes = {name: found for name in names if (found := class_of(name))}
    return Columns(
        mious or tuple(name for name in names if is_iou(name)),
        bool(mious),
        step or epoch,
        unit,
        classes,
    )


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
        found.reached = max(step, found.reached or 0)
    for name in columns.mious:
        miou = row.get(name)
        if miou is None:
            continue
        split = split_of(name)
        classes = {
            of: column
            for column, of in columns.classes.items()
            if column in row and split_of(column) in (split, None)
        }
        found.add(
            Validation(
                miou=miou,
                unit="percent" if name in percent else None,
                step=step,
                classes={of: row[column] for of, column in classes.items()},
                classes_unit="percent" if any(c in percent for c in classes.values()) else None,
                metric=" ".join(name.split()),
                split=split,
            )
        )
    if found.series and not columns.named:
        found.note("the file says IoU, not of which classes; it is read as the mean")
