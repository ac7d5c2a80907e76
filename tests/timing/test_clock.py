"""Clocks take the time of passes without disturbing them."""

import pytest
import torch

from harness.timing.clock import CpuClock, CudaClock, CudaLatencyClock, clock_for
from harness.timing.loop import timed_loop
from harness.timing.protocol import LATENCY, THROUGHPUT

from .fakes import FakeEvent, FakeGpu, FakeTime, protocol


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
    device, gpu = torch.device("cuda"), FakeGpu(time)
    for clock in (
        CpuClock(time),
        CudaClock(device, time, gpu),
        CudaLatencyClock(device, time, gpu),
    ):
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


def test_on_the_cpu_the_host_is_busy_for_the_whole_pass() -> None:
    time = FakeTime()
    clock = CpuClock(time)
    clock.start()
    for seconds in (1.0, 2.0):
        clock.begin()
        time.wait(seconds)
        clock.end()
        time.wait(7.0)
    assert clock.stop().host_s == 1.5


@pytest.mark.parametrize("kind", [CudaClock, CudaLatencyClock])
def test_on_a_gpu_the_host_is_busy_with_the_call_and_not_with_marking_or_waiting(
    kind: type[CudaClock],
) -> None:
    class SlowToMark(FakeGpu):
        def Event(self, *, enable_timing: bool) -> FakeEvent:  # noqa: N802 - torch's name
            self.host.wait(0.2)
            return super().Event(enable_timing=enable_timing)

    time = FakeTime()
    gpu = SlowToMark(time, pass_s=0.5)
    run = timed_loop(
        gpu.run_pass, kind(torch.device("cuda"), time, gpu), protocol("cuda", iterations=3)
    )
    assert run.samples.host_s == pytest.approx(0.001)  # what a call takes on the fake GPU


def test_for_latency_the_host_waits_for_the_gpu_before_and_after_every_pass() -> None:
    time = FakeTime()
    gpu = FakeGpu(time)
    clock = CudaLatencyClock(torch.device("cuda:1"), time, gpu)
    timed_loop(gpu.run_pass, clock, protocol("cuda", synchronisation=LATENCY, iterations=3))
    wait, record = "synchronize cuda:1", "record on stream of cuda:1"
    assert gpu.calls == [wait, *(wait, record, "pass", record) * 3, wait]


def test_a_pass_taken_alone_lasts_from_the_idle_gpu_to_its_own_end() -> None:
    time = FakeTime()
    gpu = FakeGpu(time, pass_s=0.5)
    clock = CudaLatencyClock(torch.device("cuda"), time, gpu)
    clock.start()
    for pause_s in (0.0, 3.0):
        time.wait(pause_s)  # whatever happens between passes is in none of them
        clock.begin()
        gpu.run_pass()
        clock.end()
    samples = clock.stop()
    assert samples.pass_s == pytest.approx((0.5, 0.5))
    assert samples.elapsed_s == pytest.approx(1.0)  # their sum, not the 4 s of the host


def test_the_launch_of_a_pass_taken_alone_is_part_of_it() -> None:
    time = FakeTime()
    gpu = FakeGpu(time, pass_s=0.5)
    clock = CudaLatencyClock(torch.device("cuda"), time, gpu)

    def slow_to_launch() -> None:
        time.wait(0.25)
        gpu.run_pass()

    run = timed_loop(slow_to_launch, clock, protocol("cuda", iterations=2))
    assert run.samples.pass_s == pytest.approx((0.75, 0.75))


def test_the_budget_of_latency_counts_the_waits_too() -> None:
    time = FakeTime()
    gpu = FakeGpu(time, pass_s=0.5)
    clock = CudaLatencyClock(torch.device("cuda"), time, gpu)

    def one_pass() -> None:
        time.wait(1.0)  # the host has something else to do
        gpu.run_pass()

    asked = protocol("cuda", synchronisation=LATENCY, iterations=100, budget_s=4.0)
    run = timed_loop(one_pass, clock, asked)
    # Calls return at 1.001, 2.502, 4.003 s: each after a second of its own, and the 0.5 s of the
    # pass before it.
    assert (len(run.samples.pass_s), run.stopped_by) == (3, "budget")


@pytest.mark.parametrize(
    ("device", "synchronisation", "kind"),
    [
        ("cpu", THROUGHPUT, CpuClock),
        ("cpu", LATENCY, CpuClock),
        ("cuda:1", THROUGHPUT, CudaClock),
        ("cuda:1", LATENCY, CudaLatencyClock),
    ],
)
def test_each_device_and_synchronisation_has_its_clock(
    device: str, synchronisation: str, kind: type
) -> None:
    asked = protocol(device.partition(":")[0], synchronisation=synchronisation)
    assert type(clock_for(torch.device(device), asked)) is kind


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_passes_taken_alone_last_as_long_as_the_host_sees() -> None:
    device = torch.device("cuda")
    square = torch.randn(2048, 2048, device=device)
    torch.cuda.synchronize(device)
    alone = timed_loop(
        lambda: square @ square,
        CudaLatencyClock(device),
        protocol("cuda", synchronisation=LATENCY, iterations=200),
    )
    in_a_row = timed_loop(
        lambda: square @ square, CudaClock(device), protocol("cuda", iterations=200)
    )
    assert alone.samples.elapsed_s == pytest.approx(sum(alone.samples.pass_s))
    assert sum(in_a_row.samples.pass_s) == pytest.approx(in_a_row.samples.elapsed_s, rel=0.1)
