"""How long one count takes, beside fvcore, thop, ptflops and torch's FlopCounterMode, in one run.

    python benchmarks/counting.py [--variant fassd-net] [--input 1024x2048] [--rounds 9]

Every tool counts the same network at the same input. Rounds go through the tools in turn, so that
drift hits all alike; in each round a tool counts three times, of which the fastest is kept. What is
printed is each tool's median over the rounds, and how many times as long as ours that is. On the
meta device nothing is computed; on the CPU the tools run a real pass, and ours does not.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import platform
import statistics
import time
import warnings
from collections.abc import Callable

import torch
from torch import nn

from harness.conventions import count
from harness.environment import read_environment
from harness.ledger import record
from variants.about import parse_size
from variants.build import build, skeleton
from variants.catalog import find_row, load_catalog
from variants.spec import resolve

Tool = Callable[[nn.Module, tuple[int, ...]], object]

COUNTS = 3  # in a row, the fastest kept: what a machine's other work adds is not the tool's


def ours(network: nn.Module, shape: tuple[int, ...]) -> object:
    return count(record(network, shape).rows)


def with_fvcore(network: nn.Module, shape: tuple[int, ...]) -> object:
    from fvcore.nn import FlopCountAnalysis

    with torch.no_grad():
        return FlopCountAnalysis(network, torch.empty(shape, device=device_of(network))).total()


def with_thop(network: nn.Module, shape: tuple[int, ...]) -> object:
    from thop import profile

    return profile(network, (torch.empty(shape, device=device_of(network)),), verbose=False)


def with_ptflops(network: nn.Module, shape: tuple[int, ...]) -> object:
    from ptflops import get_model_complexity_info

    with torch.no_grad():
        macs, _ = get_model_complexity_info(
            network, shape[1:], backend="pytorch", print_per_layer_stat=False, as_strings=False
        )
    if macs is None:
        raise RuntimeError("ptflops failed")
    return macs


def with_flop_counter(network: nn.Module, shape: tuple[int, ...]) -> object:
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as mode:
        network(torch.empty(shape, device=device_of(network)))
    return mode.get_total_flops()


TOOLS: dict[str, Tool] = {
    "harness": ours,
    "fvcore": with_fvcore,
    "thop": with_thop,
    "ptflops": with_ptflops,
    "FlopCounterMode": with_flop_counter,
}


def device_of(network: nn.Module) -> torch.device:
    return next(network.parameters()).device


def seconds(tool: Tool, network: nn.Module, shape: tuple[int, ...]) -> float:
    """Return the wall-clock seconds of one count; the tools' own output is dropped."""
    taken = []
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for _ in range(COUNTS):
            start = time.perf_counter()
            tool(network, shape)
            taken.append(time.perf_counter() - start)
    return min(taken)


def compare(
    make: Callable[[], nn.Module], shape: tuple[int, ...], rounds: int
) -> dict[str, list[float] | str]:
    """Return each tool's seconds in each round (after one that is not kept), or its refusal."""
    networks = {name: make() for name in TOOLS}  # tools leave buffers and hooks behind
    taken: dict[str, list[float] | str] = {name: [] for name in TOOLS}
    for number in range(rounds + 1):
        for name, tool in TOOLS.items():
            samples = taken[name]
            if isinstance(samples, str):
                continue
            try:
                elapsed = seconds(tool, networks[name], shape)
            except Exception as error:  # noqa: BLE001 - whatever a tool raises is its answer
                taken[name] = (str(error).strip() or repr(error)).splitlines()[0]
                continue
            if number:
                samples.append(elapsed)
    return taken


def report(title: str, taken: dict[str, list[float] | str]) -> None:
    print(f"\n{title}")
    medians = {n: statistics.median(s) for n, s in taken.items() if not isinstance(s, str)}
    for name, samples in taken.items():
        if isinstance(samples, str):
            print(f"  {name:<16} cannot: {samples[:60]}")
            continue
        ratio = medians[name] / medians["harness"]
        print(f"  {name:<16} {medians[name] * 1e3:10.2f} ms  {ratio:8.1f}x ours")
    fastest = min(median for name, median in medians.items() if name != "harness")
    print(f"  fastest other / ours: {fastest / medians['harness']:.1f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--variant", default="fassd-net")
    parser.add_argument("--input", default="1024x2048")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    logging.getLogger("fvcore").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    spec = resolve(find_row(load_catalog(), arguments.variant).chosen)
    shape = (1, 3, *parse_size(arguments.input, "--input"))
    environment = read_environment("cpu")
    print(f"{arguments.variant}, {'x'.join(map(str, shape))}, median of {arguments.rounds} rounds")
    cpu = environment["cpu"]
    print(f"{cpu['name']}, {cpu['logical_cores']} cores")
    print(f"torch {torch.__version__}, Python {platform.python_version()}")
    report("meta device", compare(lambda: skeleton(spec), shape, arguments.rounds))
    report("CPU", compare(lambda: build(spec), shape, min(arguments.rounds, 3)))


if __name__ == "__main__":
    main()
