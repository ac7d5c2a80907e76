"""One network, one protocol, one `Timing`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from harness.errors import BadRequest, RunFailed
from harness.records import Timing
from harness.timing import statistics
from harness.timing.clock import Clock, clock_for
from harness.timing.loop import Progress, Run, timed_loop
from harness.timing.protocol import Protocol
from harness.timing.settings import applied, left_as_found
from harness.timing.stability import doubts

DTYPES = {"fp32": torch.float32}


def time_network(
    network: nn.Module,
    protocol: Protocol,
    *,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> Timing:
    """Time `network` as `protocol` says.

    The network is timed where it is: move it to its device first. Torch's settings and the
    network (modes, buffers, hooks, device) are afterwards as they were, also when this raises.

    Args:
        network: Takes one tensor of the protocol's input shape.
        progress: See `harness.timing.loop.timed_loop`; its first call says that warm-up is over.
        clock: In place of the device's own; for tests.

    Raises:
        BadRequest: If the network is not on one device of the protocol's kind, in its precision.
        RunFailed: If a pass fails, for want of memory or whatever else.
        KeyboardInterrupt: On Ctrl-C during warm-up, or the second one while timing.
    """
    device = _device_of(network, protocol)
    with left_as_found(network), applied(protocol):
        network.eval()
        try:
            batch = _random_input(protocol).to(device)
            run, peak_memory_bytes = _run(
                lambda: network(batch),
                clock or clock_for(device, protocol),
                protocol,
                device,
                progress,
            )
        except (RuntimeError, MemoryError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise RunFailed(
                f"network failed on input {protocol.input_name} on {device}: {reason}"
            ) from error
    return _timing(protocol, run, peak_memory_bytes)


def _run(
    run_pass: Callable[[], object],
    clock: Clock,
    protocol: Protocol,
    device: torch.device,
    progress: Progress | None,
) -> tuple[Run, int | None]:
    for _ in range(protocol.warmup):
        run_pass()
    peak_memory_bytes = measure_peak_memory(run_pass, device)
    return timed_loop(run_pass, clock, protocol, progress), peak_memory_bytes


def measure_peak_memory(
    run_pass: Callable[[], object], device: torch.device, cuda: Any = torch.cuda
) -> int | None:
    """Return the most bytes that torch holds on the GPU during a pass; None on the CPU.

    Weights and input are among them; what CUDA itself and other processes hold is not. On the CPU
    no pass is run.
    """
    if device.type != "cuda":
        return None
    cuda.synchronize(device)
    cuda.reset_peak_memory_stats(device)
    run_pass()
    cuda.synchronize(device)
    return int(cuda.max_memory_allocated(device))


def _device_of(network: nn.Module, protocol: Protocol) -> torch.device:
    """Return the one device that the network is on, checked against the protocol."""
    tensors = [*network.parameters(), *network.buffers()]
    devices = {tensor.device for tensor in tensors} or {torch.device(protocol.device)}
    if {device.type for device in devices} != {protocol.device} or len(devices) > 1:
        names = ", ".join(sorted(map(str, devices)))
        raise BadRequest(f"network: must be on one {protocol.device} device, got {names}")
    dtypes = {tensor.dtype for tensor in tensors if tensor.is_floating_point()}
    if not dtypes <= {DTYPES[protocol.precision]}:
        names = ", ".join(sorted(map(str, dtypes)))
        raise BadRequest(f"network: must be in {protocol.precision}, got {names}")
    return devices.pop()


def _random_input(protocol: Protocol) -> torch.Tensor:
    """Return the protocol's input, drawn on the CPU: the same on every device."""
    generator = torch.Generator().manual_seed(protocol.seed)
    return torch.randn(protocol.input, generator=generator, dtype=DTYPES[protocol.precision])


def _timing(protocol: Protocol, run: Run, peak_memory_bytes: int | None) -> Timing:
    pass_s, elapsed_s = run.samples.pass_s, run.samples.elapsed_s
    fps = len(pass_s) * protocol.input[0] / elapsed_s
    block_size = statistics.block_size_for(len(pass_s))
    block_means_s = statistics.block_means(pass_s, block_size)
    return Timing(
        fps=fps,
        fps_ci95=statistics.fps_interval(fps, block_means_s),
        iterations=len(pass_s),
        elapsed_s=elapsed_s,
        latency_s=statistics.latency(pass_s),
        block_means_s=block_means_s,
        block_size=block_size,
        protocol=protocol.to_dict(),
        stopped_by=run.stopped_by,
        peak_memory_bytes=peak_memory_bytes,
        warnings=doubts(protocol, run),
    )
