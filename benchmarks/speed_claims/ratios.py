"""Ratios of two speeds, taken so that drift cancels, and what they say."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

HEADING = f"{'ratio':<28}{'min':>9}{'median':>9}{'max':>9}   95% of the median"


class Verdict(NamedTuple):
    """Whether a claim held, and the sentence that says why."""

    passed: bool
    text: str


@dataclass(frozen=True)
class Ratios:
    """Ratios of one run, each from measurements that lie beside each other in time."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% confidence interval of the median; None below six ratios."""
        return median_interval(self.values)

    def row(self, name: str) -> str:
        """Return one line under `HEADING`."""
        interval = self.interval
        between = "-" if interval is None else f"{interval[0]:.4f} to {interval[1]:.4f}"
        low, high = min(self.values), max(self.values)
        return f"{name:<28}{low:9.4f}{self.median:9.4f}{high:9.4f}   {between}"


def median_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return a 95% confidence interval of the median, whatever the distribution.

    The number of values below the true median is binomial(n, 1/2), so the k-th smallest and the
    k-th largest enclose it with probability 1 - 2 P(fewer than k below). The largest such k is
    taken; below six values even the extremes are too few, and there is None.
    """
    ordered, count = sorted(values), len(values)
    rank, outside = 0, 0.0
    while rank < count:
        outside += 2 * math.comb(count, rank) / 2**count
        if outside > 0.05:
            break
        rank += 1
    return (ordered[rank - 1], ordered[count - rank]) if rank else None


def abba(
    first: Callable[[], float], second: Callable[[], float], repetitions: int
) -> tuple[float, ...]:
    """Return how many times as fast as `second` `first` is, once a repetition.

    A repetition is first, second, second, first, and the next one the other way round: a linear
    drift adds as much to the one as to the other, and neither always has the same neighbour.

    Args:
        first: Runs a block of passes and returns its seconds.
        second: Likewise, of as many passes.
        repetitions: Four blocks each.
    """
    ratios = []
    for number in range(repetitions):
        order = (0, 1, 1, 0) if number % 2 == 0 else (1, 0, 0, 1)
        seconds = [0.0, 0.0]
        for side in order:
            seconds[side] += (first, second)[side]()
        ratios.append(seconds[1] / seconds[0])
    return tuple(ratios)
