"""What a device can do at best: multiply-accumulates and bytes per second, measured on it.

A limit is an upper bound, so everything here is a best: of several repetitions, of several sizes,
and of two kinds of work each.

Arithmetic: a square matrix product, and a 3x3 convolution of 256 channels (channels last, the
layout that libraries convolve in). A convolution may be the faster: on two cores of a Xeon with AMX
bf16 reached 1.18 TMAC/s as a product and 1.55 as a convolution (fp32 174 and 182 GMAC/s, fp16 166
and 109), and where a library takes Winograd's form it multiplies less often than MACs are counted.
A network judged by the product alone could exceed its limit.

Memory: a copy, and a ReLU in place, far beyond the caches; bytes read plus bytes written. Where the
processor fetches a line before it overwrites it, a copy moves half as much again as it counts: that
machine copied 27.8 GB/s and changed 53 GB/s in place, and networks do the latter after every
convolution.

Neither bounds everything. Tensors that stay in a cache move faster than memory (at 32 MiB the same
machine copied 58 GB/s and changed 117 in place), so an operator may exceed 100% of its limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from harness.errors import BadRequest, RunFailed
from harness.timing.clock import clock_for
from harness.timing.large_work import MEMORY_SHARE, Bench, MakeClock, available_bytes
from harness.timing.named import paper_protocol
from harness.timing.protocol import SUPPORTED, Protocol
from harness.timing.settings import applied
from harness.timing.transforms import DTYPES

PRECISIONS: tuple[str, ...] = SUPPORTED["precision"]


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What a device did at best, in plain types.

    Attributes:
        macs_per_s: Multiply-accumulates per second by precision: the higher of a matrix product
            and a convolution. A precision that could not be measured is absent.
        bytes_per_s: Bytes read plus bytes written per second: the higher of a copy and a ReLU in
            place.
        method: Threads; each of the four with its size, repetitions and rate (`matmul` and `conv`
            by precision, `copy`, `in_place`); `not_measured`, the reason for each precision that
            is absent; `notes`, reasons for doubt.
    """

    macs_per_s: dict[str, float]
    bytes_per_s: float
    method: dict[str, Any]


def precision_of(protocol: Protocol) -> str:
    """Return the precision whose rate limits a network under `protocol`: fp32 may round to TF32."""
    return "tf32" if protocol.tf32 else protocol.precision


def measure(
    device: str,
    precisions: Sequence[str] = PRECISIONS,
    threads: int | None = None,
    *,
    clock: MakeClock | None = None,
) -> Rates:
    """Return what `device` can do; takes about a second for each precision, and one for memory.

    Torch's threads and TF32 settings are as they were afterwards, also when this raises.

    Args:
        device: `cpu` or `cuda:N`.
        precisions: Of `PRECISIONS`.
        threads: Of one operator on the CPU; by default as many as torch has now.
        clock: Makes the clock of each measurement, in place of the device's own; for tests.

    Raises:
        BadRequest: If a precision is unknown, or `threads` below 1.
        RunFailed: If there is no memory for the copy.
    """
    for precision in precisions:
        if precision not in PRECISIONS:
            known = ", ".join(PRECISIONS)
            raise BadRequest(f"limits: precision must be one of {known}, got {precision!r}")
    threads = torch.get_num_threads() if threads is None else threads
    base = replace(paper_protocol((1, 3, 8, 8), device), threads=threads)
    place = torch.device(device)
    make = clock or (lambda: clock_for(place, base))
    bench = Bench(place, make, available_bytes(place) // MEMORY_SHARE)
    with applied(base):
        try:
            memory = bench.memory()
        except RuntimeError as error:
            raise RunFailed(f"limits: memory of {device}: {_first_line(error)}") from error
    method = {"threads": threads, **memory, **_arithmetic(bench, precisions, base)}
    return Rates(
        macs_per_s={
            precision: max(method[kind][precision]["macs_per_s"] for kind in ("matmul", "conv"))
            for precision in method["matmul"]
        },
        bytes_per_s=max(method[kind]["bytes_per_s"] for kind in ("copy", "in_place")),
        method=method,
    )


def _arithmetic(bench: Bench, precisions: Sequence[str], base: Protocol) -> dict[str, Any]:
    found: dict[str, Any] = {"matmul": {}, "conv": {}, "not_measured": {}}
    for precision in precisions:
        if reason := cannot(precision, bench.device):
            found["not_measured"][precision] = reason
            continue
        with applied(replace(base, precision=precision, tf32=precision == "tf32")):
            try:
                product = bench.product(DTYPES[precision])
                convolution = bench.convolution(DTYPES[precision])
            except RuntimeError as error:  # no kernel for this type, or no memory
                found["not_measured"][precision] = _first_line(error)
                continue
        found["matmul"][precision], found["conv"][precision] = product, convolution
    return found


def cannot(precision: str, device: torch.device, cuda: Any = torch.cuda) -> str | None:
    """Return why a precision is not to be measured, where torch would not say so itself."""
    if precision != "tf32":
        return None
    if device.type != "cuda":
        return "of CUDA devices only"
    major, minor = cuda.get_device_capability(device)
    if major < 8:  # the setting would be taken and change nothing
        return f"needs compute capability 8.0, this device has {major}.{minor}"
    return None


def _first_line(error: RuntimeError) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
