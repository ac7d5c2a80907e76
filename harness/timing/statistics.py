"""Statistics of timed passes: percentiles, and an interval that survives correlated passes.

Passes that follow each other are not independent: clocks drift, heat builds up, neighbours come
and go. An interval computed from single passes as if they were is too narrow. The method of batch
means takes consecutive blocks long enough that their means are nearly independent, and applies
Student's t to those; 10 to 30 blocks are the usual advice, since more buy little width and
shorten the blocks (Schmeiser, Operations Research 30(3), 1982).

Blocks of one process still share what that process was dealt: its place in memory, the algorithms
that cuDNN chose, the minute that it ran in. So the passes are shared among fresh processes, and the
interval is the wider of two: that of the blocks, and that of the processes' means.

In simulations (tests/timing/test_statistics.py) it holds the truth in 94 to 98 of 100 timings from
three rounds on, whether passes are correlated or rounds differ, and is on average 2.0 times as wide
as if all passes were independent with 3 rounds, 1.4 times with 5, 1.15 times with 10. With one
round or two nothing can show how processes differ, and the interval is that of these alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.student_t import t_95
from harness.timing_records import Latency

MAX_BLOCKS = 30
FEWEST_ROUNDS = 3  # whose means give an interval; two give one 13 times their spread


def block_size_for(passes: int) -> int:
    """Return the passes in a block: the fewest that make no more than 30 blocks.

    From 30 passes on that gives 15 to 30 blocks; below, every pass is a block, and nothing guards
    against correlation (`harness.timing.stability` says so).
    """
    return max(1, math.ceil(passes / MAX_BLOCKS))


def blocks_of(rounds: Sequence[Sequence[float]]) -> tuple[int, tuple[float, ...]]:
    """Return the block size and the block means of all rounds; no block spans two of them.

    A round shorter than a block is one.
    """
    size, blocks = _blocks(rounds)
    return size, tuple(math.fsum(block) / len(block) for block in blocks)


def _blocks(rounds: Sequence[Sequence[float]]) -> tuple[int, list[Sequence[float]]]:
    size = min(block_size_for(sum(map(len, rounds))), max(map(len, rounds)))
    shortest = min((len(values) for values in rounds if len(values) >= size), default=size)
    size = shortest // (shortest // size)  # as many blocks a round, and no passes left over
    return size, [
        values[start : start + size]
        for values in rounds
        for start in range(0, max(1, len(values) - size + 1), size)
    ]


def relative_half_width(rounds: Sequence[Sequence[float]]) -> float | None:
    """Return the half-width of the 95% interval of the rate, relative to it.

    Args:
        rounds: The passes of each process, in seconds; none of them empty.

    Returns:
        The wider of the interval from blocks and, from three rounds on, the one from the rounds;
        None below two blocks.
    """
    _, blocks = _blocks(rounds)
    if len(blocks) < 2:
        return None
    whole = _whole(rounds)
    width = ratio_half_width(blocks)
    return max(width, ratio_half_width(whole)) if len(whole) >= FEWEST_ROUNDS else width


def _whole(rounds: Sequence[Sequence[float]]) -> list[Sequence[float]]:
    """Return the rounds but those that Ctrl-C cut short: of few passes and of little time.

    A slow round has few passes within its budget, and a fast one takes little time for its passes;
    both say how processes differ.
    """
    fewest = sum(map(len, rounds)) / len(rounds) / 2
    least_s = math.fsum(map(math.fsum, rounds)) / len(rounds) / 2
    return [values for values in rounds if len(values) >= fewest or math.fsum(values) >= least_s]


def ratio_half_width(groups: Sequence[Sequence[float]]) -> float:
    """Return Student's 95% half-width of passes over seconds, relative to that rate.

    Groups may be of unlike size: each is judged by how many passes more it has than the common
    rate gives its seconds (the variance of a ratio of two means; Cochran, Sampling Techniques,
    1977, chapter 6). Of groups of one size it is Student's interval of their means.

    Args:
        groups: Seconds of the passes of each group; at least two groups.
    """
    counts = [len(group) for group in groups]
    seconds = [math.fsum(group) for group in groups]
    rate = sum(counts) / math.fsum(seconds)
    residuals = (count - rate * s for count, s in zip(counts, seconds, strict=True))
    freedom = len(groups) - 1
    variance = len(groups) / freedom * math.fsum(residual**2 for residual in residuals)
    return t_95(freedom) * math.sqrt(variance) / sum(counts)


def fps_interval(fps: float, half_width: float | None) -> tuple[float, float] | None:
    """Return the 95% confidence interval of `fps`, cut off at 0.

    A rate is the inverse of the mean seconds per pass, and for small errors both have the same
    relative error (delta method).

    Args:
        fps: Frames per second.
        half_width: From `relative_half_width`; None gives None.
    """
    if half_width is None:
        return None
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
