"""CUDA graph: one pass is recorded, then replayed whole, at the price of one launch.

What the host does in a pass (Python, dispatch, a launch per kernel) is gone; the kernels are
eager's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from harness.timing.backends import Prepared
from harness.timing.backends.foreign import foreign
from harness.timing.output import first_tensor
from harness.timing.protocol import Protocol

WARMUP = 3  # passes in which libraries load, cuDNN picks algorithms, and the allocator settles


def prepare(
    network: nn.Module, batch: torch.Tensor, _protocol: Protocol, cuda: Any = torch.cuda
) -> Prepared:
    """Return the replay of one captured pass; its output tensor is the same one every time.

    Args:
        network: What is captured. It must not move data between host and device.
        batch: The static input.
        cuda: `torch.cuda`, or what stands in for it in a test.

    Raises:
        RunFailed: If the network does what cannot be captured.
    """
    device = batch.device
    rule = "backend cudagraph: the network must not wait for the GPU or move data while captured"
    with cuda.device(device):
        side = cuda.Stream(device)  # a capture is not allowed on the default stream
        side.wait_stream(cuda.current_stream(device))
        with cuda.stream(side):
            for _ in range(WARMUP):
                network(batch)
        cuda.current_stream(device).wait_stream(side)
        graph = cuda.CUDAGraph()
        with foreign(rule), cuda.graph(graph, stream=side):
            output = network(batch)

    # The kernels hold bare addresses: what lies there must live as long as the graph.
    replay = _Replay(graph, output, alive=(network, batch))
    about = {"warm-up": f"{WARMUP} passes"}
    return Prepared(run=replay, to_tensor=first_tensor, about=about)


@dataclass(frozen=True)
class _Replay:
    """A captured pass; calling it enqueues the replay and returns the output tensor."""

    graph: Any
    output: Any
    alive: tuple[Any, ...]

    def __call__(self) -> Any:
        self.graph.replay()
        return self.output
