"""The stages of a network: what each costs, and what lies between them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from harness.ledger import record
from harness.stages import stage_costs

SHAPE = (1, 3, 8, 16)


@dataclass(frozen=True)
class Part:
    part: str
    name: str
    type: tuple[str, ...]
    modules: tuple[str, ...]


class Network(nn.Module):
    """Two convolutions and one that its own forward applies without a module."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 1, bias=False)
        self.second = nn.Conv2d(4, 5, 1, stride=2, bias=False)
        self.unused = nn.Conv2d(5, 5, 1)
        self.weight = nn.Parameter(torch.zeros(6, 5, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.conv2d(self.second(self.first(x)), self.weight)


class Named(Network):
    def stages(self) -> list[Part]:
        return [Part("Encoder", "Both", ("Conv 1×1", "Conv 1×1 (s=2)"), ("first", "second"))]


def test_children_are_the_stages_of_a_network_that_names_none() -> None:
    network = Network()
    first, second, rest = stage_costs(network, record(network, SHAPE))
    assert (first.stage, first.name, first.type) == ("", "first", ("Conv2d",))
    assert first.output_size == (8, 16, 4)
    assert (first.params, first.macs) == (12, 12 * 8 * 16)
    assert second.output_size == (4, 8, 5)
    assert (second.params, second.macs) == (20, 20 * 4 * 8)
    # `unused` never runs and is no stage; what no stage holds is a last row, so that sums hold.
    assert (rest.stage, rest.name, rest.type) == ("", "elsewhere", ("-",))
    assert rest.output_size == (4, 8, 6)
    assert (rest.params, rest.macs) == (30, 30 * 4 * 8)


def test_a_network_names_its_stages_itself() -> None:
    network = Named()
    both, rest = stage_costs(network, record(network, SHAPE))
    assert (both.stage, both.name) == ("Encoder", "Both")
    assert both.type == ("Conv 1×1", "Conv 1×1 (s=2)")
    assert both.output_size == (4, 8, 5)
    assert (both.params, both.macs) == (32, 12 * 8 * 16 + 20 * 4 * 8)
    assert rest.params == 30


def test_nothing_elsewhere_is_no_row() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1))
    assert [stage.name for stage in stage_costs(network, record(network, SHAPE))] == ["0"]
