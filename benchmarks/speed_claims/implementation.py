"""Components cost no speed: FASSD-Net of the catalogue over the same in one file of plain torch."""

from __future__ import annotations

import argparse
from typing import Any

import torch
from straightforward import FASSDNet
from torch import Tensor, nn

from harness.errors import RunFailed
from harness.timing.settings import applied
from speed_claims.ratios import HEADING, Ratios, Verdict, abba
from speed_claims.setting import (
    bare_loop_s,
    blocks_text,
    input_of,
    network_of,
    print_heading,
    protocol_of,
    protocol_text,
)

#: As in `overhead`: 20 x 4 blocks of 3 passes, one more before each.
DEFAULTS = {
    "cpu": {"passes": 3, "warmup": 1, "repetitions": 20},
    "cuda": {"passes": 200, "warmup": 20, "repetitions": 20},
}
SAME = 1e-4  # largest difference of two outputs, relative to the largest value
WIDEST = 0.02  # half-width of the interval above which noise would hide a loss


def run(options: argparse.Namespace) -> tuple[Verdict, dict[str, Any]]:
    """Give both networks the same weights, check that they agree, time them in turn; judge."""
    protocol = protocol_of(options)
    print_heading(
        "implementation: speed of our fassd-net over the same network written in one file",
        options,
        protocol_text(protocol),
        "one process, the same weights, bare loops; " + blocks_text(options),
    )
    ours = network_of(options)
    theirs = FASSDNet().to(options.device).eval()
    with applied(protocol):
        batch = input_of(protocol, options.device)
        copy_weights(ours, theirs, batch)
        difference = relative_difference(theirs(batch), ours(batch))
        print(f"  outputs   differ by {difference:.1e} of the largest value", flush=True)
        if not difference <= SAME:
            raise RunFailed(
                f"straightforward network: must differ by {SAME:g} at most, got {difference:g}"
            )

        def seconds(network: nn.Module) -> float:
            return bare_loop_s(network, batch, passes=options.passes, warmup=options.warmup)

        ratios = Ratios(abba(lambda: seconds(ours), lambda: seconds(theirs), options.repetitions))
    print(f"\n{HEADING}\n{ratios.row('ours / straightforward')}")
    return judge(ratios), {"protocol": protocol.to_dict(), "ratios": ratios.values}


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
            f"undecided: the interval is {width}, wider than {WIDEST:.0%}; more --repetitions",
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
