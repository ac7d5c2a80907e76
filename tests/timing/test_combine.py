"""Rounds joined into one timing give the figures that a hand calculation gives."""

import math
from typing import Any

import pytest

from harness.timing import stability
from harness.timing.combine import combine
from harness.timing.part import Part
from harness.timing_records import OutputError, Round

from .fakes import part, protocol

# Two rounds of unequal length, batch 4. The clock counted 0.1 s between the passes of the first.
FIRST = part(0.1, 0.3, 0.2, elapsed_s=0.7, setup_s=5.0, host_s=0.02)
SECOND = part(0.4, elapsed_s=0.4, setup_s=9.0, host_s=0.06)
ASKED = protocol("cuda", input=(4, 3, 8, 8), iterations=4, rounds=2)


def error(relative_l2: float) -> OutputError:
    return OutputError(relative_l2=relative_l2, max_abs=1.0, same_class=1.0, tolerance=0.01)


def combined(*parts: Part, **fields: Any) -> Any:
    return combine(protocol(**({"iterations": 4, "rounds": len(parts)} | fields)), parts)


def test_the_rate_is_all_frames_over_all_elapsed_time() -> None:
    timing = combine(ASKED, [FIRST, SECOND])
    assert timing.iterations == 4
    assert timing.elapsed_s == pytest.approx(1.1)
    assert timing.fps == pytest.approx(4 * 4 / 1.1)  # not the mean of the rounds' rates


def test_each_round_keeps_its_own_figures() -> None:
    assert combine(ASKED, [FIRST, SECOND]).rounds == (
        Round(fps=pytest.approx(3 * 4 / 0.7), iterations=3, elapsed_s=0.7, setup_s=5.0),
        Round(fps=pytest.approx(1 * 4 / 0.4), iterations=1, elapsed_s=0.4, setup_s=9.0),
    )


def test_the_distribution_is_that_of_all_passes() -> None:
    latency = combine(ASKED, [FIRST, SECOND]).latency_s
    assert (latency.min, latency.max) == (0.1, 0.4)
    assert latency.mean == pytest.approx(0.25)
    assert latency.p50 == pytest.approx(0.25)
    assert latency.p90 == pytest.approx(0.37)  # rank 2.7 of 0.1 0.2 0.3 0.4


def test_blocks_and_interval_are_of_all_rounds_but_no_block_spans_two() -> None:
    # 64 passes in rounds of 33 and 31: blocks of ceil(64 / 30) = 3, 11 of the first and 10 of the
    # second; one that began in the first and ended in the second would be between 1 and 2.
    timing = combined(part(*[1.0] * 33), part(*[2.0] * 31), iterations=64)
    assert timing.block_size == 3
    assert timing.block_means_s == (*[1.0] * 11, *[2.0] * 10)
    # Mean of the blocks 31/21; sum of squares 11 * 10 / 21; t(20) = 2.08596.
    mean, variance = 31 / 21, 110 / 21 / 20
    half = 2.08596 * math.sqrt(variance / 21) / mean
    fps = 64 / 95
    assert timing.fps_ci95 == pytest.approx((fps * (1 - half), fps * (1 + half)))


def test_from_three_rounds_on_their_disagreement_widens_the_interval() -> None:
    timing = combined(*[part(*[seconds] * 10) for seconds in (1.0, 2.0, 3.0)], iterations=30)
    # The rounds' means 1, 2, 3: deviation 1, of the mean 1/sqrt(3), relative 0.5/sqrt(3),
    # t(2) = 4.30265: wider than 30 blocks give.
    half = 4.30265 * 0.5 / math.sqrt(3)
    assert timing.fps_ci95 == pytest.approx((0.0, 0.5 * (1 + half)))


def test_a_single_pass_has_no_interval() -> None:
    assert combined(part(0.5), iterations=1).fps_ci95 is None


def test_set_up_is_the_longest_and_host_time_the_mean_over_passes() -> None:
    timing = combine(ASKED, [FIRST, SECOND])
    assert timing.setup_s == 9.0
    assert timing.host_s == pytest.approx((3 * 0.02 + 0.06) / 4)


def test_the_gpu_is_busy_for_its_share_of_a_mean_pass() -> None:
    timing = combined(part(0.2, 0.2, gpu_s=0.10), part(0.2, 0.6, gpu_s=0.12))
    assert timing.gpu_s == pytest.approx(0.11)
    assert timing.gpu_busy == pytest.approx(0.11 / 0.3)
    assert combined(part(0.2, 0.2, gpu_s=0.3)).gpu_busy == 1.0  # a pass alone may be the slower one
    unknown = combined(part(0.2, 0.2))
    assert (unknown.gpu_s, unknown.gpu_busy) == (None, None)


def test_energy_is_joules_per_frame_and_unknown_if_one_round_does_not_know() -> None:
    rounds = [part(0.2, 0.2, energy_j=60.0), part(0.2, energy_j=12.0)]
    assert combined(*rounds, input=(4, 3, 8, 8)).energy_j == pytest.approx(72 / 12)
    assert combined(*rounds, part(0.2)).energy_j is None
    assert combined(part(0.2, 0.2)).energy_j is None


def test_peak_memory_is_the_most_that_any_round_saw() -> None:
    assert combined(part(1.0), part(1.0)).peak_memory_bytes is None
    rounds = [part(1.0, peak_memory_bytes=peak) for peak in (3, 8, 5)]
    assert combined(*rounds, part(1.0)).peak_memory_bytes == 8
    assert combined(part(1.0, peak_memory_bytes=0)).peak_memory_bytes == 0


def test_the_output_error_is_the_worst() -> None:
    rounds = [part(1.0, output_error=error(each)) for each in (0.001, 0.004, 0.002)]
    assert combined(*rounds).output_error == error(0.004)
    assert combined(part(1.0)).output_error is None


def test_the_backend_is_that_of_the_rounds_and_tells_where_they_differ() -> None:
    first, second = {"openvino": "2026.4", "streams": "1"}, {"openvino": "2026.4", "streams": "2"}
    same = [part(1.0, backend=first)] * 2
    assert combined(*same).backend == first
    assert combined(*same, part(1.0, backend=second)).backend == first | {"streams": "1; 2"}
    assert combined(part(1.0), *same).backend == {
        "openvino": "not stated; 2026.4",
        "streams": "not stated; 1",
    }


def test_the_protocol_is_the_one_that_was_asked_for_not_a_share() -> None:
    timing = combine(ASKED, [FIRST, SECOND])
    assert timing.protocol == ASKED.to_dict()
    assert timing.protocol["iterations"] == 4


def test_warnings_are_the_doubts_about_exactly_this_evidence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[stability.Evidence] = []

    def doubts(evidence: stability.Evidence) -> tuple[str, ...]:
        seen.append(evidence)
        return ("a doubt",)

    monkeypatch.setattr("harness.timing.combine.doubts", doubts)
    timing = combine(ASKED, [FIRST, SECOND])
    assert timing.warnings == ("a doubt",)
    (evidence,) = seen
    assert (evidence.protocol, evidence.parts) == (ASKED, (FIRST, SECOND))
    assert evidence.stopped_by == timing.stopped_by
    low, high = timing.fps_ci95 or (0.0, 0.0)
    assert evidence.half_width == pytest.approx(high / timing.fps - 1)
    assert low == max(0.0, timing.fps * (1 - (evidence.half_width or 0)))


EVEN = part(*[1.0] * 10)
CUT = part(*[1.0] * 10, stopped_by="budget")


@pytest.mark.parametrize(
    ("parts", "fields", "why"),
    [
        ([EVEN, EVEN], {"iterations": 20}, "iterations"),
        ([EVEN, CUT], {"iterations": 100, "budget_s": 20.0}, "budget"),
        ([CUT, EVEN], {"iterations": 100, "budget_s": 20.0}, "budget"),
        # The first round hit its share of the budget, the second made up for it.
        ([CUT, EVEN], {"iterations": 20, "budget_s": 20.0}, "iterations"),
        ([EVEN, EVEN], {"iterations": 100, "until": 0.01}, "until"),
        ([EVEN, CUT], {"iterations": 100, "until": 0.01, "budget_s": 20.0}, "until"),
        ([EVEN, EVEN], {"iterations": 20, "until": 0.01}, "until"),
        ([EVEN, part(*[2.0] * 10)], {"iterations": 20, "until": 0.01}, "iterations"),
        (
            [EVEN, part(*[2.0] * 10, stopped_by="budget")],
            {"iterations": 99, "until": 0.01, "budget_s": 30.0},
            "budget",
        ),
        # Narrow by chance, fewer rounds than were asked for: the budget ended it.
        ([CUT], {"iterations": 99, "until": 0.01, "budget_s": 10.0, "rounds": 2}, "budget"),
        ([EVEN, part(1.0, stopped_by="interrupt")], {"iterations": 100}, "interrupt"),
        ([EVEN, part(1.0, stopped_by="interrupt")], {"iterations": 99, "until": 0.5}, "interrupt"),
    ],
)
def test_why_it_ended_is_what_ended_the_whole(
    parts: list[Part], fields: dict[str, Any], why: str
) -> None:
    assert combined(*parts, **fields).stopped_by == why
