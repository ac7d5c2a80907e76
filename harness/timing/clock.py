"""Clocks: when each pass began and ended, without disturbing the passes.

A CPU pass is over when the call returns. A CUDA pass is only enqueued then, and waiting for it
would let the GPU run dry between passes; so the GPU itself takes the time, by events in its queue,
and the host waits twice in all: before the first pass and after the last.
"""

from __future__ import annotations

import math
import time
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from harness.timing.protocol import LATENCY, Protocol


@dataclass(frozen=True)
class Samples:
    """What a clock took.

    Attributes:
        pass_s: Seconds of each pass, in order.
        elapsed_s: Wall-clock seconds between the two synchronisations; of passes that are taken
            alone, their sum.
        host_s: Mean seconds that the call of a pass took the host; on a GPU also the time that it
            stood at a full queue.
    """

    pass_s: tuple[float, ...]
    elapsed_s: float
    host_s: float


class Clock(typing.Protocol):
    """What the loop tells a clock: `start`, `begin` and `end` around each pass, `stop`."""

    def start(self) -> None:
        """Wait until the device is idle; time counts from here."""

    def begin(self) -> None:
        """A pass is about to be called."""

    def end(self) -> None:
        """The call has returned."""

    def elapsed(self) -> float:
        """Return the host's seconds since `start`, without waiting for the device."""

    def stop(self) -> Samples:
        """Wait until the device is idle and return what was taken."""


class CpuClock:
    """Host time around each call; `elapsed_s` ends with the last pass.

    Args:
        now: A monotonic clock in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._pass_s: list[float] = []

    def start(self) -> None:
        self._start = self._now()

    def begin(self) -> None:
        self._began = self._now()

    def end(self) -> None:
        self._ended = self._now()
        self._pass_s.append(self._ended - self._began)

    def elapsed(self) -> float:
        return self._now() - self._start

    def stop(self) -> Samples:
        host_s = math.fsum(self._pass_s) / len(self._pass_s)
        return Samples(tuple(self._pass_s), self._ended - self._start, host_s)


class CudaClock:
    """One event after each pass; a pass lasts from the event before it to its own.

    The passes thus add up to the time that the GPU took, waits for the host included, and agree
    with `elapsed_s` to the microseconds of a synchronisation. Events are made as they are needed:
    nobody knows how many passes a budget allows, torch makes a CUDA event only when it is first
    recorded, and 10,000 of them are kept with ease.

    Args:
        device: The GPU whose current stream runs the passes.
        now: A monotonic clock in seconds.
        cuda: `torch.cuda`, or what stands in for it in a test.
    """

    def __init__(
        self,
        device: torch.device,
        now: Callable[[], float] = time.perf_counter,
        cuda: Any = torch.cuda,
    ) -> None:
        self._device = device
        self._now = now
        self._cuda = cuda
        self._events: list[Any] = []
        self._host_s = 0.0

    def start(self) -> None:
        self._stream = self._cuda.current_stream(self._device)
        self._cuda.synchronize(self._device)
        self._start = self._now()
        self._mark()

    def begin(self) -> None:
        """Note the host's time; the event that ended the last pass begins this one."""
        self._began = self._now()

    def end(self) -> None:
        self._host_s += self._now() - self._began
        self._mark()

    def elapsed(self) -> float:
        return self._now() - self._start

    def stop(self) -> Samples:
        self._cuda.synchronize(self._device)
        elapsed_s = self.elapsed()
        pairs = zip(self._events, self._events[1:], strict=False)
        milliseconds = [before.elapsed_time(after) for before, after in pairs]
        passes = tuple(ms / 1000 for ms in milliseconds)
        return Samples(passes, elapsed_s, self._host_s / len(passes))

    def _mark(self) -> None:
        event = self._cuda.Event(enable_timing=True)
        event.record(self._stream)
        self._events.append(event)


class CudaLatencyClock(CudaClock):
    """An event on both sides of each pass, the GPU idle before it: what one frame takes alone.

    `elapsed` is still the host's time, waits between passes included: a budget is about patience.
    """

    def start(self) -> None:
        self._stream = self._cuda.current_stream(self._device)
        self._cuda.synchronize(self._device)
        self._start = self._now()

    def begin(self) -> None:
        """Wait until the GPU is idle, then mark the beginning."""
        self._cuda.synchronize(self._device)
        self._mark()
        self._began = self._now()

    def stop(self) -> Samples:
        self._cuda.synchronize(self._device)
        pairs = zip(self._events[::2], self._events[1::2], strict=True)
        passes = tuple(before.elapsed_time(after) / 1000 for before, after in pairs)
        return Samples(passes, math.fsum(passes), self._host_s / len(passes))


def clock_for(device: torch.device, protocol: Protocol) -> Clock:
    """Return the clock that keeps what `protocol` says about synchronisation on `device`."""
    if device.type != "cuda":
        return CpuClock()  # a pass is over when its call returns: each is alone anyway
    return CudaLatencyClock(device) if protocol.synchronisation == LATENCY else CudaClock(device)
