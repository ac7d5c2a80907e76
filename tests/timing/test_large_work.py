"""Sizes grow until a run is long enough; the best of the repetitions counts; memory is bounded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.timing import large_work
from harness.timing.clock import CpuClock, CudaClock, Samples
from harness.timing.large_work import Bench, available_bytes, best_seconds

from .fakes import FakeGpu, FakeTime

CPU = torch.device("cpu")
GIB = 2**30


class ByRate:
    """A clock by which a run takes what `seconds` says of its number, 0, 1, 2, ..."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        self.seconds = seconds
        self.number = 0

    def __call__(self) -> "ByRate":
        self.passes: list[float] = []
        return self

    def start(self) -> None:
        pass

    def begin(self) -> None:
        pass

    def end(self) -> None:
        self.passes.append(self.seconds(self.number))
        self.number += 1

    def elapsed(self) -> float:
        return sum(self.passes)

    def stop(self) -> Samples:
        return Samples(tuple(self.passes), sum(self.passes), 0.0)


def bench(clock: Any, budget: int = 16 * GIB) -> Bench:
    return Bench(CPU, clock, budget)


# --- repetitions ----------------------------------------------------------------------------------


def test_the_best_of_the_repetitions_counts() -> None:
    # one to find out how many: 0.1 s / 0.02 s = 5; of those the third is the fastest
    clock = ByRate(lambda number: (0.02, 0.03, 0.025, 0.01, 0.04, 0.05)[number])
    assert best_seconds(lambda: None, clock) == (0.01, 5)


@pytest.mark.parametrize(("seconds", "repetitions"), [(3.0, 5), (0.01, 10), (1e-6, 50), (0.0, 50)])
def test_short_runs_are_repeated_more_often(seconds: float, repetitions: int) -> None:
    assert best_seconds(lambda: None, ByRate(lambda _: seconds)) == (seconds, repetitions)


def test_the_first_run_is_not_timed() -> None:
    time = FakeTime()
    runs = []

    def run() -> None:
        runs.append(time())
        time.wait(9.0 if len(runs) == 1 else 0.05)

    seconds, repetitions = best_seconds(run, lambda: CpuClock(time))
    assert seconds == pytest.approx(0.05)
    assert repetitions == 5
    assert len(runs) == 1 + 1 + 5


def test_a_gpu_is_timed_by_its_events_with_its_queue_full() -> None:
    time = FakeTime()
    gpu = FakeGpu(time, pass_s=0.03)
    device: Any = "cuda:0"
    seconds, repetitions = best_seconds(gpu.run_pass, lambda: CudaClock(device, time, gpu))
    assert seconds == pytest.approx(0.03)
    assert repetitions == 5
    last = gpu.calls[-1 - 2 * 5 : -1]
    assert last == ["pass", "record on stream of cuda:0"] * 5  # no waiting in between


# --- sizes ----------------------------------------------------------------------------------------


def test_a_product_of_the_size_that_is_said_and_its_rate() -> None:
    # every run takes 0.05 s, long enough at once: 256^3 / 0.05
    found = bench(ByRate(lambda _: 0.05)).product(torch.float32)
    assert found == {"size": [256, 256, 256], "repetitions": 5, "macs_per_s": 256**3 / 0.05}


def test_sizes_double_until_a_run_is_long_enough() -> None:
    # each size is run once and then 50 or 5 times; the third size takes 0.02 s
    seconds = [0.001] * 51 + [0.002] * 51 + [0.02] * 6
    found = bench(ByRate(lambda number: seconds[number])).product(torch.float32)
    # 256^3/0.001 = 1.68e10, 512^3/0.002 = 6.7e10, 1024^3/0.02 = 5.4e10: the second is the fastest
    assert found == {"size": [512] * 3, "repetitions": 50, "macs_per_s": 512**3 / 0.002}


def test_runs_too_short_to_be_timed_well_do_not_count() -> None:
    seconds = [1e-6] * 51 + [0.03] * 6
    found = bench(ByRate(lambda number: seconds[number])).product(torch.float32)
    assert found["size"] == [512] * 3
    assert found["macs_per_s"] == 512**3 / 0.03


def test_the_largest_size_counts_however_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_work, "PRODUCT_SIDES", (8, 32))
    found = bench(ByRate(lambda _: 1e-6)).product(torch.float32)
    assert found["size"] == [32] * 3


def test_sizes_stay_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    # 512: three matrices of 1 MiB and one as drawn = 4 MiB; 1024 would take 16
    monkeypatch.setattr(large_work, "PRODUCT_SIDES", (256, 1024))
    found = bench(ByRate(lambda _: 1e-6), budget=8 * 2**20).product(torch.float32)
    assert found["size"] == [512] * 3


def test_a_convolution_and_its_multiply_accumulates() -> None:
    # 16 x 16 positions, 256 channels in and out, 9 weights
    found = bench(ByRate(lambda _: 0.05)).convolution(torch.bfloat16)
    assert found == {
        "input": [1, 256, 16, 16],
        "weight": [256, 256, 3, 3],
        "memory_format": "channels_last",
        "repetitions": 5,
        "macs_per_s": 16 * 16 * 256 * 256 * 9 / 0.05,
    }


def test_what_runs_is_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    convolved: list[tuple[Any, ...]] = []
    multiplied: list[tuple[Any, ...]] = []
    conv2d, mm = torch.conv2d, torch.mm

    def watch_conv(x: Any, w: Any, **options: Any) -> Any:
        channels_last = x.is_contiguous(memory_format=torch.channels_last)
        out = conv2d(x, w, **options)
        convolved.append((x.dtype, tuple(x.shape), tuple(w.shape), tuple(out.shape), channels_last))
        return out

    def watch_mm(a: Any, b: Any, *, out: Any) -> Any:
        multiplied.append((a.dtype, tuple(a.shape), tuple(b.shape)))
        return mm(a, b, out=out)

    monkeypatch.setattr(torch, "conv2d", watch_conv)
    monkeypatch.setattr(torch, "mm", watch_mm)
    bench(ByRate(lambda _: 0.05)).convolution(torch.bfloat16)
    bench(ByRate(lambda _: 0.05)).product(torch.float16)
    image = (1, 256, 16, 16)
    assert set(convolved) == {(torch.bfloat16, image, (256, 256, 3, 3), image, True)}
    assert set(multiplied) == {(torch.float16, (256, 256), (256, 256))}


# --- memory ---------------------------------------------------------------------------------------


def test_a_copy_counts_what_it_reads_and_what_it_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(large_work.BUFFER_BYTES, "cpu", 2**20)
    monkeypatch.setattr(large_work, "SMALLEST_BUFFER", 2**10)
    # the copy is run 1 + 5 times at 0.5 s, the ReLU in place at 0.25 s
    seconds = [0.5] * 6 + [0.25] * 6
    found = bench(ByRate(lambda number: seconds[number])).memory()
    assert found == {
        "notes": [],
        "copy": {"buffer_bytes": 2**20, "repetitions": 5, "bytes_per_s": 2 * 2**20 / 0.5},
        "in_place": {"buffer_bytes": 2**20, "repetitions": 5, "bytes_per_s": 2 * 2**20 / 0.25},
    }


def test_both_move_a_buffer_of_the_size_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(large_work.BUFFER_BYTES, "cpu", 2**20)
    sizes = []
    copy, relu = torch.Tensor.copy_, torch.relu_

    def watch_copy(target: Any, source: Any) -> Any:
        sizes.append(("copy", target.nbytes, source.nbytes))
        assert target.data_ptr() != source.data_ptr()
        return copy(target, source)

    def watch_relu(target: Any) -> Any:
        sizes.append(("relu", target.nbytes, target.nbytes))
        return relu(target)

    monkeypatch.setattr(torch.Tensor, "copy_", watch_copy)
    monkeypatch.setattr(torch, "relu_", watch_relu)
    found = bench(ByRate(lambda _: 0.5)).memory()
    assert set(sizes) == {("copy", 2**20, 2**20), ("relu", 2**20, 2**20)}
    assert found["copy"]["buffer_bytes"] == 2**20


def test_want_of_memory_makes_buffers_smaller_and_is_noted() -> None:
    found = bench(ByRate(lambda _: 0.5), budget=2**26).memory()
    assert found["copy"]["buffer_bytes"] == 2**25  # two of them
    assert found["notes"] == ["buffers of 32 MiB for want of memory: caches may have helped"]


def test_buffers_are_far_beyond_the_caches() -> None:
    assert min(large_work.BUFFER_BYTES.values()) >= 2**28


def test_memory_is_that_of_the_machine_or_of_the_container(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    assert available_bytes(CPU, meminfo=meminfo, cgroup=tmp_path) == large_work.UNKNOWN_MEMORY
    meminfo.write_text("MemTotal:  999 kB\nMemAvailable:     4000 kB\n")
    assert available_bytes(CPU, meminfo=meminfo, cgroup=tmp_path) == 4000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert available_bytes(CPU, meminfo=meminfo, cgroup=tmp_path) == 4000 * 1024
    (tmp_path / "memory.max").write_text("5000\n")
    assert available_bytes(CPU, meminfo=meminfo, cgroup=tmp_path) == 4000
    (tmp_path / "memory.max").write_text("500\n")
    assert available_bytes(CPU, meminfo=meminfo, cgroup=tmp_path) == 0


def test_memory_of_a_gpu_is_what_is_free_on_it() -> None:
    class Cuda:
        def mem_get_info(self, device: torch.device) -> tuple[int, int]:
            assert device == torch.device("cuda:1")
            return 3 * GIB, 8 * GIB

    assert available_bytes(torch.device("cuda:1"), cuda=Cuda()) == 3 * GIB
