"""Clocks take the time of passes without disturbing them."""

import pytest
import torch

from harness.timing.clock import CpuClock, CudaClock, clock_for
from harness.timing.loop import timed_loop

from .fakes import FakeGpu, FakeTime, protocol


def test_cpu_passes_are_what_the_calls_took() -> None:
    time = FakeTime()
    clock = CpuClock(time)
    clock.start()
    for seconds in (1.0, 3.0):
        clock.begin()
        time.wait(seconds)
        clock.end()
    samples = clock.stop()
    assert samples.pass_s == (1.0, 3.0)
    assert samples.elapsed_s == 4.0


def test_time_between_cpu_passes_is_elapsed_but_in_no_pass() -> None:
    time = FakeTime()
    clock = CpuClock(time)
    clock.start()
    for pause in (0.5, 10.0):
        clock.begin()
        time.wait(1.0)
        clock.end()
        time.wait(pause)
    samples = clock.stop()
    assert samples.pass_s == (1.0, 1.0)
    assert samples.elapsed_s == 2.5  # two passes and the pause between; not the one after


def test_elapsed_is_the_hosts_time_since_start() -> None:
    time = FakeTime()
    for clock in (CpuClock(time), CudaClock(torch.device("cuda"), time, FakeGpu(time))):
        time.wait(5.0)
        clock.start()
        time.wait(2.0)
        assert clock.elapsed() == 2.0


def test_the_host_waits_for_the_gpu_only_before_the_first_and_after_the_last_pass() -> None:
    time = FakeTime()
    gpu = FakeGpu(time)
    clock = CudaClock(torch.device("cuda:1"), time, gpu)
    timed_loop(gpu.run_pass, clock, protocol("cuda", iterations=3))
    record = "record on stream of cuda:1"
    assert gpu.calls == [
        *("synchronize cuda:1", record),
        *("pass", record) * 3,
        "synchronize cuda:1",
    ]


def test_gpu_passes_come_from_events_and_the_total_from_the_host() -> None:
    time = FakeTime()
    gpu = FakeGpu(time, pass_s=0.5)
    gpu.run_pass()  # still running when the clock starts, at 0.001 s
    clock = CudaClock(torch.device("cuda"), time, gpu)
    clock.start()
    for _ in range(3):
        clock.begin()
        gpu.run_pass()
        clock.end()
    assert clock.elapsed() == pytest.approx(0.003)  # enqueued, far from done
    samples = clock.stop()
    assert samples.pass_s == pytest.approx((0.5, 0.5, 0.5))
    assert samples.elapsed_s == pytest.approx(1.5)  # the earlier pass is not in it


def test_a_gpu_pass_that_waits_for_the_host_includes_the_wait() -> None:
    time = FakeTime()
    gpu = FakeGpu(time, pass_s=0.5)
    clock = CudaClock(torch.device("cuda"), time, gpu)
    clock.start()
    for _ in range(2):
        clock.begin()
        time.wait(2.0)  # slower than the GPU
        gpu.run_pass()
        clock.end()
    # The first pass ends at 2.5; the second is enqueued at 4.001 and ends at 4.501.
    assert clock.stop().pass_s == pytest.approx((2.5, 2.001))


def test_each_kind_of_device_has_its_clock() -> None:
    assert isinstance(clock_for(torch.device("cpu"), protocol("cpu")), CpuClock)
    assert isinstance(clock_for(torch.device("cuda:1"), protocol("cuda")), CudaClock)
