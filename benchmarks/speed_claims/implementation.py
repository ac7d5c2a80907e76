"""Components cost no speed: FASSD-Net of the catalogue over the same in one file of plain torch.

Each ratio is of a fresh process. On a CPU a fifth of a pass of this size is page faults, and how
many there are depends on how the heap came to lie: it stays for a process's life, is another in the
next, and says nothing of either network. Within one process it would pass for a difference that is
certain, so processes are many, the networks are built in turns, ours first and last, and the heap
keeps what is freed (`--heap default` leaves it as it is).
"""

from __future__ import annotations

import argparse
import resource
import statistics
from typing import Any, NamedTuple

import torch
from straightforward import FASSDNet
from torch import Tensor, nn

from harness.errors import RunFailed
from harness.isolated import Report, run_isolated
from harness.timing.settings import applied
from speed_claims.ratios import HEADING, Ratios, Verdict, abba
from speed_claims.setting import (
    bare_loop_s,
    blocks_text,
    input_of,
    keep_heap,
    network_of,
    print_heading,
    protocol_of,
    protocol_text,
)

#: On a CPU at 1x3x1024x2048 a process takes 16 passes and its start, 20 s in all.
DEFAULTS = {
    "cpu": {"passes": 3, "warmup": 1, "repetitions": 1, "processes": 12},
    "cuda": {"passes": 200, "warmup": 20, "repetitions": 2, "processes": 12},
}
SAME = 1e-4  # largest difference of two outputs, relative to the largest value
WIDEST = 0.02  # half-width of the interval above which noise would hide a loss


class Found(NamedTuple):
    """What one process says.

    Attributes:
        difference: How far the outputs differ, of the largest value.
        ratio: Speed of ours over theirs.
        heap: What became of freed memory.
        faults: Page faults of a pass, ours and theirs.
    """

    difference: float
    ratio: float
    heap: str
    faults: tuple[int, int]


def run(options: argparse.Namespace) -> tuple[Verdict, dict[str, Any]]:
    """Time both networks in turn, in one fresh process after another; judge."""
    protocol = protocol_of(options)
    print_heading(
        "implementation: speed of our fassd-net over the same network written in one file",
        options,
        protocol_text(protocol),
        f"{options.processes} processes, in each the same weights and bare loops; heap "
        f"{options.heap}; {blocks_text(options)}",
    )
    found: list[Found] = []
    for number in range(options.processes):
        found.append(run_isolated(measure, options, number % 2 == 0))
        print(
            f"  process {number + 1:<3} {found[-1].ratio:.4f}, outputs differ by "
            f"{found[-1].difference:.1e}, {found[-1].heap}, page faults a pass "
            f"{found[-1].faults[0]:,} and {found[-1].faults[1]:,}",
            flush=True,
        )
    ratios = Ratios(tuple(each.ratio for each in found))
    print(f"\n{HEADING}\n{ratios.row('ours / straightforward')}")
    raw = {"heap": options.heap, "faults": [each.faults for each in found]}
    return judge(ratios), {"protocol": protocol.to_dict(), "ratios": ratios.values, **raw}


def measure(_: Report, options: argparse.Namespace, ours_first: bool) -> Found:
    """Give both networks the same weights, check that they agree, and time them in turn.

    Raises:
        RunFailed: If their outputs differ.
    """
    protocol = protocol_of(options)
    heap = keep_heap() if options.heap == "kept" else "heap by default"
    with applied(protocol):
        if ours_first:
            ours, theirs = network_of(options), FASSDNet().to(options.device).eval()
        else:
            theirs, ours = FASSDNet().to(options.device).eval(), network_of(options)
        batch = input_of(protocol, options.device)
        copy_weights(ours, theirs, batch)
        difference = relative_difference(theirs(batch), ours(batch))
        if not difference <= SAME:
            raise RunFailed(
                f"straightforward network: must differ by {SAME:g} at most, got {difference:g}"
            )

        faults = {ours: 0, theirs: 0}

        def seconds(network: nn.Module) -> float:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            taken = bare_loop_s(network, batch, passes=options.passes, warmup=options.warmup)
            faults[network] += resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
            return taken

        ratios = abba(lambda: seconds(ours), lambda: seconds(theirs), options.repetitions)
    passes = 2 * options.repetitions * (options.passes + options.warmup)
    each = (faults[ours] // passes, faults[theirs] // passes)
    return Found(difference, statistics.median(ratios), heap, each)


def judge(ratios: Ratios) -> Verdict:
    """Return whether ours is at least as fast, as far as the run can tell.

    It is not if the whole 95% interval of the median is below 1. Where the interval is so wide
    that a loss would go unseen, the run decides nothing, which is no pass.
    """
    interval = ratios.interval
    if interval is None or (interval[1] - interval[0]) / 2 > WIDEST:
        width = "unknown" if interval is None else f"+-{(interval[1] - interval[0]) / 2:.1%}"
        return Verdict(
            False,
            f"undecided: the interval is {width}, wider than {WIDEST:.0%}; more --processes",
        )
    if interval[1] < 1:
        return Verdict(False, f"slower: the whole interval, up to {interval[1]:.4f}, is below 1")
    return Verdict(True, f"at least as fast within noise: the interval reaches {interval[1]:.4f}")


def relative_difference(output: Tensor, reference: Tensor) -> float:
    """Return the largest difference of two outputs over the largest magnitude of `reference`."""
    return float((output - reference).abs().max() / reference.abs().max())


def copy_weights(source: nn.Module, target: nn.Module, batch: Tensor) -> None:
    """Copy parameters and buffers layer by layer, in the order in which the layers run.

    Raises:
        RunFailed: If the two do not run layers of the same kinds and shapes in the same order.
    """
    sources, targets = layers_in_order(source, batch), layers_in_order(target, batch)
    if len(sources) != len(targets):
        raise RunFailed(
            f"straightforward network: must run {len(sources)} layers, got {len(targets)}"
        )
    for number, (one, other) in enumerate(zip(sources, targets, strict=True)):
        if signature(one) != signature(other):
            raise RunFailed(
                f"straightforward network: layer {number} must be {signature(one)}, "
                f"got {signature(other)}"
            )
        other.load_state_dict(one.state_dict())


def layers_in_order(network: nn.Module, batch: Tensor) -> list[nn.Module]:
    """Return the modules that hold parameters themselves, in the order in which they run."""
    order: list[nn.Module] = []
    handles = [
        module.register_forward_hook(lambda module, *_: order.append(module))
        for module in network.modules()
        if list(module.parameters(recurse=False))
    ]
    try:
        with torch.inference_mode():
            network(batch)
    finally:
        for handle in handles:
            handle.remove()
    return order


def signature(layer: nn.Module) -> str:
    """Return kind and shapes of a layer, such as `Conv2d weight 16x3x3x3`."""
    shapes = (
        f"{name} {'x'.join(map(str, value.shape))}" for name, value in layer.named_parameters()
    )
    return f"{type(layer).__name__} {', '.join(shapes)}"
