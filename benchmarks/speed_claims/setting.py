"""What a benchmark of speed runs on and with: device, protocol, network, input, bare loop."""

from __future__ import annotations

import argparse
import ctypes
import json
import platform
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch
from torch import nn

from harness.environment import read_environment
from harness.timing.named import load_protocol, make_protocol
from harness.timing.protocol import Protocol
from variants.about import parse_size
from variants.build import build
from variants.catalog import find_row, load_catalog
from variants.spec import resolve

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of malloc.h


def protocol_of(options: argparse.Namespace, **changes: Any) -> Protocol:
    """Return the paper protocol at the input and on the device of `options`, in one round."""
    return make_protocol(
        load_protocol("paper"),
        device=options.device,
        size=parse_size(options.input, "--input"),
        **({"rounds": 1, "budget_s": None} | changes),
    )


def network_of(options: argparse.Namespace) -> nn.Module:
    """Return the variant of `options` on its device; its weights are the same at every call."""
    spec = resolve(find_row(load_catalog(), options.variant).chosen)
    return build(spec, device=options.device)


def input_of(protocol: Protocol, device: str) -> torch.Tensor:
    """Return the protocol's input."""
    generator = torch.Generator().manual_seed(protocol.seed)
    return torch.randn(protocol.input, generator=generator).to(device)


def bare_loop_s(network: nn.Module, batch: torch.Tensor, *, passes: int, warmup: int) -> float:
    """Return the seconds of `passes` passes: a loop, and a clock read at both ends.

    On a GPU the device is idle at both.
    """
    for _ in range(warmup):
        network(batch)
    synchronise(batch.device)
    start = time.perf_counter()
    for _ in range(passes):
        network(batch)
    synchronise(batch.device)
    return time.perf_counter() - start


def keep_heap() -> str:
    """Make glibc keep the memory that this process frees; return how, or why it cannot be done.

    By default it gives large blocks back to the kernel and faults every page in anew at the next
    pass, as many as the layout of the heap makes of it, which is another in every process.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return "the heap is the platform's own: it has no mallopt"
    # one by one: both have to be taken, and mallopt returns 1 where it takes a setting
    taken = [mallopt(M_MMAP_MAX, 0), mallopt(M_TRIM_THRESHOLD, -1)]
    return "glibc keeps freed memory" if all(taken) else "glibc refused to keep freed memory"


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def print_heading(title: str, options: argparse.Namespace, protocol: str, method: str) -> None:
    """Say what is measured, on what, how and by which command."""
    print(title)
    print(f"  machine   {machine(options.device)}")
    print(f"  protocol  {protocol}")
    print(f"  method    {method}")
    print(f"  command   {command()}", flush=True)


def machine(device: str) -> str:
    """Return processor, accelerator and versions in one line."""
    environment = read_environment(device)
    cpu = environment["cpu"]
    parts = [f"{cpu['name']}, {cpu['logical_cores']} cores, {torch.get_num_threads()} threads"]
    if device != "cpu":
        gpu = environment["device"]
        parts.insert(0, f"{gpu['name']}, driver {gpu['driver']}")
    return "; ".join([*parts, f"torch {torch.__version__}", f"Python {platform.python_version()}"])


def protocol_text(protocol: Protocol) -> str:
    """Return what of the protocol a reader wants to know."""
    said = (
        *(protocol.input_name, protocol.precision, protocol.backend, protocol.memory_format),
        *(("TF32 allowed",) if protocol.tf32 else ()),
    )
    return f"{protocol.name}: {', '.join(said)}"


def blocks_text(options: argparse.Namespace, further: int = 0) -> str:
    """Return how passes are grouped; `further` of them precede a block besides its warm-up."""
    return (
        f"{options.repetitions} x ABBA; passes a block: {options.passes} timed "
        f"after {options.warmup + further} others"
    )


def command() -> str:
    """Return the command line as a reader can repeat it."""
    return f"python benchmarks/speed.py {' '.join(sys.argv[1:])}"


def append_raw(path: Path, benchmark: str, device: str, raw: dict[str, Any]) -> None:
    """Add one line of JSON to `path`: what was measured, raw, with machine, time and command."""
    line = {
        "benchmark": benchmark,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": command(),
        "environment": read_environment(device),
        **raw,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
