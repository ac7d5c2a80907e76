"""Percentiles agree with numpy, the t table with the density, the interval with its promise."""

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest

from harness.student_t import T_95, t_95
from harness.timing.statistics import (
    MAX_BLOCKS,
    block_size_for,
    blocks_of,
    fps_interval,
    latency,
    percentile,
    ratio_half_width,
    relative_half_width,
)


def t_half_width(means: Sequence[float]) -> float:
    """Return Student's half-width of means that weigh alike."""
    return ratio_half_width([[mean] for mean in means])


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
    assert passes // size == blocks


def test_no_number_of_passes_makes_too_many_or_too_few_blocks() -> None:
    for passes in range(30, 2_000):
        assert 15 <= passes // block_size_for(passes) <= MAX_BLOCKS


def test_no_block_spans_two_rounds() -> None:
    # 60 passes: blocks of 2, seven in a round of 15 and a pass left over. A block of both ones and
    # twos would have the mean 1.5.
    size, means = blocks_of([[1.0] * 15, [2.0] * 15] * 2)
    assert size == 2
    assert means == ((1.0,) * 7 + (2.0,) * 7) * 2


def test_blocks_grow_to_use_up_the_passes_of_a_round() -> None:
    # 20 rounds of 100 passes: blocks of ceil(2000 / 30) = 67 would leave out a third of them.
    size, means = blocks_of([[1.0] * 100] * 20)
    assert (size, len(means)) == (100, 20)


def test_blocks_are_consecutive_and_leave_out_the_rest() -> None:
    # 63 passes: blocks of 3, of which 31 hold 10 and a pass is left over
    values = [float(second) for second in range(31)]
    size, means = blocks_of([values, [1.0] * 32])
    assert size == 3
    assert means[:10] == (1.0, 4.0, 7.0, 10.0, 13.0, 16.0, 19.0, 22.0, 25.0, 28.0)
    assert len(means) == 20


def test_a_round_shorter_than_a_block_is_one_and_makes_no_other_block_small() -> None:
    # 301 passes: blocks of ceil(301 / 30) = 11, 13 of them in 150, so of 150 // 13 = 11.
    size, means = blocks_of([[1.0] * 150, [1.0] * 150, [8.0, 10.0]])
    assert (size, len(means)) == (11, 27)
    assert set(means[:26]) == {1.0}
    assert means[26] == 9.0


@pytest.mark.parametrize(
    ("rounds", "size", "blocks"),
    [([1], 1, 1), ([1, 1], 1, 2), ([1] * 40, 1, 40), ([3, 5], 1, 8), ([40, 100], 5, 28)],
)
def test_short_and_uneven_rounds_have_blocks_too(rounds: list[int], size: int, blocks: int) -> None:
    found, means = blocks_of([[1.0] * passes for passes in rounds])
    assert (found, len(means)) == (size, blocks)


def test_below_two_blocks_there_is_no_interval() -> None:
    assert relative_half_width([[0.1]]) is None
    assert fps_interval(10.0, None) is None


def test_the_half_width_is_students_relative_to_the_mean() -> None:
    # Means 0.18, 0.20, 0.22 s: standard deviation 0.02, a tenth of the mean; the mean's relative
    # error is 0.1 / sqrt(3), and t(2) = 4.30265.
    half = 4.30265 * 0.1 / math.sqrt(3)
    assert t_half_width([0.18, 0.20, 0.22]) == pytest.approx(half)
    assert relative_half_width([[0.18, 0.20, 0.22]]) == pytest.approx(half)


def test_the_interval_is_as_wide_on_both_sides_of_the_rate() -> None:
    assert fps_interval(5.0, 0.1) == pytest.approx((4.5, 5.5))
    assert fps_interval(4.0, 0.0) == (4.0, 4.0)


def test_the_interval_does_not_go_below_zero() -> None:
    assert fps_interval(2.0, 1.5) == (0.0, 5.0)


def test_above_29_degrees_of_freedom_t_is_that_of_29() -> None:
    assert t_95(28) == 2.04841
    assert t_95(29) == t_95(30) == t_95(1000) == 2.04523


def test_the_interval_is_the_wider_of_blocks_and_rounds() -> None:
    # Within a round nothing moves, and the rounds' means are 0.9, 1.0 and 1.1: only they know.
    apart = [[0.9] * 10, [1.0] * 10, [1.1] * 10]
    assert relative_half_width(apart) == pytest.approx(t_half_width([0.9, 1.0, 1.1]))
    # The rounds' means are all 1.0, the passes 0.9 and 1.1: only the blocks know.
    together = [[0.9, 1.1] * 5] * 3
    assert relative_half_width(together) == pytest.approx(t_half_width([0.9, 1.1] * 15))
    assert t_half_width([1.0] * 3) == 0.0


def test_two_rounds_are_too_few_for_an_interval_of_their_means() -> None:
    apart = [[0.9] * 15, [1.1] * 15]
    assert relative_half_width(apart) == pytest.approx(t_half_width([0.9] * 15 + [1.1] * 15))


def test_a_round_cut_short_is_no_witness_of_how_rounds_differ() -> None:
    # Its single pass took three times as long; the means of the three others agree.
    even = [[0.9, 1.1] * 20] * 3
    cut = relative_half_width([*even, [3.0]])
    assert cut is not None
    assert cut < 0.1 < t_half_width([1.0, 1.0, 1.0, 3.0])


def test_uneven_rounds_are_judged_by_the_common_rate() -> None:
    # 40, 100 and 100 passes in 36, 100 and 110 s: 240 in 246 s. At that rate the rounds have
    # 40 - 36 * 240 / 246 = 4.878, 100 - 97.561 = 2.439 and 100 - 107.317 = -7.317 too many.
    uneven = [[0.9] * 40, [1.0] * 100, [1.1] * 100]
    error = math.sqrt(3 / 2 * (4.878**2 + 2.439**2 + 7.317**2)) / 240
    assert relative_half_width(uneven) == pytest.approx(4.30265 * error, rel=1e-3)


def test_a_slow_round_within_a_budget_is_not_taken_for_one_cut_short() -> None:
    # Seen on a crowded machine: 33 passes in 1.7 s, then 1 in 2.1 s, then 1 in 3.2 s. At the common
    # 35 passes in 7 s these are 24.5, -9.5 and -15 too many: sqrt(3 / 2 * 915.5) / 35 = 1.06, times
    # t(2). Nothing is known of such a rate, and the interval has to say so.
    crowded = [[1.7 / 33] * 33, [2.1], [3.2]]
    assert relative_half_width(crowded) == pytest.approx(4.30265 * 1.0588, rel=1e-3)


def test_a_fast_round_is_not_taken_for_one_cut_short() -> None:
    # 100 passes each, in 1 s, 1 s and 60 s; without the fast ones two rounds would be missing.
    slow = relative_half_width([[0.01] * 100, [0.01] * 100, [0.6] * 100])
    assert slow is not None
    assert slow > 1


def test_rounds_within_a_time_budget_keep_the_promise() -> None:
    # Rounds of 50 s whose rates differ by 5%: slow ones have fewer passes. The truth is the mean
    # rate, 1 pass a second.
    draw = random.Random(5)
    held = 0
    for _ in range(400):
        rates = [draw.gauss(1.0, 0.05) for _ in range(5)]
        rounds = [[draw.gauss(1.0, 0.01) / rate for _ in range(round(50 * rate))] for rate in rates]
        width = relative_half_width(rounds)
        assert width is not None
        fps = sum(map(len, rounds)) / math.fsum(map(math.fsum, rounds))
        held += fps * (1 - width) <= 1.0 <= fps * (1 + width)
    assert held / 400 >= 0.92


def simulated(rounds: int, *, correlation: float, between: float) -> list[list[list[float]]]:
    """Return 400 timings of 3,000 passes of 1 s on average, shared among `rounds`.

    The passes of a round form an AR(1) process with innovations of 0.01 s, which starts in its
    stationary state; `between` is the standard deviation of the rounds' true means.
    """
    chance = np.random.default_rng(7)
    timings, passes = 400, 3_000 // rounds
    deviation = chance.normal(0, 0.01 / math.sqrt(1 - correlation**2), (timings, rounds))
    values = np.empty((timings, rounds, passes))
    for number in range(passes):
        values[:, :, number] = deviation
        innovations = chance.normal(0, 0.01, (timings, rounds))
        deviation = correlation * deviation + innovations
    values += 1 + chance.normal(0, between, (timings, rounds, 1))
    result: list[list[list[float]]] = values.tolist()
    return result


def mean_of(timing: list[list[float]]) -> float:
    return math.fsum(map(math.fsum, timing)) / sum(map(len, timing))


def half_widths(timings: list[list[list[float]]]) -> list[float]:
    found = [relative_half_width(timing) for timing in timings]
    assert all(width is not None for width in found)
    return [width for width in found if width is not None]


def coverage(timings: list[list[list[float]]], widths: list[float]) -> float:
    """Return the share of intervals that hold the true mean, 1 s."""
    means = map(mean_of, timings)
    held = [abs(mean - 1) <= width * mean for mean, width in zip(means, widths, strict=True)]
    return sum(held) / len(held)


@pytest.mark.parametrize("rounds", [3, 5, 10])
@pytest.mark.parametrize("correlation", [0.0, 0.9])
@pytest.mark.parametrize("between", [0.0, 0.01])
def test_95_percent_of_intervals_hold_the_truth(
    rounds: int, correlation: float, between: float
) -> None:
    # 400 intervals: 0.95 has a standard error of 0.011.
    timings = simulated(rounds, correlation=correlation, between=between)
    assert coverage(timings, half_widths(timings)) >= 0.92


def test_single_passes_as_if_independent_break_the_promise() -> None:
    timings = simulated(3, correlation=0.9, between=0.01)
    naive = [
        t_half_width([seconds for values in timing for seconds in values]) for timing in timings
    ]
    assert coverage(timings, naive) < 0.5


def test_blocks_alone_break_the_promise_where_rounds_differ() -> None:
    timings = simulated(3, correlation=0.9, between=0.01)
    blocks = [t_half_width(blocks_of(timing)[1]) for timing in timings]
    assert coverage(timings, blocks) < 0.7


def test_blocks_keep_the_promise_in_a_single_round_without_such_differences() -> None:
    timings = simulated(1, correlation=0.9, between=0.0)
    assert coverage(timings, half_widths(timings)) >= 0.92


@pytest.mark.parametrize(
    ("rounds", "most"), [(1, 1.15), (3, 2.1), (5, 1.5), (10, 1.25), (20, 1.15)]
)
def test_the_price_of_few_rounds_is_a_wider_interval(rounds: int, most: float) -> None:
    # Ideal: 1.96 standard errors of 3,000 independent passes. The mean of t(n - 1) times the
    # estimated standard error is 1.90 times that for 3 rounds, 1.33 for 5, 1.12 for 10.
    ideal = 1.96 * 0.01 / math.sqrt(3_000)
    timings = simulated(rounds, correlation=0.0, between=0.0)
    assert 0.95 < math.fsum(half_widths(timings)) / 400 / ideal < most
