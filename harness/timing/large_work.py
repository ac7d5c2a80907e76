"""Work that is large enough to show what a device can do: a product, a convolution, two copies."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from harness.timing.clock import Clock

MakeClock = Callable[[], Clock]
Run = Callable[[], object]

LONG_ENOUGH_S = 0.02  # at which sizes stop to grow
COUNTS_FROM_S = 0.001  # of a shorter run, clock and launch would be a part
SPENT_S = 0.1  # on the repetitions of one size, unless the fewest take longer
FEWEST, MOST = 5, 50

PRODUCT_SIDES = (256, 8192)  # from, to; doubled until long enough
CONV_SIDES = (16, 1024)
CONV_CHANNELS = 256
BUFFER_BYTES = {"cpu": 2**29, "cuda": 2**30}  # a virtual machine may show a host's 480 MiB cache
SMALLEST_BUFFER = 2**24
MEMORY_SHARE = 4  # one part in so many of what is available is taken
UNKNOWN_MEMORY = 2**31  # taken as available where the system does not say

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Bench:
    """Where work runs, how it is timed, and the bytes that it may take."""

    device: torch.device
    clock: MakeClock
    budget: int

    def product(self, dtype: torch.dtype) -> dict[str, Any]:
        """Return size, repetitions and rate of the fastest square matrix product."""

        def work(side: int) -> Run:
            a, b = (torch.randn(side, side, device=self.device).to(dtype) for _ in "ab")
            out = torch.empty_like(a)
            return lambda: torch.mm(a, b, out=out)

        def memory(side: int) -> int:  # three matrices, and one as it is drawn
            return side**2 * (3 * dtype.itemsize + 4)

        best = self._best(work, lambda side: side**3, PRODUCT_SIDES, memory)
        side, seconds, repetitions = best
        return {
            "size": [side, side, side],
            "repetitions": repetitions,
            "macs_per_s": side**3 / seconds,
        }

    def convolution(self, dtype: torch.dtype) -> dict[str, Any]:
        """Return shapes, repetitions and rate of the fastest 3x3 convolution."""
        channels = CONV_CHANNELS

        def work(side: int) -> Run:
            like: dict[str, Any] = {"dtype": dtype, "memory_format": torch.channels_last}
            image = torch.randn(1, channels, side, side, device=self.device).to(**like)
            weight = torch.randn(channels, channels, 3, 3, device=self.device).to(**like)
            return lambda: torch.conv2d(image, weight, padding=1)

        def macs(side: int) -> int:
            return side**2 * channels**2 * 9  # padded: as many positions as pixels

        def memory(side: int) -> int:  # input as drawn and as used, output, workspace
            return side**2 * channels * 4 * 4

        side, seconds, repetitions = self._best(work, macs, CONV_SIDES, memory)
        return {
            "input": [1, channels, side, side],
            "weight": [channels, channels, 3, 3],
            "memory_format": "channels_last",
            "repetitions": repetitions,
            "macs_per_s": macs(side) / seconds,
        }

    def _best(
        self,
        work: Callable[[int], Run],
        macs: Callable[[int], int],
        sides: tuple[int, int],
        memory: Callable[[int], int],
    ) -> tuple[int, float, int]:
        """Return the size of the highest rate, its best seconds and its repetitions.

        Sizes double until one takes long enough, so that a slow type ends early and a fast one is
        given enough to do. A size counts if it took long enough to be timed well, or is the last.
        """
        side, largest = sides
        tried: list[tuple[int, float, int]] = []
        while True:
            seconds, repetitions = best_seconds(work(side), self.clock)
            tried.append((side, seconds, repetitions))
            following = 2 * side
            if seconds >= LONG_ENOUGH_S or following > largest or memory(following) > self.budget:
                break
            side = following
        counted = [t for t in tried if t[1] >= COUNTS_FROM_S] + tried[-1:]
        return max(counted, key=lambda t: macs(t[0]) / t[1])

    def memory(self) -> dict[str, Any]:
        """Return buffer, repetitions and rate of a copy and of a ReLU in place, and `notes`."""
        wanted = BUFFER_BYTES[self.device.type]
        size = min(wanted, max(SMALLEST_BUFFER, self.budget // 2))
        source = torch.ones(size // 4, device=self.device)
        target = torch.zeros_like(source)
        moved = 2 * source.nbytes  # read, and written
        found: dict[str, Any] = {"notes": []}
        if size < wanted:
            note = f"buffers of {size / 2**20:.0f} MiB for want of memory: caches may have helped"
            found["notes"].append(note)
        for kind, run in (
            ("copy", lambda: target.copy_(source)),
            ("in_place", lambda: torch.relu_(target)),
        ):
            seconds, repetitions = best_seconds(run, self.clock)
            found[kind] = {
                "buffer_bytes": source.nbytes,
                "repetitions": repetitions,
                "bytes_per_s": moved / seconds,
            }
        return found


def best_seconds(run: Run, clock: MakeClock) -> tuple[float, int]:
    """Return the least seconds of one run, and the repetitions that it is the least of."""
    run()  # chooses kernels, touches memory
    once = _timed(run, clock(), 1)[0]
    repetitions = MOST if once <= 0 else min(MOST, max(FEWEST, math.ceil(SPENT_S / once)))
    return min(_timed(run, clock(), repetitions)), repetitions


def _timed(run: Run, clock: Clock, times: int) -> tuple[float, ...]:
    clock.start()
    for _ in range(times):
        clock.begin()
        run()
        clock.end()
    return clock.stop().pass_s


def available_bytes(
    device: torch.device, cuda: Any = torch.cuda, meminfo: Path = MEMINFO, cgroup: Path = CGROUP
) -> int:
    """Return the bytes of memory that may be taken; on the CPU within the container's limit."""
    if device.type == "cuda":
        return int(cuda.mem_get_info(device)[0])
    found = []
    with suppress(OSError):
        if line := re.search(r"^MemAvailable:\s*(\d+) kB", meminfo.read_text(), re.MULTILINE):
            found.append(int(line[1]) * 1024)
    with suppress(OSError, ValueError):  # `max` where there is no limit
        limit = int((cgroup / "memory.max").read_text())
        found.append(max(0, limit - int((cgroup / "memory.current").read_text())))
    return min(found, default=UNKNOWN_MEMORY)
