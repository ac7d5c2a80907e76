"""Totals and per-module costs of a ledger."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness.conventions import CONVENTIONS, count
from harness.errors import RunFailed
from harness.ledger import record
from harness.static import ModuleCost, count_network, group_cost, module_costs, total
from variants.build import build, skeleton
from variants.catalog import load_catalog
from variants.spec import resolve

IMAGE = (1, 3, 16, 16)


class Small(nn.Module):
    """A body, a head that adds and resizes by itself, and two modules that do not run."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.ReLU())
        self.body2 = nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.unused = nn.Linear(5, 5)
        self.auxiliary = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body2(self.body(x))
        x = F.interpolate(x, scale_factor=2)
        return F.grid_sample(x, torch.zeros(1, 3, 3, 2), align_corners=False)


BODY = 16 * 16 * 4 * 27  # positions x filters x weights of each
BODY2 = 16 * 16 * 4 * 2 * 2 * 2  # input positions x channels in x channels out x kernel


def test_the_totals_are_those_of_the_rows() -> None:
    cost = count_network(Small(), IMAGE)
    # 3x3x3x4 and 4x2x2x2 weights and 2 biases ran; 30 of the linear and 20 of the 1x1 did not
    assert cost.params == 108 + 34
    assert cost.params_constructed == 108 + 34 + 30 + 20
    assert list(cost.macs) == list(CONVENTIONS)
    assert cost.macs["conv"] == BODY + BODY2
    # input and output elements of the convolution (3 -> 4 channels) and of the transposed one,
    # which doubles both sides
    assert cost.conv_io == 16 * 16 * (3 + 4) + 16 * 16 * 4 + 32 * 32 * 2
    assert cost.uncounted == {"aten.grid_sampler_2d": 1}


def test_uncounted_operators_are_counted_by_call() -> None:
    class Spectra(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.fft.fft2(torch.fft.fft2(x)).real + torch.fft.rfft(x).real.sum()

    assert count_network(Spectra(), IMAGE).uncounted == {"aten._fft_c2c": 2, "aten._fft_r2c": 1}


def test_conv_io_of_a_padded_convolution_is_of_the_map_that_it_is_given() -> None:
    padded = nn.Conv2d(3, 4, 4, padding="same")  # torch pads one side by one more
    assert count_network(padded, IMAGE).conv_io == 16 * 16 * (3 + 4)


def test_every_module_that_ran_has_a_cost_and_no_other() -> None:
    network = Small()
    ledger = record(network, IMAGE)
    costs = {cost.path: cost for cost in module_costs(network, ledger)}
    assert list(costs) == ["", "body", "body.0", "body.1", "body2"]
    macs = {path: cost.macs["conv"] for path, cost in costs.items()}
    assert macs == {
        "": BODY + BODY2, "body": BODY, "body.0": BODY, "body.1": 0, "body2": BODY2,
    }  # fmt: skip
    assert {path: cost.params for path, cost in costs.items()} == {
        "": 142, "body": 108, "body.0": 108, "body.1": 0, "body2": 34,
    }  # fmt: skip
    assert costs["body"].output == (1, 4, 16, 16)
    assert costs["body2"].output == (1, 2, 32, 32)
    assert costs[""] == ModuleCost("", "Small", 142, total(network, ledger).macs, (1, 2, 3, 3))
    assert costs["body.1"].type == "ReLU"


def test_a_group_costs_its_modules_together_and_a_prefix_is_not_a_parent() -> None:
    ledger = record(Small(), IMAGE)
    assert group_cost(ledger, ["body"]).macs["conv"] == BODY  # and not that of `body2`
    both = group_cost(ledger, ["body", "body2"])
    assert (both.path, both.macs["conv"], both.params) == ("body, body2", BODY + BODY2, 142)
    nothing = group_cost(ledger, ["unused"])
    assert (nothing.output, nothing.params, nothing.macs["conv"]) == (None, 0, 0)


def test_modules_and_a_forward_of_its_own_add_up_to_the_network() -> None:
    network = skeleton(resolve(load_catalog()["fassd-net"].chosen))
    ledger = record(network, (1, 3, 256, 512))
    whole = total(network, ledger)
    children = [group_cost(ledger, [name]) for name, _ in network.named_children()]
    own = count(row for row in ledger.rows if not row.path)  # what its own forward calls
    for convention, macs in whole.macs.items():
        assert sum(child.macs[convention] for child in children) + own[convention] == macs
    assert sum(child.params for child in children) == whole.params == 2_845_351


def test_conv_io_of_fassd_net() -> None:
    # the sum over its convolutions, taken from the modules themselves in a real pass
    network = build(resolve(load_catalog()["fassd-net"].chosen))
    shape = (1, 3, 64, 128)
    elements: list[int] = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(
                lambda _, args, out: elements.append(args[0].numel() + out.numel())
            )
    with torch.no_grad():
        network(torch.rand(shape))
    expected = sum(elements)
    assert count_network(network, shape).conv_io == expected > 0


def test_a_pass_that_fails_is_told_as_such() -> None:
    with pytest.raises(RunFailed, match="cannot run on a 1x4x16x16 input"):
        count_network(Small(), (1, 4, 16, 16))
