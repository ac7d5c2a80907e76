"""Protocols and parts made up for tests, a host clock that goes when told, and a GPU's queue."""

from typing import Any

from harness.timing.named import paper_protocol
from harness.timing.part import Part
from harness.timing.protocol import Protocol


def protocol(device: str = "cpu", **fields: Any) -> Protocol:
    """Return a small protocol of the paper's kind, fields replaced."""
    wanted: dict[str, Any] = {"warmup": 2, "iterations": 4, "budget_s": None, "min_iterations": 1}
    base = paper_protocol((1, 3, 8, 8), device).to_dict()
    return Protocol(**(base | {"input": (1, 3, 8, 8), "threads": 1} | wanted | fields))


def part(*pass_s: float, **fields: Any) -> Part:
    """Return a round of passes of these seconds, one right after the other, fields replaced."""
    made: dict[str, Any] = {"elapsed_s": sum(pass_s), "stopped_by": "iterations"}
    return Part(**({"pass_s": pass_s, "setup_s": 1.0, "host_s": 0.01} | made | fields))


class FakeTime:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> None:
        self.now_s += seconds


class FakeGpu:
    """Stands in for `torch.cuda`: work is enqueued at once and done one after the other.

    Attributes:
        calls: What was asked of it, in order.
    """

    def __init__(self, host: FakeTime, pass_s: float = 0.5) -> None:
        self.host = host
        self.pass_s = pass_s
        self.idle_at_s = 0.0
        self.calls: list[str] = []

    def run_pass(self) -> None:
        self.calls.append("pass")
        self.idle_at_s = max(self.idle_at_s, self.host.now_s) + self.pass_s
        self.host.wait(0.001)

    def synchronize(self, device: Any) -> None:
        self.calls.append(f"synchronize {device}")
        self.host.now_s = max(self.host.now_s, self.idle_at_s)

    def current_stream(self, device: Any) -> str:
        return f"stream of {device}"

    def Event(self, *, enable_timing: bool) -> "FakeEvent":  # noqa: N802 - torch's name
        assert enable_timing
        return FakeEvent(self)

    def reset_peak_memory_stats(self, device: Any) -> None:
        self.calls.append(f"reset peak {device}")

    def max_memory_allocated(self, device: Any) -> int:
        self.calls.append(f"read peak {device}")
        return 1234


class FakeEvent:
    """Happens when the GPU has done what was enqueued before it."""

    def __init__(self, gpu: FakeGpu) -> None:
        self.gpu = gpu

    def record(self, stream: str) -> None:
        self.gpu.calls.append(f"record on {stream}")
        self.at_s = max(self.gpu.idle_at_s, self.gpu.host.now_s)

    def elapsed_time(self, later: "FakeEvent") -> float:
        assert self.gpu.host.now_s >= later.at_s, "read before the GPU came to it"
        return (later.at_s - self.at_s) * 1000
