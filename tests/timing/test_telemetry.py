"""Watching the machine gives figures of the run that is watched, and never disturbs it."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from harness.timing import telemetry as module
from harness.timing.nvml import Gpu
from harness.timing.telemetry import Watch, combine, sample_until, watched
from harness.timing_records import Range, Telemetry

from .fake_nvml import FakeCuda, FakeNvml
from .fakes import FakeTime

CPU, GPU = torch.device("cpu"), torch.device("cuda:1")
REASONS = {f"nvmlDeviceGetCurrentClocks{kind}Reasons" for kind in ("Event", "Throttle")}


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert "telemetry" not in [thread.name for thread in threading.enumerate()]


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    write(tmp_path, busy=1_000, steal=0, swapped=0)
    return tmp_path


def write(proc: Path, *, busy: int, steal: int, swapped: int) -> None:
    """Write the kernel's counters: ticks, `steal` of them within `busy`, and pages."""
    (proc / "stat").write_text(f"cpu  {busy - steal} 0 0 77 0 0 0 {steal} 0 0\n")
    (proc / "vmstat").write_text(f"pswpin {swapped}\npswpout 0\n")


def watch_gpu(
    nvml: FakeNvml, proc: Path, during: Callable[[], object] = lambda: None, **given: Any
) -> Watch:
    with watched(GPU, nvml=nvml, proc=proc, cuda=FakeCuda(), **given) as watch:
        during()
    return watch


def test_on_the_cpu_steal_and_swap_of_the_run_are_seen(proc: Path) -> None:
    with watched(CPU, proc=proc, nvml=FakeNvml(lost=True)) as watch:
        write(proc, busy=1_500, steal=25, swapped=3)
    assert watch.telemetry is not None
    assert watch.telemetry.cpu_steal == 25 / 500
    assert watch.telemetry.swap_bytes is not None
    assert watch.telemetry.swap_bytes > 0
    assert watch.telemetry.samples == 0
    assert watch.telemetry.sm_clock_mhz is None
    assert (watch.energy_j, watch.notes) == (None, ())


def test_the_kernels_share_of_the_process_is_seen_on_a_cpu_alone(proc: Path) -> None:
    taken = [SimpleNamespace(user=1.0, system=2.0), SimpleNamespace(user=4.0, system=3.0)]
    for device, share in ((CPU, 0.25), (GPU, None)):  # 1 s of 4 s in the kernel
        clock = iter(taken)
        nvml = FakeNvml()
        with watched(device, nvml=nvml, proc=proc, cuda=FakeCuda(), times=clock.__next__) as watch:
            pass
        assert watch.telemetry is not None
        assert watch.telemetry.kernel_share == share


def test_where_nothing_can_be_read_there_is_no_telemetry(tmp_path: Path) -> None:
    with watched(CPU, proc=tmp_path) as watch:
        pass
    assert watch == Watch()


def test_a_run_shorter_than_the_first_wait_is_sampled_at_its_end(proc: Path) -> None:
    seen = watch_gpu(FakeNvml(reasons=0x4, processes=3), proc).telemetry
    assert seen is not None
    assert seen == Telemetry(
        samples=1,
        sm_clock_mhz=Range(min=1500, mean=1500, max=1500),
        sm_clock_max_mhz=1980,
        memory_clock_mhz=Range(min=2600, mean=2600, max=2600),
        memory_clock_max_mhz=2619,
        temperature_c=Range(min=61, mean=61, max=61),
        power_w=Range(min=412.5, mean=412.5, max=412.5),
        throttle={"power cap": 1.0},
        foreign_processes=2,
        cpu_steal=None,
        swap_bytes=0,
    )


class Scripted(FakeNvml):
    """Says something else at every sample; `spoken` is set when it has nothing new to say."""

    def __init__(self, clocks: list[int], reasons: list[int | None], processes: list[int]) -> None:
        super().__init__()
        self.script = list(zip(clocks, reasons, processes, strict=True))
        self.spoken = threading.Event()

    def nvmlDeviceGetPowerUsage(self, handle: str) -> int:  # noqa: N802 - the first of a sample
        if self.script:
            self.clocks_mhz[1], reasons, self.processes = self.script.pop(0)
            self.reasons, self.broken = reasons or 0, set() if reasons is not None else REASONS
        else:
            self.spoken.set()
        return super().nvmlDeviceGetPowerUsage(handle)


def test_samples_of_a_run_give_extremes_mean_and_shares(
    proc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.001)
    monkeypatch.setattr(module, "INTERVAL_S", 0.001)
    nvml = Scripted(clocks=[1000, 1500, 1700], reasons=[0, 0x24, 0x4], processes=[1, 4, 2])

    def wait() -> None:
        assert nvml.spoken.wait(120)

    seen = watch_gpu(nvml, proc, wait).telemetry
    assert seen is not None
    last = seen.samples - 3  # samples that repeat the third
    assert last >= 1
    assert seen.sm_clock_mhz is not None
    assert (seen.sm_clock_mhz.min, seen.sm_clock_mhz.max) == (1000, 1700)
    assert seen.sm_clock_mhz.mean == pytest.approx((1000 + 1500 + 1700 * (1 + last)) / (3 + last))
    assert seen.throttle == {
        "power cap": pytest.approx((2 + last) / (3 + last)),
        "thermal slowdown": pytest.approx(1 / (3 + last)),
    }
    assert seen.foreign_processes == 3


def test_samples_without_an_answer_do_not_count_against_throttling(
    proc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.001)
    monkeypatch.setattr(module, "INTERVAL_S", 0.001)
    nvml = Scripted(clocks=[1500] * 3, reasons=[0x4, 0x0, None], processes=[1] * 3)
    seen = watch_gpu(nvml, proc, lambda: nvml.spoken.wait(120)).telemetry
    assert seen is not None
    assert seen.samples >= 4
    assert seen.throttle == {"power cap": 0.5}


def test_what_a_card_does_not_say_is_null_and_the_rest_is_there(proc: Path) -> None:
    broken = {"nvmlDeviceGetPowerUsage", "nvmlDeviceGetTotalEnergyConsumption"}
    watch = watch_gpu(FakeNvml(broken=broken), proc)
    assert watch.telemetry is not None
    assert watch.telemetry.power_w is None
    assert watch.energy_j is None
    assert watch.telemetry.temperature_c == Range(min=61, mean=61, max=61)


def test_energy_is_what_the_counter_moved_between_the_two_ends(proc: Path) -> None:
    time = FakeTime()
    nvml = FakeNvml(energy_step_mj=7_500)
    assert watch_gpu(nvml, proc, lambda: time.wait(1.0), now=time).energy_j == 7.5
    counter = "nvmlDeviceGetTotalEnergyConsumption"
    assert nvml.calls.count(counter) == 2
    # Nothing of opening is between the readings, and the sample at the end is after them.
    begin = nvml.calls.index(counter)
    assert nvml.calls[begin : begin + 2] == [counter, counter]
    assert "nvmlDeviceGetMaxClockInfo" in nvml.calls[:begin]


def test_below_a_second_the_counter_is_too_coarse(proc: Path) -> None:
    time = FakeTime()
    nvml = FakeNvml(energy_step_mj=7_500)
    assert watch_gpu(nvml, proc, lambda: time.wait(0.99), now=time).energy_j is None


def test_a_pass_that_raises_ends_the_watching(proc: Path) -> None:
    nvml = FakeNvml()
    with pytest.raises(KeyboardInterrupt), watched(GPU, nvml=nvml, proc=proc, cuda=FakeCuda()):
        raise KeyboardInterrupt
    assert nvml.calls[-1] == "nvmlShutdown"


def test_a_driver_that_fails_meanwhile_does_not_fail_the_run(proc: Path) -> None:
    nvml = FakeNvml()

    def lose() -> None:
        nvml.lost = True

    watch = watch_gpu(nvml, proc, lose)
    assert watch.telemetry is not None
    assert watch.telemetry.sm_clock_mhz is None
    assert (watch.telemetry.throttle, watch.telemetry.foreign_processes) == ({}, None)


def test_a_driver_that_hangs_does_not_hang_the_run(
    proc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hangs(FakeNvml):
        go_on, answered = threading.Event(), threading.Event()

        def nvmlDeviceGetTemperature(self, handle: str, sensor: int) -> int:  # noqa: N802
            self.go_on.wait(120)
            self.answered.set()
            return super().nvmlDeviceGetTemperature(handle, sensor)

    monkeypatch.setattr(module, "PATIENCE_S", 0.01)
    nvml = Hangs()
    watch = watch_gpu(nvml, proc)
    assert not nvml.answered.is_set()
    assert "nvmlShutdown" not in nvml.calls  # not under the feet of the question
    assert watch.telemetry is not None
    assert watch.telemetry.samples == 0
    nvml.go_on.set()
    for thread in threading.enumerate():
        if thread.name == "telemetry":
            thread.join(120)


def test_the_thread_does_not_keep_a_program_alive(proc: Path) -> None:
    daemons: list[bool] = []

    def look() -> None:
        daemons.extend(t.daemon for t in threading.enumerate() if t.name == "telemetry")

    watch_gpu(FakeNvml(), proc, look)
    assert daemons == [True]


def test_without_nvml_the_machine_is_watched_all_the_same(
    proc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with watched(GPU, proc=proc, cuda=FakeCuda()) as watch:
        write(proc, busy=2_000, steal=0, swapped=0)
    assert watch.notes == (
        "nobody watched clocks, throttling and energy of the GPU: nvidia-ml-py is not installed; "
        "pip install 'harness[nvml]' brings it",
    )
    assert watch.telemetry is not None
    assert (watch.telemetry.cpu_steal, watch.telemetry.samples) == (0.0, 0)


class FakeStop:
    """Is set when `lasts_s` have been waited for."""

    def __init__(self, lasts_s: float) -> None:
        self.left_s = lasts_s

    def wait(self, timeout: float) -> bool:
        self.left_s -= timeout
        return self.left_s <= 0


def test_a_minute_of_passes_costs_120_samples_of_six_questions() -> None:
    nvml = FakeNvml()
    gpu = Gpu(GPU, nvml, FakeCuda())
    nvml.calls.clear()
    samples: list[Any] = []
    sample_until(FakeStop(60.0), lambda: samples.append(gpu.sample()))
    # The first after 0.1 s, then every 0.5 s below 60 s: at 0.1, 0.6, ... 59.6 s.
    assert len(samples) == 120
    assert len(nvml.calls) == 120 * 6


def seen(samples: int, **fields: Any) -> Telemetry:
    """Return the telemetry of a round that saw nothing but `fields`."""
    nothing: dict[str, Any] = dict.fromkeys(
        (
            *("sm_clock_mhz", "sm_clock_max_mhz", "memory_clock_mhz", "memory_clock_max_mhz"),
            *("temperature_c", "power_w", "foreign_processes", "cpu_steal", "swap_bytes"),
        )
    )
    return Telemetry(**(nothing | {"samples": samples, "throttle": {}} | fields))


def test_rounds_count_by_their_samples() -> None:
    one = seen(1, power_w=Range(min=90, mean=100, max=110), throttle={"power cap": 1.0})
    two = seen(3, power_w=Range(min=95, mean=300, max=400), throttle={"idle": 2 / 3})
    both = combine([one, two])
    assert both is not None
    assert both.samples == 4
    assert both.power_w == Range(min=90, mean=250, max=400)  # (100 + 3 * 300) / 4
    assert both.throttle == {"idle": pytest.approx(0.5), "power cap": 0.25}


@pytest.mark.parametrize("field", ["sm_clock_mhz", "memory_clock_mhz", "temperature_c", "power_w"])
def test_a_round_that_did_not_see_something_does_not_count_for_it(field: str) -> None:
    known = Range(min=1, mean=2, max=3)
    both = combine([seen(5), seen(2, **{field: known}), seen(2)])
    assert both is not None
    assert getattr(both, field) == known


def test_neighbours_and_highest_clocks_are_the_most_of_any_round() -> None:
    rounds = [
        seen(1, foreign_processes=2, sm_clock_max_mhz=1980, memory_clock_max_mhz=3201),
        seen(1, foreign_processes=0, sm_clock_max_mhz=1755, memory_clock_max_mhz=2619),
        seen(1),
    ]
    both = combine(rounds)
    assert both is not None
    assert (both.foreign_processes, both.sm_clock_max_mhz) == (2, 1980)
    assert both.memory_clock_max_mhz == 3201


def test_steal_is_the_mean_of_the_rounds_that_know_it_and_swap_the_sum() -> None:
    rounds = [
        seen(0, cpu_steal=0.02, swap_bytes=10, kernel_share=0.5),
        seen(0, cpu_steal=0.0, swap_bytes=5, kernel_share=0.25),
        seen(0),
    ]
    both = combine(rounds)
    assert both is not None
    assert (both.cpu_steal, both.swap_bytes, both.kernel_share) == (0.01, 15, 0.375)


def test_one_round_stays_as_it_is_and_none_is_none() -> None:
    one = replace(seen(2, cpu_steal=0.5), power_w=Range(min=1, mean=2, max=3))
    assert combine([one]) == one
    assert combine([]) is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_real_gpu_draws_energy_while_it_works() -> None:
    pytest.importorskip("pynvml")
    device = torch.device("cuda")
    square = torch.randn(4096, 4096, device=device)
    with watched(device) as watch:
        until = time.monotonic() + 2
        while time.monotonic() < until:
            square @ square
            torch.cuda.synchronize()
    assert watch.telemetry is not None
    assert watch.telemetry.samples >= 3
    assert watch.energy_j is None or watch.energy_j > 0
