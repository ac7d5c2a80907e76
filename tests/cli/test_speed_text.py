"""What a terminal of 80 columns shows of a record."""

from dataclasses import replace
from typing import Any

import pytest
from example_records import PROFILE, TIMING

from harness.cli.speed_text import failure_line, record_lines, summary_lines
from harness.records import FailedRecord, ProfileRecord, WeightsUsed
from harness.timing_records import Limits, OutputError, Range, Round, Telemetry, Timing

PROTOCOL: dict[str, Any] = {
    "name": "paper", "device": "cpu", "backend": "eager", "precision": "fp32", "provider": None,
    "memory_format": "contiguous", "fold_bn": False, "threads": 2, "budget_s": 20.0, "until": None,
}  # fmt: skip


def timing(**changes: Any) -> Timing:
    rounds = (Round(fps=10.0, iterations=2, elapsed_s=0.2, setup_s=0.1),) * 2
    plain = replace(TIMING, protocol=PROTOCOL, rounds=rounds, warnings=())
    return replace(plain, **changes)


def lines(**changes: Any) -> list[str]:
    return record_lines(record("mine", **changes))


def record(name: str, **changes: Any) -> ProfileRecord:
    environment = {"device": {"type": "cpu", "name": "Some Processor"}}
    return replace(PROFILE, variant=name, timing=timing(**changes), environment=environment)


def line(name: str, **changes: Any) -> str:
    """Return the line that begins with `name`, with what was wrapped joined to it."""
    text = "\n".join(lines(**changes)).replace("\n               ", " ")
    [found] = [each for each in text.splitlines() if each.startswith(f"  {name} ")]
    return found.removeprefix(f"  {name}").strip()


def test_speed_is_a_mean_with_its_interval() -> None:
    # 10 FPS with a 95% interval of 9.5 to 10.5: plus and minus 5%
    assert line("speed") == "10 FPS +- 5.00% (95% CI 9.5 to 10.5)"
    assert line("speed", fps_ci95=None) == "10 FPS, of too few passes for an interval"


def test_says_what_was_timed_and_how() -> None:
    assert line("timed") == "4 passes in 2 processes"
    assert line("timed", rounds=timing().rounds[:1]) == "4 passes in 1 process"
    assert line("timed", stopped_by="budget").endswith(", ended by the budget of 20 s")
    assert line("timed", stopped_by="interrupt").endswith(", interrupted")
    assert line("timed", stopped_by="until").endswith("until the interval was narrow enough")
    assert line("on") == "Some Processor, eager, fp32, 2 threads, protocol paper"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"backend": "onnxruntime", "provider": "cpu"}, "onnxruntime, fp32, cpu"),
        ({"precision": "bf16"}, "eager, bf16"),
        ({"memory_format": "channels_last"}, "channels last"),
        ({"fold_bn": True}, "BatchNorm folded"),
        ({"name": "mine"}, "protocol mine"),
        ({"threads": 7}, "7 threads"),
    ],
)
def test_conditions_name_what_differs_from_plain_eager(changes: Any, words: str) -> None:
    assert words not in line("on")
    assert words in line("on", protocol=PROTOCOL | changes)


def test_threads_are_of_the_cpu() -> None:
    assert "threads" not in line("on", protocol=PROTOCOL | {"device": "cuda"})


def test_a_backend_shows_its_set_up_and_its_distance_to_eager() -> None:
    error = OutputError(relative_l2=2.5e-4, max_abs=0.1, same_class=0.9991, tolerance=1e-3)
    shown = line("set-up", output_error=error, setup_s=12.34, backend={"openvino": "2026.4.1"})
    assert shown == (
        "12.3 s (openvino 2026.4.1); output within 2.5e-04 of eager's, 99.91% of pixels of one "
        "class"
    )
    assert not [each for each in lines(setup_s=1.0) if "set-up" in each]


def test_the_limit_stands_beside_the_share_of_it() -> None:
    limits = Limits(
        macs_per_s=2e11, bytes_per_s=5e10, arithmetic_s=0.01, memory_s=0.02, roofline_s=0.025,
        share=0.25,
    )  # fmt: skip
    assert line("limit", limits=limits) == (
        "25 ms at the best that this device does (200.000 GMAC/s, 50.000 GB/s): 25% of it reached"
    )


def test_a_gpu_says_how_busy_and_how_hungry_it_was() -> None:
    telemetry = Telemetry(
        samples=3, sm_clock_mhz=Range(min=1.0, mean=1500.4, max=2.0), sm_clock_max_mhz=1980,
        memory_clock_mhz=None, memory_clock_max_mhz=None,
        temperature_c=Range(min=1.0, mean=2.0, max=61.0), power_w=None, throttle={},
        foreign_processes=0, cpu_steal=None, swap_bytes=None,
    )  # fmt: skip
    shown = line(
        "GPU", gpu_busy=0.61, peak_memory_bytes=3 * 2**20, energy_j=1.5, telemetry=telemetry
    )
    assert shown == "busy 61%, 3 MiB at the peak, 1.5 J a frame, 1500 MHz, 61 C"


def test_no_line_is_wider_than_the_terminal() -> None:
    warning = "passes spread by 12% of their median (5th to 95th percentile), above 10%; " * 3
    error = OutputError(relative_l2=2.5e-4, max_abs=0.1, same_class=0.9991, tolerance=1e-3)
    wide = lines(warnings=(warning,), output_error=error, setup_s=1.0, backend={"a": "b" * 30})
    assert max(map(len, wide)) <= 80
    assert " ".join(" ".join(wide).split()).count("5th to 95th percentile") == 3


def test_a_summary_compares_the_fastest_with_every_other() -> None:
    # intervals of 5% and 12%: the ratio 2 carries sqrt(0.05^2 + 0.12^2) = 13% = 0.26
    fast = record("fast", fps=20.0, fps_ci95=(19.0, 21.0))
    slow = record("slow", fps=10.0, fps_ci95=(8.8, 11.2))
    bare = record("bare", fps=5.0, fps_ci95=None)
    assert summary_lines([slow, fast, bare]) == [
        "Summary",
        "  fast ran",
        "    2.00 +- 0.26 times as fast as slow",
        "    4.00 times as fast as bare",
    ]
    assert summary_lines([fast]) == []


def test_a_failure_is_one_line_with_its_peak_memory() -> None:
    failed = FailedRecord(
        variant="big", spec={}, spec_sha256="", input_shape=(64, 3, 8, 8), protocol={},
        reason="does not fit", peak_memory_bytes=3 * 2**29, environment={}, created="",
    )  # fmt: skip
    assert failure_line(failed) == "big: does not fit (peak memory 1.50 GiB)"
    assert failure_line(replace(failed, peak_memory_bytes=None)) == "big: does not fit"
    used = WeightsUsed(file="a.pth", sha256="0" * 64, layout="erfnet", whole=True)
    assert failure_line(replace(failed, weights=used)).startswith("big with a.pth@00000000: does")
