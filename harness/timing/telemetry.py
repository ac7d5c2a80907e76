"""What the machine says about itself while passes run: clocks, heat, energy, steal, swap, kernel.

A thread asks the GPU every half second: some six questions to the driver, outside Python's lock,
against hundreds of passes. Energy comes from the card's own counter, read on both sides; it is not
put together from samples of the power.
"""

from __future__ import annotations

import os
import threading
import time
import typing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from harness.timing import machine
from harness.timing.nvml import Gpu, Sample, Unwatched
from harness.timing_records import Range, Telemetry

INTERVAL_S = 0.5
FIRST_S = 0.1  # until the first sample: at once, the clocks would be those of an idle GPU
PATIENCE_S = 5.0  # for a driver that hangs; then the thread is left alone
# The counter of energy moves every 20 to 100 ms (PETSc's manual, PetscLogGpuEnergyMeter): over a
# shorter time, a figure would be off by more than a tenth.
SHORTEST_FOR_ENERGY_S = 1.0


@dataclass
class Watch:
    """What was seen; complete when the context of `watched` has ended.

    Attributes:
        telemetry: Null where nothing could be read.
        energy_j: Joules that the GPU drew; null where it has no counter or in less than a second.
        notes: Reasons to distrust the run, in words.
    """

    telemetry: Telemetry | None = None
    energy_j: float | None = None
    notes: tuple[str, ...] = ()


class Stop(typing.Protocol):
    """What ends the sampling: a `threading.Event`."""

    def wait(self, timeout: float) -> bool:
        """Return True once set, False after `timeout` seconds."""


@contextmanager
def watched(
    device: torch.device,
    *,
    nvml: Any = None,
    proc: Path = machine.PROC,
    cuda: Any = torch.cuda,
    now: Callable[[], float] = time.perf_counter,
    times: Callable[[], machine.Times] = os.times,
) -> Iterator[Watch]:
    """Watch the machine for as long as the context lasts; never raises for want of a figure.

    Args:
        device: What runs the passes.
        nvml: See `harness.timing.nvml.Gpu`.
        proc: Where the kernel's files are.
        cuda: See `harness.timing.nvml.Gpu`.
        now: A monotonic clock in seconds.
        times: Processor time of this process.
    """
    watch = Watch()
    gpu = None
    if device.type == "cuda":
        try:
            gpu = Gpu(device, nvml, cuda)
        except Unwatched as reason:
            watch.notes = (f"nobody watched clocks, throttling and energy of the GPU: {reason}",)
    before, began = machine.read_counters(proc), times()
    sampling = _Sampling(gpu, now) if gpu else None
    try:
        yield watch
    finally:
        samples: list[Sample] = []
        if sampling:
            watch.energy_j = sampling.end()
            samples = sampling.samples
        after, ended = machine.read_counters(proc), times()
        in_kernel = machine.kernel_share(began, ended) if device.type == "cpu" else None
        watch.telemetry = _summary(samples, sampling, before, after, in_kernel)


class _Sampling:
    """A thread that samples `gpu` from now until `end`."""

    def __init__(self, gpu: Gpu, now: Callable[[], float]) -> None:
        self._gpu = gpu
        self._now = now
        self.samples: list[Sample] = []
        self.max_clocks_mhz = gpu.max_clocks_mhz()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self._thread.start()
        self._energy_j = gpu.energy_j()
        self._began_s = now()

    def _run(self) -> None:
        sample_until(self._stop, lambda: self.samples.append(self._gpu.sample()))

    def end(self) -> float | None:
        """Stop sampling; return the joules drawn meanwhile."""
        lasted_s = self._now() - self._began_s
        energy_j = self._gpu.energy_j()
        self._stop.set()
        self._thread.join(PATIENCE_S)
        if not self._thread.is_alive():
            self._gpu.close()
        if lasted_s < SHORTEST_FOR_ENERGY_S or energy_j is None or self._energy_j is None:
            return None
        return energy_j - self._energy_j


def sample_until(stop: Stop, take: Callable[[], None]) -> None:
    """Call `take` every half second until `stop` is set; at least once, at the end if need be."""
    taken, pause_s = False, FIRST_S
    while not stop.wait(pause_s):
        take()
        taken, pause_s = True, INTERVAL_S
    if not taken:
        take()


def _summary(
    samples: Sequence[Sample],
    sampling: _Sampling | None,
    before: machine.Counters,
    after: machine.Counters,
    in_kernel: float | None,
) -> Telemetry | None:
    sm_max, memory_max = sampling.max_clocks_mhz if sampling else (None, None)
    named = [sample.throttle for sample in samples if sample.throttle is not None]
    reasons = sorted({reason for reasons in named for reason in reasons})
    foreign = [s.foreign_processes for s in samples if s.foreign_processes is not None]
    telemetry = Telemetry(
        samples=len(samples),
        sm_clock_mhz=_range([sample.sm_clock_mhz for sample in samples]),
        sm_clock_max_mhz=sm_max,
        memory_clock_mhz=_range([sample.memory_clock_mhz for sample in samples]),
        memory_clock_max_mhz=memory_max,
        temperature_c=_range([sample.temperature_c for sample in samples]),
        power_w=_range([sample.power_w for sample in samples]),
        throttle={name: sum(name in given for given in named) / len(named) for name in reasons},
        foreign_processes=max(foreign, default=None),
        cpu_steal=machine.cpu_steal(before, after),
        swap_bytes=machine.swap_bytes(before, after),
        kernel_share=in_kernel,
    )
    figures = (telemetry.cpu_steal, telemetry.swap_bytes, telemetry.kernel_share)
    return telemetry if samples or any(figure is not None for figure in figures) else None


def _range(values: Sequence[float | None]) -> Range | None:
    known = [float(value) for value in values if value is not None]
    return Range(min=min(known), mean=sum(known) / len(known), max=max(known)) if known else None


def combine(telemetries: Sequence[Telemetry]) -> Telemetry | None:
    """Return the telemetry of several rounds as one; None where there is none.

    Means and shares are those over all samples, extremes those of any round; steal and the kernel's
    share are the mean over rounds, swap their sum.
    """
    if not telemetries:
        return None
    samples = sum(round_.samples for round_ in telemetries)
    shares = [(round_.throttle, round_.samples) for round_ in telemetries]
    steals = _known(telemetries, "cpu_steal")
    swaps = _known(telemetries, "swap_bytes")
    in_kernel = _known(telemetries, "kernel_share")
    return Telemetry(
        samples=samples,
        sm_clock_mhz=_joined(telemetries, "sm_clock_mhz"),
        sm_clock_max_mhz=max(_known(telemetries, "sm_clock_max_mhz"), default=None),
        memory_clock_mhz=_joined(telemetries, "memory_clock_mhz"),
        memory_clock_max_mhz=max(_known(telemetries, "memory_clock_max_mhz"), default=None),
        temperature_c=_joined(telemetries, "temperature_c"),
        power_w=_joined(telemetries, "power_w"),
        throttle={
            reason: sum(given.get(reason, 0.0) * weight for given, weight in shares) / samples
            for reason in sorted({reason for given, _ in shares for reason in given})
        },
        foreign_processes=max(_known(telemetries, "foreign_processes"), default=None),
        cpu_steal=sum(steals) / len(steals) if steals else None,
        swap_bytes=sum(swaps) if swaps else None,
        kernel_share=sum(in_kernel) / len(in_kernel) if in_kernel else None,
    )


def _known(telemetries: Sequence[Telemetry], field: str) -> list[Any]:
    values = (getattr(round_, field) for round_ in telemetries)
    return [value for value in values if value is not None]


def _joined(telemetries: Sequence[Telemetry], field: str) -> Range | None:
    known = [(getattr(t, field), t.samples) for t in telemetries if getattr(t, field) is not None]
    if not known:
        return None
    return Range(
        min=min(seen.min for seen, _ in known),
        mean=sum(seen.mean * weight for seen, weight in known) / sum(w for _, w in known),
        max=max(seen.max for seen, _ in known),
    )
