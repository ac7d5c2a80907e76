import torch
from torch import nn

from harness.as_found import modules_of
from variants.build import skeleton
from variants.catalog import load_catalog
from variants.spec import resolve


def test_modules_are_those_of_named_modules_in_its_order() -> None:
    network = skeleton(resolve(load_catalog()["fassd-net"].chosen))
    assert list(modules_of(network).items()) == list(network.named_modules())


def test_a_shared_module_an_empty_slot_and_a_cycle_are_walked_once() -> None:
    shared = nn.Sequential(nn.ReLU())
    network = nn.Sequential(shared, nn.Sequential(shared, nn.Conv2d(1, 1, 1)))
    network.register_module("nothing", None)
    network[1].register_module("again", network)
    assert list(modules_of(network).items()) == list(network.named_modules())
    assert isinstance(modules_of(network)["1.1"].weight, torch.Tensor)
