"""The least time that a pass could take on a device: a ledger held against two measured rates.

An operator multiplies, and it moves what it reads and writes between memory and processor. On a
device of so many multiply-accumulates and so many bytes per second, it cannot be done before the
slower of the two is (Williams, Waterman and Patterson, "Roofline", 2009). Summed over a ledger,
that is the least time of a network whose operators run one after the other, each by itself.

What the sum cannot see: a backend that fuses operators saves the traffic between them, and a tensor
that is still in a cache moves faster than memory does. Either may undercut the sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.conventions import conv
from harness.row import Row
from harness.timing_records import Limits
from harness.traffic import traffic

BYTES_PER_ELEMENT: Mapping[str, int] = {"fp32": 4, "tf32": 4, "fp16": 2, "bf16": 2}


@dataclass(frozen=True, kw_only=True)
class Work:
    """What some operators do, and the least seconds that it takes.

    Attributes:
        macs: Multiply-accumulates, by the convention `conv`.
        bytes: Traffic: inputs, weights and outputs.
        limit_s: Sum over the operators of the larger of arithmetic and traffic, in seconds.
    """

    macs: int = 0
    bytes: int = 0
    limit_s: float = 0.0


def limits_of(
    rows: Iterable[Row],
    macs_per_s: float,
    bytes_per_s: float,
    bytes_per_element: int,
    pass_s: float,
) -> Limits:
    """Return the least time of a pass beside its measured one.

    Args:
        rows: Of the ledger at the input that was timed, batch included.
        macs_per_s: What the device does at best, as `bytes_per_s` (`harness.timing.limits`).
        bytes_per_element: Of activations and weights; see `BYTES_PER_ELEMENT`.
        pass_s: Measured seconds per pass.
    """
    total = _work(rows, macs_per_s, bytes_per_s, bytes_per_element)
    return Limits(
        macs_per_s=macs_per_s,
        bytes_per_s=bytes_per_s,
        arithmetic_s=total.macs / macs_per_s,
        memory_s=total.bytes / bytes_per_s,
        roofline_s=total.limit_s,
        share=total.limit_s / pass_s,
    )


def work_by_path(
    rows: Iterable[Row], macs_per_s: float, bytes_per_s: float, bytes_per_element: int
) -> dict[str, Work]:
    """Return what each module's own operators do, without the modules below it, by path."""
    own: dict[str, list[Row]] = {}
    for row in rows:
        own.setdefault(row.path, []).append(row)
    return {
        path: _work(rows, macs_per_s, bytes_per_s, bytes_per_element) for path, rows in own.items()
    }


def _work(
    rows: Iterable[Row], macs_per_s: float, bytes_per_s: float, bytes_per_element: int
) -> Work:
    pairs = [(conv(row), traffic(row) * bytes_per_element) for row in rows]
    return Work(
        macs=sum(macs for macs, _ in pairs),
        bytes=sum(moved for _, moved in pairs),
        limit_s=math.fsum(max(macs / macs_per_s, moved / bytes_per_s) for macs, moved in pairs),
    )
