"""The columns that a table can have: name, header, unit and digits as the paper prints them.

`iou` stands for a column of each class of Cityscapes, of which one alone is `iou.traffic light`.
`NAME.reported` is the column of what was published beside our own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from harness.errors import BadRequest, did_you_mean

CLASSES: Mapping[str, str] = {
    "road": "road",
    "sidewalk": "s.walk",
    "building": "build.",
    "wall": "wall",
    "fence": "fence",
    "pole": "pole",
    "traffic light": "t.light",
    "traffic sign": "t.sign",
    "vegetation": "veg.",
    "terrain": "terr.",
    "sky": "sky",
    "person": "person",
    "rider": "rider",
    "car": "car",
    "truck": "truck",
    "bus": "bus",
    "train": "train",
    "motorcycle": "mbik",
    "bicycle": "bike",
}
"""The 19 classes of Cityscapes in its order, and their headers in the paper's Table III."""

IOU = "iou"
GPU = "gpu"
REPORTED = ".reported"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One kind of column.

    Attributes:
        name: Its name in definitions and JSON.
        header: What stands above it.
        unit: Unit of its values.
        suffix: What follows every figure in print.
        digits: Digits after the point of a figure of ours; reported ones keep their own.
        significant: Significant figures that a small one of ours has at least; 0 for no such rule.
        figure: Key of `ReportedRecord.figures`; null where the column holds text.
        better: Which figures are the better ones; null where that has no meaning.
        class_name: The class whose IoU it holds; null for every other column.
        published: Whether it holds the publication's figures even where there are our own.
    """

    name: str
    header: str
    unit: str = ""
    suffix: str = ""
    digits: int = 0
    significant: int = 0
    figure: str | None = None
    better: Literal["higher", "lower"] | None = None
    class_name: str | None = None
    published: bool = False

    def print(self, value: float) -> str:
        """Return `value` as printed, e.g. `2.85M`; an exact zero is `0M`, as in the paper."""
        if value == 0:
            return f"0{self.suffix}"
        digits = self.digits
        if self.significant and value:
            digits = max(digits, self.significant - 1 - math.floor(math.log10(abs(value))))
        rounded = round(value, digits) + 0.0  # + 0.0 turns -0.0 into 0.0
        return f"{rounded:.{digits}f}{self.suffix}"


COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        Column(name="method", header="Method"),
        Column(name="input_size", header="Input Size"),
        Column(name=GPU, header="GPU"),
        Column(
            name="gflops",
            header="GFLOPs",
            unit="1e9 MACs",
            digits=1,
            figure="gflops",
            better="lower",
        ),
        Column(
            name="params",
            header="No. Parameters",
            unit="1e6",
            suffix="M",
            digits=2,
            figure="params_m",
            better="lower",
        ),
        Column(
            name="delta_params",
            header="Δp",
            unit="1e6",
            suffix="M",
            digits=2,
            figure="delta_params_m",
            better="lower",
        ),
        Column(
            name="fps",
            header="FPS",
            unit="1/s",
            digits=1,
            significant=3,
            figure="fps",
            better="higher",
        ),
        Column(
            name="fps_norm",
            header="FPS (norm.)",
            unit="1/s",
            digits=1,
            significant=3,
            figure="fps_norm",
            better="higher",
        ),
        Column(name="miou", header="mIoU", unit="%", digits=1, figure="miou", better="higher"),
        *(
            Column(
                name=f"{IOU}.{name}",
                header=header,
                unit="%",
                digits=1,
                figure=f"{IOU}.{name}",
                better="higher",
                class_name=name,
            )
            for name, header in CLASSES.items()
        ),
    )
}


STAGE_COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        Column(name="stage", header="Stage"),
        Column(name="name", header="Name"),
        Column(name="type", header="Type"),
        Column(name="output_size", header="Output size"),
        Column(
            name="params", header="Parameters", unit="1e3", suffix="k", digits=1, figure="params"
        ),
        Column(name="macs", header="GMACs", unit="1e9 MACs", digits=2, figure="macs"),
    )
}
"""The columns of an architecture table."""


def named_columns(name: str, *, where: str) -> tuple[Column, ...]:
    """Return the columns that `name` stands for.

    Args:
        name: A column, `iou` for one of every class, or with `.reported` behind it a column that
            publications have too: one of figures, or `gpu`.
        where: Begins the message, `file:line`.

    Raises:
        BadRequest: If there is no such column.
    """
    base = name.removesuffix(REPORTED)
    if base == IOU:
        found = tuple(column for column in COLUMNS.values() if column.class_name)
    elif base in COLUMNS:
        found = (COLUMNS[base],)
    else:
        of_class = name.startswith(f"{IOU}.")
        known = [n for n, each in COLUMNS.items() if bool(each.class_name) == of_class]
        raise BadRequest(f"{where}: no column {name!r}{did_you_mean(name, [*known, IOU])}")
    if base == name:
        return found
    if found[0].figure is None and base != GPU:
        raise BadRequest(f"{where}: {REPORTED} must follow a column of figures or gpu, got {name}")
    return tuple(map(reported, found))


def stage_columns(name: str, *, where: str) -> tuple[Column, ...]:
    """Return the column of an architecture table, like `named_columns`."""
    if name not in STAGE_COLUMNS:
        raise BadRequest(f"{where}: no column {name!r}{did_you_mean(name, STAGE_COLUMNS)}")
    return (STAGE_COLUMNS[name],)


def reported(column: Column) -> Column:
    """Return the column that holds what was published in the place of `column`."""
    return replace(column, name=f"{column.name}{REPORTED}", published=True)


def with_reported(columns: Iterable[Column], of: Iterable[str]) -> tuple[Column, ...]:
    """Return `columns` with the published ones behind each of those named in `of`."""
    named, found = set(of), list(columns)
    present = {column.name for column in found}
    return tuple(
        each
        for column in found
        for each in (column, reported(column))
        if each is column or (column.name in named and each.name not in present)
    )
