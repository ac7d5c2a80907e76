"""Where the time of an eager pass goes, module by module, beside what each could take at least.

Torch's profiler notes how long every operator ran; hooks push a named range around every module's
forward. An operator's own time goes to the innermost range that it ran in, so that what a forward
calls as a function (`torch.cat`, `F.interpolate`, `x + y`) is its module's, as in the ledger. On a
GPU it is the time of the kernels that the operator launched, whenever they ran.

The profiler slows a pass down, small operators most: its times say which module is dear, not what
a pass takes. Only an eager network can be taken apart so; one that a backend has compiled has no
modules left.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile, record_function

from harness.errors import BadRequest
from harness.ledger import Ledger
from harness.roofline import Work, work_by_path
from harness.timing.settings import left_as_found
from harness.timing_records import LayerTime

_RANGE = "harness module "  # begins the name of a module's range; its path follows
WARMUP = 2
# The profiler's library writes a line at every start and stop; 6 is above all of its levels.
_QUIET = ("KINETO_LOG_LEVEL", "6")


@dataclass(frozen=True, kw_only=True)
class LayerTimes:
    """What the profiler said.

    Attributes:
        own_s: Seconds per pass of each module's own operators, by path.
        pass_s: Wall-clock seconds per pass without the profiler.
        profiled_s: Wall-clock seconds per pass with it. The part that `own_s` does not add up to
            is Python, the hooks and the profiler; on a GPU, waiting.
    """

    own_s: dict[str, float]
    pass_s: float
    profiled_s: float


def layer_times(network: nn.Module, batch: torch.Tensor, passes: int = 5) -> LayerTimes:
    """Return the seconds per pass that each module's own operators take.

    Runs `passes` passes twice, without and with the profiler, in eval and inference mode. Threads
    and TF32 are as the caller set them (`harness.timing.settings.applied`). The network is
    afterwards as it was, also when a pass raises.

    Args:
        network: In the type and layout that are to be looked at.
        batch: On the network's device.
        passes: How many to take the mean of.

    Raises:
        BadRequest: If `passes` is below 1.
    """
    if passes < 1:
        raise BadRequest(f"layers: passes must be at least 1, got {passes}")
    on_gpu = batch.device.type == "cuda"
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * on_gpu
    with left_as_found(network), torch.inference_mode():
        network.eval()
        for _ in range(WARMUP):
            network(batch)
        pass_s = _seconds_per_pass(network, batch, passes)
        with module_ranges(network), _quiet():
            with profile(activities=activities):  # the first use sets the profiler up
                network(batch)
            with profile(activities=activities) as profiler:
                profiled_s = _seconds_per_pass(network, batch, passes)
        totals = own_times(profiler.events(), on_gpu=on_gpu)
    own_s = {path: seconds / passes for path, seconds in totals.items()}
    return LayerTimes(own_s=own_s, pass_s=pass_s, profiled_s=profiled_s)


def _seconds_per_pass(
    network: Callable[[torch.Tensor], object], batch: torch.Tensor, passes: int
) -> float:
    _wait(batch.device)
    began = time.perf_counter()
    for _ in range(passes):
        network(batch)
    _wait(batch.device)
    return (time.perf_counter() - began) / passes


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def _quiet() -> Iterator[None]:
    name, level = _QUIET
    before = os.environ.get(name)
    os.environ.setdefault(name, level)
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]


@contextmanager
def module_ranges(network: nn.Module) -> Iterator[None]:
    """Run every module's forward within a profiler range that bears its path, for a while.

    The hooks are taken out again, and ranges left open by an exception are closed.
    """
    open_ranges: list[record_function] = []

    def opening(path: str) -> Callable[..., None]:
        def enter(*_: Any) -> None:
            entered = record_function(_RANGE + path)
            entered.__enter__()  # type: ignore[no-untyped-call]
            open_ranges.append(entered)

        return enter

    def leave(*_: Any) -> None:
        open_ranges.pop().__exit__(None, None, None)

    def close() -> None:
        while open_ranges:  # Ctrl-C, which torch calls no hook for
            leave()

    with ExitStack() as hooks:
        hooks.callback(close)
        for path, module in network.named_modules():
            # outermost: what other hooks of the module run is its own
            before = module.register_forward_pre_hook(opening(path), prepend=True)
            hooks.callback(before.remove)
            # called after an exception too, so that a caught one leaves no range open
            after = module.register_forward_hook(leave, always_call=True)
            hooks.callback(after.remove)
        yield


def own_times(events: Iterable[Any], *, on_gpu: bool) -> dict[str, float]:
    """Return the seconds of the operators that ran innermost in each module's range, by path.

    Args:
        events: Of a torch profiler; times in microseconds.
        on_gpu: Whether the kernels that an operator launched are what counts, or the host's time.
    """
    found: dict[str, list[float]] = {}
    for event in events:
        if event.device_type.name != "CPU" or event.name.startswith(_RANGE):
            continue  # kernels come by way of the operators that launched them
        path = _innermost(event)
        if path is not None:
            own = event.self_device_time_total if on_gpu else event.self_cpu_time_total
            found.setdefault(path, []).append(own)
    return {path: math.fsum(times) / 1e6 for path, times in found.items()}


def _innermost(event: Any) -> str | None:
    parent = event.cpu_parent
    while parent is not None:
        if parent.name.startswith(_RANGE):
            return str(parent.name).removeprefix(_RANGE)
        parent = parent.cpu_parent
    return None


def layers(
    network: nn.Module,
    ledger: Ledger,
    own_s: Mapping[str, float],
    macs_per_s: float,
    bytes_per_s: float,
    bytes_per_element: int,
) -> tuple[LayerTime, ...]:
    """Return every module that ran operators of its own, the one that took longest first.

    Args:
        network: The one that was profiled.
        ledger: Of the same network at the same input, batch included.
        own_s: From `layer_times`.
        macs_per_s: What the device does at best, as `bytes_per_s` (`harness.timing.limits`).
        bytes_per_element: See `harness.roofline.BYTES_PER_ELEMENT`.
    """
    work = work_by_path(ledger.rows, macs_per_s, bytes_per_s, bytes_per_element)
    found = []
    for path, module in network.named_modules():
        if path not in own_s and path not in work:
            continue
        done = work.get(path, Work())
        found.append(
            LayerTime(
                path=path,
                type=type(module).__name__,
                time_s=own_s.get(path, 0.0),
                macs=done.macs,
                bytes=done.bytes,
                limit_s=done.limit_s,
            )
        )
    return tuple(sorted(found, key=lambda layer: -layer.time_s))
