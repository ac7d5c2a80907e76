"""The GPU's own time for a pass is found where it can be, and not guessed where it cannot."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from harness.timing.busy import gpu_pass_s

from .fakes import FakeEvent, FakeGpu, FakeTime

DEVICE = torch.device("cuda:1")
CLOCK_HZ = 1_000_000_000


class Event(FakeEvent):
    """Can be asked whether it has happened."""

    def query(self) -> bool:
        return self.gpu.host.now_s >= self.at_s


class Gpu(FakeGpu):
    """Does passes of several kernels; the host launches them one by one.

    Attributes:
        kernels_s: Seconds of each kernel on the GPU.
        launch_s: Seconds that the host takes to launch one.
        depth: Launches that the queue holds.
        waits_s: How long it was told to wait, each time.
        current: The device that `_sleep` goes to.
    """

    def __init__(
        self, kernels_s: Sequence[float], *, launch_s: float = 0.0, depth: int = 1024
    ) -> None:
        super().__init__(FakeTime())
        self.kernels_s = kernels_s
        self.launch_s = launch_s
        self.depth = depth
        self.queue: list[float] = []
        self.waits_s: list[float] = []
        self.current = "cuda:0"

    @contextmanager
    def device(self, device: Any) -> Iterator[None]:
        before, self.current = self.current, str(device)
        yield
        self.current = before

    def _enqueue(self, seconds: float) -> None:
        self.queue = [end for end in self.queue if end > self.host.now_s]
        if len(self.queue) >= self.depth:
            self.host.now_s = self.queue[-self.depth]  # full: until one of them is done
        self.idle_at_s = max(self.idle_at_s, self.host.now_s) + seconds
        self.queue.append(self.idle_at_s)

    def _sleep(self, cycles: int) -> None:
        assert self.current == "cuda:1"
        self.waits_s.append(cycles / CLOCK_HZ)
        self._enqueue(self.waits_s[-1])

    def run_pass(self) -> None:
        self.calls.append("pass")
        for seconds in self.kernels_s:
            self.host.wait(self.launch_s)
            self._enqueue(seconds)

    def Event(self, *, enable_timing: bool) -> Event:  # noqa: N802 - torch's name
        assert enable_timing
        return Event(self)


def test_the_time_is_the_gpus_where_launches_take_longer() -> None:
    # 10 kernels of 0.4 ms, each launched in 1 ms: in a row of passes the GPU waits 6 ms of 10.
    gpu = Gpu([0.0004] * 10, launch_s=0.001)
    assert gpu_pass_s(gpu.run_pass, DEVICE, gpu) == pytest.approx(0.004)


def test_it_is_the_median_of_five_passes() -> None:
    seconds = [0.004, 0.001, 0.009, 0.002, 0.003]
    gpu = Gpu([])

    def one_pass() -> None:
        gpu.kernels_s = [seconds[gpu.calls.count("pass")]]
        gpu.run_pass()

    assert gpu_pass_s(one_pass, DEVICE, gpu) == pytest.approx(0.003)
    assert gpu.calls.count("pass") == 5


def test_the_wait_is_doubled_until_the_host_is_done_in_time() -> None:
    # 100 launches of 2 ms: 200 ms. At 1 GHz the first wait, of 40 million cycles, is 40 ms.
    gpu = Gpu([0.001] * 100, launch_s=0.002)
    assert gpu_pass_s(gpu.run_pass, DEVICE, gpu) == pytest.approx(0.1)
    assert gpu.waits_s == pytest.approx([0.04, 0.08, 0.16, *[0.32] * 5])


def test_a_pass_that_waits_for_the_gpu_has_no_figure() -> None:
    gpu = Gpu([0.001])

    def synchronising() -> None:
        gpu.run_pass()
        gpu.synchronize(DEVICE)

    assert gpu_pass_s(synchronising, DEVICE, gpu) is None


def test_a_pass_that_waits_in_the_middle_has_none_either() -> None:
    gpu = Gpu([0.001])

    def synchronising() -> None:
        gpu.run_pass()
        gpu.synchronize(DEVICE)
        gpu.run_pass()

    assert gpu_pass_s(synchronising, DEVICE, gpu) is None
    assert gpu.waits_s == pytest.approx([0.04, 0.08, 0.16, 0.32, 0.64, 1.28])  # at 2 GHz half that


def test_more_kernels_than_the_queue_holds_give_no_figure() -> None:
    fits, full = Gpu([1e-6] * 1000), Gpu([1e-6] * 1100)
    assert gpu_pass_s(fits.run_pass, DEVICE, fits) == pytest.approx(0.001)
    assert gpu_pass_s(full.run_pass, DEVICE, full) is None


def test_on_the_cpu_there_is_no_figure_and_no_pass() -> None:
    gpu = Gpu([0.001])
    assert gpu_pass_s(gpu.run_pass, torch.device("cpu"), gpu) is None
    assert gpu.calls == []


def test_marks_are_on_the_devices_stream_and_the_gpu_is_idle_before_and_after() -> None:
    gpu = Gpu([0.001])
    gpu_pass_s(gpu.run_pass, DEVICE, gpu)
    wait, record = "synchronize cuda:1", "record on stream of cuda:1"
    assert gpu.calls == [wait, record, "pass", record, wait] * 5
    assert gpu.current == "cuda:0"  # as it was


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_many_small_kernels_take_less_alone_than_launched() -> None:
    device = torch.device("cuda")
    values = torch.randn(64, device=device)

    def one_pass() -> None:
        for _ in range(200):
            values.add_(1.0)

    def synchronising() -> None:
        values.sum().item()

    one_pass()
    alone_s = gpu_pass_s(one_pass, device)
    assert alone_s is not None
    assert 0 < alone_s < 0.05
    assert gpu_pass_s(synchronising, device) is None
