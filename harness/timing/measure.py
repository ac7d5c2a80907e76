"""One network, one protocol: made ready, checked, timed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from harness.errors import BadRequest
from harness.timing import output
from harness.timing.backends import find_backend
from harness.timing.busy import gpu_pass_s
from harness.timing.clock import Clock, clock_for
from harness.timing.combine import combine
from harness.timing.failures import failures_named
from harness.timing.loop import Progress, timed_loop
from harness.timing.machine import environment_notes
from harness.timing.part import Part
from harness.timing.plan import next_share
from harness.timing.protocol import Protocol
from harness.timing.settings import applied, left_as_found
from harness.timing.telemetry import watched
from harness.timing.transforms import transformed, transformed_input, what_changed
from harness.timing_records import OutputError, Timing

# Backends whose passes are kernels in torch's queue, so that its events see them; and those whose
# passes take their memory from torch, call by call, so that it knows the peak: a CUDA graph holds
# its own from the capture on, and no runtime other than torch asks it for any.
IN_TORCHS_QUEUE = ("eager", "compile", "cudagraph")
MEMORY_FROM_TORCH = ("eager", "compile")

MakeClock = Callable[[], Clock]


def time_network(
    network: nn.Module,
    protocol: Protocol,
    *,
    progress: Progress | None = None,
    clock: MakeClock | None = None,
) -> Timing:
    """Time `network` as `protocol` says, all rounds in this process.

    The network is timed where it is: move it to its device first. Torch's settings and the
    network (modes, buffers, hooks, device) are afterwards as they were, also when this raises.

    Args:
        network: Takes one tensor of the protocol's input shape.
        progress: Told how far all rounds together are, and in its first call that warm-up is over
            (see `harness.timing.loop.timed_loop`).
        clock: Makes the clock of a round, in place of the device's own; for tests.

    Raises:
        BadRequest: If the network is not on one device of the protocol's kind, in fp32.
        RunFailed: If a pass fails, for want of memory or whatever else, or the output is not
            finite or not eager's.
        KeyboardInterrupt: On Ctrl-C during warm-up, or the second one while timing.
    """
    parts: list[Part] = []
    with ready(network, protocol) as round_of:
        while share := next_share(protocol, parts):
            parts.append(round_of(share, progress and _after(parts, progress), clock))
    return combine(protocol, parts)


def _after(parts: Sequence[Part], progress: Progress) -> Progress:
    """Return what tells `progress` of a round that follows `parts`."""
    passes = sum(len(part.pass_s) for part in parts)
    seconds = sum(part.elapsed_s for part in parts)
    return lambda done, elapsed_s: progress(passes + done, seconds + elapsed_s)


RoundOf = Callable[[Protocol, Progress | None, MakeClock | None], Part]


@contextmanager
def ready(network: nn.Module, protocol: Protocol) -> Iterator[RoundOf]:
    """Make `network` ready under `protocol`; yield what times one round of it.

    Everything that the rounds have in common happens once: transforms, the backend's set-up, the
    first pass, the comparison with eager's output.

    Raises:
        BadRequest, RunFailed: As `time_network`.
    """
    device = _device_of(network, protocol)
    with left_as_found(network), applied(protocol):
        with failures_named(protocol, device):
            made = _made_ready(network, protocol, device)

        def round_of(share: Protocol, progress: Progress | None, clock: MakeClock | None) -> Part:
            with failures_named(protocol, device):
                return _round(made, share, progress, clock() if clock else clock_for(device, share))

        yield round_of


@dataclass(frozen=True)
class _Ready:
    """A network that is ready for rounds.

    Attributes:
        run_pass: Runs (on CUDA: enqueues) a pass.
        device: Where.
        setup_s: Seconds that it took, the first pass included.
        about: Versions and choices for the record.
        error: Distance to eager's output; null where eager itself runs, unchanged.
        original_bytes: Of the network beside, as it was found, where a copy of it runs.
    """

    run_pass: Callable[[], object]
    device: torch.device
    setup_s: float
    about: dict[str, str]
    error: OutputError | None
    original_bytes: int


def _made_ready(network: nn.Module, protocol: Protocol, device: torch.device) -> _Ready:
    network.eval()
    batch = random_input(protocol).to(device)
    # Before the set-up, so that its activations are gone when the backend claims memory.
    eager = None if protocol.plain else _eager_output(network, batch, protocol)
    began = time.perf_counter()
    prepare = find_backend(protocol.backend)
    mine = transformed(network, protocol)
    prepared = prepare(mine, transformed_input(batch, protocol), protocol)
    first = prepared.run()
    _synchronise(device)
    setup_s = time.perf_counter() - began
    error = _checked(prepared.to_tensor(first), eager, protocol)
    return _Ready(
        run_pass=prepared.run,
        device=device,
        setup_s=setup_s,
        about=prepared.about | what_changed(network, mine, protocol),
        error=error,
        original_bytes=0 if mine is network else _bytes_of(network),
    )


def _eager_output(network: nn.Module, batch: torch.Tensor, protocol: Protocol) -> torch.Tensor:
    """Return the output of eager in fp32 without TF32, on the host."""
    fp32 = replace(protocol, precision="fp32", tf32=False, backend="eager", provider=None)
    with applied(fp32):
        # Copies, since a network may write into its input, or return what it writes into again.
        first = output.first_tensor(network(batch.clone()))
        eager = first.to("cpu", torch.float32, copy=True)
    if batch.is_cuda:
        torch.cuda.empty_cache()  # for backends that take memory elsewhere, by what is free
    return eager


def _checked(
    first: torch.Tensor, eager: torch.Tensor | None, protocol: Protocol
) -> OutputError | None:
    """Return the distance of the first output to eager's, or refuse to time what is wrong."""
    output.check_finite(first)
    if eager is None:
        return None
    return output.compare(first.cpu(), eager, "tf32" if protocol.tf32 else protocol.precision)


def _round(made: _Ready, share: Protocol, progress: Progress | None, clock: Clock) -> Part:
    run_pass, device = made.run_pass, made.device
    for _ in range(share.warmup):
        run_pass()
    peak_memory_bytes = None
    if share.backend in MEMORY_FROM_TORCH:
        peak_memory_bytes = measure_peak_memory(run_pass, device)
    if peak_memory_bytes is not None:
        peak_memory_bytes -= made.original_bytes
    gpu_s = gpu_pass_s(run_pass, device) if share.backend in IN_TORCHS_QUEUE else None
    with watched(device) as watch:
        run = timed_loop(run_pass, clock, share, progress)
    return Part(
        pass_s=run.samples.pass_s,
        elapsed_s=run.samples.elapsed_s,
        stopped_by=run.stopped_by,
        setup_s=made.setup_s,
        host_s=run.samples.host_s,
        gpu_s=gpu_s,
        energy_j=watch.energy_j,
        peak_memory_bytes=peak_memory_bytes,
        backend=made.about,
        output_error=made.error,
        telemetry=watch.telemetry,
        notes=(*watch.notes, *environment_notes(share, os.environ)),
    )


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _bytes_of(network: nn.Module) -> int:
    """Return the bytes that parameters and buffers hold, each storage once.

    Rounded up to the 512 bytes in which torch hands out GPU memory.
    """
    storages = [tensor.untyped_storage() for tensor in (*network.parameters(), *network.buffers())]
    sizes = {storage.data_ptr(): storage.nbytes() for storage in storages}
    return sum(-(-size // 512) * 512 for size in sizes.values())


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
    if not dtypes <= {torch.float32}:
        names = ", ".join(sorted(map(str, dtypes)))
        raise BadRequest(f"network: must come in fp32, the protocol casts it; got {names}")
    return devices.pop()


def random_input(protocol: Protocol) -> torch.Tensor:
    """Return the protocol's input, drawn on the CPU in fp32: the same on every device."""
    generator = torch.Generator().manual_seed(protocol.seed)
    return torch.randn(protocol.input, generator=generator)
