"""Clocks: when each pass began and ended, without disturbing the passes.

A CPU pass is over when the call returns. A CUDA pass is only enqueued then, and waiting for it
would let the GPU run dry between passes; so the GPU itself takes the time, by events in its queue,
and the host waits twice in all: before the first pass and after the last.
"""

from __future__ import annotations

import time
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from harness.timing.protocol import Protocol


@dataclass(frozen=True)
class Samples:
    """What a clock took.

    Attributes:
        pass_s: Seconds of each pass, in order.
        elapsed_s: Wall-clock seconds between the two synchronisations.
    """

    pass_s: tuple[float, ...]
    elapsed_s: float


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
        return Samples(tuple(self._pass_s), self._ended - self._start)


class CudaClock:
    """One event after each pass; a pass lasts from the event before it to its own.

    The passes thus add up to the time that the GPU took, waits for the host included, and agree
    with `elapsed_s` to the microseconds of a synchronisation.

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

    def start(self) -> None:
        self._stream = self._cuda.current_stream(self._device)
        self._cuda.synchronize(self._device)
        self._start = self._now()
        self._mark()

    def begin(self) -> None:
        """The event that ended the last pass begins this one."""

    def end(self) -> None:
        self._mark()

    def elapsed(self) -> float:
        return self._now() - self._start

    def stop(self) -> Samples:
        self._cuda.synchronize(self._device)
        elapsed_s = self.elapsed()
        pairs = zip(self._events, self._events[1:], strict=False)
        milliseconds = [before.elapsed_time(after) for before, after in pairs]
        return Samples(tuple(ms / 1000 for ms in milliseconds), elapsed_s)

    def _mark(self) -> None:
        event = self._cuda.Event(enable_timing=True)
        event.record(self._stream)
        self._events.append(event)


def clock_for(device: torch.device, protocol: Protocol) -> Clock:
    """Return the clock that keeps what `protocol` says about synchronisation on `device`."""
    assert protocol.synchronisation == "both ends of the timed loop"
    return CudaClock(device) if device.type == "cuda" else CpuClock()
