"""Reasons to distrust a figure that lie in the machine: clocks, heat, neighbours, swap.

Rules as those of `harness.timing.stability`, which runs them.
"""

from __future__ import annotations

from harness.timing.evidence import Evidence, percent
from harness.timing.nvml import IDLE
from harness.timing_records import Range

LOWEST_CLOCK = 0.90  # of what the card allows
MOST_STEAL = 0.01
MOST_SWAP_BYTES = 2**20  # a machine at rest writes a page now and then
MOST_IN_KERNEL = 0.10
KEEP_HEAP = "MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=4000000000"


def low_sm_clock(evidence: Evidence) -> str | None:
    """A card below its clock is not the card of the data sheet."""
    seen = evidence.telemetry
    if seen is None:
        return None
    return _low_clock("multiprocessors", seen.sm_clock_mhz, seen.sm_clock_max_mhz)


def low_memory_clock(evidence: Evidence) -> str | None:
    """Likewise; a network that waits for memory slows down in proportion."""
    seen = evidence.telemetry
    if seen is None:
        return None
    return _low_clock("memory", seen.memory_clock_mhz, seen.memory_clock_max_mhz)


def _low_clock(what: str, clock: Range | None, highest: int | None) -> str | None:
    if clock is None or not highest or clock.mean >= LOWEST_CLOCK * highest:
        return None
    return (
        f"clock of the GPU's {what} {clock.mean:.0f} of {highest} MHz on average "
        f"({percent(clock.mean / highest)}), below {percent(LOWEST_CLOCK)}; raise --warmup if it "
        "was still rising"
    )


def throttled(evidence: Evidence) -> str | None:
    """The driver says itself why the clocks are lower than they could be."""
    seen = evidence.telemetry
    if seen is None:
        return None
    by_share = sorted(seen.throttle.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{name} in {percent(share)}" for name, share in by_share if name != IDLE and share]
    if not named:
        return None
    return (
        f"the GPU held its clocks down: {', '.join(named)} of {seen.samples} samples, above 0%; "
        "cool it, or state the figure with its clocks"
    )


def shared_gpu(evidence: Evidence) -> str | None:
    """Others that compute take turns with the passes."""
    seen = evidence.telemetry
    others = seen and seen.foreign_processes
    if not others:
        return None
    processes = "1 other process was" if others == 1 else f"{others} other processes were"
    return f"{processes} on the GPU, where 0 may be; choose an idle one by --device cuda:N"


def swapped(evidence: Evidence) -> str | None:
    """A pass that waits for a disk measures the disk."""
    seen = evidence.telemetry
    moved = seen and seen.swap_bytes
    if not moved or moved <= MOST_SWAP_BYTES:
        return None
    return (
        f"the machine swapped {moved / 2**20:.1f} MiB while passes ran, above "
        f"{MOST_SWAP_BYTES / 2**20:.0f} MiB; free some memory, or lower --batch or --input"
    )


def stolen(evidence: Evidence) -> str | None:
    """On a virtual machine, neighbours that it does not see."""
    seen = evidence.telemetry
    if seen is None or seen.cpu_steal is None or seen.cpu_steal <= MOST_STEAL:
        return None
    return (
        f"the hypervisor gave {percent(seen.cpu_steal)} of the processors' busy time to others, "
        f"above {percent(MOST_STEAL)}; use a machine of your own, or raise --rounds"
    )


def in_the_kernel(evidence: Evidence) -> str | None:
    """An allocator that gives every large block back pays for its pages again at the next pass."""
    seen = evidence.telemetry
    if seen is None or seen.kernel_share is None or seen.kernel_share <= MOST_IN_KERNEL:
        return None
    return (
        f"the operating system took {percent(seen.kernel_share)} of the processor time, above "
        f"{percent(MOST_IN_KERNEL)}, as a rule to hand out freed memory again; glibc keeps it with "
        f"{KEEP_HEAP} in the environment, which is another figure: state it"
    )
