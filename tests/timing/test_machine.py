"""The kernel's counters become shares and bytes, and environment variables are not overlooked."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.timing.machine import (
    Counters,
    cpu_steal,
    environment_notes,
    kernel_share,
    read_counters,
    swap_bytes,
)

from .fakes import protocol


def proc(folder: Path, *, stat: str | None = None, vmstat: str | None = None) -> Path:
    """Return a folder with the given files of /proc."""
    for name, text in (("stat", stat), ("vmstat", vmstat)):
        if text is not None:
            (folder / name).write_text(text)
    return folder


def counters(
    busy: int | None = None, steal: int | None = None, swapped: int | None = None
) -> Counters:
    return Counters(busy_ticks=busy, steal_ticks=steal, swapped_pages=swapped)


def test_the_kernels_share_needs_a_second_of_processor_time() -> None:
    none = SimpleNamespace(user=0.0, system=0.0)
    assert kernel_share(none, SimpleNamespace(user=0.75, system=0.25)) == 0.25
    assert kernel_share(none, SimpleNamespace(user=0.7, system=0.25)) is None


def test_busy_is_all_but_idle_and_waiting_with_guests_counted_once(tmp_path: Path) -> None:
    # user nice system idle iowait irq softirq steal guest guest_nice; guests are within user.
    stat = "cpu  1 20 300 5000 7000 10000 200000 3000000 70000000 800000000\ncpu0 9 9 9 9\n"
    seen = read_counters(proc(tmp_path, stat=stat))
    assert seen == counters(busy=1 + 20 + 300 + 10000 + 200000 + 3000000, steal=3000000)


def test_swapped_pages_are_those_of_both_directions(tmp_path: Path) -> None:
    vmstat = "pgpgin 77\npswpin_other 900\npswpin 5\npswpout 30\n"
    assert read_counters(proc(tmp_path, vmstat=vmstat)) == counters(swapped=35)


def test_without_files_nothing_is_known(tmp_path: Path) -> None:
    nothing = counters()
    assert read_counters(tmp_path) == nothing
    assert cpu_steal(nothing, nothing) is None
    assert swap_bytes(nothing, nothing) is None


@pytest.mark.parametrize(
    ("stat", "vmstat"),
    [("", ""), ("cpu  1 2 3 4\n", "pswpin 5\n"), ("cpu\n\nintr 1\n", "pswpin\npswpout\n")],
)
def test_files_of_another_kernel_say_nothing(tmp_path: Path, stat: str, vmstat: str) -> None:
    assert read_counters(proc(tmp_path, stat=stat, vmstat=vmstat)) == counters()


def test_steal_is_a_share_of_the_time_with_work_to_do() -> None:
    assert cpu_steal(counters(1_000, 10), counters(1_400, 30)) == 20 / 400


def test_steal_is_unknown_where_one_tick_would_be_more_than_a_percent() -> None:
    assert cpu_steal(counters(0, 0), counters(99, 1)) is None
    assert cpu_steal(counters(0, 0), counters(100, 1)) == 0.01


def test_a_counter_that_goes_back_has_stolen_nothing() -> None:
    assert cpu_steal(counters(0, 9), counters(1_000, 8)) == 0.0


def test_swap_is_pages_times_their_size() -> None:
    assert swap_bytes(counters(swapped=3), counters(swapped=10), page_bytes=16_384) == 7 * 16_384
    this_machines = os.sysconf("SC_PAGE_SIZE")
    assert swap_bytes(counters(swapped=3), counters(swapped=4)) == this_machines


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs Linux")
def test_this_machines_counters_only_grow() -> None:
    before, after = read_counters(), read_counters()
    assert before.busy_ticks is not None
    assert after.busy_ticks is not None
    assert 0 <= before.busy_ticks <= after.busy_ticks


NVIDIA, TORCH = "NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE"
ASKS = "asks for TF32, which the protocol has off; unset it"


@pytest.mark.parametrize("name", [NVIDIA, TORCH])
def test_a_variable_that_asks_for_tf32_contradicts_fp32(name: str) -> None:
    notes = environment_notes(protocol("cuda"), {name: "1", "HOME": "/"})
    assert notes == (f"environment variable {name}=1 {ASKS}",)


def test_both_variables_are_named() -> None:
    assert len(environment_notes(protocol("cuda"), {NVIDIA: "1", TORCH: "1"})) == 2


def test_a_variable_that_forbids_tf32_contradicts_tf32() -> None:
    asked = protocol("cuda", precision="tf32", tf32=True)
    assert environment_notes(asked, {NVIDIA: "0", TORCH: "0"}) == (
        f"environment variable {NVIDIA}=0 forbids TF32, which the protocol has on; unset it",
    )
    assert environment_notes(asked, {NVIDIA: "1", TORCH: "1"}) == ()


@pytest.mark.parametrize(
    ("device", "precision", "environ"),
    [
        ("cuda", "fp32", {}),
        ("cuda", "fp32", {NVIDIA: "0", TORCH: "0"}),
        ("cuda", "fp16", {NVIDIA: "1", TORCH: "1"}),  # of products in fp32 alone
        ("cpu", "fp32", {NVIDIA: "1", TORCH: "1"}),
    ],
)
def test_variables_that_agree_or_do_not_matter_are_not_mentioned(
    device: str, precision: str, environ: dict[str, str]
) -> None:
    assert environment_notes(protocol(device, precision=precision), environ) == ()
