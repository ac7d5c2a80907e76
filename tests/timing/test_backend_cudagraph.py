"""One pass is captured after a warm-up beside the current stream, and replayed whole."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import nn

from harness.errors import RunFailed
from harness.timing.backends.cudagraph import WARMUP, prepare
from harness.timing.measure import time_network

from .fakes import protocol

ASKED = protocol("cuda", backend="cudagraph")


class FakeStream:
    def __init__(self, cuda: "FakeCuda", name: str) -> None:
        self.cuda, self.name = cuda, name

    def wait_stream(self, other: "FakeStream") -> None:
        self.cuda.calls.append(f"{self.name} waits for {other.name}")


class FakeGraph:
    def __init__(self, cuda: "FakeCuda") -> None:
        self.cuda = cuda

    def replay(self) -> None:
        self.cuda.calls.append("replay")


class FakeCuda:
    """Stands in for `torch.cuda`, and notes what is asked of it, in order."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def Stream(self, device: Any) -> FakeStream:  # noqa: N802 - torch's name
        return FakeStream(self, f"side of {device}")

    def current_stream(self, _device: Any) -> FakeStream:
        return FakeStream(self, "current")

    def CUDAGraph(self) -> FakeGraph:  # noqa: N802 - torch's name
        return FakeGraph(self)

    @contextmanager
    def _noted(self, what: str) -> Iterator[None]:
        self.calls.append(f"in {what}")
        yield
        self.calls.append(f"out of {what}")

    def device(self, device: Any) -> Any:
        return self._noted(str(device))

    def stream(self, stream: FakeStream) -> Any:
        return self._noted(stream.name)

    def graph(self, _graph: FakeGraph, *, stream: FakeStream) -> Any:
        return self._noted(f"capture on {stream.name}")


class Net(nn.Module):
    def __init__(self, calls: list[str]) -> None:
        super().__init__()
        self.calls = calls

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.append("forward")
        return x + 1


def test_warm_up_then_capture_then_only_replays() -> None:
    cuda = FakeCuda()
    prepared = prepare(Net(cuda.calls), torch.zeros(1), ASKED, cuda=cuda)
    assert cuda.calls == [
        *("in cpu", "side of cpu waits for current", "in side of cpu"),
        *["forward"] * WARMUP,
        *("out of side of cpu", "current waits for side of cpu"),
        *("in capture on side of cpu", "forward", "out of capture on side of cpu", "out of cpu"),
    ]
    cuda.calls.clear()
    outputs = [prepared.run(), prepared.run()]
    assert cuda.calls == ["replay", "replay"]
    assert outputs[0] is outputs[1]  # the static output
    assert torch.equal(prepared.to_tensor(outputs[0]), torch.ones(1))


def test_the_replay_keeps_network_and_input_alive() -> None:
    cuda = FakeCuda()
    network, batch = Net(cuda.calls), torch.zeros(1)
    alive = weakref.ref(network), weakref.ref(batch)
    run = prepare(network, batch, ASKED, cuda=cuda).run
    del network, batch
    gc.collect()
    assert all(reference() is not None for reference in alive)
    del run
    gc.collect()
    assert all(reference() is None for reference in alive)


def test_what_cannot_be_captured_is_a_failed_run_in_one_line() -> None:
    class Failing(FakeCuda):
        @contextmanager
        def graph(self, *_args: Any, **_options: Any) -> Iterator[None]:
            yield
            raise RuntimeError("operation not permitted when stream is capturing\nmore")

    cuda = Failing()
    message = "^backend cudagraph: .* while captured, got RuntimeError: operation .* capturing$"
    with pytest.raises(RunFailed, match=message):
        prepare(Net(cuda.calls), torch.zeros(1), ASKED, cuda=cuda)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_a_replay_gives_eagers_output() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()).cuda()
    timing = time_network(network, protocol("cuda", backend="cudagraph", iterations=50))
    assert timing.output_error is not None
    assert timing.output_error.relative_l2 < 1e-4
