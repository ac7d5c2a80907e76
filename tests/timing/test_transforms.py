"""A network and its input come out as the protocol says, and the network that went in unchanged."""

import pytest
import torch
from torch import nn

from harness.timing.transforms import transformed, transformed_input, what_changed

from .fakes import protocol

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def small() -> nn.Module:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.BatchNorm2d(4))
    network[1].running_mean.fill_(3.0)
    return network.eval()


def test_nothing_to_change_is_no_copy() -> None:
    network = small()
    assert transformed(network, protocol()) is network


@pytest.mark.parametrize("precision", list(DTYPES))
def test_weights_buffers_and_input_get_the_protocols_type(precision: str) -> None:
    asked = protocol(precision=precision)
    network = transformed(small(), asked)
    floating = [t for t in network.state_dict().values() if t.is_floating_point()]
    assert {tensor.dtype for tensor in floating} == {DTYPES[precision]}
    batch = transformed_input(torch.randn(asked.input), asked)
    assert batch.dtype is DTYPES[precision]


def test_tf32_is_fp32_in_memory() -> None:
    asked = protocol("cuda", precision="tf32", tf32=True)
    network = small()
    assert transformed(network, asked) is network
    assert transformed_input(torch.randn(asked.input), asked).dtype is torch.float32


def test_a_backend_that_casts_gets_fp32() -> None:
    asked = protocol(precision="bf16", backend="openvino")
    network = small()
    assert transformed(network, asked) is network
    assert transformed_input(torch.randn(asked.input), asked).dtype is torch.float32


def test_channels_last_is_how_weights_and_input_lie() -> None:
    asked = protocol(memory_format="channels_last")
    network = transformed(small(), asked)
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert not network[0].weight.is_contiguous()
    batch = transformed_input(torch.randn(1, 3, 8, 8), asked)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert not batch.is_contiguous()


def test_contiguous_undoes_channels_last() -> None:
    batch = torch.randn(1, 3, 8, 8).to(memory_format=torch.channels_last)
    assert transformed_input(batch, protocol()).is_contiguous()


@pytest.mark.parametrize(
    "change", [{"precision": "bf16"}, {"memory_format": "channels_last"}, {"fold_bn": True}]
)
def test_the_network_that_went_in_stays_as_it_was(change: dict[str, object]) -> None:
    network = small()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    changed = transformed(network, protocol(**change))
    assert changed is not network
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
        assert tensor.dtype is before[name].dtype
        assert tensor.is_contiguous()
    assert isinstance(network[1], nn.BatchNorm2d)


def test_fold_bn_folds_and_says_how_much() -> None:
    network, asked = small(), protocol(fold_bn=True)
    changed = transformed(network, asked)
    assert isinstance(changed[1], nn.Identity)
    assert isinstance(changed[3], nn.BatchNorm2d)  # behind a ReLU
    assert what_changed(network, changed, asked) == {"folded": "1 of 2 BatchNorms"}
    x = torch.randn(asked.input)
    assert torch.allclose(changed(x), network(x), atol=1e-6)


def test_without_fold_bn_nothing_is_folded_or_said() -> None:
    network, asked = small(), protocol(precision="bf16")
    changed = transformed(network, asked)
    assert isinstance(changed[1], nn.BatchNorm2d)
    assert what_changed(network, changed, asked) == {}


def test_folding_comes_before_rounding() -> None:
    # Folded in fp32, the bias is 257 - 256 * (1 + 2^-9) = 0.5, which bf16 can hold. It has 8 bits
    # of mantissa, so that of the factors 257 would become 256 and 1 + 2^-9 would become 1: 0.
    network = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False), nn.BatchNorm2d(1, eps=0.0)).eval()
    with torch.no_grad():
        network[1].running_mean.fill_(1 + 2**-9)
        network[1].weight.fill_(256)
        network[1].bias.fill_(257)
    changed = transformed(network, protocol(fold_bn=True, precision="bf16"))
    assert changed[0].bias.dtype is torch.bfloat16
    assert float(changed[0].bias) == 0.5


def test_where_the_network_is_not_on_the_cpu_it_is_folded_there() -> None:
    network = small().to("meta")
    changed = transformed(network, protocol(fold_bn=True))
    assert isinstance(changed[1], nn.Identity)
    assert changed[0].weight.is_meta
