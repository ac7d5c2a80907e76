"""Statistics of timed passes: percentiles, and an interval that survives correlated passes.

Passes that follow each other are not independent: clocks drift, heat builds up, neighbours come
and go. An interval computed from single passes as if they were is too narrow. The method of batch
means takes consecutive blocks long enough that their means are nearly independent, and applies
Student's t to those; 10 to 30 blocks are the usual advice, since more buy little width and
shorten the blocks (Schmeiser, Operations Research 30(3), 1982).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.records import Latency

MAX_BLOCKS = 30

# Student's t, two-sided 95% (quantile 0.975), for 1, 2, ... degrees of freedom.
T_95 = (
    *(12.70620, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.30600, 2.26216, 2.22814),
    *(2.20099, 2.17881, 2.16037, 2.14479, 2.13145, 2.11991, 2.10982, 2.10092, 2.09302, 2.08596),
    *(2.07961, 2.07387, 2.06866, 2.06390, 2.05954, 2.05553, 2.05183, 2.04841, 2.04523),
)


def block_size_for(passes: int) -> int:
    """Return the passes in a block: the fewest that make no more than 30 blocks.

    From 30 passes on that gives 15 to 30 blocks; below, every pass is a block, and nothing guards
    against correlation (`harness.timing.stability` says so).
    """
    return max(1, math.ceil(passes / MAX_BLOCKS))


def block_means(values: Sequence[float], size: int) -> tuple[float, ...]:
    """Return the means of consecutive blocks of `size` values, without a last, partial one."""
    starts = range(0, len(values) - size + 1, size)
    return tuple(math.fsum(values[start : start + size]) / size for start in starts)


def fps_interval(fps: float, block_means_s: Sequence[float]) -> tuple[float, float] | None:
    """Return the 95% confidence interval of `fps`, from the mean seconds of blocks of passes.

    A rate is the inverse of the mean seconds per pass, and for small errors both have the same
    relative error (delta method); so the interval is `fps` plus and minus its relative half-width,
    cut off at 0.

    Returns:
        Lower and upper end, or None below two blocks.
    """
    blocks = len(block_means_s)
    if blocks < 2:
        return None
    mean = math.fsum(block_means_s) / blocks
    variance = math.fsum((value - mean) ** 2 for value in block_means_s) / (blocks - 1)
    half_width = T_95[blocks - 2] * math.sqrt(variance / blocks) / mean
    return max(0.0, fps * (1 - half_width)), fps * (1 + half_width)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return a percentile of values in ascending order.

    Linear between the two nearest ranks, rank 0 being the smallest value and rank n - 1 the
    largest (numpy's default rule).
    """
    rank = (len(ordered) - 1) * percent / 100
    below = math.floor(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (rank - below)


def latency(pass_s: Sequence[float]) -> Latency:
    """Return the distribution of the passes."""
    ordered = sorted(pass_s)
    return Latency(
        mean=math.fsum(ordered) / len(ordered),
        min=ordered[0],
        p50=percentile(ordered, 50),
        p90=percentile(ordered, 90),
        p95=percentile(ordered, 95),
        p99=percentile(ordered, 99),
        max=ordered[-1],
    )
