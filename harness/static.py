"""What one forward pass costs, in total and per module."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from torch import nn

from harness.conventions import count
from harness.ledger import Ledger, record
from harness.records import StaticCost

_CONVOLUTIONS = ("conv", "conv_transpose")


class ModuleCost(NamedTuple):
    """One module and all below it.

    Attributes:
        path: Path from the network; empty for the network itself.
        type: Class name.
        params: Parameters below it that an executed operator reads.
        macs: MACs below it, by convention.
        output: Shape of the last operator's output below it; None where nothing ran.
    """

    path: str
    type: str
    params: int
    macs: dict[str, int]
    output: tuple[int, ...] | None


def count_network(network: nn.Module, input_shape: Sequence[int]) -> StaticCost:
    """Return the static cost of one forward pass of `network` on an `input_shape`.

    Raises:
        RunFailed: If the forward cannot run on shapes alone; see `harness.ledger.record`.
    """
    return total(network, record(network, input_shape))


def total(network: nn.Module, ledger: Ledger) -> StaticCost:
    """Return the totals of a ledger of `network`."""
    uncounted: dict[str, int] = {}
    for row in ledger.rows:
        if row.op == "unknown":
            uncounted[row.function] = uncounted.get(row.function, 0) + 1
    return StaticCost(
        params=sum(ledger.parameters.values()),
        params_constructed=sum(p.numel() for p in network.parameters()),
        macs=count(ledger.rows),
        conv_io=sum(
            math.prod(row.input) + math.prod(row.output)
            for row in ledger.rows
            if row.op in _CONVOLUTIONS
        ),
        peak_activation_bytes=ledger.peak_activation_bytes,
        uncounted=uncounted,
    )


def module_costs(network: nn.Module, ledger: Ledger) -> list[ModuleCost]:
    """Return the cost of every module that ran, the network first, in the order of the tree.

    What a module's own forward calls directly belongs to it and to every module above it.
    """
    costs = []
    for path, module in network.named_modules():
        cost = group_cost(ledger, [path])
        if cost.output is not None:
            costs.append(cost._replace(path=path, type=type(module).__name__))
    return costs


def group_cost(ledger: Ledger, paths: Sequence[str]) -> ModuleCost:
    """Return what the modules at `paths` cost together, each with all below it."""

    def inside(path: str) -> bool:
        return any(not p or path == p or path.startswith(f"{p}.") for p in paths)

    rows = [row for row in ledger.rows if inside(row.path)]
    params = sum(size for name, size in ledger.parameters.items() if inside(name))
    output = rows[-1].output if rows else None
    return ModuleCost(", ".join(paths), "", params, count(rows), output)
