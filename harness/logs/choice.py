"""What a user decides where a log allows several answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["fraction", "percent"]
Split = Literal["val", "test"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Flags of `harness log`; null leaves a question to the log.

    Attributes:
        metric: Name of a column, key, tag, head or network.
        split: What was validated on.
        unit: Unit of mIoU in a log that does not say.
        run: Which run of a log that holds several, from 1.
    """

    metric: str | None = None
    split: Split | None = None
    unit: Unit | None = None
    run: int | None = None
