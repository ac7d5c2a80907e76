"""Percentiles agree with numpy, the t table with the density, the interval with its promise."""

import math
import random

import numpy as np
import pytest

from harness.timing.statistics import (
    MAX_BLOCKS,
    T_95,
    block_means,
    block_size_for,
    fps_interval,
    latency,
    percentile,
)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 99, 100, 101])
@pytest.mark.parametrize("percent", [0, 5, 50, 90, 95, 99, 100])
def test_percentiles_are_numpys(count: int, percent: int) -> None:
    chance = random.Random(count)
    values = sorted(chance.random() for _ in range(count))
    assert percentile(values, percent) == pytest.approx(np.percentile(values, percent), rel=1e-12)


def test_latency_describes_the_passes_in_any_order() -> None:
    result = latency([0.4, 0.1, 0.3, 0.2])
    assert (result.min, result.max, result.p50) == (0.1, 0.4, pytest.approx(0.25))
    assert result.mean == pytest.approx(0.25)
    assert result.p90 == pytest.approx(0.37)  # rank 2.7: 0.3 + 0.7 * 0.1
    assert result.p95 == pytest.approx(0.385)  # rank 2.85
    assert result.p99 == pytest.approx(0.397)  # rank 2.97


@pytest.mark.parametrize("freedom", range(1, MAX_BLOCKS))
def test_the_t_table_leaves_2_5_percent_above_each_value(freedom: int) -> None:
    # Integrates Student's density from 0 to the value by Simpson's rule; 0.475 must lie there.
    log_scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    scale = math.exp(log_scale) / math.sqrt(freedom * math.pi)
    steps = 2_000
    x = np.linspace(0, T_95[freedom - 1], steps + 1)
    density = scale * (1 + x**2 / freedom) ** (-(freedom + 1) / 2)
    weights = np.array([1, *[4, 2] * (steps // 2 - 1), 4, 1])
    inside = float(weights @ density) * T_95[freedom - 1] / steps / 3
    assert inside == pytest.approx(0.475, abs=4e-7)  # what five decimals leave open


@pytest.mark.parametrize(
    ("passes", "size", "blocks"),
    [(1, 1, 1), (5, 1, 5), (30, 1, 30), (31, 2, 15), (60, 2, 30), (61, 3, 20), (10_000, 334, 29)],
)
def test_there_are_at_most_30_blocks_and_from_30_passes_on_at_least_15(
    passes: int, size: int, blocks: int
) -> None:
    assert block_size_for(passes) == size
    assert len(block_means([1.0] * passes, size)) == blocks


def test_no_number_of_passes_makes_too_many_or_too_few_blocks() -> None:
    for passes in range(30, 2_000):
        assert 15 <= passes // block_size_for(passes) <= MAX_BLOCKS


def test_block_means_are_consecutive_and_leave_out_the_rest() -> None:
    assert block_means([1.0, 3.0, 5.0, 7.0, 100.0], 2) == (2.0, 6.0)


def test_below_two_blocks_there_is_no_interval() -> None:
    assert fps_interval(10.0, []) is None
    assert fps_interval(10.0, [0.1]) is None


def test_the_interval_is_students_around_the_rate() -> None:
    # Means 0.18, 0.20, 0.22 s: standard deviation 0.02, a tenth of the mean; the mean's relative
    # error is 0.1 / sqrt(3), and t(2) = 4.30265.
    half = 4.30265 * 0.1 / math.sqrt(3)
    assert fps_interval(5.0, [0.18, 0.20, 0.22]) == pytest.approx((5 * (1 - half), 5 * (1 + half)))


def test_equal_blocks_have_an_interval_without_width() -> None:
    assert fps_interval(4.0, [0.25, 0.25, 0.25]) == (4.0, 4.0)


def test_the_interval_does_not_go_below_zero() -> None:
    interval = fps_interval(1.0, [0.1, 10.0])
    assert interval is not None
    assert interval[0] == 0.0
    assert math.isfinite(interval[1])


def correlated_passes(seed: int) -> list[float]:
    """Return 3,000 passes of 1 s on average, each with 0.9 of the deviation of the one before."""
    chance = random.Random(seed)
    deviation, values = 0.0, []
    for _ in range(3_000):
        deviation = 0.9 * deviation + chance.gauss(0, 0.01)
        values.append(1 + deviation)
    return values


def runs_whose_interval_holds_the_truth(size: int) -> int:
    """Return how many of 200 intervals from blocks of `size` passes hold the true rate, 1."""
    held = 0
    for seed in range(200):
        values = correlated_passes(seed)[: size * MAX_BLOCKS]
        interval = fps_interval(len(values) / math.fsum(values), block_means(values, size))
        assert interval is not None
        held += interval[0] <= 1 <= interval[1]
    return held


def test_blocks_keep_the_promise_of_95_percent_where_single_passes_break_it() -> None:
    assert runs_whose_interval_holds_the_truth(block_size_for(3_000)) >= 180
    assert runs_whose_interval_holds_the_truth(1) < 120
