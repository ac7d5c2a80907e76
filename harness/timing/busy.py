"""How long a pass takes the GPU alone, when it never waits for the host.

A GPU that finishes a kernel before the host has launched the next one stands idle, and then the
time of a pass is the host's, not the network's. To tell the two apart the host gets a head start:
a kernel that only waits goes into the queue first, and behind it, while it waits, an event, the
whole pass and a second event. When the wait is over the GPU works through what already lies there.
The first event must still be to come when the host is done; otherwise the wait is doubled.

Limits: a queue holds about a thousand launches, and a host that fills it is stopped until the wait
is over, so a network of more kernels has no figure; nor has a pass that itself waits for the GPU
(`.item()`, boolean masks). What runs on another stream than torch's (ONNX Runtime) is not seen:
do not ask. The pass comes after a rest, so where power limits the clocks it is a little faster
than in a row of many.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import torch

REPETITIONS = 5
FIRST_WAIT_S = 0.02
LONGEST_WAIT_S = 1.0
CYCLES_PER_S = 2_000_000_000  # of a fast GPU; a slower one waits longer


def gpu_pass_s(
    run_pass: Callable[[], object], device: torch.device, cuda: Any = torch.cuda
) -> float | None:
    """Return the seconds of one pass on the GPU alone, the median of 5.

    None on the CPU, without a pass being run, and where the pass could not be enqueued whole before
    it began.

    Args:
        run_pass: Enqueues one pass on the current stream.
        device: What runs it.
        cuda: `torch.cuda`, or what stands in for it in a test.
    """
    if device.type != "cuda":
        return None
    taken: list[float] = []
    wait_s = FIRST_WAIT_S
    with cuda.device(device):  # the waiting kernel goes to the current device
        while len(taken) < REPETITIONS:
            seconds = _one_pass_s(run_pass, device, cuda, wait_s)
            if seconds is not None:
                taken.append(seconds)
            elif (wait_s := 2 * wait_s) > LONGEST_WAIT_S:
                return None
    return statistics.median(taken)


def _one_pass_s(
    run_pass: Callable[[], object], device: torch.device, cuda: Any, wait_s: float
) -> float | None:
    """Return the seconds of a pass enqueued during a wait; None if the wait was too short."""
    stream = cuda.current_stream(device)
    begin, end = (cuda.Event(enable_timing=True) for _ in range(2))
    cuda.synchronize(device)
    cuda._sleep(int(wait_s * CYCLES_PER_S))
    begin.record(stream)
    run_pass()
    end.record(stream)
    in_time = not begin.query()
    cuda.synchronize(device)
    return float(begin.elapsed_time(end)) / 1000 if in_time else None
