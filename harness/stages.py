"""The stages of a network, with output size and cost: the rows of an architecture table."""

from __future__ import annotations

from torch import nn

from harness.ledger import Ledger
from harness.records import StageCost
from harness.static import group_cost


def stage_costs(network: nn.Module, ledger: Ledger) -> tuple[StageCost, ...]:
    """Return the stages that the network names (its direct children where it names none).

    What the network's own forward calls between its stages is a last row of its own where it
    costs anything, so that the columns add up.
    """
    stages = getattr(network, "stages", None)
    named = (
        [(s.part, s.name, tuple(s.type), s.modules) for s in stages()]
        if callable(stages)
        else [("", n, (type(m).__name__,), (n,)) for n, m in network.named_children()]
    )
    rows = []
    for part, name, kind, modules in named:
        cost = group_cost(ledger, modules)
        if cost.output is not None:
            rows.append(_row(part, name, kind, cost.output, cost.params, cost.macs["conv"]))
    total = group_cost(ledger, [""])
    params = total.params - sum(row.params for row in rows)
    macs = total.macs["conv"] - sum(row.macs for row in rows)
    if (params or macs) and total.output is not None:
        rows.append(_row("", "elsewhere", ("-",), total.output, params, macs))
    return tuple(rows)


def _row(
    part: str, name: str, kind: tuple[str, ...], output: tuple[int, ...], params: int, macs: int
) -> StageCost:
    size = (*output[2:], output[1]) if len(output) == 4 else output
    return StageCost(stage=part, name=name, type=kind, output_size=size, params=params, macs=macs)
