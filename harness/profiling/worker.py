"""What happens in a process of its own: one round of one variant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from harness.isolated import Report
    from harness.profiling.weights import GivenWeights
    from harness.timing.limits import Rates
    from harness.timing.part import Part
    from harness.timing.protocol import Protocol
    from variants.spec import Spec

PROFILED_PASSES = 5


@dataclass(frozen=True)
class Environment:
    """Software and machine, as the process that measures sees them."""

    content: dict[str, Any]


@dataclass(frozen=True)
class PeakMemory:
    """Device memory in bytes that was allocated at most when a round failed."""

    bytes: int


@dataclass(frozen=True)
class Passes:
    """How far the timed loop is."""

    done: int
    elapsed_s: float


def time_round(
    report: Report,
    spec: Spec,
    protocol: Protocol,
    share: Protocol,
    device: str,
    limits: bool,
    weights: GivenWeights | None,
) -> tuple[Part, Rates | None]:
    """Return one round of a variant, and with `limits` what the device could do beside it.

    Reports its `Environment`, then `Passes` now and then, and `PeakMemory` where it fails on a GPU.
    """
    from harness.environment import read_environment
    from harness.timing.limits import measure, precision_of
    from harness.timing.measure import ready

    report(Environment(read_environment(device, thorough=True)))
    try:
        network = _built(spec, device, weights)
        with ready(network, protocol) as round_of:
            part = round_of(share, lambda done, elapsed_s: report(Passes(done, elapsed_s)), None)
        del network, round_of
        rates = None
        if limits:
            rates = measure(device, [precision_of(protocol)], threads=protocol.threads)
    except Exception:
        if device != "cpu":
            import torch

            report(PeakMemory(torch.cuda.max_memory_allocated(device)))
        raise
    return part, rates


def profile_layers(
    _report: Report, spec: Spec, protocol: Protocol, device: str, weights: GivenWeights | None
) -> dict[str, float]:
    """Return the seconds per pass of each module's own operators, by torch's profiler."""
    from harness.timing.layers import layer_times
    from harness.timing.measure import random_input
    from harness.timing.settings import applied
    from harness.timing.transforms import transformed, transformed_input

    network = transformed(_built(spec, device, weights), protocol)
    batch = transformed_input(random_input(protocol).to(device), protocol)
    with applied(protocol):
        return layer_times(network, batch, PROFILED_PASSES).own_s


def _built(spec: Spec, device: str, weights: GivenWeights | None) -> nn.Module:
    """Return the network, with trained weights where they are given."""
    from harness.profiling.weights import load_given
    from variants.build import build

    network = build(spec, device=device)
    if weights is not None:
        load_given(network, weights)
    return network
