"""What the operating system says about the run: steal, swap, its own share; TF32 by environment.

Two readings of the kernel's counters give what happened between them. Outside Linux there are no
such files, and the figures are None.
"""

from __future__ import annotations

import os
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.timing.protocol import Protocol

PROC = Path("/proc")
FEWEST_TICKS = 100  # of 10 ms: below, a single stolen one is already the 1% that is doubtful

# Fields of the line `cpu` of /proc/stat, after its name (proc_stat(5)); guests are within `user`.
_BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal; not idle and iowait
_STEAL = 7


class Times(typing.Protocol):
    """Seconds of processor time that a process has taken: an `os.times_result`."""

    @property
    def user(self) -> float:
        """In its own code."""

    @property
    def system(self) -> float:
        """In the operating system on its behalf."""


@dataclass(frozen=True)
class Counters:
    """The kernel's counters at one time; null where it has none.

    Attributes:
        busy_ticks: Time in which a processor had work to do, stolen time included, over all.
        steal_ticks: Time in which it had work to do and the hypervisor ran somebody else.
        swapped_pages: Pages read from swap and written to it.
    """

    busy_ticks: int | None
    steal_ticks: int | None
    swapped_pages: int | None


def read_counters(proc: Path = PROC) -> Counters:
    """Return the counters of the whole machine now."""
    ticks = _numbers(proc / "stat", "cpu")
    has_steal = len(ticks) > _STEAL
    swapped = [_numbers(proc / "vmstat", name) for name in ("pswpin", "pswpout")]
    return Counters(
        busy_ticks=sum(ticks[field] for field in _BUSY) if has_steal else None,
        steal_ticks=ticks[_STEAL] if has_steal else None,
        swapped_pages=sum(pages for (pages,) in swapped) if all(swapped) else None,
    )


def cpu_steal(before: Counters, after: Counters) -> float | None:
    """Return the share of the processors' busy time that the hypervisor gave to others.

    Idle time is left out: on 64 processors it would hide what happened to the one that was used.
    None where there are no counters, and where too little time went by to tell 1%.
    """
    if before.busy_ticks is None or after.busy_ticks is None:
        return None
    assert before.steal_ticks is not None
    assert after.steal_ticks is not None
    busy = after.busy_ticks - before.busy_ticks
    if busy < FEWEST_TICKS:
        return None
    return max(0, after.steal_ticks - before.steal_ticks) / busy


def swap_bytes(before: Counters, after: Counters, page_bytes: int | None = None) -> int | None:
    """Return the bytes that moved between memory and swap, either way.

    Args:
        before: First reading.
        after: Second reading.
        page_bytes: Size of a page; by default this machine's.
    """
    if before.swapped_pages is None or after.swapped_pages is None:
        return None
    page_bytes = page_bytes or os.sysconf("SC_PAGE_SIZE")
    return (after.swapped_pages - before.swapped_pages) * page_bytes


def kernel_share(before: Times, after: Times) -> float | None:
    """Return the share of a process's processor time that it spent in the operating system.

    None where it took too little to tell 1%.
    """
    user, system = after.user - before.user, after.system - before.system
    total = user + system
    return system / total if total >= FEWEST_TICKS / 100 else None


def environment_notes(protocol: Protocol, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return where environment variables contradict what `protocol` says about TF32.

    NVIDIA's libraries obey theirs over whatever torch sets, so no record would show it.

    Args:
        protocol: What is measured.
        environ: The environment of the process that measures.
    """
    if protocol.device != "cuda" or protocol.precision not in ("fp32", "tf32"):
        return ()
    if protocol.tf32:
        wrong, does = {"NVIDIA_TF32_OVERRIDE": "0"}, "forbids TF32, which the protocol has on"
    else:
        wrong = {"NVIDIA_TF32_OVERRIDE": "1", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1"}
        does = "asks for TF32, which the protocol has off"
    return tuple(
        f"environment variable {name}={value} {does}; unset it"
        for name, value in wrong.items()
        if environ.get(name) == value
    )


def _numbers(path: Path, name: str) -> list[int]:
    """Return the numbers of the line that begins with the word `name`; none where there is none."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
    for line in lines:
        word, *values = line.split() or [""]
        if word == name:
            return [int(value) for value in values if value.isdecimal()]
    return []
