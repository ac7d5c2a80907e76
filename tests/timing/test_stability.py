"""What makes a figure doubtful is said, with number, limit and remedy; and nothing else."""

from collections.abc import Sequence
from typing import Any

import pytest

from harness.timing.evidence import percent
from harness.timing.loop import StoppedBy
from harness.timing.part import Part
from harness.timing.protocol import LATENCY
from harness.timing.stability import RULES, Evidence, doubts
from harness.timing_records import Range, Telemetry

from .fakes import protocol

STEADY = (1.0,) * 40


def part(pass_s: Sequence[float] = STEADY, **fields: Any) -> Part:
    given = {"elapsed_s": sum(pass_s), "stopped_by": "iterations", "setup_s": 0.1, "host_s": 0.1}
    return Part(pass_s=tuple(pass_s), **(given | fields))


def judged(
    *parts: Part,
    stopped_by: StoppedBy | str = "iterations",
    half_width: float | None = 0.02,
    **fields: Any,
) -> list[str]:
    """Return what is said about `parts` under a protocol with `fields`."""
    asked = protocol(**({"iterations": 10_000} | fields))
    return list(doubts(Evidence(asked, parts, half_width, stopped_by)))


def passes(*pass_s: float, **given: Any) -> list[str]:
    """Return what is said about one round of passes."""
    return judged(part(pass_s), **given)


def seeing(samples: int = 10, **fields: Any) -> Part:
    """Return a steady round whose telemetry saw `fields`."""
    nothing: dict[str, Any] = dict.fromkeys(
        (
            *("sm_clock_mhz", "sm_clock_max_mhz", "memory_clock_mhz", "memory_clock_max_mhz"),
            *("temperature_c", "power_w", "foreign_processes", "cpu_steal", "swap_bytes"),
            "kernel_share",
        )
    )
    return part(telemetry=Telemetry(**(nothing | {"samples": samples, "throttle": {}} | fields)))


def at(mean: float) -> Range:
    return Range(min=mean - 500, mean=mean, max=mean + 500)


def test_thirty_even_passes_leave_nothing_to_say() -> None:
    assert passes(*[1.0] * 30) == []


def test_fewer_than_thirty_passes_are_few() -> None:
    assert passes(*[1.0] * 29) == [
        "only 29 of the 30 passes that interval and p99 need; raise --budget or --iterations",
    ]


def test_passes_of_all_rounds_count() -> None:
    assert judged(part([1.0] * 15), part([1.0] * 15)) == []


def test_a_spread_above_ten_percent_is_named() -> None:
    # 5th percentile 1.0, median 1.0, 95th 1.2.
    assert passes(*[1.0, 1.0, 1.0, 1.2] * 10) == [
        "passes spread by 20% of their median (5th to 95th percentile), above 10%; "
        "quieten the machine, or raise --rounds",
    ]


def test_a_spread_just_above_its_limit_does_not_read_as_at_it() -> None:
    (said,) = passes(*[1.0, 1.0, 1.0, 1.104] * 10)
    assert "by 10.4% of" in said


def test_a_spread_of_ten_percent_or_a_single_slow_pass_is_not() -> None:
    assert passes(*[1.0, 1.0, 1.0, 1.09] * 10) == []
    assert passes(*[1.0] * 39, 50.0) == []
    assert passes(50.0, *[1.0] * 39) == []


def test_an_early_end_says_what_ended_it() -> None:
    assert passes(*STEADY, stopped_by="budget", budget_s=2.5) == [
        "the budget of 2.5 s (--budget) ended it after 40 of 10000 passes",
    ]
    assert passes(*STEADY, stopped_by="interrupt") == [
        "Ctrl-C ended it after 40 of 10000 passes",
    ]


@pytest.mark.parametrize(
    ("stopped_by", "half_width", "message"),
    [
        ("budget", 0.0345, "is +-3.45% where the budget of 60 s (--budget) ended it"),
        ("iterations", 0.0345, "is +-3.45% where --iterations 10000 ended it"),
        ("interrupt", None, "is unknown where Ctrl-C ended it"),
    ],
)
def test_an_end_before_until_says_how_wide_the_interval_is(
    stopped_by: str, half_width: float | None, message: str
) -> None:
    said = passes(*STEADY, stopped_by=stopped_by, half_width=half_width, until=0.01, budget_s=60.0)
    assert said == [f"--until 1.00% was not met: the interval {message}, after 40 passes"]


def test_until_that_was_met_is_no_early_end() -> None:
    assert passes(*STEADY, stopped_by="until", until=0.01) == []


def test_passes_that_become_slower_are_named() -> None:
    # First quarter 1.0, last 1.08, and the spread with it is 8%.
    assert passes(*[1.0] * 20, *[1.08] * 20) == [
        "passes became 8% slower from the first to the last quarter, above 5%; raise --rounds",
    ]


def test_passes_that_become_faster_lacked_warm_up() -> None:
    assert passes(*[1.08] * 20, *[1.0] * 20) == [
        "passes became 7.41% faster from the first to the last quarter, above 5%; raise --warmup",
    ]


def test_drift_is_that_of_all_rounds_together() -> None:
    assert len(judged(part([1.0] * 20), part([1.08] * 20))) == 1


def test_a_drift_of_five_percent_or_what_moves_only_between_is_none() -> None:
    assert passes(*[1.0] * 20, *[1.049] * 20) == []
    assert passes(*[1.0] * 10, *[1.09] * 20, *[1.0] * 10) == []


@pytest.mark.parametrize(("count", "named"), [(7, False), (8, True)])
def test_below_two_passes_a_quarter_there_is_no_drift(count: int, named: bool) -> None:
    said = passes(*[1.0] * (count // 2), *[2.0] * (count - count // 2))
    assert any("quarter" in text for text in said) == named


def test_rounds_that_disagree_are_named() -> None:
    # Means 1.0, 1.15 and 1.0: no drift from the first quarter to the last.
    said = judged(part([1.0] * 40), part([1.15] * 40), part([1.0] * 40))
    assert said[1:] == [
        "the slowest of 3 rounds took 15% longer per pass than the fastest, above 10%; "
        "quieten the machine, or raise --rounds",
    ]
    assert said[0].startswith("passes spread by 15%")


def test_rounds_within_ten_percent_agree() -> None:
    assert judged(part([1.0] * 40), part([1.09] * 40), part([1.0] * 40)) == []


def test_a_low_clock_of_the_multiprocessors_is_named() -> None:
    assert judged(seeing(sm_clock_mhz=at(1485), sm_clock_max_mhz=1980)) == [
        "clock of the GPU's multiprocessors 1485 of 1980 MHz on average (75%), below 90%; "
        "raise --warmup if it was still rising",
    ]


def test_a_low_clock_of_the_memory_is_named() -> None:
    assert judged(seeing(memory_clock_mhz=at(1600), memory_clock_max_mhz=3200)) == [
        "clock of the GPU's memory 1600 of 3200 MHz on average (50%), below 90%; "
        "raise --warmup if it was still rising",
    ]


def test_clocks_at_ninety_percent_or_unknown_are_not() -> None:
    fine = {"sm_clock_mhz": at(1782), "memory_clock_mhz": at(2880), "memory_clock_max_mhz": 3200}
    assert judged(seeing(**fine, sm_clock_max_mhz=1980)) == []
    assert judged(seeing(**fine)) == []
    assert judged(seeing(sm_clock_max_mhz=1980, memory_clock_max_mhz=3200)) == []


def test_clocks_are_judged_over_all_rounds() -> None:
    # 10 samples at 1980 and 30 at 1500: 1620 on average, 82% of 1980.
    fast = seeing(10, sm_clock_mhz=at(1980), sm_clock_max_mhz=1980)
    slow = seeing(30, sm_clock_mhz=at(1500), sm_clock_max_mhz=1980)
    (said,) = judged(fast, slow)
    assert "1620 of 1980 MHz on average (81.8%)" in said


def test_reasons_for_throttling_are_named_the_most_frequent_first() -> None:
    throttle = {"idle": 1.0, "power cap": 0.25, "sync boost": 0.0, "thermal slowdown": 0.5}
    assert judged(seeing(40, throttle=throttle)) == [
        "the GPU held its clocks down: thermal slowdown in 50%, power cap in 25% of 40 samples, "
        "above 0%; cool it, or state the figure with its clocks",
    ]


def test_an_idle_gpu_is_not_throttled() -> None:
    assert judged(seeing(throttle={"idle": 1.0})) == []


def test_heat_alone_is_no_doubt() -> None:
    assert judged(seeing(temperature_c=at(95), power_w=at(700))) == []


@pytest.mark.parametrize(
    ("others", "named"), [(1, "1 other process was"), (3, "3 other processes were")]
)
def test_neighbours_on_the_gpu_are_counted(others: int, named: str) -> None:
    assert judged(seeing(foreign_processes=others)) == [
        f"{named} on the GPU, where 0 may be; choose an idle one by --device cuda:N",
    ]


def test_swap_above_a_mebibyte_is_named() -> None:
    assert judged(seeing(swap_bytes=2**20), seeing(swap_bytes=2**22)) == [
        "the machine swapped 5.0 MiB while passes ran, above 1 MiB; "
        "free some memory, or lower --batch or --input",
    ]


def test_steal_above_a_percent_is_named() -> None:
    assert judged(seeing(cpu_steal=0.031)) == [
        "the hypervisor gave 3.1% of the processors' busy time to others, above 1%; "
        "use a machine of your own, or raise --rounds",
    ]


def test_a_kernel_that_takes_more_than_a_tenth_is_named_with_the_way_out() -> None:
    assert judged(seeing(kernel_share=0.25), seeing(kernel_share=0.2)) == [
        "the operating system took 22.5% of the processor time, above 10%, as a rule to hand out "
        "freed memory again; glibc keeps it with MALLOC_MMAP_MAX_=0 "
        "MALLOC_TRIM_THRESHOLD_=4000000000 in the environment, which is another figure: state it",
    ]


def test_a_quiet_machine_is_not_mentioned() -> None:
    quiet = seeing(foreign_processes=0, swap_bytes=2**20, cpu_steal=0.01, kernel_share=0.1)
    assert judged(quiet) == []


def test_tf32_in_a_protocol_of_fp32_is_named() -> None:
    assert passes(*STEADY, tf32=True) == [
        "TF32 is on in a protocol of precision fp32; say so by --precision tf32, or turn it off",
    ]


def test_tf32_by_its_name_is_not() -> None:
    assert passes(*STEADY, device="cuda", precision="tf32", tf32=True) == []


def launched(gpu_s: float | None, **fields: Any) -> list[str]:
    return judged(part(gpu_s=gpu_s), **({"device": "cuda"} | fields))


@pytest.mark.parametrize("backend", ["eager", "compile"])
def test_a_gpu_that_waits_for_the_host_is_named(backend: str) -> None:
    assert launched(0.61, backend=backend) == [
        "bound by launches: GPU busy 61%, it waits for the host; try --backend cudagraph",
    ]


def test_a_gpu_that_is_busy_or_idle_by_design_is_not() -> None:
    assert launched(0.9) == []
    assert launched(None) == []
    assert launched(0.5, synchronisation=LATENCY) == []
    assert launched(0.5, backend="cudagraph") == []


def test_the_busy_share_is_that_of_all_rounds() -> None:
    # Alone 0.5 s on average, in a row 60 passes of 1.0 and 20 of 0.9: 0.975 s. 0.5 / 0.975.
    rounds = (part(gpu_s=0.4), part([1.0] * 20, gpu_s=0.6), part([0.9] * 20))
    (said,) = [text for text in judged(*rounds, device="cuda") if "launches" in text]
    assert "GPU busy 51.3%" in said


def test_what_processes_noted_comes_last_and_once() -> None:
    rounds = [part([1.0] * 5, notes=("one", "two")), part([1.0] * 5, notes=("two", "three"))]
    assert judged(*rounds)[1:] == ["one", "two", "three"]


def test_several_doubts_are_all_said() -> None:
    said = passes(1.0, 2.0, stopped_by="budget", budget_s=1.0)
    assert len(said) == 3


def test_every_rule_is_run_once() -> None:
    assert len(RULES) == len(set(RULES)) == 14


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.1004, "10%"), (0.05012, "5.01%"), (0.6, "60%"), (1.2, "120%"), (60.6, "6,060%")],
)
def test_shares_are_readable_whatever_their_size(share: float, text: str) -> None:
    assert percent(share) == text
