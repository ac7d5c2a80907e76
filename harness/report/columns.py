"""The columns that a table can have: name, header, unit and digits as the paper prints them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


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
    """

    name: str
    header: str
    unit: str = ""
    suffix: str = ""
    digits: int = 0
    significant: int = 0
    figure: str | None = None

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
        Column(name="gflops", header="GFLOPs", unit="1e9 MACs", digits=1, figure="gflops"),
        Column(
            name="params",
            header="No. Parameters",
            unit="1e6",
            suffix="M",
            digits=2,
            figure="params_m",
        ),
        Column(
            name="delta_params",
            header="Δp",
            unit="1e6",
            suffix="M",
            digits=2,
            figure="delta_params_m",
        ),
        Column(name="fps", header="FPS", unit="1/s", digits=1, significant=3, figure="fps"),
        Column(
            name="fps_norm",
            header="FPS (norm.)",
            unit="1/s",
            digits=1,
            significant=3,
            figure="fps_norm",
        ),
        Column(name="miou", header="mIoU", unit="%", digits=1, figure="miou"),
    )
}
