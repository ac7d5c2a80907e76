"""From a published ratio and a measured one to a verdict; the package's docstring has the rules."""

from __future__ import annotations

from typing import Literal

from harness.report.ratio import Ratio
from harness.report.survival.published import Range

Verdict = Literal["reversed", "same order", "undecided", "survives"]
VERDICTS: tuple[Verdict, ...] = ("reversed", "same order", "undecided", "survives")
"""In the order of what a reader has to know first."""


def judge(published: Range, measured: Ratio, tolerance: float) -> Verdict:
    """Return what becomes of a published ratio.

    Args:
        published: What print allows of it.
        measured: The ratio on one device.
        tolerance: By which share a ratio may be another one and still survive.
    """
    if measured.ci95 is None:
        return "undecided"
    found, room = Range(*measured.ci95), published.widened(tolerance)
    if published.side and found.side == -published.side:
        return "reversed"
    if room.low <= found.low and found.high <= room.high:
        return "survives"
    outside = found.high < room.low or room.high < found.low
    if outside and published.side in (0, found.side):
        return "same order"
    return "undecided"


def could_survive(published: Range, measured: Ratio, tolerance: float) -> bool:
    """Return whether an interval as wide as the measured one fits into what survives, anywhere."""
    if measured.ci95 is None:
        return False
    found, room = Range(*measured.ci95), published.widened(tolerance)
    return found.high * room.low <= room.high * found.low  # ratios: only their quotient counts
